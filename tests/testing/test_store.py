"""One contract for stores: the fake keeps it, and so does every place that packages can lie in."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from mlci.errors import IntegrityError, OutsideError
from tests.testing.s3_server import S3Server, set_credentials
from tests.testing.store_worlds import ALL, REAL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlci.commands.ports import Store
    from tests.testing.store_worlds import RealWorld, World

ARCHIVE = b"archive" * 1000
DIGEST = hashlib.sha256(ARCHIVE).hexdigest()
FLIPPED = ARCHIVE[:500] + bytes([ARCHIVE[500] ^ 1]) + ARCHIVE[501:]


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with S3Server() as server:
        yield server


@pytest.fixture(params=ALL)
def world(
    request: pytest.FixtureRequest, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    set_credentials(monkeypatch)
    with request.param(s3, tmp_path) as made:
        yield made


@pytest.fixture(params=REAL)
def real(
    request: pytest.FixtureRequest, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RealWorld]:
    set_credentials(monkeypatch)
    with request.param(s3, tmp_path) as made:
        yield made


@pytest.fixture
def store(world: World) -> Store:
    return world.store()


def test_put__is_there_afterwards(store: Store) -> None:
    assert not store.has(DIGEST)
    location = store.put(ARCHIVE, DIGEST)
    assert store.has(DIGEST)
    assert store.fetch(DIGEST).read_bytes() == ARCHIVE
    assert DIGEST in location


def test_put__another_job_reads_it(world: World) -> None:
    world.store().put(ARCHIVE, DIGEST)
    other = world.store()
    assert other.has(DIGEST)
    assert other.fetch(DIGEST).read_bytes() == ARCHIVE


def test_put__again_is_the_same_and_writes_nothing(world: World) -> None:
    location = world.store().put(ARCHIVE, DIGEST)
    written = world.written(DIGEST)
    assert world.store().put(ARCHIVE, DIGEST) == location
    assert world.written(DIGEST) == written


def test_put__from_a_file(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "package.tar"
    file.write_bytes(ARCHIVE)
    store.put(file, DIGEST)
    assert store.fetch(DIGEST).read_bytes() == ARCHIVE


def test_put__other_bytes_than_the_digest_names(store: Store) -> None:
    with pytest.raises(IntegrityError) as caught:
        store.put(ARCHIVE + b"x", DIGEST)
    assert (caught.value.code, bool(caught.value.hint)) == ("package-damaged", True)
    assert not store.has(DIGEST)


@pytest.mark.parametrize("content", [FLIPPED, ARCHIVE[:-1], b""], ids=["flipped", "cut", "empty"])
def test_put__mends_what_is_damaged(world: World, content: bytes) -> None:
    world.store().put(ARCHIVE, DIGEST)
    world.replace(DIGEST, content)
    world.store().put(ARCHIVE, DIGEST)
    assert world.store().fetch(DIGEST).read_bytes() == ARCHIVE


def test_put__of_the_same_by_several_at_once(world: World) -> None:
    stores = [world.store() for _ in range(4)]
    start = Barrier(len(stores))

    def put(store: Store) -> str:
        start.wait()
        return store.put(ARCHIVE, DIGEST)

    with ThreadPoolExecutor(len(stores)) as jobs:
        locations = list(jobs.map(put, stores))
    assert len(set(locations)) == 1
    assert world.store().fetch(DIGEST).read_bytes() == ARCHIVE


@pytest.mark.parametrize(
    "content", [FLIPPED, ARCHIVE[:-1], ARCHIVE + b"x", b""], ids=["flipped", "cut", "more", "none"]
)
def test_fetch__damaged_bytes_are_never_returned(world: World, content: bytes) -> None:
    world.store().put(ARCHIVE, DIGEST)
    world.replace(DIGEST, content)
    with pytest.raises(IntegrityError) as caught:
        world.store().fetch(DIGEST)
    assert (caught.value.code, bool(caught.value.hint)) == ("package-damaged", True)


def test_fetch__what_is_not_there(store: Store) -> None:
    with pytest.raises(OutsideError) as caught:
        store.fetch(DIGEST)
    assert (caught.value.code, bool(caught.value.hint)) == ("package-missing", True)
    assert DIGEST in caught.value.problem


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "A" * 64, "--help", f"{DIGEST}\n"])
def test_names__that_are_no_digest(store: Store, digest: str) -> None:
    with pytest.raises(IntegrityError, match="is not a sha256"):
        store.fetch(digest)
    with pytest.raises(IntegrityError, match="is not a sha256"):
        store.put(b"", digest)
    with pytest.raises(IntegrityError, match="is not a sha256"):
        store.has(digest)


# In a process of its own

MEASURED = """
import hashlib, resource, sys
store.put(b"small", hashlib.sha256(b"small").hexdigest())
store.fetch(hashlib.sha256(b"small").hexdigest())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
store.put(Path(sys.argv[1]), sys.argv[2])
store.fetch(sys.argv[2])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
LARGE_BYTES = 128 << 20
MOST_KIBIBYTES = 32 << 10


def test_memory__does_not_grow_with_the_archive(real: RealWorld, tmp_path: Path) -> None:
    large = tmp_path / "large.tar"
    with large.open("wb") as file:
        file.truncate(LARGE_BYTES)
    with large.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    assert int(in_a_process(real.script + MEASURED, large, digest).splitlines()[-1]) < MOST_KIBIBYTES


KILLED = """
import os, signal, sys
steps, last = 0, int(sys.argv[3])

def step(frame, event, function):
    global steps
    if event == "c_call" and function.__qualname__ in EFFECTS:
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

# What changes something outside: bytes written, sent and made durable, files moved and removed.
EFFECTS = {"BufferedWriter.write", "BufferedRandom.write", "socket.sendall", "socket.send", "fsync", "replace"}
EFFECTS |= {"rename", "unlink", "remove"}
sys.setprofile(step)
store.put(Path(sys.argv[1]), sys.argv[2])
sys.setprofile(None)
print(steps)
"""
SEVERAL_PARTS = 11 << 20


@pytest.mark.parametrize("kills", [2, pytest.param(9, marks=pytest.mark.slow)])
def test_put__an_upload_that_is_killed_leaves_no_readable_half(real: RealWorld, tmp_path: Path, kills: int) -> None:
    steps = int(in_a_process(real.script + KILLED, *an_archive(tmp_path, 0), "0").splitlines()[-1])
    for number in sorted({max(1, steps * part // kills) for part in range(1, kills + 1)}):
        file, digest = an_archive(tmp_path, number)
        killed = subprocess.run([sys.executable, "-c", real.script + KILLED, file, digest, str(number)], check=False)
        assert killed.returncode == -9
        assert content(real.store(), digest) in {None, file.read_bytes()}
        real.store().put(file, digest)
        assert content(real.store(), digest) == file.read_bytes()


def an_archive(folder: Path, number: int) -> tuple[Path, str]:
    file = folder / "package.tar"
    file.write_bytes(number.to_bytes(4, "big") + bytes(SEVERAL_PARTS))
    return file, hashlib.sha256(file.read_bytes()).hexdigest()


def content(store: Store, digest: str) -> bytes | None:
    try:
        return store.fetch(digest).read_bytes()
    except OutsideError as error:
        if error.code == "package-missing":
            return None
        raise


def in_a_process(script: str, *arguments: Path | str) -> str:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
