"""One contract for stores that can say what they hold: the fake keeps it, and so does a directory."""

from __future__ import annotations

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import TYPE_CHECKING, Protocol

import pytest

from mlci.adapters.directory_store import DirectoryStore
from mlci.commands.ports import Collectable, Store
from mlci.errors import IntegrityError
from mlci.testing import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ARCHIVE = b"archive" * 1000
DIGEST = hashlib.sha256(ARCHIVE).hexdigest()
LIMIT = timedelta(days=30)


class Both(Store, Collectable, Protocol):
    """A store that can be collected."""


class World(Protocol):
    store: Both

    def age(self, sha256: str, days: int) -> None:
        """Let an archive be as old as if it had been put there so many days ago."""


class InMemory:
    def __init__(self, folder: Path) -> None:
        self._store = MemoryStore(folder)
        self.store: Both = self._store

    def age(self, sha256: str, days: int) -> None:
        self._store.ages[sha256] = timedelta(days=days)


class InAFolder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder / "models"
        self.store: Both = DirectoryStore(self._folder)

    def age(self, sha256: str, days: int) -> None:
        then = time.time() - days * 86_400
        os.utime(self._folder / sha256[:2] / f"{sha256}.tar", (then, then))


WORLDS: list[Callable[[Path], World]] = [InMemory, InAFolder]


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    made: World = request.param(tmp_path)
    return made


def test_collectable__is_told_from_other_stores(world: World) -> None:
    assert isinstance(world.store, Collectable)


def test_stored__nothing_yet(world: World) -> None:
    assert world.store.stored() == ()


def test_stored__with_size_and_age(world: World) -> None:
    world.store.put(ARCHIVE, DIGEST)
    world.age(DIGEST, 40)
    (found,) = world.store.stored()
    assert (found.sha256, found.size, round(found.age / timedelta(days=1))) == (DIGEST, len(ARCHIVE), 40)


def test_put__again_makes_it_young(world: World) -> None:
    world.store.put(ARCHIVE, DIGEST)
    world.age(DIGEST, 40)
    world.store.put(ARCHIVE, DIGEST)
    assert world.store.stored()[0].age < timedelta(days=1)
    assert not world.store.remove(DIGEST, LIMIT)
    assert world.store.has(DIGEST)


def test_remove__what_is_old(world: World) -> None:
    world.store.put(ARCHIVE, DIGEST)
    world.age(DIGEST, 40)
    assert world.store.remove(DIGEST, LIMIT)
    assert (world.store.has(DIGEST), world.store.stored()) == (False, ())


def test_remove__what_is_gone_is_gone(world: World) -> None:
    world.store.put(b"other", hashlib.sha256(b"other").hexdigest())
    assert world.store.remove(DIGEST, LIMIT)


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", f"{DIGEST}\n"])
def test_remove__a_name_that_is_no_digest(world: World, digest: str) -> None:
    with pytest.raises(IntegrityError, match="is not a sha256"):
        world.store.remove(digest, LIMIT)


# A directory by itself


def test_stored__in_a_folder_lists_only_archives(tmp_path: Path) -> None:
    world = InAFolder(tmp_path)
    world.store.put(ARCHIVE, DIGEST)
    shelf = tmp_path / "models" / DIGEST[:2]
    (shelf / f".{DIGEST}.tar.0123456789abcdef.partial").write_bytes(b"half")
    (shelf / "notes.tar").write_bytes(b"mine")
    (tmp_path / "models" / "zz").mkdir()
    (tmp_path / "models" / "zz" / f"{DIGEST}.tar").write_bytes(b"elsewhere")
    assert [each.sha256 for each in world.store.stored()] == [DIGEST]
    assert sorted(path.name for path in (tmp_path / "models").iterdir()) == sorted({DIGEST[:2], "zz"})


def test_remove__against_a_promotion_that_puts_the_same_at_once(tmp_path: Path) -> None:
    """Whoever comes first: after a put has returned, the archive is there."""
    world = InAFolder(tmp_path)
    for _ in range(50):
        world.store.put(ARCHIVE, DIGEST)
        world.age(DIGEST, 40)
        start = Barrier(2)

        def put(start: Barrier = start) -> bool:
            start.wait()
            world.store.put(ARCHIVE, DIGEST)
            return world.store.has(DIGEST)

        def remove(start: Barrier = start) -> bool:
            start.wait()
            return world.store.remove(DIGEST, LIMIT)

        with ThreadPoolExecutor(2) as jobs:
            kept, _removed = jobs.submit(put), jobs.submit(remove)
            assert kept.result()
        assert world.store.fetch(DIGEST).read_bytes() == ARCHIVE
