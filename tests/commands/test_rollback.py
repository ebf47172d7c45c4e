from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from mlci.commands.rollback import Rollback
from mlci.commands.signatures import Demand
from mlci.core.target import Placed
from mlci.errors import IntegrityError, MlciError, UsageError
from mlci.testing import FixedClock
from tests.commands.builders import Project, a_project, a_released_project

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path


def with_three_versions(place: Path) -> Project:
    project = a_released_project(place)
    project.release("careful")
    project.release("narrow")
    return project


def refused(
    project: Project, to_version: str | None = None, reason: str = "misses cells", expect: str | None = None
) -> MlciError:
    """Return why a rollback was refused; nothing may have moved."""
    before = project.outside()
    with pytest.raises(MlciError) as caught:
        project.rollback(to_version, reason, expect=expect)
    assert project.outside() == before
    return caught.value


def test_rollback__to_the_version_before(tmp_path: Path) -> None:
    project = with_three_versions(tmp_path)
    assert project.rollback() == Rollback("production", "v2.0.0", "v1.1.0")
    assert (project.production.number, project.history.quarantined) == ("v1.1.0", frozenset({"v2.0.0"}))


def test_rollback__twice_goes_further_back(tmp_path: Path) -> None:
    project = with_three_versions(tmp_path)
    project.rollback()
    assert project.rollback() == Rollback("production", "v1.1.0", "v1.0.0")
    assert project.history.quarantined == {"v1.1.0", "v2.0.0"}


def test_rollback__to_a_version_by_name(tmp_path: Path) -> None:
    project = with_three_versions(tmp_path)
    assert project.rollback("v1.0.0").version == "v1.0.0"
    assert project.history.quarantined == {"v2.0.0"}


def test_rollback__says_who_why_and_when(tmp_path: Path) -> None:
    project = with_three_versions(tmp_path)
    project.rollback(reason="the clinic\nreports trouble")
    moved, quarantined = project.history.events[-2:]
    assert (moved.type, quarantined.type) == ("rollback", "quarantine")
    assert {(event.actor.name, event.reason, event.time) for event in (moved, quarantined)} == {
        ("Ana Müller <ana@example.com>", "the clinic reports trouble", project.clock.now())
    }


def test_rollback__leaves_the_target_alone(tmp_path: Path) -> None:
    project = with_three_versions(tmp_path)
    project.deploy()
    placed = Placed.of("v2.0.0", project.production.package_sha256)
    project.rollback()
    assert project.target.current() == placed


def test_rollback__nothing_is_in_the_stage(tmp_path: Path) -> None:
    assert refused(a_project(tmp_path)).code == "nothing-in-stage"


def test_rollback__nothing_was_there_before(tmp_path: Path) -> None:
    error = refused(a_released_project(tmp_path))
    assert (type(error), error.code) == (UsageError, "nothing-before")


def test_rollback__of_a_first_version_empties_the_stage(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.deploy()
    done = project.rollback("none", expect="v1.0.0")
    assert done == Rollback("production", "v1.0.0", None, answering=("live",))
    assert project.history.version_at("production") is None
    assert [event.type for event in project.history.events[-2:]] == ["unassign", "quarantine"]
    assert project.rollback("none", expect="v1.0.0") == replace(done, moved=False)
    assert refused(project, "none").code == "nothing-in-stage"


def test_rollback__to_nothing_keeps_what_was_taken_back_out_and_lets_a_good_one_in(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.rollback("none")
    with pytest.raises(IntegrityError) as caught:
        project.promote()
    assert caught.value.code == "quarantined"
    project.release("careful")
    assert project.production.number == "v1.1.0"
    assert refused(project).code == "nothing-before"


def test_rollback__says_where_the_bad_one_still_is(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.promote(stage="staging")
    project.release("careful")
    project.promote(stage="staging")
    project.deploy()
    done = project.rollback()
    assert (done.answering, done.held_by) == (("live",), ("staging",))


def test_rollback__to_a_version_that_nobody_knows(tmp_path: Path) -> None:
    assert refused(with_three_versions(tmp_path), "v9.9.9").code == "unknown-version"


def test_rollback__to_what_is_there(tmp_path: Path) -> None:
    assert refused(with_three_versions(tmp_path), "v2.0.0").code == "already-in-stage"


def test_rollback__to_a_version_that_was_taken_back(tmp_path: Path) -> None:
    project = with_three_versions(tmp_path)
    project.rollback()
    error = refused(project, "v2.0.0")
    assert (type(error), error.code) == (IntegrityError, "quarantined")


def test_rollback__without_a_reason(tmp_path: Path) -> None:
    assert refused(with_three_versions(tmp_path), reason=" \n").code == "reason-missing"


@pytest.mark.parametrize("expect", ["v2.0.0", "6"])
def test_rollback__of_what_was_expected_is_done_once(tmp_path: Path, expect: str) -> None:
    project = with_three_versions(tmp_path)
    assert project.rollback(expect=expect) == Rollback("production", "v2.0.0", "v1.1.0")
    before = project.outside()
    assert project.rollback(expect=expect) == Rollback("production", "v2.0.0", "v1.1.0", moved=False)
    assert project.rollback("v1.1.0", expect=expect).moved is False
    assert project.outside() == before


def test_rollback__of_what_a_fix_replaced_meanwhile_leaves_the_fix(tmp_path: Path) -> None:
    project = with_three_versions(tmp_path)
    error = refused(project, expect="v1.1.0")
    assert (type(error), error.code, error.exit_code) == (IntegrityError, "stale-promotion", 4)
    assert error.problem == ("tumour#production holds v2.0.0 (event 6), and v1.1.0 was expected; nothing was written")
    assert error.cause is not None
    assert error.cause.startswith("Event 6 (assign v2.0.0) by Ana Müller <ana@example.com>")


def test_rollback__done_already_but_to_another_version_is_refused(tmp_path: Path) -> None:
    project = with_three_versions(tmp_path)
    project.rollback(expect="v2.0.0")
    assert refused(project, "v1.0.0", expect="v2.0.0").code == "stale-promotion"


def test_rollback__done_already_before_the_fix_came_leaves_the_fix(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    project.rollback(expect="v1.1.0")
    project.release("narrow")
    assert refused(project, expect="v1.1.0").code == "stale-promotion"


def test_rollback__of_what_no_stage_can_hold(tmp_path: Path) -> None:
    assert refused(with_three_versions(tmp_path), expect="latest").code == "bad-expectation"


@pytest.mark.parametrize("expect", [None, "v1.1.0"])
def test_rollback__overtaken_by_a_fix_takes_nothing_back(tmp_path: Path, expect: str | None) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")

    class WhileTheFixArrives(FixedClock):
        @override
        def now(self) -> datetime:
            project.clock = FixedClock()
            project.release("narrow")
            return super().now()

    project.clock = WhileTheFixArrives()
    with pytest.raises(IntegrityError) as caught:
        project.rollback(expect=expect)
    assert (caught.value.code, project.production.number) == ("stale-promotion", "v2.0.0")
    assert project.history.quarantined == frozenset()


def test_rollback__of_what_nobody_signed_where_it_must_be_signed(tmp_path: Path) -> None:
    project = with_three_versions(tmp_path)
    project.demand = Demand(b"ada\n", 5)
    error = refused(project)
    assert (error.code, error.where) == ("event-unsigned", "events/000005.json")
