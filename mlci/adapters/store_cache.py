"""Archives of a remote store that were fetched before, by their hash, with a limit to what they take of the disk."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO, Final

from mlci.adapters.archive_digest import damaged, file_digest
from mlci.adapters.files import new_file
from mlci.core.names import checked_sha256
from mlci.errors import OutsideError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

IN_USE_SECONDS: Final = 3600
"""What was asked for less than this before the latest is not removed: another process may be reading it."""


class StoreCache:
    """Files in the layout of a `DirectoryStore`, so that a job without credentials reads what an earlier one fetched.

    When they take more than the limit, those that were not asked for the longest go; the modification time of a file
    is when it was last asked for.
    """

    def __init__(self, folder: Path, *, limit_bytes: int | None = None) -> None:
        """Keep files in `folder`, of any size together where there is no limit."""
        self._folder = folder
        self._limit = limit_bytes

    def fetch(self, sha256: str, download: Callable[[BinaryIO], str], *, where: str) -> Path:
        """Return a file with the archive, hashed just now; it is downloaded unless it is here and right.

        `download` writes the archive to an empty file, that can seek, and returns the sha256 of what it wrote; `where`
        names what it reads. Raises `IntegrityError("package-damaged")` if that is something else (nothing is kept
        then), `OutsideError("store-failed")` when the folder cannot be used, and what `download` raises, which must
        be no `OSError`.
        """
        file = self._folder / checked_sha256(sha256)[:2] / f"{sha256}.tar"
        try:
            if file_digest(file) == sha256:
                os.utime(file)
            else:
                with new_file(file) as copy:
                    if download(copy) != sha256:
                        raise damaged(where, sha256)
                self._make_room(file)
        except OSError as error:
            raise OutsideError(
                "store-failed",
                f"a package could not be written: {error.strerror}",
                where=str(self._folder),
                hint="Look at the disk's free space and the folder's permissions.",
            ) from error
        return file

    def _make_room(self, fetched: Path) -> None:
        """Remove what was used the longest ago until the limit is kept; half files of a killed process age, too."""
        if self._limit is None:
            return
        files = [(file, status) for file in self._folder.glob("*/*") if (status := _status(file)) is not None]
        # No clock: the file that was just written says what time it is on that disk.
        in_use = fetched.stat().st_mtime - IN_USE_SECONDS
        taken = sum(status.st_size for _, status in files)
        for file, status in sorted(files, key=lambda each: each[1].st_mtime):
            if taken <= self._limit or status.st_mtime > in_use:
                return
            file.unlink(missing_ok=True)
            taken -= status.st_size


def _status(file: Path) -> os.stat_result | None:
    try:
        return file.lstat()
    except FileNotFoundError:
        return None  # another process removed it meanwhile
