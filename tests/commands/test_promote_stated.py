"""What a person states when promoting: what the stage holds, and which part of the number counts up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.commands.promote import promote
from mlci.errors import IntegrityError, UsageError
from tests.commands.builders import ANA, Project, a_released_project

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.promote import Promotion
    from mlci.core.registry import Part


def with_a_candidate(place: Path) -> Project:
    project = a_released_project(place)
    project.trains("careful")
    project.land("Train the careful one")
    project.train()
    return project


def promoted(
    project: Project, *, expect: str | None = None, bump: Part | None = None, reason: str | None = None
) -> Promotion:
    return promote(
        project.base, None, reason=reason, actor=ANA,
        repository=project.repository, forge=project.forge, tools=project.tools, clock=project.clock,
        expect=expect, bump=bump,
    )  # fmt: skip


@pytest.mark.parametrize("expect", ["v1.0.0", "2"])
def test_expect__what_is_there(tmp_path: Path, expect: str) -> None:
    project = with_a_candidate(tmp_path)
    assert promoted(project, expect=expect).version == "v1.1.0"
    assert promoted(project, expect=expect).verdict is None  # again: nothing to promote


def test_expect__something_else_is_refused_and_nothing_written(tmp_path: Path) -> None:
    project = with_a_candidate(tmp_path)
    before = project.outside()
    with pytest.raises(IntegrityError) as caught:
        promoted(project, expect="none")
    assert (caught.value.code, project.outside()) == ("stale-promotion", before)


@pytest.mark.parametrize(("bump", "version"), [("major", "v2.0.0"), ("minor", "v1.1.0"), ("patch", "v1.0.1")])
def test_bump__says_the_number_and_why(tmp_path: Path, bump: Part, version: str) -> None:
    project = with_a_candidate(tmp_path)
    assert promoted(project, bump=bump, reason="another scanner").version == version
    assert project.production.number_reason == "another scanner"


def test_reason__that_says_nothing_is_no_reason(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    before = project.outside()
    with pytest.raises(UsageError) as caught:
        promoted(project, reason=" ")
    assert (caught.value.code, project.outside()) == ("reason-missing", before)


def test_bump__without_a_reason(tmp_path: Path) -> None:
    project = with_a_candidate(tmp_path)
    with pytest.raises(UsageError) as caught:
        promoted(project, bump="major", reason=" ")
    assert caught.value.code == "reason-missing"
