"""What goes wrong outside of the registry: the line is cut, disks are full, clocks are wrong, histories are long."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.registry_branch import GitRegistry
from mlci.core.registry import Registry, plan_promotion
from mlci.core.registry.audit import audit
from mlci.core.registry.draft import Draft
from mlci.errors import IntegrityError, MlciError, OutsideError, UsageError
from mlci.render.registry_page import registry_page
from mlci.testing import FixedClock
from tests.adapters.clones import Clone, bare_origin, clone_of, git, with_a_commit
from tests.core.plans import ANA, UUIDS, a_package, a_promotion, a_rollback

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from mlci.core.registry import Change


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    return bare_origin(tmp_path / "origin.git")


@pytest.fixture
def clone(origin: Path, tmp_path: Path) -> Clone:
    return with_a_commit(clone_of(origin, tmp_path / "clone"))


def push(clone: Clone, letter: str) -> str:
    """Promote a package as it is decided on what is there now."""
    repository = clone.open()
    repository.fetch("main")
    registry = GitRegistry(repository)
    loaded = registry.load("tumour")
    return registry.push("tumour", a_promotion(loaded.registry, letter), loaded.commit)


def refused(clone: Clone) -> MlciError:
    """Return why a promotion did not arrive; the origin must be as before, and nothing is left here."""
    before = clone.git("ls-remote", "origin"), clone.git("for-each-ref", "refs/tags", "refs/heads")
    with pytest.raises(MlciError) as caught:
        push(clone, "b")
    assert (clone.git("ls-remote", "origin"), clone.git("for-each-ref", "refs/tags", "refs/heads")) == before
    return caught.value


@contextmanager
def a_line_that_is_cut() -> Iterator[int]:
    """Yield the port of a host that resets each connection as soon as it was asked something."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return  # closed: the end
            with connection:
                connection.recv(64)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listening.getsockname()[1]
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def test_push__whose_connection_is_reset_changes_nothing_and_the_next_one_arrives(clone: Clone) -> None:
    push(clone, "a")
    with a_line_that_is_cut() as port:
        clone.git("remote", "set-url", "--push", "origin", f"http://127.0.0.1:{port}/origin.git")
        error = refused(clone)
    assert (type(error), error.code) == (OutsideError, "origin-failed")
    clone.git("config", "--unset-all", "remote.origin.pushurl")
    push(clone, "b")


def test_push__to_an_origin_whose_disk_is_full(clone: Clone, origin: Path) -> None:
    push(clone, "a")
    git(origin, "config", "receive.maxInputSize", "16")  # it cannot keep what it is sent
    error = refused(clone)
    assert (type(error), error.code) == (OutsideError, "origin-failed")
    git(origin, "config", "--unset", "receive.maxInputSize")
    push(clone, "b")


FULL = """
import hashlib, json, resource, signal, sys
from pathlib import Path
from mlci.adapters.directory_store import DirectoryStore
from mlci.errors import OutsideError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
archive = bytes(1_000_000)
try:
    DirectoryStore(Path(sys.argv[1])).put(archive, hashlib.sha256(archive).hexdigest())
except OutsideError as error:
    print(json.dumps([error.code, error.hint]))
"""


def test_store__on_a_disk_that_takes_no_more(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL, tmp_path / "models"], capture_output=True, text=True, check=True, timeout=60
    )
    assert json.loads(done.stdout) == [
        "store-failed",
        "Look at the disk's free space and the folder's permissions.",
    ]
    assert [path for path in (tmp_path / "models").rglob("*") if path.is_file()] == []


def at(registry: Registry, letter: str, now: datetime) -> Change:
    expected = registry.expectation("production")
    facts = {"actor": ANA, "now": now, "uuids": UUIDS, "reason": "later", "page": registry_page}
    return plan_promotion(registry, a_package(letter), "production", expected, **facts)  # type: ignore[arg-type]  # each is what it says


@pytest.mark.parametrize("off", [timedelta(days=-1), timedelta(days=1)])
def test_clock__that_is_wrong_by_a_day_changes_no_order(clone: Clone, off: timedelta) -> None:
    push(clone, "a")
    registry = GitRegistry(clone.open())
    loaded = registry.load("tumour")
    tip = registry.push("tumour", at(loaded.registry, "b", FixedClock().now() + off), loaded.commit)
    tip = registry.push("tumour", a_rollback(registry.load("tumour").registry), tip)
    found = registry.load("tumour")
    production = found.registry.version_at("production")
    assert (found.commit, production and production.number) == (tip, "v1.0.0")
    assert [event.type for event in found.registry.events] == [
        "register", "assign", "register", "assign", "rollback", "quarantine",
    ]  # fmt: skip
    assert audit(found.registry, registry.trail("tumour")) == ()


@pytest.mark.parametrize("stage", ["--force", "-x", "../main", "a/b", "", "Production", "x" * 64, "a\nb"])
def test_stage__whose_name_looks_like_an_option_or_a_path(stage: str) -> None:
    registry = Registry.empty("tumour")
    facts = {"actor": ANA, "now": FixedClock().now(), "uuids": UUIDS, "reason": "x", "page": registry_page}
    with pytest.raises((UsageError, IntegrityError)):
        plan_promotion(registry, a_package("a"), stage, registry.expectation(stage), **facts)  # type: ignore[arg-type]  # as above


@pytest.mark.slow
def test_promotion__after_ten_thousand_events(clone: Clone) -> None:
    push(clone, "a")
    registry = GitRegistry(clone.open())
    loaded = registry.load("tumour")
    draft = Draft(loaded.registry, ANA, FixedClock().now(), UUIDS, "opened")
    for _ in range(10_000):
        draft.add("note", None)
    registry.push("tumour", draft.change(None, None, "many notes", registry_page), loaded.commit)
    push(clone, "b")
    found = registry.load("tumour").registry
    production = found.version_at("production")
    assert (found.sequence, production and production.number) == (10_004, "v1.1.0")
