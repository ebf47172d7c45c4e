"""A store in memory."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from mlci.core.names import checked_sha256
from mlci.core.stored import Stored
from mlci.errors import IntegrityError, OutsideError

if TYPE_CHECKING:
    from pathlib import Path


class MemoryStore:
    """Keeps archives by sha256; `fetch` writes them to a folder, because a store answers with files."""

    def __init__(self, folder: Path) -> None:
        """Write what is fetched to `folder`."""
        self._folder = folder
        self.archives: dict[str, bytes] = {}
        self.ages: dict[str, timedelta] = {}
        """How long ago an archive was put there; a test makes it older."""
        self.uploads = 0
        """How many archives were kept that were not there before."""

    def put(self, archive: bytes | Path, sha256: str) -> str:
        """Keep an archive and return its location; one that is there stays."""
        kept = self.archives.get(checked_sha256(sha256))
        if kept is None or hashlib.sha256(kept).hexdigest() != sha256:
            content = archive if isinstance(archive, bytes) else archive.read_bytes()
            _check(content, sha256)
            self.archives[sha256] = content
            self.uploads += 1
        self.ages[sha256] = timedelta(0)
        return f"memory:{sha256}"

    def fetch(self, sha256: str) -> Path:
        """Return a file with the archive, verified."""
        content = self.archives.get(checked_sha256(sha256))
        if content is None:
            raise OutsideError(
                "package-missing",
                f"the store has no package {sha256}",
                hint="Put it into the store before it is fetched.",
            )
        _check(content, sha256)
        file = self._folder / f"{sha256}.tar"
        file.write_bytes(content)
        return file

    def has(self, sha256: str) -> bool:
        """Say whether an archive of this name is there."""
        return checked_sha256(sha256) in self.archives

    def stored(self) -> tuple[Stored, ...]:
        """Return every archive with its size and its age."""
        return tuple(Stored(name, len(content), self.ages[name]) for name, content in sorted(self.archives.items()))

    def unfinished(self, older_than: timedelta, *, removes: bool) -> int:  # noqa: ARG002 - the port's arguments
        """Return 0: nothing is half in memory."""
        return 0

    def remove(self, sha256: str, older_than: timedelta) -> bool:
        """Remove an archive if it is still older than that, and say whether it is gone."""
        if checked_sha256(sha256) in self.archives and self.ages[sha256] > older_than:
            del self.archives[sha256]
        return sha256 not in self.archives


def _check(content: bytes, sha256: str) -> None:
    if hashlib.sha256(content).hexdigest() != sha256:
        raise IntegrityError(
            "package-damaged",
            f"the bytes of the package are not those of {sha256}",
            hint="Put the right bytes into the store again.",
        )
