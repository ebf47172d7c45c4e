from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mlci.commands.check import check
from mlci.core.fitted_signature import assumption
from mlci.core.report import Conclusion, OwnTests, Training
from mlci.errors import RejectedError, UsageError
from mlci.testing import Script, ScriptedModel
from mlci.testing.predictor import REQUIREMENTS
from tests.commands.builders import (
    COMMAND,
    CONTRACT,
    GATES,
    MODELS,
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


def test_check__asks_production_with_the_versions_that_its_package_names(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    project.predictor.versions = {**REQUIREMENTS, "scikit-learn": "1.7.0"}
    assert project.check().conclusion is Conclusion.PASS
    assert [dict(versions) for versions in project.predictor.fitted] == [dict(REQUIREMENTS)]


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


def without_texture(rows: bytes) -> bytes:
    """Return rows without the column that the model in production reads beside the radius."""
    cells = [line.split(",") for line in rows.decode().splitlines()]
    place = cells[0].index("texture")
    return "".join(",".join([*row[:place], *row[place + 1 :]]) + "\n" for row in cells).encode()


def a_project_whose_rows_moved_on(place: Path, *, trains: str, extra: str = "") -> Project:
    """Return a pull request after a column, which the model in production reads, left the target branch."""
    project = a_released_project(place, extra=extra)
    project.predictor.models["wrong"] = ScriptedModel(("radius",), lambda columns: columns["radius"] / 100)
    project.write(data__holdout_csv=without_texture(some_rows()), cells_yaml=CONTRACT.replace("  texture", "  #"))
    project.land("Texture is not measured any more")
    project.repository.switch("change")
    project.trains(trains)
    project.repository.commit("Read the radius alone")
    return project


@pytest.mark.parametrize(("extra", "exit_code", "status"), [("", 0, "success"), (BLOCK, 3, "failure")])
def test_check__a_production_that_the_rows_left_behind_is_not_comparable(
    tmp_path: Path, extra: str, exit_code: int, status: str
) -> None:
    project = a_project_whose_rows_moved_on(tmp_path, trains="narrow", extra=extra)
    report = project.check()
    assert (report.conclusion, report.exit_code, report.status) == (Conclusion.NOT_COMPARABLE, exit_code, status)
    assert "production v1.0.0 reads `texture`, which the evaluation set no longer has" in report.headline
    assert [gate["outcome"] for gate in written_report(project)["gates"]] == ["not comparable", "pass"]


def test_check__a_floor_decides_where_nothing_can_be_compared(tmp_path: Path) -> None:
    report = a_project_whose_rows_moved_on(tmp_path, trains="wrong").check()
    assert (report.conclusion, report.exit_code) == (Conclusion.FAIL, 1)


def test_check__what_a_pull_request_does_to_its_own_rows_makes_nothing_incomparable(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careless")
    project.write(data__holdout_csv=without_texture(some_rows()))
    project.repository.commit("Take the column away")
    assert project.check().conclusion is Conclusion.FAIL


UNUSABLE = {
    "id": ("{data: holdout, id: name, label: malignant, positive: 1}", "column-missing"),
    "label": ("{data: holdout, id: id, label: diagnosis, positive: 1}", "column-missing"),
    "data": ("{data: cells, id: id, label: malignant, positive: 7}", "positive-absent"),
    "positive": ("{data: holdout, id: id, label: malignant, positive: bad}", "positive-absent"),
    "type-of-positive": ("{data: holdout, id: id, label: malignant, positive: true}", "positive-absent"),
}
"""What a pull request may say about its evaluation that would lock the project after the merge."""


@pytest.mark.parametrize(("evaluate", "code"), UNUSABLE.values(), ids=UNUSABLE)
def test_check__an_evaluation_that_could_not_work_after_the_merge(tmp_path: Path, evaluate: str, code: str) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    project.write(mlci_yaml=a_configuration(evaluate=evaluate))
    project.repository.commit("Another evaluation")
    with pytest.raises(UsageError) as caught:
        project.check()
    assert (caught.value.code, caught.value.exit_code, caught.value.where) == (code, 2, "mlci.yaml")
    assert project.runner.runs == []


@pytest.mark.parametrize(
    ("row", "code"), [("7,20,3,", "label-missing"), (",20,3,1", "id-missing"), ("6,20,3,1", "id-not-unique")]
)
def test_check__rows_that_could_not_be_judged_by_after_the_merge(tmp_path: Path, row: str, code: str) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    project.write(data__holdout_csv=some_rows(200, {7: row}))
    project.repository.commit("Other rows")
    with pytest.raises(UsageError) as caught:
        project.check()
    assert (caught.value.code, caught.value.where, project.runner.runs) == (code, "data/holdout.csv", [])


def test_check__broken_data_is_told_before_what_it_does_to_the_evaluation(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    broken = some_rows(200, {7: "7,20,3,"})
    project.write(data__holdout_csv=broken)
    project.data.breaks(broken, ("columns", "malignant", "required"), failing=1)
    assert project.check().conclusion is Conclusion.DATA_REJECTED


def test_check__an_evaluation_that_was_right_all_along_may_change(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    project.write(mlci_yaml=a_configuration(evaluate="{data: cells, id: id, label: malignant, positive: 0}"))
    project.repository.commit("Another evaluation")
    report = project.check()
    assert (report.conclusion, len(report.changes)) == (Conclusion.PASS, 2)


def a_locked_project(place: Path, evaluate: str = UNUSABLE["label"][0]) -> Project:
    """Return a pull request after somebody pushed an evaluation that cannot work."""
    project = a_released_project(place)
    project.write(mlci_yaml=a_configuration(evaluate=evaluate))
    project.land("Judge by something else")
    project.repository.switch("change")
    project.trains("careful")
    return project


@pytest.mark.parametrize("evaluate", [evaluate for evaluate, _ in UNUSABLE.values()], ids=UNUSABLE)
def test_check__what_mends_the_rules_of_the_target_branch_is_not_refused_for_them(
    tmp_path: Path, evaluate: str
) -> None:
    project = a_locked_project(tmp_path, evaluate)
    project.write(mlci_yaml=a_configuration())
    project.repository.commit("Judge by the diagnosis again")
    report = project.check()
    assert (report.conclusion, report.exit_code, report.trust.has_base) == (Conclusion.FIRST, 0, False)
    assert [change.direction for change in report.changes] == ["replaced"]
    assert report.trust.line.startswith("rules from this branch, since those of the target branch cannot be used · ")


def test_check__by_its_own_rules_a_worse_model_fails_all_the_same(tmp_path: Path) -> None:
    project = a_locked_project(tmp_path)
    project.write(mlci_yaml=a_configuration())
    project.trains("careless")
    project.repository.commit("Judge by the diagnosis again")
    assert project.check().conclusion is Conclusion.FAIL


def test_check__rules_that_cannot_be_used_and_are_not_mended(tmp_path: Path) -> None:
    project = a_locked_project(tmp_path)
    project.repository.commit("Something else")
    with pytest.raises(UsageError) as caught:
        project.check()
    assert (caught.value.code, caught.value.problem) == (
        "column-missing",
        "the evaluation set has no column `diagnosis`",
    )


def test_check__a_positive_class_that_the_target_branch_does_not_have_is_told_with_its_commit(tmp_path: Path) -> None:
    project = a_locked_project(tmp_path, UNUSABLE["positive"][0])
    project.repository.commit("Something else")
    project.predictor.models["careful"] = replace(MODELS["careful"], classes=(0, "bad"))
    with pytest.raises(UsageError) as caught:
        project.check()
    assert (caught.value.code, caught.value.where) == ("positive-absent", f"{project.base[:12]}:mlci.yaml")


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
    flattering = {row: f"{row},10,{row // 2 % 10},0" for row in range(199)}
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
    *_, kept = project.work.models
    assert (first.verdict, second.training) == (
        second.verdict,
        Training(COMMAND, "reused", f"same inputs as run {kept[:12]}"),
    )


def told_by_check(project: Project, *, force: bool = False) -> list[str]:
    """Return what a check says about training, while it does it."""
    told: list[str] = []
    tools = replace(project.tools, tell=told.append)
    check(project.base, repository=project.repository, runner=project.runner, tools=tools, force=force)
    return [sentence for sentence in told if sentence.startswith("train")]


def test_check__says_that_it_trains_only_where_it_does(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    assert told_by_check(project) == [f"train: {COMMAND}"]
    *_, kept = project.work.models
    assert told_by_check(project) == [f"train: reused, same inputs as run {kept[:12]}"]


def test_check__says_what_nobody_could_check_about_the_model(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    project.predictor.models["careful"] = replace(MODELS["careful"], knows_names=False)
    told: list[str] = []
    tools = replace(project.tools, tell=told.append)
    check(project.base, repository=project.repository, runner=project.runner, tools=tools)
    assert assumption(None) in told


def test_check__warns_of_gates_that_no_rows_decide_while_the_gates_are_new(tmp_path: Path) -> None:
    floor = "{metric: recall, require: floor, value: 0.99}"
    project = a_project(tmp_path, floor, trains="careful")
    told: list[str] = []
    tools = replace(project.tools, tell=told.append)
    check(project.base, repository=project.repository, runner=project.runner, tools=tools)
    (warning,) = (each for each in told if "on these rows" in each)
    assert warning.startswith("recall floor 0.99 cannot be passed on these rows: even a model without an error ")


def test_check__does_not_warn_again_of_gates_that_stay_as_they_are(tmp_path: Path) -> None:
    warned = "{metric: recall, require: floor, value: 0.99, severity: warn}"
    project = a_pull_request(tmp_path, trains="careful", gates=(warned,))
    told: list[str] = []
    tools = replace(project.tools, tell=told.append)
    check(project.base, repository=project.repository, runner=project.runner, tools=tools)
    assert [each for each in told if "on these rows" in each] == []


def test_check__says_why_it_trains_again(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    project.check()
    assert told_by_check(project, force=True) == [f"train: {COMMAND} (asked for by --force)"]
    project.write(stray_txt="")
    assert told_by_check(project) == [f"train: {COMMAND} (untracked files may be inputs: stray.txt)"]


def test_check__says_that_a_kept_run_is_damaged(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    project.check()
    *_, kept = project.work.models
    record, model = project.work.models[kept]
    project.work.models[kept] = record, model + b"?"
    assert told_by_check(project) == [f"train: {COMMAND} (the kept run is damaged)"]


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
    assert caught.value.hint == "git checkout HEAD -- cells.yaml, or mend the path in mlci.yaml"


def with_tests(place: Path, script: Script) -> Project:
    project = a_project(place, extra="tests: pytest -q\n")
    project.runner.scripts["pytest -q"] = script
    return project


def test_check__runs_the_projects_own_tests_first(tmp_path: Path) -> None:
    project = with_tests(tmp_path, Script(prints=("2 passed",)))
    report = project.check()
    assert [run.command for run in project.runner.runs] == ["pytest -q", COMMAND]
    assert report.tests == OwnTests("pytest -q", "passed", "")
    assert "Own tests: `pytest -q`: passed." in project.work.files["report.md"].decode()


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (Script(prints=("row 7", "1 failed"), exit_code=1), "exit code 1"),
        (Script(seconds=9_999), "not done after 3600 s"),
    ],
)
def test_check__where_own_tests_fail_nothing_is_trained(tmp_path: Path, script: Script, reason: str) -> None:
    project = with_tests(tmp_path, script)
    with pytest.raises(RejectedError) as caught:
        project.check()
    error = caught.value
    assert (error.code, error.where) == ("tests-failed", ".mlci/logs/tests.log")
    assert error.problem.startswith(f"`pytest -q` did not pass: {reason}")
    assert "row 7" not in error.public().problem
    assert [run.command for run in project.runner.runs] == ["pytest -q"]
    report = json.loads(project.work.files["report.json"])
    assert (report["conclusion"], report["tests"]["outcome"], report["exit_code"]) == ("tests failed", "failed", 1)
    assert report["headline"] == f"The project's own tests failed ({reason}); nothing was trained."


def test_report__calls_own_tests_as_submitted(tmp_path: Path) -> None:
    project = with_tests(tmp_path, Script())
    project.repository.switch("change")
    project.repository.commit("A change")
    project.check()
    report, _ = project.report()
    assert (report.tests, report.trust.as_submitted) == (None, ("own tests", "training"))
