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
KNOWN_COMPRESSIONS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

READ_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
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
                entry.filename: Member(archive.read(entry), entry.compress_type == zipfile.ZIP_DEFLATED)
                for entry in archive.infolist()
            }
    except MalformedZipError:
        raise
    except READ_ERRORS as error:
        raise MalformedZipError(f"damaged: {error}") from error


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
