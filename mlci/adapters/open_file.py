"""A data file, opened once: what is hashed, what is checked for its form and what an engine reads is the same file."""

from __future__ import annotations

import codecs
import gzip
import hashlib
import os
import shlex
import stat
import sys
import tempfile
import zlib
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO, Final, Self

from mlci.core.data_files import differs, short
from mlci.core.data_format import CsvFormat, JsonLinesFormat, compression_of
from mlci.errors import RejectedError, UsageError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from mlci.core.data_files import DataFile
    from mlci.core.data_format import Format

_CHUNK: Final = 1 << 20
_POINTER: Final = b"version https://git-lfs.github.com/spec/"
_CODECS: Final = {"latin-1": "latin-1", "windows-1252": "cp1252", "utf-16": "utf-16"}


class OpenFile:
    """An open data file as plain bytes: unpacked, and text as UTF-8. A context manager.

    Raises `UsageError("data-missing")` when there is no file, `IntegrityError("data-differs")` when its bytes are not
    those that its pin names, `RejectedError`: "data-unreadable" where it cannot be unpacked or is not in its encoding,
    "data-too-large" where it would take more than LIMIT bytes, "data-in-lfs" where it only says where Git LFS has it.
    """

    def __init__(self, file: DataFile, form: Format, limit: int) -> None:
        """Open FILE, hash it, and unpack it if its FORM says that it is packed or in another encoding than UTF-8."""
        self.name = file.name
        with ExitStack() as stack:
            self._descriptor = _open(file)
            stack.callback(lambda: os.close(self._descriptor))
            self._limit = limit
            self._refuse_more(self.size)
            self.sha256 = self._hashed(file)
            self._refuse_pointer()
            if isinstance(form, CsvFormat | JsonLinesFormat):
                self._unpack(form)
            stack.pop_all()

    @property
    def descriptor(self) -> int:
        """The open file."""
        return self._descriptor

    @property
    def size(self) -> int:
        """Its bytes, as an engine reads them."""
        return os.fstat(self._descriptor).st_size

    @property
    def source(self) -> str:
        """A path that leads to this open file and no other: it cannot be a pattern, and it cannot be exchanged."""
        return f"/dev/fd/{self._descriptor}"

    def fault(self, line: int | None, problem: str, cause: str | None = None, hint: str | None = None) -> RejectedError:
        """Return the error for something in LINE, or in the whole file, that cannot be read."""
        where = self.name if line is None else f"{self.name}:{line}"
        return RejectedError("data-unreadable", f"{short(self.name)}: {problem}", where=where, cause=cause, hint=hint)

    def close(self) -> None:
        """Give the file back."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        """Return the file itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the file back."""
        self.close()

    def _hashed(self, file: DataFile) -> str:
        """Return the sha256 of the bytes, which are those that the pin names."""
        digests = {"sha256": hashlib.sha256()}
        if file.pin is not None and file.pin.algorithm == "md5":
            digests["md5"] = hashlib.md5(usedforsecurity=False)
        with open(self._descriptor, "rb", closefd=False) as content:
            while chunk := content.read(_CHUNK):
                for digest in digests.values():
                    digest.update(chunk)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        if file.pin is not None and digests[file.pin.algorithm].hexdigest() != file.pin.digest:
            raise differs(file, digests[file.pin.algorithm].hexdigest())
        return digests["sha256"].hexdigest()

    def _refuse_pointer(self) -> None:
        """Raise where the file only points to the data, as commits do where Git LFS has them."""
        if os.pread(self._descriptor, len(_POINTER), 0) == _POINTER:
            raise RejectedError(
                "data-in-lfs",
                f"{short(self.name)} holds no data, only where Git LFS keeps them",
                where=self.name,
                cause="Data are read as commits hold them, and commits hold pointers of Git LFS.",
                hint=f"dvc add {shlex.quote(self.name)}, or git lfs migrate export --include={shlex.quote(self.name)}",
            )

    def _unpack(self, form: CsvFormat | JsonLinesFormat) -> None:
        """Put a file of plain UTF-8 in the place of a packed one; it has no name, and is gone when it is closed."""
        packing = compression_of(self.name, form)
        encoding = form.encoding if isinstance(form, CsvFormat) else "utf-8"
        if packing == "none" and encoding == "utf-8":
            return
        with tempfile.TemporaryFile(prefix="mlci-") as plain:
            taken, lines = 0, 1
            try:
                for chunk in _decoded(self._unpacked(packing), encoding):
                    taken += len(chunk)
                    self._refuse_more(taken)
                    plain.write(chunk)
                    lines += chunk.count(b"\n")
            except UnicodeError:
                raise self.fault(lines, f"the text is not {encoding}", "It was saved in another encoding.") from None
            plain.flush()
            os.lseek(plain.fileno(), 0, os.SEEK_SET)
            os.dup2(plain.fileno(), self._descriptor, inheritable=False)

    def _unpacked(self, packing: str) -> Iterator[bytes]:
        raw = open(self._descriptor, "rb", closefd=False)  # noqa: SIM115 - a descriptor has no path; closed by its reader
        match packing:
            case "none":
                yield from _chunks(raw)
            case "gzip":
                try:
                    with gzip.GzipFile(fileobj=raw) as content:
                        yield from _chunks(content)
                except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                    raise self._unreadable("gzip", error) from None
            case _:
                try:
                    with zstd.ZstdFile(raw) as content:
                        yield from _chunks(content)
                except (EOFError, zstd.ZstdError) as error:
                    raise self._unreadable("zstd", error) from None

    def _unreadable(self, packing: str, error: Exception) -> RejectedError:
        cut = isinstance(error, EOFError)
        return self.fault(
            None,
            f"it ends in the middle of what {packing} packed" if cut else f"it is not what {packing} writes",
            "The file was cut off." if cut else "Its name or `format` says so, and its bytes are something else.",
        )

    def _refuse_more(self, taken: int) -> None:
        if taken > self._limit:
            raise RejectedError(
                "data-too-large",
                f"{short(self.name)} takes more than {self._limit:,} bytes",
                where=self.name,
                cause="The data set is limited to that, unpacked.",
                hint="data: {NAME: {…, limits: {size: 50GB}}}",
            )


def _open(file: DataFile) -> int:
    try:
        if not stat.S_ISREG(file.path.stat().st_mode):
            problem = f"{short(file.name)} is no file"
            raise UsageError("data-missing", problem, where=file.name, hint="Name a file with rows.")
        return os.open(file.path, os.O_RDONLY | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        if isinstance(error, PermissionError):
            raise PermissionError(error.errno, error.strerror, file.name) from None
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "it cannot be opened"
        raise UsageError(
            "data-missing",
            f"{short(file.name)} cannot be read: {reason}",
            where=file.name,
            cause="The path in mlci.yaml is wrong, or the file is not in this check-out.",
            hint="Correct `data: … path:` in mlci.yaml.",
        ) from None


def _chunks(content: BinaryIO | gzip.GzipFile | zstd.ZstdFile) -> Iterator[bytes]:
    while chunk := content.read(_CHUNK):
        yield chunk


def _decoded(chunks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Yield text in ENCODING as UTF-8; UTF-8 itself passes as it is."""
    if encoding == "utf-8":
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(_CODECS[encoding])()
    for chunk in chunks:
        yield decoder.decode(chunk).encode()
    yield decoder.decode(b"", final=True).encode()
