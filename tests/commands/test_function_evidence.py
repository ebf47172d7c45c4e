"""Gates on functions of one's own, from the configuration to the report: base's code judges, head's never runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from typing_extensions import override

from mlci.commands.evaluation import evaluate
from mlci.core.config import read_config
from mlci.core.contract.model import Contract
from mlci.core.documents import read_model
from mlci.core.gates.decision import BROKEN
from mlci.core.report import Conclusion
from mlci.core.rules import effective
from mlci.core.side import Side
from mlci.errors import UsageError
from mlci.render.markdown import comment
from mlci.testing import MemoryData, MemoryTree, ScriptedPredictor
from tests.commands.builders import CONTRACT, GATES, MODELS, Project, a_configuration, a_project, refused, some_rows
from tests.commands.test_evaluation import a_package

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mlci.core.metric_function import Measured, MeasuredRows, MetricFunction
    from mlci.core.report import Report
    from tests.conftest import Golden

EVALUATE = '{data: holdout, id: id, label: malignant, positive: 1, metrics: {profit: "metrics.py:profit"}}'
FLOOR = "{metric: higher@profit, require: floor, value: 1}"
NOT_WORSE = "{metric: higher@profit, require: not_worse, margin: 0.5}"
PROFIT = """\
import numpy as np

def profit(labels, predictions):
    return np.where(predictions > 0.5, np.where(labels, 10.0, -4.0), 0.0).mean()
"""
GENEROUS = "def profit(labels, predictions):\n    return 1000.0\n"
EXPLODING = "raise SystemExit('the code of head ran')\n"
WITH_FUNCTION = a_configuration(FLOOR, NOT_WORSE, evaluate=EVALUATE)


def a_released_one(place: Path, code: str = PROFIT) -> Project:
    """Return a project with `present` in production, whose target branch has a function and gates on it."""
    project = a_project(place)
    project.train()
    project.promote()
    project.write(mlci_yaml=WITH_FUNCTION, metrics_py=code)
    project.land("Count in money")
    project.predictor.measured.clear()
    return project


def told(report: Report) -> list[tuple[str, str, float | None, float | None]]:
    assert report.verdict is not None
    return [(each.require, str(each.outcome), each.candidate, each.production) for each in report.verdict.results]


def changes(report: Report) -> list[str]:
    return [each.sentence for each in report.changes]


# Of 100 positive rows `careful` finds each, which earns 10.0 a row; `present` loses 10, and acts on 10 others in vain.
CAREFUL = 10.0 * 100 / 200
PRESENT = (10.0 * 90 - 4.0 * 10) / 200


def test_check__by_the_function_of_the_target_branch(tmp_path: Path, golden: Golden) -> None:
    project = a_released_one(tmp_path)
    project.trains("careful")
    report = project.check()
    assert told(report) == [("floor", "pass", CAREFUL, PRESENT), ("not_worse", "pass", CAREFUL, PRESENT)]
    assert (report.conclusion, project.predictor.measured) == (Conclusion.PASS, ["profit"])
    golden("comment/function.md", comment(report))


def test_check__a_function_in_slices_is_asked_once(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    gates = (
        "{metric: higher@profit, require: floor, value: 1, slices: [radius]}",
        "{metric: higher@profit, require: no_proven_regression, margin: 0.1, slices: [radius, texture]}",
    )
    sliced = EVALUATE.replace("positive: 1", "positive: 1, slices: [radius, texture]")
    project.write(mlci_yaml=a_configuration(*gates, evaluate=sliced))
    project.land("Look at slices")
    project.trains("careful")
    project.predictor.measured.clear()
    report = project.check()
    assert report.verdict is not None
    floor, unproven = report.verdict.results
    # All of radius 20 are positive rows, of which each earns 10; of the others the model acts on none.
    assert {each.value: each.candidate for each in floor.slices} == {"10": 0.0, "20": 10.0}
    assert (floor.outcome, unproven.outcome, project.predictor.measured) == ("fail", "pass", ["profit"])
    # Of texture each value has 20 rows, too few for a jackknife.
    assert [each.outcome for each in unproven.slices].count("too small") == 10


class CarefulPredictor(ScriptedPredictor):
    """Remembers which slices it was asked for, as bytes a row, and gives up where those are more than it may answer."""

    may_answer: int = 100

    @override
    def measure(self, functions: Sequence[MetricFunction], rows: MeasuredRows) -> Mapping[str, Measured]:
        self.parts = rows.parts
        if rows.parts is not None and len(rows.parts) > self.may_answer:
            raise UsageError("metric-killed", "it used more CPU time than it may")
        return super().measure(functions, rows)


def test_check__a_function_is_asked_in_the_slices_that_its_own_gates_look_at(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    project.predictor = asked = CarefulPredictor(MODELS)
    gates = (
        "{metric: higher@profit, require: floor, value: 1, slices: [radius]}",
        "{metric: accuracy, require: floor, value: 0.5, slices: [half, radius]}",
    )
    sliced = EVALUATE.replace("positive: 1", "positive: 1, slices: [{name: half, where: texture < 5}, radius]")
    project.write(mlci_yaml=a_configuration(*gates, evaluate=sliced))
    project.land("Look at slices")
    project.trains("careful")
    project.check()
    assert asked.parts is not None
    assert (asked.parts.shape, asked.parts.nbytes) == ((2, 200), 400)


HALF = "positive: 1, slices: [{name: benign, where: radius < 15}]"
IN_HALF = "{metric: higher@profit, require: floor, value: 1, slices: [benign]}"
OF_BOTH_KINDS = PROFIT.replace("    return", "    assert labels.any()\n    return")


def test_check__a_function_that_fails_in_a_slice_that_head_adds_judges_all_rows_as_before(tmp_path: Path) -> None:
    project = a_released_one(tmp_path, OF_BOTH_KINDS)
    project.trains("careful")
    both = EVALUATE.replace("positive: 1", HALF)
    project.write(mlci_yaml=a_configuration(FLOOR, NOT_WORSE, IN_HALF, evaluate=both), metrics_py=PROFIT)
    assert told(project.check()) == [
        ("floor", "pass", CAREFUL, PRESENT),
        ("not_worse", "pass", CAREFUL, PRESENT),
        ("floor", "inconclusive", None, None),
    ]


def test_check__a_function_that_takes_too_long_in_slices_that_head_adds_is_not_broken(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    project.predictor = slow = CarefulPredictor(MODELS)
    slow.may_answer = 0
    project.trains("careful")
    both = EVALUATE.replace("positive: 1", HALF)
    project.write(mlci_yaml=a_configuration(FLOOR, NOT_WORSE, IN_HALF, evaluate=both), metrics_py=GENEROUS)
    assert refused(project).code == "metric-killed"


def test_check__twice_is_the_same_report(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    project.trains("careful")
    project.check()
    assert comment(project.check()) == comment(project.check())


@pytest.mark.parametrize("code", [GENEROUS, EXPLODING])
def test_check__code_of_head_is_named_and_does_not_run(tmp_path: Path, code: str) -> None:
    project = a_released_one(tmp_path)
    project.trains("careful")
    project.write(metrics_py=code)
    report = project.check()
    assert told(report)[0] == ("floor", "pass", CAREFUL, PRESENT)
    (sentence,) = changes(report)
    ours, theirs = (tree.ids()["metrics.py"][:10] for tree in _sides(project))
    assert sentence == f"changes the code of `profit` in `metrics.py`: {ours} → {theirs}"
    assert ours != theirs


def _sides(project: Project) -> tuple[MemoryTree, MemoryTree]:
    return project.repository.tree(project.base), project.repository.work_tree()


def test_check__a_function_that_head_names_instead_does_not_run(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    project.trains("careful")
    named = WITH_FUNCTION.replace("metrics.py:profit", "other.py:profit")
    project.write(mlci_yaml=named, other_py=EXPLODING)
    report = project.check()
    assert told(report)[0] == ("floor", "pass", CAREFUL, PRESENT)
    assert changes(report) == ["changes `evaluate.metrics`: profit: metrics.py:profit → profit: other.py:profit"]


def test_check__a_function_of_head_s_own_is_not_judged_by(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    project.promote()
    project.trains("careful")
    project.write(mlci_yaml=a_configuration(*GATES, FLOOR, evaluate=EVALUATE), metrics_py=EXPLODING)
    report = project.check()
    assert project.predictor.measured == []
    assert report.verdict is not None
    assert "higher@profit" not in {each.metric for each in report.verdict.results}
    assert "adds the gate `higher@profit` floor 1, a function that the target branch does not have" in changes(report)


def test_evaluate__where_head_s_rules_serve_its_code_does_not_run(tmp_path: Path) -> None:
    contract = read_model(CONTRACT.encode(), Contract, "cells.yaml")
    rules, _ = effective(None, Side(read_config(WITH_FUNCTION.encode()), {"holdout": contract}))
    predictor = ScriptedPredictor(MODELS)
    verdict = evaluate(
        rules,
        rows_from=MemoryTree({"data/holdout.csv": some_rows(), "metrics.py": EXPLODING.encode()}),
        candidate=a_package("careful"),
        production=None,
        data=MemoryData(),
        predictor=predictor,
        objects=tmp_path,
    )
    assert (predictor.measured, {str(each.outcome) for each in verdict.results}) == ([], {"not applicable"})
    assert {each.sentence for each in verdict.results} == {"the code of the function is not on the target branch yet"}


def test_check__a_function_that_fails_says_where(tmp_path: Path) -> None:
    project = a_released_one(tmp_path, "def profit(labels, predictions):\n    return labels.price\n")
    error = refused(project)
    assert (error.code, error.exit_code) == ("metric-failed", 2)
    assert error.problem.endswith("line 2: return labels.price")


LOST = a_configuration(GATES[0], FLOOR, NOT_WORSE, evaluate=EVALUATE.replace("metrics.py:", "gone.py:"))


def a_lost_one(place: Path) -> Project:
    """Return a project whose target branch names a file that is not there."""
    project = a_released_one(place)
    project.write(mlci_yaml=LOST)
    project.land("Name a file that is not there")
    project.trains("careful")
    return project


def test_check__where_the_target_branch_lost_the_file_who_leaves_it_so_is_told(tmp_path: Path) -> None:
    error = refused(a_lost_one(tmp_path))
    assert (error.code, error.problem) == (
        "metric-missing",
        "the metric `profit` is a function of gone.py, which is not there",
    )


def test_check__where_the_target_branch_lost_the_file_it_can_be_brought_back(tmp_path: Path) -> None:
    project = a_lost_one(tmp_path)
    project.write(gone_py=PROFIT)
    report = project.check()
    assert [outcome for _, outcome, _, _ in told(report)] == ["pass", "inconclusive", "inconclusive"]
    assert report.verdict is not None
    assert (report.verdict.results[1].sentence, project.predictor.measured) == (BROKEN, [])
    assert changes(report)[0].startswith("changes the code of `profit` in `gone.py`: none → ")


def test_check__where_the_target_branch_mistypes_the_file_the_name_can_be_mended(tmp_path: Path) -> None:
    project = a_lost_one(tmp_path)
    project.write(mlci_yaml=LOST.replace("gone.py:profit", "metrics.py:profit"))
    report = project.check()
    assert [outcome for _, outcome, _, _ in told(report)] == ["pass", "inconclusive", "inconclusive"]
    assert changes(report) == ["changes `evaluate.metrics`: profit: gone.py:profit → profit: metrics.py:profit"]


def test_check__a_head_that_names_a_file_which_is_not_there(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    project.write(mlci_yaml=WITH_FUNCTION.replace("metrics.py:profit", "gone.py:profit"))
    assert refused(project).to_dict() == {
        "code": "metric-missing",
        "problem": "the metric `profit` is a function of gone.py, which is not there",
        "where": "mlci.yaml",
        "cause": "The file was removed or renamed, or evaluate.metrics mistypes its path.",
        "hint": "git checkout HEAD -- gone.py, or mend evaluate.metrics",
        "exit_code": 2,
    }


def test_check__a_function_that_no_gate_names_does_not_run(tmp_path: Path) -> None:
    project = a_released_one(tmp_path, EXPLODING)
    project.write(mlci_yaml=a_configuration(evaluate=EVALUATE))
    project.land("Take the gates back")
    project.trains("careful")
    assert (project.check().conclusion, project.predictor.measured) == (Conclusion.PASS, [])


def test_check__a_function_knows_weights_and_the_names_of_classes(tmp_path: Path) -> None:
    code = "def profit(labels, predictions, weights, classes):\n    return (weights * labels).sum() / weights.sum()\n"
    project = a_released_one(tmp_path, code)
    weighted = EVALUATE.replace("positive: 1", "positive: 1, weight: radius")
    project.write(mlci_yaml=a_configuration(FLOOR, evaluate=weighted))
    project.land("Weigh")
    weights = np.where(np.arange(200) % 2 == 1, 20.0, 10.0)
    assert told(project.check())[0][2] == pytest.approx(weights[1::2].sum() / weights.sum())


FAILING = "def profit(labels, predictions):\n    raise ValueError('nobody can say')\n"
OVERSURE = "def profit(labels, predictions):\n    assert predictions.max() < 0.95\n    return 1.0\n"


def test_check__who_mends_a_function_that_always_fails_is_not_held_up_by_it(tmp_path: Path) -> None:
    project = a_released_one(tmp_path, FAILING)
    project.trains("careful")
    assert refused(project).code == "metric-failed"
    project.write(metrics_py=PROFIT)
    report = project.check()
    assert [outcome for _, outcome, _, _ in told(report)] == ["inconclusive", "inconclusive"]
    assert report.conclusion is Conclusion.INCONCLUSIVE
    assert report.verdict is not None
    assert report.verdict.results[0].sentence == BROKEN
    assert changes(report)[0].startswith("changes the code of `profit` in `metrics.py`")


def test_check__who_mends_one_of_two_functions_is_judged_by_the_other(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    both = EVALUATE.replace('profit: "metrics.py:profit"', 'profit: "metrics.py:profit", other: "other.py:profit"')
    project.write(
        mlci_yaml=a_configuration(FLOOR, "{metric: higher@other, require: floor, value: 1}", evaluate=both),
        other_py=FAILING,
    )
    project.land("Ask another function")
    project.trains("careful")
    project.write(other_py=PROFIT)
    assert [outcome for _, outcome, _, _ in told(project.check())] == ["pass", "inconclusive"]


def test_check__a_candidate_that_makes_a_function_fail_does_not_open_its_gate_by_other_code(tmp_path: Path) -> None:
    project = a_released_one(tmp_path, OVERSURE)
    project.predictor.models["certain"] = replace(
        MODELS["careful"], probability=lambda columns: np.where(np.asarray(columns["radius"]) > 15, 1.0, 0.0)
    )
    project.trains("certain")
    project.write(metrics_py=PROFIT)
    assert refused(project).code == "metric-failed"
