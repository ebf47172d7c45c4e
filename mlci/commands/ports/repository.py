"""The Git repository of a model, and the files of its commits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from mlci.core.fetched import Fetched


class Tree(Protocol):
    """The files below the folder of mlci.yaml, in a commit or on disk; paths are relative to that folder."""

    @property
    def label(self) -> str:
        """How the tree is called in a report."""

    def ids(self) -> Mapping[str, str]:
        """Return the Git id of every file."""

    def ids_above(self, places: Collection[str]) -> Mapping[str, str]:
        """Return the Git ids of files elsewhere in the repository, by paths that begin with `../`.

        Of those of PLACES (files, folders with all in them, or `../*`: the locks of that folder itself, and what else
        may say what an environment holds) that are there.
        """

    def read(self, path: str) -> bytes | None:
        """Return the content of a file, `None` where there is none; a symlink is an `IntegrityError`."""

    def read_above(self, path: str) -> bytes | None:
        """Return the content of a file elsewhere in the repository, which `ids_above` tells; otherwise as `read`."""

    def materialise(self, path: str, folder: Path) -> Path:
        """Return a file with this content, written to `folder` if it is not on disk by itself."""


class Repository(Protocol):
    """The Git repository that a model lives in."""

    @property
    def folder(self) -> Path:
        """Where mlci.yaml lies."""

    def head(self) -> str:
        """Return the id of the commit that HEAD is at."""

    def branch(self) -> str | None:
        """Return the branch that HEAD is on; `None` when it is detached."""

    def resolve(self, revision: str) -> str:
        """Return the commit id of what a user calls a commit."""

    def parents(self, commit: str) -> tuple[str, ...]:
        """Return the parents of a commit, which a shallow clone may not have."""

    def has_commit(self, commit: str) -> bool:
        """Say whether this clone has the commit."""

    def subject(self, commit: str) -> str:
        """Return the first line of a commit's message."""

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Say whether `commit` is `of` or one of its ancestors."""

    def dirty_paths(self) -> tuple[str, ...]:
        """Return the files that differ from HEAD, new ones too."""

    def untracked_paths(self) -> tuple[str, ...]:
        """Return the files that Git neither tracks nor ignores."""

    def identity(self) -> str:
        """Return who commits here, "Name <address>"."""

    def default_branch(self) -> str:
        """Ask the origin for its default branch."""

    def fetch(self, branch: str | None = None) -> Fetched:
        """Bring the tip of a branch and all registries from the origin."""

    def tree(self, commit: str) -> Tree:
        """Return the files of a commit."""

    def work_tree(self) -> Tree:
        """Return the files as they are on disk now."""
