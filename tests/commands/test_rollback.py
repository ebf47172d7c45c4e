from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.commands.rollback import Rollback
from mlci.core.target import Placed
from mlci.errors import IntegrityError, MlciError, UsageError
from tests.commands.builders import Project, a_project, a_released_project

if TYPE_CHECKING:
    from pathlib import Path


def with_three_versions(place: Path) -> Project:
    project = a_released_project(place)
    project.release("careful")
    project.release("narrow")
    return project


def refused(project: Project, to_version: str | None = None, reason: str = "misses cells") -> MlciError:
    """Return why a rollback was refused; nothing may have moved."""
    before = project.outside()
    with pytest.raises(MlciError) as caught:
        project.rollback(to_version, reason)
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
