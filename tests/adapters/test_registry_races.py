"""Many at once on one registry, over `file://` and over smart HTTP: nobody is told what is not so."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.registry_branch import GitRegistry
from mlci.core.registry.audit import audit
from tests.adapters.clones import Clone, bare_origin, clone_of, git
from tests.adapters.http_origin import served
from tests.core.plans import a_promotion

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

RACERS = 20
SECONDS = 110
"""A guard against a hang, not a measure: a machine may be busy."""

BEGIN = """
import hashlib, sys, uuid
from pathlib import Path
from mlci.adapters.directory_store import DirectoryStore
from mlci.adapters.git import GitRepository
from mlci.adapters.git_process import Git
from mlci.adapters.registry_branch import GitRegistry
from mlci.commands.retrying import record
from mlci.core.registry import NewVersion, plan_promotion, plan_registration
from mlci.errors import MlciError
from mlci.render.registry_page import registry_page
from mlci.testing import FixedClock
from tests.adapters.clones import ENVIRON
from tests.core.plans import ANA, a_package
from dataclasses import replace

repository = GitRepository.open(Path(sys.argv[1]), Git(ENVIRON))
registry = GitRegistry(repository)
name = sys.argv[2]
facts = {"actor": ANA, "now": FixedClock().now(), "uuids": iter(uuid.uuid4, None), "page": registry_page}

def package(text):
    return replace(a_package("a"), package_sha256=hashlib.sha256(text.encode()).hexdigest())

def promotion(found, text):
    expected = found.expectation("production")
    return plan_promotion(found, package(text), "production", expected, reason=f"{text} is better", **facts)

loaded = registry.load("tumour")
print("ready", flush=True)
sys.stdin.readline()
"""
PROMOTE = (
    BEGIN
    + """
try:
    print("won", registry.push("tumour", promotion(loaded.registry, name), loaded.commit))
except MlciError as error:
    print(error.code, error.problem, "|", error.cause)
"""
)
REGISTER = (
    BEGIN
    + """
print(record("tumour", lambda found: plan_registration(found, package(name), reason=name, **facts), registry).version)
"""
)
# One of several that promote again and again: bytes first, then the push; whoever lost looks again and decides anew.
KEEP_PROMOTING = (
    BEGIN
    + """
store = DirectoryStore(Path(sys.argv[3]))
for number in range(6):
    while True:
        repository.fetch("main")
        loaded = registry.load("tumour")
        text = f"{name} {number}"
        store.put(text.encode(), hashlib.sha256(text.encode()).hexdigest())
        try:
            registry.push("tumour", promotion(loaded.registry, text), loaded.commit)
            break
        except MlciError as error:
            assert error.code == "stale-promotion", error
print("done")
"""
)


@contextmanager
def over_file(folder: Path) -> Iterator[str]:
    yield f"file://{folder}"


@pytest.fixture(params=[over_file, served])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an origin whose model has a version in production, as clients reach it."""
    origin = bare_origin(tmp_path / "origins" / "origin.git")
    git(origin, "config", "http.receivepack", "true")
    clone = clone_of(origin, tmp_path / "first")
    clone.commit(data="1")
    clone.git("push", "--quiet", "origin", "main")
    registry = GitRegistry(clone.open())
    registry.push("tumour", a_promotion(registry.load("tumour").registry, "a"), None)
    with request.param(tmp_path / "origins") as root:
        yield f"{root}/origin.git"


def client(address: str, folder: Path) -> Clone:
    """Return a clone that has fetched just now."""
    git(folder.parent, "clone", "--quiet", address, str(folder))
    clone = Clone(folder)
    clone.git("config", "user.name", "Ana")
    clone.git("config", "user.email", "ana@example.com")
    clone.open().fetch("main")
    return clone


def start(script: str, clone: Clone, name: str, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", script, str(clone.folder), name, *more]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def go(racers: list[subprocess.Popen[str]]) -> None:
    """Let all of them begin at once, when each has made up its mind."""
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()


def raced(script: str, address: str, folder: Path) -> list[str]:
    """Return what each of twenty was told."""
    with ExitStack() as open_ones:
        racers = [
            open_ones.enter_context(start(script, client(address, folder / f"racer-{number}"), f"racer {number}"))
            for number in range(RACERS)
        ]
        go(racers)
        return [racer.communicate(timeout=SECONDS)[0].strip() for racer in racers]


def test_promotions__of_twenty_exactly_one_is_acknowledged_and_the_others_are_told(
    address: str, tmp_path: Path
) -> None:
    told = raced(PROMOTE, address, tmp_path)
    winners = [answer.split()[1] for answer in told if answer.startswith("won ")]
    losers = [answer for answer in told if not answer.startswith("won ")]
    after = client(address, tmp_path / "after")
    loaded = GitRegistry(after.open()).load("tumour")
    assert winners == [loaded.commit]
    moved = (
        "stale-promotion tumour#production moved: this was decided against v1.0.0 (event 2), but now there is v1.1.0 "
        "(event 4); nothing was written | Event 4 (assign v1.1.0) by Ana Müller <ana@example.com> at "
        f"2026-01-31T12:00:00Z: {loaded.registry.events[-1].reason}"
    )
    assert losers == [moved] * (RACERS - 1)
    assert loaded.registry.sequence == 4


def test_registrations__of_twenty_make_twenty_versions_without_a_gap(address: str, tmp_path: Path) -> None:
    told = raced(REGISTER, address, tmp_path)
    assert sorted(told, key=lambda number: int(number.split(".")[1])) == [f"v1.{minor}.0" for minor in range(1, 21)]
    registry = GitRegistry(client(address, tmp_path / "after").open())
    trail = registry.trail("tumour")
    loaded = registry.load("tumour").registry
    assert list(loaded.versions) == [f"v1.{minor}.0" for minor in range(21)]
    assert loaded.expectation("production").version == "v1.0.0"
    assert audit(loaded, trail) == ()


def test_readers__that_poll_see_whole_registries_only(address: str, tmp_path: Path) -> None:
    store = tmp_path / "models"
    reader = client(address, tmp_path / "reader").open()
    registry, seen = GitRegistry(reader), 0
    with ExitStack() as open_ones:
        writers = [
            open_ones.enter_context(
                start(KEEP_PROMOTING, client(address, tmp_path / f"writer-{number}"), f"writer {number}", str(store))
            )
            for number in range(3)
        ]
        go(writers)
        while any(writer.poll() is None for writer in writers):
            reader.fetch("main")
            found = registry.load("tumour").registry  # checks that each stage points to a version, and the chain
            assert found.version_at("production") is not None
            later = [version for number, version in found.versions.items() if number != "v1.0.0"]
            assert all(is_whole(store, version.package_sha256) for version in later)
            seen += 1
        assert [writer.communicate(timeout=SECONDS)[0] for writer in writers] == ["done\n"] * 3
    reader.fetch("main")
    assert len(registry.load("tumour").registry.versions) == 1 + 3 * 6
    assert seen > 3


def is_whole(store: Path, sha256: str) -> bool:
    return hashlib.sha256((store / sha256[:2] / f"{sha256}.tar").read_bytes()).hexdigest() == sha256
