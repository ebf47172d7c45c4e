from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, BinaryIO

import pytest

from mlci.adapters.directory_store import DirectoryStore
from mlci.adapters.store_cache import IN_USE_SECONDS, StoreCache
from mlci.errors import IntegrityError, OutsideError

if TYPE_CHECKING:
    from pathlib import Path

LONG_AGO = IN_USE_SECONDS + 60


class Source:
    """Where archives come from; counts how often it is asked."""

    def __init__(self, folder: Path, limit_bytes: int | None = None) -> None:
        self.folder = folder
        self.cache = StoreCache(folder, limit_bytes=limit_bytes)
        self.asked: list[bytes] = []

    def fetch(self, content: bytes, *, sent: bytes | None = None) -> Path:
        def download(into: BinaryIO) -> str:
            self.asked.append(content)
            into.write(content if sent is None else sent)
            return hashlib.sha256(content if sent is None else sent).hexdigest()

        return self.cache.fetch(digest_of(content), download, where="s3://models")

    def age(self, file: Path, seconds: float) -> None:
        status = file.stat()
        os.utime(file, (status.st_atime - seconds, status.st_mtime - seconds))

    def files(self) -> set[str]:
        return {path.name for path in self.folder.rglob("*") if path.is_file()}


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def name_of(content: bytes) -> str:
    return f"{digest_of(content)}.tar"


def test_fetch__again_asks_nobody(tmp_path: Path) -> None:
    source = Source(tmp_path)
    assert source.fetch(b"one") == source.fetch(b"one")
    assert source.asked == [b"one"]


def test_fetch__a_job_without_credentials_reads_what_another_fetched(tmp_path: Path) -> None:
    file = Source(tmp_path).fetch(b"one")
    assert DirectoryStore(tmp_path).fetch(digest_of(b"one")) == file


def test_fetch__what_is_damaged_here_is_fetched_anew(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.fetch(b"one").write_bytes(b"two")
    assert source.fetch(b"one").read_bytes() == b"one"
    assert source.asked == [b"one", b"one"]


def test_fetch__what_arrives_damaged_is_not_kept(tmp_path: Path) -> None:
    source = Source(tmp_path)
    with pytest.raises(IntegrityError) as caught:
        source.fetch(b"one", sent=b"two")
    assert caught.value.to_dict() == {
        "code": "package-damaged",
        "problem": f"the bytes of the package are not those that were registered as {digest_of(b'one')}",
        "where": "s3://models",
        "cause": "A copy was damaged on its way, or somebody replaced what the store has.",
        "hint": "Run it again; if that does not help, train and promote again.",
        "exit_code": 4,
    }
    assert source.files() == set()


def test_limit__what_was_asked_for_the_longest_ago_goes_first(tmp_path: Path) -> None:
    source = Source(tmp_path, limit_bytes=8)
    for number, content in enumerate([b"aaa", b"bbb", b"ccc"]):
        source.age(source.fetch(content), LONG_AGO - number)
    source.fetch(b"aaa")  # asked for again: the oldest, and yet not the one to go
    source.fetch(b"ddd")
    assert source.files() == {name_of(b"aaa"), name_of(b"ddd")}


def test_limit__what_another_process_may_be_reading_stays(tmp_path: Path) -> None:
    source = Source(tmp_path, limit_bytes=4)
    for content in (b"aaa", b"bbb", b"ccc"):
        source.fetch(content)
    assert source.files() == {name_of(b"aaa"), name_of(b"bbb"), name_of(b"ccc")}


def test_limit__what_is_larger_than_it_is_fetched_all_the_same(tmp_path: Path) -> None:
    source = Source(tmp_path, limit_bytes=4)
    source.age(source.fetch(b"aaa"), LONG_AGO)
    assert source.fetch(b"bigger than that").read_bytes() == b"bigger than that"
    assert source.files() == {name_of(b"bigger than that")}


def test_limit__a_half_file_of_a_killed_process_goes_too(tmp_path: Path) -> None:
    source = Source(tmp_path, limit_bytes=4)
    half = source.fetch(b"aaa").with_name(".half.partial")
    half.write_bytes(b"half")
    source.age(half, LONG_AGO)
    source.fetch(b"bbb")
    assert ".half.partial" not in source.files()


def test_limit__none(tmp_path: Path) -> None:
    source = Source(tmp_path)
    source.age(source.fetch(b"aaa"), LONG_AGO)
    source.fetch(b"bbb")
    assert source.files() == {name_of(b"aaa"), name_of(b"bbb")}


def test_fetch__a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutsideError) as caught:
        Source(tmp_path / "file").fetch(b"one")
    assert caught.value.to_dict() == {
        "code": "store-failed",
        "problem": "a package could not be written: Not a directory",
        "where": str(tmp_path / "file"),
        "cause": None,
        "hint": "Look at the disk's free space and the folder's permissions.",
        "exit_code": 5,
    }


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "A" * 64])
def test_fetch__a_name_that_is_no_digest(tmp_path: Path, name: str) -> None:
    with pytest.raises(IntegrityError, match="is not a sha256"):
        StoreCache(tmp_path).fetch(name, lambda _: name, where="nowhere")
