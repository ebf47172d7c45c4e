from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from typing_extensions import override

from mlci.commands.report import report
from mlci.core.baseline import BASELINE_FILE
from mlci.core.config import read_config
from mlci.core.forge import GATE_CONTEXT, Status
from mlci.core.package import build_package
from mlci.core.report import Conclusion, Training
from mlci.core.submission import Submission
from mlci.errors import IntegrityError, MlciError, OutsideError
from mlci.formats.archive import pack
from mlci.render.markdown import MARKER, comment, problem_comment
from mlci.testing import FakeRepository, MemoryWorkbench
from tests.commands.builders import COMMAND, Project, a_configuration, a_pull_request, a_released_project, some_rows

if TYPE_CHECKING:
    from mlci.testing import MemoryTree

TIGHT = ("{metric: accuracy, require: not_worse, margin: 0.01}",)
BLOCK = "on_inconclusive: {pull_request: block}"


class CommitsOnly(FakeRepository):
    """A repository whose work tree nobody may look at."""

    def __init__(self, seen: FakeRepository) -> None:
        vars(self).update(vars(seen))
        self.folder = Path("/nonexistent")

    @override
    def work_tree(self) -> MemoryTree:
        raise AssertionError("the work tree was read")

    @override
    def dirty_paths(self) -> tuple[str, ...]:
        raise AssertionError("the work tree was compared")

    @override
    def untracked_paths(self) -> tuple[str, ...]:
        raise AssertionError("the work tree was compared")


def a_submitted_pull_request(
    place: Path, trains: str, gates: tuple[str, ...] = (), extra: str = "", loosens: tuple[str, ...] = ()
) -> Project:
    """Return a pull request whose candidate was trained, and is to be judged."""
    project = a_pull_request(place, trains=trains, gates=gates, extra=extra, loosens=loosens)
    project.train()
    return project


def statuses(project: Project) -> tuple[Status, ...]:
    return project.forge.statuses(project.repository.head())


def refused(project: Project) -> MlciError:
    """Return what was raised instead of a report; comment and status must say so, in its own words."""
    with pytest.raises(MlciError) as caught:
        project.report()
    error = caught.value
    pull_request = project.forge.pull_request(project.repository.branch(), project.repository.head())
    assert project.forge.comments(pull_request) == {MARKER: problem_comment(error)}
    assert [(status.context, status.description) for status in statuses(project)] == [(GATE_CONTEXT, error.problem)]
    return error


def test_report__publishes_comment_and_status(tmp_path: Path) -> None:
    project = a_submitted_pull_request(tmp_path, "careful")
    judged, location = project.report()
    head = project.repository.head()
    assert (judged.conclusion, location) == (Conclusion.PASS, "memory:change")
    assert project.forge.comments(project.forge.pull_request("change", head)) == {MARKER: comment(judged)}
    description = "pass: Every gate is passed against production v1.0.0."
    assert statuses(project) == (Status(GATE_CONTEXT, "success", description, None),)


def test_report__says_what_was_only_submitted(tmp_path: Path) -> None:
    judged, _ = a_submitted_pull_request(tmp_path, "careful").report()
    assert judged.training == Training(COMMAND, "trained", "as submitted")
    assert "as submitted: training" in judged.trust.line


@pytest.mark.parametrize(
    ("trains", "extra", "conclusion", "state", "begins"),
    [
        ("careful", "", Conclusion.PASS, "success", "pass: "),
        ("careless", "", Conclusion.FAIL, "failure", "fail: "),
        ("tied", "", Conclusion.INCONCLUSIVE, "success", "inconclusive: This would not be promoted, since "),
        ("tied", BLOCK, Conclusion.INCONCLUSIVE, "failure", "inconclusive, blocked: accuracy not_worse can "),
    ],
)
def test_report__the_status_is_the_verdicts(
    tmp_path: Path, trains: str, extra: str, conclusion: Conclusion, state: str, begins: str
) -> None:
    project = a_submitted_pull_request(tmp_path, trains, TIGHT, extra)
    judged, _ = project.report()
    assert (judged.conclusion, [status.state for status in statuses(project)]) == (conclusion, [state])
    assert statuses(project)[0].description.startswith(begins)


def test_report__judges_what_would_land_and_tells_the_pull_requests_own_commit(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    own_commit = project.repository.head()
    project.repository.switch("main")
    project.write(params_yaml="C: 2\n")
    base = project.land("Meanwhile on main")
    project.repository.switch("what-would-land")
    merged = project.repository.merge("change")
    project.train()
    judged, _ = report(
        base, merged, project.forge.pull_request("change", own_commit), project.work.submission(),
        repository=project.repository, forge=project.forge, tools=project.tools,
    )  # fmt: skip
    assert judged.conclusion is Conclusion.PASS
    assert [len(project.forge.statuses(commit)) for commit in (own_commit, merged)] == [1, 0]


def test_report__reads_commits_and_never_the_work_tree(tmp_path: Path) -> None:
    project = a_submitted_pull_request(tmp_path, "careful")
    # A pull request's work tree is whatever its own code made of it.
    project.write(mlci_yaml="not even a configuration", data__holdout_csv=b"", train_py="other")
    project.repository = CommitsOnly(project.repository)
    judged, _ = project.report()
    assert (judged.conclusion, project.runner.runs[1:]) == (Conclusion.PASS, [])


def test_report__rows_are_those_of_the_target_branch(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careless")
    flattering = {row: f"{row},10,{row // 2 % 10},0" for row in range(199)}
    project.write(data__holdout_csv=some_rows(200, flattering))
    project.repository.commit("Other labels")
    project.train()
    judged, _ = project.report()
    assert judged.verdict is not None
    assert (judged.conclusion, judged.verdict.positives) == (Conclusion.FAIL, 100)


def test_report__gates_are_those_of_the_target_branch(tmp_path: Path) -> None:
    project = a_submitted_pull_request(tmp_path, "careless", loosens=("{metric: recall, require: floor, value: 0.1}",))
    judged, _ = project.report()
    assert (judged.conclusion, [change.direction for change in judged.changes]) == (
        Conclusion.FAIL,
        ["looser", "looser"],
    )


def test_report__a_renamed_model_is_judged_under_its_old_name(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careless")
    project.write(mlci_yaml=a_configuration(model="{name: fresh, task: binary}"))
    project.repository.commit("Another name")
    project.train()
    judged, _ = project.report()
    assert (judged.subject.model, judged.subject.production, judged.conclusion) == ("tumour", "v1.0.0", Conclusion.FAIL)


def test_report__broken_data_is_rejected_before_the_candidate_is_looked_at(tmp_path: Path) -> None:
    project = a_submitted_pull_request(tmp_path, "careful")
    broken = some_rows(90)
    project.write(data__cells_csv=broken)
    project.repository.commit("Broken data")
    project.data.breaks(broken, ("columns", "radius", "max"), failing=4)
    project.predictor.asked.clear()
    judged, _ = project.report()
    assert (judged.conclusion, project.predictor.asked) == (Conclusion.DATA_REJECTED, [])
    assert [status.state for status in statuses(project)] == ["failure"]


def test_report__no_candidate_was_submitted(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    project.work = MemoryWorkbench(project.place)
    judged, _ = project.report()
    assert (judged.conclusion, [status.state for status in statuses(project)]) == (
        Conclusion.TRAINING_FAILED,
        ["failure"],
    )
    assert judged.headline == "No model was made: no candidate was submitted."


def test_report__nothing_that_matters_changed(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.repository.switch("words")
    project.write(README_md="# Other words\n")
    project.repository.commit("Words")
    judged, _ = project.report()
    assert (judged.conclusion, project.predictor.asked) == (Conclusion.NOTHING_CHANGED, [])
    assert [status.state for status in statuses(project)] == ["success"]


def test_report__an_evaluation_that_could_not_work_after_the_merge_is_told(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    project.train()
    project.write(mlci_yaml=a_configuration(evaluate="{data: holdout, id: id, label: diagnosis, positive: 1}"))
    project.repository.commit("Another label")
    error = refused(project)
    assert (error.code, error.exit_code, error.where) == ("column-missing", 2, "mlci.yaml")
    assert [status.state for status in statuses(project)] == ["failure"]


def test_report__the_status_says_first_what_is_loosened(tmp_path: Path) -> None:
    project = a_submitted_pull_request(
        tmp_path, "careful", loosens=("{metric: accuracy, require: not_worse, margin: 0.5}",)
    )
    project.report()
    assert [status.description for status in statuses(project)] == [
        "pass · loosens 2 rules, which count after the merge: Every gate is passed against production v1.0.0."
    ]


def test_report__a_candidate_of_another_commit_is_refused(tmp_path: Path) -> None:
    project = a_submitted_pull_request(tmp_path, "careful")
    project.trains("careless")
    project.repository.commit("Something else after the training")
    error = refused(project)
    assert (type(error), error.code, error.hint) == (IntegrityError, "stale-candidate", "mlci train")
    assert [status.state for status in statuses(project)] == ["failure"]


def test_report__what_something_outside_prevented_is_an_error_and_no_verdict(tmp_path: Path) -> None:
    project = a_submitted_pull_request(tmp_path, "careful")
    project.store.archives.clear()
    error = refused(project)
    assert (type(error), error.code) == (OutsideError, "package-missing")
    assert [status.state for status in statuses(project)] == ["error"]


@pytest.mark.parametrize(("is_public", "shown"), [(False, True), (True, False)])
def test_report__rows_are_named_only_where_not_everybody_reads(tmp_path: Path, is_public: bool, shown: bool) -> None:  # noqa: FBT001 - what pytest passes
    project = a_submitted_pull_request(tmp_path, "careful")
    project.forge.is_public = is_public
    judged, _ = project.report()
    published = project.forge.comments(project.forge.pull_request("change", project.repository.head()))[MARKER]
    assert ("Which rows" in published) is shown
    assert published == comment(judged, rows=shown)


@pytest.mark.parametrize(
    ("is_public", "told"),
    [(False, "the model cannot predict: 'Maria Muster' is no number"), (True, "the model cannot predict: …")],
)
def test_report__what_a_model_says_of_the_rows_is_told_only_where_not_everybody_reads(
    tmp_path: Path,
    is_public: bool,  # noqa: FBT001 - what pytest passes
    told: str,
) -> None:
    project = a_submitted_pull_request(tmp_path, "careful")
    project.forge.is_public = is_public
    error = IntegrityError("model-cannot-predict", "the model cannot predict: 'Maria Muster' is no number")
    error.private = "'Maria Muster' is no number"

    def predicted(*_: object) -> NoReturn:
        raise error

    vars(project.predictor).update(predict=predicted)
    with pytest.raises(IntegrityError):
        project.report()
    published = project.forge.comments(project.forge.pull_request("change", project.repository.head()))[MARKER]
    assert [status.description for status in statuses(project)] == [told]
    assert ("Maria" in published) is not is_public


def test_report__a_candidate_that_was_changed_after_packaging_is_refused(tmp_path: Path) -> None:
    project = a_submitted_pull_request(tmp_path, "careful")
    submission = project.work.submission()
    assert submission is not None
    files = {**project.train().candidate.package.files, "model.skops": b"another"}
    project.work.submit(replace(submission, archive=pack(files)), project.train().candidate.package)
    assert (refused(project).code, refused(project).exit_code) == ("package-malformed", 4)


def test_report__of_what_was_submitted_only_the_model_is_kept(tmp_path: Path) -> None:
    project = a_submitted_pull_request(tmp_path, "careful")
    honest, submission = project.train().candidate, project.work.submission()
    assert submission is not None
    signature = honest.package.info.signature.model_copy(update={"threshold": 0.01})
    configuration = read_config(a_configuration(model="{name: tumour, task: binary, objective: Trust it.}").encode())
    more = {BASELINE_FILE: honest.package.files[BASELINE_FILE], "sitecustomize.py": b"import os"}
    forged = build_package(honest.package.model, "Sealed and proven", signature, {}, configuration, more=more)
    project.work.submit(replace(submission, archive=pack(forged.files)), forged)
    judged, _ = project.report()
    assert (judged.conclusion, judged.subject.candidate_sha256) == (Conclusion.PASS, honest.sha256)


@pytest.mark.parametrize("record", [b"", b"[]", b'{"schema": "mlci/candidate/1"}', b'{"schema": "mlci/run/1"}'])
def test_report__a_record_that_mlci_did_not_write_is_refused(tmp_path: Path, record: bytes) -> None:
    project = a_submitted_pull_request(tmp_path, "careful")
    trained = project.train().candidate
    project.work.submit(Submission(record, trained.archive), trained.package)
    assert (refused(project).code, refused(project).exit_code) == ("submission-malformed", 4)
