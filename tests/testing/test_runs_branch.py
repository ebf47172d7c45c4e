"""One contract for the branch of runs: the fake keeps it, and so does real Git."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.adapters.runs_branch import GitRuns
from mlci.testing import FakeRunsBranch
from tests.adapters.clones import two_clones
from tests.core.runs.records import MORNING, a_record, kept

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlci.commands.ports import RunsBranch

    Connect = Callable[[], RunsBranch]

ANA = "Ana Müller <ana@example.com>"


def fakes(_: Path) -> Connect:
    files: dict[str, bytes] = {}
    return lambda: FakeRunsBranch(files)


def clones(folder: Path) -> Connect:
    repository = two_clones(folder)
    return lambda: GitRuns(repository())


@pytest.fixture(params=[fakes, clones])
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Connect:
    """Each call is another client that has fetched just now."""
    made: Connect = request.param(tmp_path)
    return made


def test_runs__before_the_first(connect: Connect) -> None:
    assert connect().runs() == ()


def test_add__is_seen_by_others_as_shared(connect: Connect) -> None:
    records = sorted((a_record(minutes) for minutes in range(5)), key=lambda record: record.id)
    assert [connect().add(kept(record), ANA, MORNING) for record in records] == [True] * 5
    found = connect().runs()
    assert [(run.id, run.record, run.where) for run in found] == [(each.id, each, "shared") for each in records]


def test_add__what_is_there_changes_nothing(connect: Connect) -> None:
    run = kept(a_record())
    assert (connect().add(run, ANA, MORNING), connect().add(run, ANA, MORNING)) == (True, False)
    assert [each.id for each in connect().runs()] == [run.id]


def test_add__on_top_of_what_others_added_meanwhile(connect: Connect) -> None:
    one, other = connect(), connect()
    assert (one.add(kept(a_record(1)), ANA, MORNING), other.add(kept(a_record(2)), ANA, MORNING)) == (True, True)
    assert {run.id for run in connect().runs()} == {a_record(1).id, a_record(2).id}
