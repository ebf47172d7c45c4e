"""One contract for stores: the fake keeps it, and so do the folder and the releases of GitHub."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.directory_store import DirectoryStore
from mlci.errors import IntegrityError, OutsideError
from mlci.testing import MemoryStore
from tests.fakegithub.server import FakeGitHub
from tests.testing.release_stores import ReleaseWorld

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlci.commands.ports import Store

ARCHIVE = b"archive" * 1000
DIGEST = hashlib.sha256(ARCHIVE).hexdigest()


@contextmanager
def in_memory(folder: Path) -> Iterator[Store]:
    yield MemoryStore(folder)


@contextmanager
def in_a_folder(folder: Path) -> Iterator[Store]:
    yield DirectoryStore(folder)


@contextmanager
def in_releases(folder: Path) -> Iterator[Store]:
    with FakeGitHub(folder / "git") as github:
        yield ReleaseWorld(github, folder / "cache").store


@pytest.fixture(params=[in_memory, in_a_folder, in_releases])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with request.param(tmp_path) as made:
        yield made


def test_put__is_there_afterwards(store: Store) -> None:
    assert not store.has(DIGEST)
    location = store.put(ARCHIVE, DIGEST)
    assert store.has(DIGEST)
    assert store.fetch(DIGEST).read_bytes() == ARCHIVE
    assert DIGEST in location


def test_put__twice_is_the_same(store: Store) -> None:
    assert store.put(ARCHIVE, DIGEST) == store.put(ARCHIVE, DIGEST)


def test_put__from_a_file(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "package.tar"
    file.write_bytes(ARCHIVE)
    store.put(file, DIGEST)
    assert store.fetch(DIGEST).read_bytes() == ARCHIVE


def test_put__other_bytes_than_the_digest_names(store: Store) -> None:
    with pytest.raises(IntegrityError) as caught:
        store.put(ARCHIVE + b"x", DIGEST)
    assert caught.value.code == "package-damaged"
    assert not store.has(DIGEST)


def test_fetch__what_is_not_there(store: Store) -> None:
    with pytest.raises(OutsideError) as caught:
        store.fetch(DIGEST)
    assert caught.value.code == "package-missing"


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64])
def test_names__that_are_no_digest(store: Store, digest: str) -> None:
    with pytest.raises(IntegrityError, match="is not a sha256"):
        store.fetch(digest)
    with pytest.raises(IntegrityError, match="is not a sha256"):
        store.put(b"", digest)
    with pytest.raises(IntegrityError, match="is not a sha256"):
        store.has(digest)
