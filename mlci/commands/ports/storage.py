"""Where packages lie, and where they are deployed to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta
    from pathlib import Path

    from mlci.core.stored import Stored
    from mlci.core.target import Placed


class Store(Protocol):
    """Where package archives lie, by their sha256."""

    def put(self, archive: bytes | Path, sha256: str) -> str:
        """Keep an archive and return its location."""

    def fetch(self, sha256: str) -> Path:
        """Return a file with the archive, verified just now."""

    def has(self, sha256: str) -> bool:
        """Say whether an archive of this name is there."""


class Collectable(Store, Protocol):
    """A store that can say what lies in it, and give up what nobody needs."""

    def stored(self) -> tuple[Stored, ...]:
        """Return every archive with its size and its age, by the store's own clock."""

    def unfinished(self, older_than: timedelta, *, removes: bool) -> int:
        """Return how many halves of killed uploads are older than that, and remove them if told to."""

    def remove(self, sha256: str, older_than: timedelta) -> bool:
        """Remove an archive if it is still older than that, and say whether it is gone."""


class Target(Protocol):
    """Where a version is deployed to."""

    @property
    def location(self) -> str:
        """Where the deployed model is to be found."""

    def stage(self, version: str, digest: str, files: Mapping[str, bytes]) -> Path:
        """Put the files of a version beside the present one; nothing switches."""

    def switch(self, staged: Path) -> None:
        """Make what was staged the present one, in one step."""

    def current(self) -> Placed | None:
        """Return what serves; None where nothing was deployed, or not by us."""
