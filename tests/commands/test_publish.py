from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mlci.commands.publish import publish
from mlci.commands.runs import list_runs, show_run
from mlci.core.submission import read_record
from mlci.errors import IntegrityError
from mlci.testing import FakeRunsBranch, MemoryWorkbench
from tests.commands.builders import a_project
from tests.core.runs.records import a_record

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.runs import KeptRun
    from tests.commands.builders import Project

ANA = "Ana Müller <ana@example.com>"


def published(project: Project, shared: FakeRunsBranch) -> tuple[KeptRun, bool] | None:
    return publish(ANA, repository=project.repository, work=project.work, shared=shared, clock=project.clock)


def a_trained_project(place: Path) -> Project:
    project = a_project(place)
    project.land()
    project.train()
    return project


def says(project: Project, run: str | None) -> None:
    """Let the job that trained say something else of its run."""
    submission = project.work.submission()
    assert submission is not None
    record = read_record(submission.record).model_copy(update={"run": run})
    project.work.submit(replace(submission, record=record.to_bytes()), project.train().candidate.package)


def test_publish__shows_the_run_to_teammates(tmp_path: Path) -> None:
    project, shared = a_trained_project(tmp_path), FakeRunsBranch()
    (own,) = project.work.runs()
    assert published(project, shared) == (replace(own, where="shared"), True)
    elsewhere = MemoryWorkbench(tmp_path / "elsewhere")
    assert list_runs(elsewhere, shared) == [replace(own, where="shared")]
    shown = show_run(own.id[:6], elsewhere, shared)
    assert (shown.run.record, shown.details) == (own.record, None)


def test_publish__twice_is_once(tmp_path: Path) -> None:
    project, shared = a_trained_project(tmp_path), FakeRunsBranch()
    both = published(project, shared), published(project, shared)
    assert [each and each[1] for each in both] == [True, False]


def test_list_runs__what_is_here_hides_the_same_record(tmp_path: Path) -> None:
    project, shared = a_trained_project(tmp_path), FakeRunsBranch()
    published(project, shared)
    assert [run.where for run in list_runs(project.work, shared)] == ["here"]


def test_publish__of_a_run_that_was_reused(tmp_path: Path) -> None:
    project, shared = a_trained_project(tmp_path), FakeRunsBranch()
    assert project.train().training.outcome == "reused"
    (own,) = project.work.runs()
    told = published(project, shared)
    assert told is not None
    assert told[0].id == own.id


def test_publish__nothing_was_submitted(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    assert published(project, FakeRunsBranch()) is None


def test_publish__the_submission_says_nothing_of_its_run(tmp_path: Path) -> None:
    project = a_trained_project(tmp_path)
    says(project, None)
    assert published(project, FakeRunsBranch()) is None


def test_publish__a_record_of_other_inputs(tmp_path: Path) -> None:
    project, shared = a_trained_project(tmp_path), FakeRunsBranch()
    says(project, a_record().to_bytes().decode())
    with pytest.raises(IntegrityError) as caught:
        published(project, shared)
    assert (caught.value.code, shared.files) == ("stale-candidate", {})


def test_publish__a_hostile_record(tmp_path: Path) -> None:
    project, shared = a_trained_project(tmp_path), FakeRunsBranch()
    (own,) = project.work.runs()
    content = own.record.to_dict() | {"params": {"C": "\x1b]0;owned\x07"}}
    says(project, json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    with pytest.raises(IntegrityError) as caught:
        published(project, shared)
    assert (caught.value.code, shared.files) == ("run-malformed", {})
