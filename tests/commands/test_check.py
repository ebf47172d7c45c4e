from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from mlci.core.report import Conclusion, Training
from mlci.errors import RejectedError, UsageError
from mlci.testing import Script
from tests.commands.builders import (
    COMMAND,
    GATES,
    Project,
    a_configuration,
    a_project,
    a_pull_request,
    a_released_project,
    some_rows,
)

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = "on_inconclusive: {pull_request: block}"
TIGHT = ("{metric: accuracy, require: not_worse, margin: 0.01}",)


def written_report(project: Project) -> dict[str, Any]:
    """Return the report that was left in `.mlci/`, which must be there as Markdown too."""
    content: dict[str, Any] = json.loads(project.work.files["report.json"])
    assert str(content["headline"]).split("`", maxsplit=1)[0] in project.work.files["report.md"].decode()
    return content


def test_check__a_first_model_is_judged_by_its_floors(tmp_path: Path) -> None:
    report = a_project(tmp_path).check()
    assert (report.conclusion, report.exit_code, report.subject.production) == (Conclusion.FIRST, 0, None)
    assert report.verdict is not None
    assert [(result.metric, str(result.outcome)) for result in report.verdict.results] == [
        ("accuracy", "not applicable"),
        ("recall", "pass"),
    ]


def test_check__a_better_model_passes(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    report = project.check()
    assert (report.conclusion, report.exit_code, report.subject.production) == (Conclusion.PASS, 0, "v1.0.0")
    assert report.training == Training(COMMAND, "trained", "the inputs are new")
    assert report.verdict is not None
    assert report.verdict.flips is not None
    assert (len(report.verdict.flips.wrong_to_right), len(report.verdict.flips.right_to_wrong)) == (20, 0)
    assert written_report(project) == report.to_dict()


def test_check__the_candidate_is_ready_to_be_reported(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    checked = project.check()
    reported, _ = project.report()
    assert (reported.conclusion, reported.subject) == (checked.conclusion, checked.subject)


def test_check__changes_nothing_outside(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    before = project.outside()
    project.check()
    assert project.outside() == before


def test_check__a_worse_model_fails(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careless")
    report = project.check()
    assert (report.conclusion, report.exit_code) == (Conclusion.FAIL, 1)
    assert report.headline == "`accuracy` falls from 0.900 to 0.600 (margin 0.05)."
    assert written_report(project)["conclusion"] == "fail"


@pytest.mark.parametrize(("extra", "exit_code"), [("", 0), (BLOCK, 3)])
def test_check__a_tie_warns_or_blocks_as_the_policy_says(tmp_path: Path, extra: str, exit_code: int) -> None:
    project = a_pull_request(tmp_path, trains="tied", gates=TIGHT, extra=extra)
    report = project.check()
    assert (report.conclusion, report.exit_code) == (Conclusion.INCONCLUSIVE, exit_code)


def test_check__a_loosened_gate_does_not_judge_itself(tmp_path: Path) -> None:
    project = a_pull_request(
        tmp_path, trains="careless", loosens=("{metric: accuracy, require: not_worse, margin: 0.5}", GATES[1])
    )
    report = project.check()
    assert report.conclusion is Conclusion.FAIL
    assert [change.sentence for change in report.loosened] == ["loosens `accuracy` not_worse margin: 0.05 → 0.5"]


def test_check__a_tightened_gate_is_checked_in_addition(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful", loosens=(*GATES, "{metric: recall, require: better}"))
    report = project.check()
    assert report.verdict is not None
    assert [(result.name, result.origin) for result in report.verdict.results] == [
        ("accuracy not_worse", "base"),
        ("recall floor", "base"),
        ("recall better", "head"),
    ]


def test_check__rows_and_labels_are_those_of_the_target_branch(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careless")
    flattering = {row: f"{row},10,{row // 2 % 10},0" for row in range(200)}
    project.write(data__holdout_csv=some_rows(200, flattering))
    project.repository.commit("Other labels")
    report = project.check()
    assert report.verdict is not None
    assert (report.conclusion, report.verdict.positives) == (Conclusion.FAIL, 100)


def test_check__rows_that_the_pull_request_moved_are_read_where_they_were(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    moved = "{cells: {path: data/cells.csv, contract: cells.yaml}, holdout: {path: new.csv, contract: cells.yaml}}"
    project.write(mlci_yaml=a_configuration(data=moved), new_csv=some_rows(10))
    project.repository.commit("Another evaluation set")
    report = project.check()
    assert report.verdict is not None
    assert report.verdict.rows == 200


def test_check__data_that_breaks_its_contract_is_not_trained_on(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    broken = some_rows(90)
    project.write(data__cells_csv=broken)
    project.data.breaks(broken, ("columns", "radius", "max"), failing=4)
    report = project.check()
    assert (report.conclusion, report.exit_code, project.runner.runs) == (Conclusion.DATA_REJECTED, 1, [])
    assert report.training == Training(COMMAND, "not started", "the data was rejected")
    assert report.headline == "1 rule of the contract broken in `cells` (4 rows); nothing was trained."
    assert written_report(project)["datasets"][0]["path"] == "data/cells.csv"


def test_check__a_contract_that_the_pull_request_removes_still_holds(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    broken = some_rows(90)
    project.write(data__cells_csv=broken, cells_yaml="columns: {id: {type: integer}}\n")
    project.data.breaks(broken, ("columns", "radius", "max"), failing=4)
    report = project.check()
    assert report.conclusion is Conclusion.DATA_REJECTED
    assert report.loosened


def test_check__a_training_that_fails_is_reported_and_raised(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    project.runner.scripts[COMMAND] = Script(prints=("KeyError: 'radius'",), exit_code=1)
    with pytest.raises(RejectedError) as caught:
        project.check()
    assert (caught.value.code, caught.value.exit_code) == ("training-failed", 1)
    report = written_report(project)
    assert (report["conclusion"], report["exit_code"]) == ("training failed", 1)
    assert report["training"]["reason"] == f"`{COMMAND}` ended with exit code 1"


def test_check__nothing_that_matters_changed(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(README_md="# Other words\n")
    report = project.check()
    assert (report.conclusion, report.exit_code) == (Conclusion.NOTHING_CHANGED, 0)
    assert (project.runner.runs, project.predictor.asked) == ([], [])
    assert written_report(project)["conclusion"] == "nothing changed"


def test_check__force_judges_all_the_same(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    report = project.check(force=True)
    assert (report.conclusion, len(project.runner.runs)) == (Conclusion.PASS, 1)
    assert report.subject.candidate_sha256 == report.subject.production_sha256


def test_check__the_same_inputs_are_not_trained_twice(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    first, second = project.check(), project.check()
    assert len(project.runner.runs) == 1
    *_, kept = project.work.runs
    assert (first.verdict, second.training) == (
        second.verdict,
        Training(COMMAND, "reused", f"same inputs as run {kept[:12]}"),
    )


def test_check__where_the_target_branch_has_no_configuration(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    configuration = project.repository.work_tree().files["mlci.yaml"]
    project.repository.remove("mlci.yaml")
    project.land("Without mlci")
    project.repository.switch("with-mlci")
    project.write(mlci_yaml=configuration)
    report = project.check()
    assert (report.conclusion, report.trust.has_base) == (Conclusion.FIRST, False)
    assert "rules from this branch, since the target branch has no `mlci.yaml` yet" in report.trust.line


def test_check__without_a_configuration(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.repository.remove("mlci.yaml")
    with pytest.raises(UsageError) as caught:
        project.check()
    assert caught.value.code == "no-configuration"


def test_check__a_contract_that_is_not_there(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.repository.remove("cells.yaml")
    with pytest.raises(UsageError) as caught:
        project.check()
    assert (caught.value.code, caught.value.where) == ("contract-missing", "mlci.yaml")
