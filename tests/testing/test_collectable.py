"""One contract for stores that can say what they hold; that of a bucket, whose clock cannot be set, beside it."""

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
from mlci.adapters.dvc_store import DvcStore
from mlci.adapters.store_cache import StoreCache
from mlci.errors import IntegrityError, OutsideError
from mlci.testing import MemoryStore
from tests.fakegithub.server import FakeGitHub
from tests.testing.release_stores import REPOSITORY, ReleaseWorld
from tests.testing.store_worlds import configure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mlci.commands.ports import Collectable

ARCHIVE = b"archive" * 1000
DIGEST = hashlib.sha256(ARCHIVE).hexdigest()
LIMIT = timedelta(days=30)


class World(Protocol):
    store: Collectable

    def age(self, sha256: str, days: int) -> None:
        """Let an archive be as old as if it had been put there so many days ago."""


class InMemory:
    def __init__(self, folder: Path) -> None:
        self._store = MemoryStore(folder)
        self.store: Collectable = self._store

    def age(self, sha256: str, days: int) -> None:
        self._store.ages[sha256] = timedelta(days=days)


class InAFolder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder / "models"
        self.store: Collectable = DirectoryStore(self._folder)

    def age(self, sha256: str, days: int) -> None:
        then = time.time() - days * 86_400
        os.utime(self._folder / sha256[:2] / f"{sha256}.tar", (then, then))


class OnADvcRemote:
    def __init__(self, folder: Path) -> None:
        self._remote = folder / "remote"
        configure(folder, {"core": {"remote": "store"}, "remote": {"store": {"url": str(self._remote)}}})
        self.store: Collectable = DvcStore(folder, cache=StoreCache(folder / "cache"))

    def age(self, sha256: str, days: int) -> None:
        then = time.time() - days * 86_400
        os.utime(self._remote / "mlci-store" / sha256, (then, then))


class InReleases:
    def __init__(self, github: FakeGitHub, folder: Path) -> None:
        self.github = github
        self.releases = ReleaseWorld(github, folder / "cache")
        self.store: Collectable = self.releases.store

    def age(self, sha256: str, days: int) -> None:
        """Let everything be older; a test has one archive at a time."""
        assert any(each.tag.endswith(sha256) for each in self.releases.releases)
        self.github.state.clock.wait(timedelta(days=days))


WORLDS: dict[str, Callable[[FakeGitHub, Path], World]] = {
    "memory": lambda _, folder: InMemory(folder),
    "folder": lambda _, folder: InAFolder(folder),
    "dvc": lambda _, folder: OnADvcRemote(folder),
    "releases": InReleases,
}


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with FakeGitHub(tmp_path / "git") as github:
        yield WORLDS[request.param](github, tmp_path)


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


# Releases by themselves


@pytest.fixture
def releases(tmp_path: Path) -> Iterator[InReleases]:
    with FakeGitHub(tmp_path / "git") as github:
        yield InReleases(github, tmp_path)


def test_stored__in_releases_lists_only_ours(releases: InReleases) -> None:
    releases.store.put(ARCHIVE, DIGEST)
    releases.releases.add_releases(101)
    assert [each.sha256 for each in releases.store.stored()] == [DIGEST]


def test_remove__takes_release_and_tag(releases: InReleases) -> None:
    git = releases.github.state.repository(REPOSITORY).git
    releases.store.put(ARCHIVE, DIGEST)
    assert git.ref(f"refs/tags/mlci-store/{DIGEST}") is not None
    releases.age(DIGEST, 40)
    assert releases.store.remove(DIGEST, LIMIT)
    assert (releases.releases.releases, git.ref(f"refs/tags/mlci-store/{DIGEST}")) == ([], None)


def test_unfinished__drafts_of_killed_uploads(releases: InReleases) -> None:
    releases.github.fail_next(422, match="PATCH")
    with pytest.raises(OutsideError):
        releases.store.put(ARCHIVE, DIGEST)
    assert releases.store.unfinished(LIMIT, removes=True) == 0
    releases.age(DIGEST, 40)
    assert releases.store.unfinished(LIMIT, removes=False) == 1
    assert [each.is_draft for each in releases.releases.releases] == [True]
    assert releases.store.unfinished(LIMIT, removes=True) == 1
    assert releases.releases.releases == []


def test_remove__what_was_put_within_two_days_stays_whatever_is_asked(releases: InReleases) -> None:
    releases.store.put(ARCHIVE, DIGEST)
    releases.age(DIGEST, 1)
    assert not releases.store.remove(DIGEST, timedelta(0))


# A remote of DVC by itself


def test_unfinished__halves_on_a_remote_of_dvc(tmp_path: Path) -> None:
    world = OnADvcRemote(tmp_path)
    world.store.put(ARCHIVE, DIGEST)
    half = tmp_path / "remote" / "mlci-store" / f".{DIGEST}.0123456789abcdef.partial"
    half.write_bytes(b"half")
    assert world.store.unfinished(LIMIT, removes=True) == 0
    os.utime(half, (0, 0))
    assert (world.store.unfinished(LIMIT, removes=True), half.exists()) == (1, False)
    assert [path.name for path in half.parent.iterdir()] == [DIGEST]
