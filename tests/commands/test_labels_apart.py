"""Labels in another data set than the rows that models see: `evaluate.labels`."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mlci.commands.evaluate import evaluate
from mlci.core.gates import Outcome
from mlci.core.report import Conclusion
from mlci.errors import OutsideError
from tests.commands.builders import a_configuration, a_project, a_released_project, refused, some_rows

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mlci.core.report import Report
    from tests.commands.builders import Project

EVALUATE = "{data: holdout, labels: truth, id: id, label: malignant, positive: 1}"
OTHERS = "cells: {path: data/cells.csv, contract: cells.yaml}, holdout: {path: data/holdout.csv}"
IN_GIT = f"{{{OTHERS}, truth: {{path: data/truth.csv}}}}"
ROWS = b"\n".join(line.rpartition(b",")[0] for line in some_rows().splitlines()) + b"\n"
"""The rows without their last column, the label."""


def some_labels(
    rows: Iterable[int] = range(200), *, edits: tuple[str, ...] = (), header: str = "id,malignant"
) -> bytes:
    """Return the labels of these rows as CSV, and some lines more."""
    return "\n".join([header, *(f"{row},{row % 2}" for row in rows), *edits, ""]).encode()


def elsewhere(labels: bytes) -> str:
    """Return the data sets with labels that lie in a bucket."""
    return f"{{{OTHERS}, truth: {{path: 's3://acme-labels/truth.csv', sha256: {hashlib.sha256(labels).hexdigest()}}}}}"


def with_labels(project: Project, labels: bytes = some_labels()) -> Project:
    """Land rows without labels, and labels in Git."""
    project.write(mlci_yaml=a_configuration(data=IN_GIT, evaluate=EVALUATE))
    project.write(data__holdout_csv=ROWS, data__truth_csv=labels)
    project.land("Keep labels elsewhere")
    return project


def with_labels_in_a_bucket(project: Project, labels: bytes = some_labels()) -> Project:
    """Land rows whose labels lie in a bucket, where nobody can read them yet."""
    project.write(mlci_yaml=a_configuration(data=elsewhere(labels), evaluate=EVALUATE), data__holdout_csv=ROWS)
    project.land("Keep labels in a bucket")
    return project


def can_read(project: Project, labels: bytes = some_labels()) -> None:
    """Let there be credentials that read the bucket."""
    digest = hashlib.sha256(labels).hexdigest()
    project.data.outside[digest] = project.place / digest
    (project.place / digest).write_bytes(labels)


def judged_by_own_labels(project: Project) -> Report:
    """Return what a check says of a branch that names labels of its own."""
    project.repository.switch("change")
    own = IN_GIT.replace("truth:", "mine: {path: data/mine.csv}, truth:")
    project.write(mlci_yaml=a_configuration(data=own, evaluate=EVALUATE.replace("truth", "mine")))
    project.write(data__mine_csv=some_labels())
    project.trains("careless")
    project.repository.commit("Judge me by my own labels")
    return project.check()


def test_check__scores_by_the_labels_of_another_data_set_as_by_those_of_the_rows(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    among, apart = a_released_project(tmp_path / "a"), with_labels(a_released_project(tmp_path / "b"))
    verdicts = []
    for project in (among, apart):
        project.trains("careless")
        verdicts.append(project.check().verdict)
    first, second = verdicts
    assert first is not None
    assert second is not None
    assert second.outcome is Outcome.FAIL
    assert [each.to_dict() for each in first.results] == [each.to_dict() for each in second.results]


def test_check__finds_labels_by_id_in_whatever_order_and_leaves_others_alone(tmp_path: Path) -> None:
    labels = some_labels(reversed(range(250)), edits=("another,",))
    verdict = with_labels(a_project(tmp_path), labels).check().verdict
    assert verdict is not None
    assert (verdict.outcome, verdict.rows, verdict.positives) == (Outcome.FIRST, 200, 100)


def test_check__shows_no_model_a_label(tmp_path: Path) -> None:
    project = with_labels(a_released_project(tmp_path))
    project.trains("careful")
    project.check()
    assert {question.columns for question in project.predictor.asked} == {("radius", "texture")}


@pytest.mark.parametrize(
    ("labels", "code", "problem"),
    [
        (
            some_labels(range(198)),
            "label-missing",
            "there is no `malignant` for row 199 of the evaluation set (2 in all)",
        ),
        (
            some_labels(range(1, 200), edits=("0,",)),
            "label-missing",
            "there is no `malignant` for row 1 of the evaluation set (1 in all)",
        ),
        (b"id,malignant\n", "label-missing", "there is no `malignant` for row 1 of the evaluation set (200 in all)"),
        (some_labels(edits=("7,1",)), "id-not-unique", "`id` names some rows of the labels twice"),
        (some_labels(edits=(",1",)), "id-missing", "`id` is empty in row 201 of the labels (1 in all)"),
        (some_labels(header="id,benign"), "column-missing", "the labels have no column `malignant`"),
        (some_labels(header="key,malignant"), "column-missing", "the labels have no column `id`"),
        (
            b"id,malignant\n" + b"".join(b"%d,0\n" % row for row in range(200)),
            "positive-absent",
            "no row of the evaluation set has `malignant = 1`; its only value is 0",
        ),
    ],
)
def test_check__labels_that_nothing_can_be_judged_by(tmp_path: Path, labels: bytes, code: str, problem: str) -> None:
    error = refused(with_labels(a_project(tmp_path), labels))
    assert (error.code, error.problem) == (code, problem)


def test_check__rows_that_have_the_label_as_well(tmp_path: Path) -> None:
    project = with_labels(a_project(tmp_path))
    project.write(data__holdout_csv=some_rows())
    project.land("Put the labels back")
    error = refused(project)
    assert (error.code, error.where) == ("label-among-rows", "data/holdout.csv")


def test_check__of_a_branch_that_changes_labels_is_judged_by_those_of_the_target_branch(tmp_path: Path) -> None:
    project = with_labels(a_released_project(tmp_path))
    project.repository.switch("change")
    project.trains("careless")
    wrong = "\n".join(["id,malignant", *(f"{row},{(row % 2 == 1) != (row // 2 % 10 < 4):d}" for row in range(200))])
    project.write(data__truth_csv=f"{wrong}\n")
    project.repository.commit("Call right what the model says")
    assert project.check().conclusion is Conclusion.FAIL


def test_check__of_a_branch_that_names_other_labels_says_so(tmp_path: Path) -> None:
    project = with_labels(a_released_project(tmp_path))
    report = judged_by_own_labels(project)
    assert report.conclusion is Conclusion.FAIL
    assert [(change.direction, change.sentence) for change in report.changes] == [
        ("other", "changes `evaluate.labels`: truth → mine")
    ]


def test_check__where_nobody_can_read_the_labels_makes_a_candidate_and_judges_nothing(tmp_path: Path) -> None:
    project = with_labels_in_a_bucket(a_released_project(tmp_path))
    project.trains("careless")
    report = project.check()
    assert (report.conclusion, report.exit_code, report.verdict) == (Conclusion.NOT_JUDGED, 5, None)
    assert project.work.submission() is not None
    assert report.trust.line == "rules from the target branch · no token"


def test_report__judges_what_the_check_could_not(tmp_path: Path) -> None:
    project = with_labels_in_a_bucket(a_released_project(tmp_path))
    project.repository.switch("change")
    project.trains("careless")
    project.repository.commit("A change")
    project.check()
    can_read(project)
    judged, _ = project.report()
    assert judged.conclusion is Conclusion.FAIL


def test_report__without_the_labels_is_an_error_and_no_verdict(tmp_path: Path) -> None:
    project = with_labels_in_a_bucket(a_released_project(tmp_path))
    project.repository.switch("change")
    project.trains("careless")
    project.repository.commit("A change")
    project.check()
    with pytest.raises(OutsideError, match="lies nowhere"):
        project.report()


def test_check__where_the_labels_are_away_still_judges_by_the_rules_of_the_target_branch(tmp_path: Path) -> None:
    project = with_labels_in_a_bucket(a_released_project(tmp_path))
    report = judged_by_own_labels(project)
    assert report.conclusion is Conclusion.NOT_JUDGED
    assert report.trust.has_base
    assert [change.direction for change in report.changes] == ["other"]


def test_check__labels_under_another_name_are_no_data(tmp_path: Path) -> None:
    project = with_labels_in_a_bucket(a_released_project(tmp_path))
    can_read(project)
    project.repository.switch("change")
    section = elsewhere(some_labels()).partition("truth: ")[2]
    stolen = elsewhere(some_labels()).replace("truth:", f"stolen: {section[:-1]}, truth:")
    project.write(mlci_yaml=a_configuration(data=stolen, evaluate=EVALUATE))
    project.repository.commit("Ask a contract what the labels are")
    error = refused(project)
    assert (error.code, error.exit_code) == ("labels-as-data", 4)


def test_check__holds_no_contract_against_labels_out_of_reach(tmp_path: Path) -> None:
    project = with_labels_in_a_bucket(a_released_project(tmp_path))
    can_read(project)
    project.repository.switch("change")
    asking = elsewhere(some_labels()).replace("sha256:", "contract: truth.yaml, sha256:")
    project.write(mlci_yaml=a_configuration(data=asking, evaluate=EVALUATE))
    project.write(truth_yaml="columns: {malignant: {type: integer, max: 0}}\n")
    project.trains("careful")
    project.repository.commit("Ask a contract what the labels are")
    report = project.check()
    assert (report.conclusion, [each.dataset for each in report.datasets]) == (Conclusion.PASS, ["cells"])


def test_check__holds_contracts_against_labels_in_git(tmp_path: Path) -> None:
    project = with_labels(a_project(tmp_path))
    in_git = IN_GIT.replace("data/truth.csv", "data/truth.csv, contract: truth.yaml")
    project.write(mlci_yaml=a_configuration(data=in_git, evaluate=EVALUATE))
    project.write(truth_yaml="columns: {malignant: {type: integer}}\n")
    project.land("A contract of the labels")
    assert [each.dataset for each in project.check().datasets] == ["cells", "truth"]


def test_check__names_no_row_where_labels_are_out_of_reach(tmp_path: Path) -> None:
    project = with_labels_in_a_bucket(a_released_project(tmp_path))
    can_read(project)
    project.trains("careless")
    verdict = project.check().verdict
    assert verdict is not None
    assert verdict.flips is not None
    assert set(verdict.flips.right_to_wrong) == {"…"}


@pytest.mark.parametrize(
    ("is_separate", "words"),
    [
        (True, "the labels are out of the pull request's reach"),
        (False, "the labels could be read where the model was trained, so a model could have memorised them"),
    ],
)
def test_trust__says_who_could_read_labels_in_a_bucket(tmp_path: Path, is_separate: bool, words: str) -> None:  # noqa: FBT001 - a case
    project = with_labels_in_a_bucket(a_released_project(tmp_path))
    can_read(project)
    project.train()
    tools = replace(project.tools, is_separate=is_separate)
    report, _ = evaluate(project.base, repository=project.repository, tools=tools)
    assert words in report.trust.line.split(" · ")


def test_trust__labels_in_git_are_in_nobodys_way(tmp_path: Path) -> None:
    project = with_labels(a_released_project(tmp_path))
    project.train()
    report, _ = evaluate(project.base, repository=project.repository, tools=replace(project.tools, is_separate=True))
    assert "the labels lie in the repository, so a model could have memorised them" in report.trust.line


def test_check__of_a_change_of_labels_alone_judges_again(tmp_path: Path) -> None:
    project = with_labels(a_project(tmp_path))
    project.train()
    project.promote()
    assert project.check().conclusion is Conclusion.NOTHING_CHANGED
    project.repository.switch("change")
    project.write(data__truth_csv=some_labels(edits=("201,1",)))
    project.repository.commit("More labels")
    assert project.check().conclusion is Conclusion.PASS
