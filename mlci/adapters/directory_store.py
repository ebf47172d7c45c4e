"""A store of package archives in a folder, named by their sha256."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.adapters.archive_digest import NOT_AS_NAMED, chunks, copied, damaged, file_digest, missing, opened
from mlci.adapters.files import new_file
from mlci.core.names import checked_sha256
from mlci.errors import IntegrityError, OutsideError

if TYPE_CHECKING:
    from pathlib import Path


class DirectoryStore:
    """Archives as `<folder>/<first two digits>/<sha256>.tar`; a file is whole or not there, and read only if right."""

    def __init__(self, folder: Path) -> None:
        """Keep archives in `folder`, which is made with the first one."""
        self._folder = folder

    def put(self, archive: bytes | Path, sha256: str) -> str:
        """Keep an archive (its bytes or a file of them) and return its location; one that is there stays.

        Raises `IntegrityError("package-damaged")` when the bytes are not those that the digest names,
        `OutsideError("store-failed")` when the folder cannot be read or written.
        """
        file = self._file(sha256)
        location = f"directory:{file.relative_to(self._folder).as_posix()}"
        try:
            if file_digest(file) == sha256:
                return location
            with opened(archive) as content, new_file(file) as copy:
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


def _damaged(where: str, sha256: str) -> IntegrityError:
    return damaged(
        where,
        sha256,
        cause="The disk or a copy damaged the file, or somebody changed it.",
        hint="Bring the file back from a backup, or train and promote again.",
    )
