from __future__ import annotations

import contextlib
import hashlib
import io
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.errors import IntegrityError
from mlci.formats.archive import ArchiveLimits, digest, pack, unpack

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"model.skops": b"model", "golden/rows.csv": b"a,b\n1,2\n", "manifest.json": b"", "block": bytes(512)}

SEGMENTS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,8}", fullmatch=True)
NAMES = st.lists(SEGMENTS, min_size=1, max_size=3).map("/".join)


def with_byte(data: bytes, place: int, byte: bytes) -> bytes:
    return data[:place] + byte + data[place + 1 :]


def a_tar(
    name: str, *, kind: bytes = tarfile.REGTYPE, layout: int = tarfile.USTAR_FORMAT, content: bytes = b"x"
) -> bytes:
    """What Python's own tarfile writes, which is never what mlci writes."""
    buffer = io.BytesIO()
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.size = kind, "/etc/passwd", len(content)
    with tarfile.open(fileobj=buffer, mode="w", format=layout) as archive:
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def test_pack__does_not_depend_on_the_order() -> None:
    assert pack(FILES) == pack(dict(reversed(FILES.items())))


def test_pack__is_known() -> None:
    # A change of this number would change the digest of every package ever made.
    assert digest(pack(FILES)) == "c1d621764ff9313b1325234cc9ed17eed3811c942cb7d10590abcc81786dc916"


def test_pack__is_read_by_others(tmp_path: Path) -> None:
    path = tmp_path / "package.tar"
    path.write_bytes(pack(FILES))
    with tarfile.open(path) as archive:
        entries = archive.getmembers()
        assert [entry.name for entry in entries] == sorted(FILES)
        assert {(entry.mode, entry.uid, entry.gid, entry.mtime, entry.uname, entry.isreg()) for entry in entries} == {
            (0o644, 0, 0, 0, "", True)
        }
    subprocess.run(["tar", "-xf", str(path), "-C", str(tmp_path)], check=True)
    assert {name: (tmp_path / name).read_bytes() for name in FILES} == FILES


@given(st.dictionaries(NAMES, st.binary(max_size=1100), max_size=4))
def test_unpack__returns_what_was_packed(files: dict[str, bytes]) -> None:
    packable = {name: content for name, content in files.items() if not clashes(name, files)}
    assert unpack(pack(packable)) == packable


def clashes(name: str, names: dict[str, bytes]) -> bool:
    others = [other.lower() for other in names if other != name]
    return any(other == name.lower() or other.startswith(f"{name.lower()}/") for other in others)


@given(place=st.integers(min_value=0, max_value=len(pack(FILES)) - 1), byte=st.binary(min_size=1, max_size=1))
def test_unpack__another_byte_is_another_content_or_refused(place: int, byte: bytes) -> None:
    changed = with_byte(pack(FILES), place, byte)
    packed_again = changed
    with contextlib.suppress(IntegrityError):  # any other exception fails this test
        packed_again = pack(unpack(changed))
    assert packed_again == changed


@given(st.binary(max_size=2000))
def test_unpack__refuses_noise(data: bytes) -> None:
    with pytest.raises(IntegrityError, match="the package archive is malformed"):
        unpack(data)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../up",
        "a/../b",
        "a//b",
        "a/",
        "./a",
        ".git",
        "a/.git",
        "-rf",
        "a b",
        "ä",
        "a\n",
        "a\\b",
        "a" * 101,
    ],
)
def test_pack__refuses_unsafe_names(name: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        pack({name: b""})
    assert caught.value.to_dict() == {
        "code": "package-malformed",
        "problem": f"the package archive is malformed: it holds a file with the unsafe name {name[:100]!r}",
        "where": None,
        "cause": "It was not written by mlci, or it was changed since.",
        "hint": "mlci train",
        "exit_code": 4,
    }


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["a", "A"], "two files `A`"),
        (["a", "a/b"], "whose folder is a file"),
        (["A/b/c", "a/B"], "whose folder is a file"),
    ],
)
def test_pack__refuses_names_that_clash(names: list[str], reason: str) -> None:
    with pytest.raises(IntegrityError, match=reason):
        pack(dict.fromkeys(names, b""))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not in the one form"),
        (pack(FILES)[:-512], "not in the one form"),
        (pack(FILES) + bytes(512), "not in the one form"),
        (pack({"a": b"1"})[:-1024] + pack({"a": b"2"}), "it holds `a` twice"),
        (pack({"b": b"1"})[:-1024] + pack({"a": b"2"}), "not in the one form"),
        (a_tar("a"), "not in the one form"),
        (a_tar("a", kind=tarfile.SYMTYPE, content=b""), "not in the one form"),
        (a_tar("a", kind=tarfile.LNKTYPE, content=b""), "not in the one form"),
        (a_tar("a", kind=tarfile.CHRTYPE, content=b""), "not in the one form"),
        (a_tar("a", kind=tarfile.DIRTYPE, content=b""), "unsafe name"),
        (a_tar("../a"), "unsafe name"),
        (a_tar("/a"), "unsafe name"),
        (a_tar("a" * 120, layout=tarfile.PAX_FORMAT), "unsafe name"),
        (a_tar("a" * 120, layout=tarfile.GNU_FORMAT), "unsafe name"),
        (with_byte(pack(FILES), 124, b"9"), "a size in it is no octal number"),
        (with_byte(pack(FILES), 124, b"\x80"), "a size in it is no octal number"),
        (with_byte(pack(FILES), 0, b"\xff"), "a name in it is not ASCII"),
        (with_byte(pack(FILES), 1600, b"x"), "not in the one form"),
    ],
)
def test_unpack__refuses(data: bytes, reason: str) -> None:
    with pytest.raises(IntegrityError, match=reason) as caught:
        unpack(data)
    assert caught.value.code == "package-malformed"


@pytest.mark.parametrize("limits", [ArchiveLimits(total_bytes=2000), ArchiveLimits(files=3)])
def test_unpack__refuses_what_is_too_large(limits: ArchiveLimits) -> None:
    with pytest.raises(IntegrityError, match=r"more than"):
        unpack(pack(FILES), limits=limits)


def test_unpack__accepts_what_is_just_as_large() -> None:
    assert unpack(pack(FILES), limits=ArchiveLimits(total_bytes=len(pack(FILES)), files=4)) == FILES


def test_digest__is_sha256() -> None:
    assert digest(b"abc") == hashlib.sha256(b"abc").hexdigest()
