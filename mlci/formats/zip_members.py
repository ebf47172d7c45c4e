"""Zip files from strangers: read within limits, written in one form."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

EARLIEST_DATE: Final = (1980, 1, 1, 0, 0, 0)
"""The first date that the zip format can say."""

DEFLATE_LEVEL: Final = 6
ENCRYPTED_FLAG: Final = 0x1
LOCAL_HEADER: Final = b"PK\x03\x04"
_LOCAL_HEADER: Final = struct.Struct("<4s22xHH")
"""What stands before a member: a mark, what its entry in the directory says as well, the bytes of its name and more."""
KNOWN_COMPRESSIONS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

READ_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    RuntimeError,  # among them what `zipfile` has for methods that it does not know
    ValueError,
    OverflowError,
    OSError,
)
"""Everything that `zipfile` was seen to raise for a damaged or crafted file."""


class MalformedZipError(ValueError):
    """The bytes are no zip file, or one that nobody should unpack."""


@dataclass(frozen=True, slots=True)
class ZipLimits:
    """How much a zip file may hold: `total_bytes` after decompression, in at most `members` members."""

    total_bytes: int = 2 * 1024**3
    members: int = 200_000


@dataclass(frozen=True, slots=True)
class Member:
    """One member: its bytes after decompression, and whether it was (and is to be) deflated."""

    content: bytes
    deflated: bool


def check_members(archive: zipfile.ZipFile, limits: ZipLimits) -> None:
    """Accept the directory of an open zip file.

    Raises MalformedZipError for more members or bytes than `limits` allow, a name that occurs twice, encryption, or
    a compression other than none and deflate. The sizes are those that the directory states; reading stops there.
    """
    entries = archive.infolist()
    if len(entries) > limits.members:
        raise MalformedZipError(f"{len(entries)} members, more than the {limits.members} that are allowed")
    total = sum(entry.file_size for entry in entries)
    if total > limits.total_bytes:
        raise MalformedZipError(f"{total} bytes when unpacked, more than the {limits.total_bytes} that are allowed")
    if len({entry.filename for entry in entries}) != len(entries):
        raise MalformedZipError("a member's name occurs twice")
    for entry in entries:
        if entry.flag_bits & ENCRYPTED_FLAG:
            raise MalformedZipError("a member is encrypted")
        if entry.compress_type not in KNOWN_COMPRESSIONS:
            raise MalformedZipError("a member is compressed by something else than deflate")


def read_members(data: bytes, limits: ZipLimits) -> dict[str, Member]:
    """Return all members by name, in the order of the directory.

    Raises MalformedZipError for what `check_members` refuses, a damaged file, or bytes before the first member.
    """
    if not data.startswith(LOCAL_HEADER):
        raise MalformedZipError("not a zip file")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            check_members(archive, limits)
            return {
                entry.filename: Member(_content(data, archive, entry), entry.compress_type == zipfile.ZIP_DEFLATED)
                for entry in archive.infolist()
            }
    except MalformedZipError:
        raise
    except READ_ERRORS as error:
        raise MalformedZipError(f"damaged: {error}") from error


def _content(data: bytes, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Return the bytes of a member of ARCHIVE, whose bytes are DATA.

    One that is stored as we and skops write it is a part of the file: `zipfile` takes three times as long for that, and
    a forest has a thousand. It says what is wrong with all others.
    """
    start = entry.header_offset + _LOCAL_HEADER.size
    if entry.compress_type == zipfile.ZIP_STORED and entry.flag_bits == 0 and 0 <= entry.header_offset < len(data):
        header = data[entry.header_offset : start]
        if len(header) == _LOCAL_HEADER.size:
            mark, name_bytes, extra_bytes = _LOCAL_HEADER.unpack(header)
            begin = start + name_bytes + extra_bytes
            content = data[begin : begin + entry.file_size]
            is_named = data[start : start + name_bytes] == entry.orig_filename.encode("ascii", "replace")
            is_whole = entry.compress_size == entry.file_size == len(content) and zlib.crc32(content) == entry.CRC
            if mark == LOCAL_HEADER and is_named and is_whole:
                return content
    return archive.read(entry)


def write_members(members: Iterable[tuple[str, Member]]) -> bytes:
    """Return a zip file with these members in this order: no dates, fixed attributes, a fixed level of deflate.

    Equal members give equal bytes with the same zlib; members that are stored give equal bytes everywhere.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, member in members:
            entry = zipfile.ZipInfo(name, EARLIEST_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED if member.deflated else zipfile.ZIP_STORED
            entry.create_system = 3  # Unix, whatever wrote it
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, member.content, compresslevel=DEFLATE_LEVEL)
    return buffer.getvalue()
