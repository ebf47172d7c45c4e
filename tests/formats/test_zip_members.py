from __future__ import annotations

import io
import struct
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.formats.zip_members import MalformedZipError, Member, ZipLimits, read_members, write_members

CONTENTS = {"schema.json": b"{}", "a/1.npy": bytes(range(256)) * 40, "empty": b""}


def zipped(compression: int = zipfile.ZIP_STORED) -> bytes:
    """The contents as `zipfile` writes them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in CONTENTS.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def damaged(place: int, *signs: int) -> bytes:
    """The contents, stored, with other bytes from a place on."""
    data = bytearray(zipped())
    data[place : place + len(signs)] = bytes(signs)
    return bytes(data)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_read_members__stored_and_deflated(compression: int) -> None:
    is_deflated = compression == zipfile.ZIP_DEFLATED
    found = read_members(zipped(compression), ZipLimits())
    assert found == {name: Member(content, is_deflated) for name, content in CONTENTS.items()}


def test_read_members__of_a_name_beyond_ascii_and_with_more_in_its_header() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("größe", b"1")
        more = zipfile.ZipInfo("more")
        more.extra = struct.pack("<HH4s", 0xCAFE, 4, b"more")
        archive.writestr(more, b"2")
    found = read_members(buffer.getvalue(), ZipLimits())
    assert {name: each.content for name, each in found.items()} == {"größe": b"1", "more": b"2"}


@given(st.dictionaries(st.text("abc/", min_size=1), st.tuples(st.binary(), st.booleans()), max_size=5))
def test_read_members__what_was_written(contents: dict[str, tuple[bytes, bool]]) -> None:
    members = {name: Member(*each) for name, each in contents.items()}
    written = write_members(members.items())
    if members:
        assert read_members(written, ZipLimits()) == members


@pytest.mark.parametrize(
    "data",
    [
        damaged(0, *b"XX"),  # the mark of the first member
        damaged(zipped().index(b"a/1.npy"), *b"b"),  # its name, before its bytes
        damaged(zipped().index(b"a/1.npy") + 20, 255),  # its bytes
        damaged(zipped().index(b"a/1.npy") - 4, 255, 255),  # how long its name is
        zipped()[:60],
    ],
)
def test_read_members__what_is_damaged_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedZipError):
        read_members(data, ZipLimits())
