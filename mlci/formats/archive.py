"""The package archive: one tar file for one content, to the byte.

The format is ustar (POSIX.1-1988), written and read here without `tarfile`, whose reader accepts far more than one
form.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

BLOCK: Final = 512
END: Final = bytes(2 * BLOCK)
LONGEST_NAME: Final = 100
LARGEST_FILE: Final = 8**11 - 1

SAFE_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """How large a package may be: all bytes of the archive, and the number of its files."""

    total_bytes: int = 4 * 1024**3
    files: int = 1000


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the archive of these files (name to content): sorted, mode 0644, owner 0, no times, uncompressed.

    Names are at most 100 characters: segments of `[A-Za-z0-9._-]` with `/` between them, none of which begins with
    `.` or `-`; no two are equal when case is ignored, and no name is a folder of another.
    Raises IntegrityError `package-malformed` for any other name.
    """
    _check_names(files)
    parts: list[bytes] = []
    for name in sorted(files):
        content = files[name]
        parts += [_header(name, len(content)), content, bytes(-len(content) % BLOCK)]
    return b"".join([*parts, END])


def unpack(data: bytes, *, limits: ArchiveLimits | None = None) -> dict[str, bytes]:
    """Return the files of an archive, by name.

    Raises IntegrityError `package-malformed` for everything that `pack` would not have written, byte for byte.
    """
    limits = limits or ArchiveLimits()
    if len(data) > limits.total_bytes:
        raise _malformed(f"it has {len(data)} bytes, more than the {limits.total_bytes} that are allowed")
    files: dict[str, bytes] = {}
    position = 0
    while position + BLOCK <= len(data) and data[position] != 0:
        if len(files) == limits.files:
            raise _malformed(f"it holds more than {limits.files} files")
        name, size = _parse_header(data[position : position + BLOCK])
        position += BLOCK
        if name in files:
            raise _malformed(f"it holds `{name}` twice")
        files[name] = data[position : position + size]
        position += size + -size % BLOCK
    if pack(files) != data:
        raise _malformed("it is not in the one form that mlci writes")
    return files


def digest(data: bytes) -> str:
    """Return the sha256 of an archive, in hexadecimal; it names the package everywhere."""
    return hashlib.sha256(data).hexdigest()


def _header(name: str, size: int) -> bytes:
    if size > LARGEST_FILE:
        raise _malformed(f"`{name}` has {size} bytes, more than a tar file can say")
    header = b"".join(
        [
            name.encode("ascii").ljust(100, b"\0"),
            b"0000644\0",  # mode
            b"0000000\0",  # user
            b"0000000\0",  # group
            b"%011o\0" % size,
            b"00000000000\0",  # time
            b" " * 8,  # the checksum counts as spaces while it is computed
            b"0",  # a regular file
            bytes(100),  # target of a link
            b"ustar\x0000",
            bytes(32 + 32),  # names of user and group
            b"0000000\0",  # device numbers
            b"0000000\0",
            bytes(155 + 12),  # prefix and padding
        ]
    )
    return header[:148] + b"%06o\0 " % sum(header) + header[156:]


def _parse_header(header: bytes) -> tuple[str, int]:
    """Return name and size; everything else in a header is compared when the whole is packed again."""
    try:
        name = header[:100].rstrip(b"\0").decode("ascii")
    except UnicodeDecodeError as error:
        raise _malformed("a name in it is not ASCII") from error
    digits = header[124:135]
    if not re.fullmatch(rb"[0-7]{11}", digits):
        raise _malformed("a size in it is no octal number")
    return name, int(digits, 8)


def _check_names(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if len(name) > LONGEST_NAME or not SAFE_NAME.fullmatch(name):
            raise _malformed(f"it holds a file with the unsafe name {name[:LONGEST_NAME]!r}")
        if name.lower() in seen:
            raise _malformed(f"it holds two files `{name}` (case is ignored)")
        seen.add(name.lower())
    for name in seen:
        parts = name.split("/")
        if any("/".join(parts[:length]) in seen for length in range(1, len(parts))):
            raise _malformed(f"it holds `{name}`, whose folder is a file")


def _malformed(reason: str) -> IntegrityError:
    return IntegrityError(
        "package-malformed",
        f"the package archive is malformed: {reason}",
        cause="It was not written by mlci, or it was changed since.",
        hint="mlci train",
    )
