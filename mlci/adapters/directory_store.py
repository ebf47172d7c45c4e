"""A store of package archives in a folder, named by their sha256."""

from __future__ import annotations

import errno
import fcntl
import os
import tempfile
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from mlci.adapters.archive_digest import NOT_AS_NAMED, chunks, copied, damaged, file_digest, missing, opened
from mlci.adapters.files import new_file
from mlci.core.names import SHA256, checked_sha256
from mlci.core.stored import Stored
from mlci.errors import IntegrityError, OutsideError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LEAST_AGE: Final = timedelta(hours=1)
"""What is younger is never removed: a promotion put it there, and has not pushed the version that needs it yet."""


class DirectoryStore:
    """Archives as `<folder>/<first two digits>/<sha256>.tar`; a file is whole or not there, and read only if right."""

    def __init__(self, folder: Path, *, progress: Callable[[int], None] | None = None) -> None:
        """Keep archives in `folder`, which is made with the first one; `progress` hears how much was written of one."""
        self._folder = folder
        self._progress = progress

    def put(self, archive: bytes | Path, sha256: str) -> str:
        """Keep an archive (its bytes or a file of them) and return its location; one that is there stays, as if new.

        Raises `IntegrityError("package-damaged")` when the bytes are not those that the digest names,
        `OutsideError("store-failed")` when the folder cannot be read or written.
        """
        file = self._file(sha256)
        location = f"directory:{file.relative_to(self._folder).as_posix()}"
        try:
            if _renewed(file, sha256):
                return location
            with opened(archive, self._progress) as content, new_file(file) as copy:
                if copied(chunks(content), copy) != sha256:
                    raise _damaged(NOT_AS_NAMED, sha256)
        except OSError as error:
            raise self._failed(error) from error
        return location

    def fetch(self, sha256: str) -> Path:
        """Return a file with the archive, hashed just now.

        Raises `OutsideError`: "package-missing", "store-failed"; `IntegrityError("package-damaged")`.
        """
        file = self._file(sha256)
        try:
            digest = file_digest(file)
        except OSError as error:
            raise self._failed(error) from error
        if digest is None:
            raise missing(
                str(self._folder),
                sha256,
                cause="The store is another one than at the time of the promotion, or somebody removed the file.",
                hint="Check `promote.store` in mlci.yaml, or bring the file back from a backup.",
            )
        if digest != sha256:
            raise _damaged(str(file), sha256)
        return file

    def has(self, sha256: str) -> bool:
        """Say whether an archive of this name is there; `fetch` says whether it is right."""
        return self._file(sha256).is_file()

    def stored(self) -> tuple[Stored, ...]:
        """Return every archive with its size and how long nobody put it there, by the clock of that disk.

        Raises `OutsideError("store-failed")`.
        """
        try:
            if not self._folder.is_dir():
                return ()
            now = self._now()
            files = [file for file in sorted(self._folder.glob("*/*.tar")) if self._is_archive(file)]
            statuses = [(file.stem, file.stat()) for file in files]
        except OSError as error:
            raise self._failed(error) from error
        return tuple(
            Stored(sha256, status.st_size, timedelta(seconds=now - status.st_mtime)) for sha256, status in statuses
        )

    def remove(self, sha256: str, older_than: timedelta) -> bool:
        """Remove an archive if it is still older than that, and than an hour, and say whether it is gone.

        A promotion that puts the same archive at this moment either finds it, and makes it new, so that it stays; or
        does not find it, and writes it. Raises `OutsideError("store-failed")`, also where the disk knows no locks.
        """
        file = self._file(sha256)
        limit = max(older_than, _LEAST_AGE).total_seconds()
        try:
            with _locked(file.parent, fcntl.LOCK_EX):
                if self._now() - file.stat().st_mtime > limit:
                    file.unlink()
                    return True
        except FileNotFoundError:
            return True
        except OSError as error:
            raise self._failed(error) from error
        return False

    def unfinished(self, older_than: timedelta, *, removes: bool) -> int:
        """Return how many halves of killed uploads are older than that, and remove them if told to.

        One that is still being written is never old. Raises `OutsideError("store-failed")`.
        """
        try:
            if not self._folder.is_dir():
                return 0
            limit = self._now() - older_than.total_seconds()
            halves = [file for file in self._folder.glob("*/.*.partial") if file.lstat().st_mtime < limit]
            for file in halves if removes else ():
                file.unlink(missing_ok=True)
        except OSError as error:
            raise self._failed(error) from error
        return len(halves)

    def _now(self) -> float:
        """Return what time it is on that disk: our own clock may be wrong by a day."""
        with tempfile.TemporaryFile(dir=self._folder) as file:
            return os.fstat(file.fileno()).st_mtime

    def _is_archive(self, file: Path) -> bool:
        return SHA256.fullmatch(file.stem) is not None and file.parent.name == file.stem[:2] and file.is_file()

    def _failed(self, error: OSError) -> OutsideError:
        return OutsideError(
            "store-failed",
            f"the store could not be used: {error.strerror}",
            where=str(self._folder),
            hint="Look at the disk's free space and the folder's permissions.",
        )

    def _file(self, sha256: str) -> Path:
        checked_sha256(sha256)
        return self._folder / sha256[:2] / f"{sha256}.tar"


def _renewed(file: Path, sha256: str) -> bool:
    """Return whether the archive is there and right; if so, it is as young as one that was just written."""
    try:
        with _locked(file.parent, fcntl.LOCK_SH):
            if file_digest(file) != sha256:
                return False
            os.utime(file)
    except FileNotFoundError:
        return False
    except OSError as error:
        # A disk without locks, where nothing is ever removed; or a file of somebody else, which only its owner renews.
        if error.errno not in {errno.ENOLCK, errno.ENOTSUP, errno.EPERM, errno.EACCES}:
            raise
        return file_digest(file) == sha256
    return True


@contextmanager
def _locked(folder: Path, kind: int) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)


def _damaged(where: str, sha256: str) -> IntegrityError:
    return damaged(
        where,
        sha256,
        cause="The disk or a copy damaged the file, or somebody changed it.",
        hint="Remove the file; then mlci registry sync copies it from a mirror, or mlci train --force && mlci promote "
        "makes it again.",
    )
