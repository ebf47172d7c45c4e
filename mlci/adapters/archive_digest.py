"""The bytes of package archives, hashed while they move: what every store does the same way."""

from __future__ import annotations

import hashlib
import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol, cast

from typing_extensions import override

from mlci.errors import IntegrityError, OutsideError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

CHUNK_BYTES: Final = 1 << 20


class Readable(Protocol):
    """What can be read piece by piece."""

    def read(self, size: int, /) -> bytes:
        """Return the next bytes, none at the end."""


class HashingReader:
    """Reads an archive for an upload; knows afterwards what was read."""

    def __init__(self, file: Readable) -> None:
        """Read from FILE."""
        self._file = file
        self._digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, none at the end."""
        content = self._file.read(size)
        self._digest.update(content)
        return content

    def check(self, sha256: str) -> None:
        """Raise `IntegrityError("package-damaged")` if what was read is not what the digest names."""
        if self._digest.hexdigest() != sha256:
            raise damaged(NOT_AS_NAMED, sha256)


class _Heard(io.BufferedIOBase):
    """A file of which somebody hears how far it has been read."""

    def __init__(self, file: io.BufferedReader | io.BytesIO, progress: Callable[[int], None]) -> None:
        self._file = file
        self._progress = progress

    @override
    def read(self, size: int | None = -1, /) -> bytes:
        content = self._file.read(size)
        self._progress(self._file.tell())
        return content

    @override
    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._file.seek(offset, whence)

    @override
    def tell(self) -> int:
        return self._file.tell()

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True


@contextmanager
def opened(archive: bytes | Path, progress: Callable[[int], None] | None = None) -> Iterator[BinaryIO]:
    """Open an archive, given as bytes or as a file of them; PROGRESS hears how many bytes have been read of it."""
    with io.BytesIO(archive) if isinstance(archive, bytes) else archive.open("rb") as file:
        yield file if progress is None else cast("BinaryIO", _Heard(file, progress))


def chunks(file: Readable) -> Iterator[bytes]:
    """Return what is left of a file in pieces that fit into memory."""
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def copied(content: Iterable[bytes], into: BinaryIO) -> str:
    """Write all pieces to a file and return the sha256 of what was written."""
    digest = hashlib.sha256()
    for chunk in content:
        digest.update(chunk)
        into.write(chunk)
    return digest.hexdigest()


def digest_of(content: Iterable[bytes]) -> str:
    """Return the sha256 of all pieces."""
    digest = hashlib.sha256()
    for chunk in content:
        digest.update(chunk)
    return digest.hexdigest()


def file_digest(path: Path) -> str | None:
    """Return the sha256 of the file at a path, None where there is none."""
    try:
        with path.open("rb") as content:
            return digest_of(chunks(content))
    except FileNotFoundError:
        return None


NOT_AS_NAMED: Final = "the archive that was to be stored"
"""Where the damage is, when a store is handed other bytes than the digest names."""


def damaged(
    where: str,
    sha256: str,
    *,
    cause: str = "A copy was damaged on its way, or somebody replaced what the store has.",
    hint: str = "Run it again; if that does not help, train and promote again.",
) -> IntegrityError:
    """Return the error for bytes that are not those of their digest."""
    return IntegrityError(
        "package-damaged",
        f"the bytes of the package are not those that were registered as {sha256}",
        where=where,
        cause=cause,
        hint=hint,
    )


def missing(
    where: str,
    sha256: str,
    *,
    cause: str,
    hint: str = "Check `promote.store` in mlci.yaml, or train and promote again.",
) -> OutsideError:
    """Return the error for an archive that the store does not have."""
    return OutsideError("package-missing", f"the store has no package {sha256}", where=where, cause=cause, hint=hint)
