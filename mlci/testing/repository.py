"""A repository in memory: commits with parents, branches, an origin, and a work tree that also lies on disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from typing_extensions import override

from mlci.core.above import below
from mlci.core.fetched import Fetched
from mlci.core.git_objects import new_hash
from mlci.core.names import ABOVE, checked_branch, checked_commit, checked_path
from mlci.errors import OutsideError, UsageError
from mlci.testing.tree import MemoryTree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DEFAULT_BRANCH = "main"


@dataclass(frozen=True, slots=True)
class _Commit:
    tree: MemoryTree
    parents: tuple[str, ...]
    message: str


class _WorkTree(MemoryTree):
    def __init__(self, files: Mapping[str, bytes], folder: Path) -> None:
        super().__init__(files, "work tree")
        self._folder = folder

    @override
    def read(self, path: str) -> bytes | None:
        content, ignored = super().read(path), self._folder / path
        return ignored.read_bytes() if content is None and ignored.is_file() else content


class FakeRepository:
    """A repository with one commit on `main`, and an origin that has nothing yet.

    `write`, `remove`, `commit`, `switch`, `detach`, `merge` and `push` do what a user does with Git. What is written
    lies in `folder` too, for what runs there; what others leave in `folder` counts as ignored by Git.
    """

    def __init__(
        self, folder: Path, files: Mapping[str, bytes], identity: str | None = "Ana Müller <ana@example.com>"
    ) -> None:
        """Commit `files` on `main`; without an `identity` Git was not told who works here."""
        self.folder = folder
        self.origin: dict[str, str] = {}
        self._identity = identity
        self._branches: dict[str, str] = {}
        self._commits: dict[str, _Commit] = {}
        self._branch: str | None = DEFAULT_BRANCH
        self._detached = ""
        self._files: dict[str, bytes] = {}
        for path, content in files.items():
            self.write(path, content)
        self._branches[DEFAULT_BRANCH] = self._keep((), "first")

    def write(self, path: str, content: bytes) -> None:
        """Write a file of the work tree."""
        self._files[path if path.startswith(ABOVE) else checked_path(path)] = content
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def remove(self, path: str) -> None:
        """Remove a file of the work tree."""
        del self._files[path]
        (self.folder / path).unlink()

    def commit(self, message: str = "change") -> str:
        """Commit the whole work tree, new files too, and return the commit."""
        return self._advance((self.head(),), message)

    def switch(self, branch: str) -> None:
        """Go to a branch, which begins at HEAD if it is new; what was not committed is gone."""
        tip = self._branches.setdefault(checked_branch(branch), self.head())
        self._branch = branch
        self._check_out(tip)

    def detach(self) -> None:
        """Leave the branch, and stay at its commit."""
        self._branch, self._detached = None, self.head()

    def merge(self, branch: str) -> str:
        """Merge a branch with a commit of its own and return that; where both changed a file, theirs wins."""
        tip = self._branches[branch]
        for path, content in self._commits[tip].tree.files.items():
            self.write(path, content)
        return self._advance((self.head(), tip), f"Merge {branch}")

    def push(self) -> None:
        """Bring the branch to the origin."""
        if self._branch is not None:
            self.origin[self._branch] = self.head()

    def forget(self, commit: str) -> None:
        """Lose a commit, as a shallow clone never had it."""
        del self._commits[commit]

    def head(self) -> str:
        """Return the id of the commit that HEAD is at."""
        return self._detached if self._branch is None else self._branches[self._branch]

    def branch(self) -> str | None:
        """Return the branch that HEAD is on."""
        return self._branch

    def resolve(self, revision: str) -> str:
        """Return the commit of `HEAD`, a branch, or an id."""
        found = self.head() if revision == "HEAD" else self._branches.get(revision, revision)
        if found not in self._commits:
            raise UsageError("unknown-revision", f"Git knows no commit “{revision}” in this clone")
        return found

    def parents(self, commit: str) -> tuple[str, ...]:
        """Return the parents of a commit."""
        return self._found(commit).parents

    def has_commit(self, commit: str) -> bool:
        """Say whether this clone has the commit."""
        return checked_commit(commit) in self._commits

    def subject(self, commit: str) -> str:
        """Return the first line of a commit's message."""
        return self._found(commit).message.partition("\n")[0]

    def is_ancestor(self, commit: str, of: str) -> bool:
        """Say whether `commit` is `of` or one of its ancestors."""
        self._found(commit)
        return commit in self._history(of)

    def dirty_paths(self) -> tuple[str, ...]:
        """Return the files that differ from HEAD, new ones too."""
        return _differing(self._found(self.head()).tree.files, below(self._files))

    def untracked_paths(self) -> tuple[str, ...]:
        """Return the files that were never committed."""
        new = self._files.keys() - self._found(self.head()).tree.files.keys()
        return tuple(sorted(path for path in new if not path.startswith(ABOVE)))

    def identity(self) -> str:
        """Return who commits here."""
        if self._identity is None:
            raise UsageError("no-identity", "Git does not know who you are; the registry records who does what")
        return self._identity

    def default_branch(self) -> str:
        """Return `main`, once it was pushed."""
        if DEFAULT_BRANCH not in self.origin:
            raise UsageError("no-default-branch", "the origin has no default branch")
        return DEFAULT_BRANCH

    def fetch(self, branch: str | None = None) -> Fetched:
        """Return the tip of a branch of the origin."""
        default = self.default_branch() if branch is None else None
        name = checked_branch(branch or default or "")
        if name not in self.origin:
            raise UsageError("no-base-branch", f"the origin has no branch {name}")
        return Fetched(self.origin[name], name, default)

    def tree(self, commit: str) -> MemoryTree:
        """Return the files of a commit."""
        return self._found(commit).tree

    def work_tree(self) -> MemoryTree:
        """Return the files as they were written; ignored ones can be read, and are not listed."""
        return _WorkTree(self._files, self.folder)

    def _advance(self, parents: tuple[str, ...], message: str) -> str:
        made = self._keep(parents, message)
        if self._branch is None:
            self._detached = made
        else:
            self._branches[self._branch] = made
        return made

    def _keep(self, parents: tuple[str, ...], message: str) -> str:
        content = repr((sorted(self._files.items()), parents, message))
        made = new_hash("sha1", content.encode()).hexdigest()
        self._commits[made] = _Commit(MemoryTree(self._files, made[:12]), parents, message)
        return made

    def _check_out(self, commit: str) -> None:
        for path in list(self._files):
            self.remove(path)
        tree = self._commits[commit].tree
        for path, content in {**tree.files, **tree.above}.items():
            self.write(path, content)

    def _found(self, commit: str) -> _Commit:
        if checked_commit(commit) not in self._commits:
            raise OutsideError("git-object-missing", f"this clone does not have the Git object {commit}")
        return self._commits[commit]

    def _history(self, commit: str) -> dict[str, None]:
        """Return the commit and its ancestors as far as this clone has them, the nearest first."""
        self._found(commit)
        history: dict[str, None] = {}
        waiting = [commit]
        while waiting:
            each = waiting.pop(0)
            if each in self._commits:
                history[each] = None
                waiting += [parent for parent in self._commits[each].parents if parent not in history]
        return history


def _differing(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> tuple[str, ...]:
    return tuple(sorted(path for path in {*before, *after} if before.get(path) != after.get(path)))
