"""The evidence level `metrics`: training hands in numbers, and a verdict can only be by value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mlci.commands.compare import compare
from mlci.core.report import Conclusion
from mlci.errors import IntegrityError, RejectedError, UsageError
from mlci.formats.archive import digest, unpack
from mlci.render.markdown import comment
from mlci.render.terminal import report_text
from mlci.testing import FakeRunsBranch, Script
from tests.commands.builders import COMMAND, Project, a_configuration, a_project, a_released_project, refused

if TYPE_CHECKING:
    from pathlib import Path

OF_METRICS = {
    "train": f"{{run: {COMMAND}, data: [cells], metrics: metrics.json}}",
    "evaluate": "{data: holdout, id: id}",
}
GATES = (
    "{metric: accuracy, require: not_worse, margin: 0.01}",
    "{metric: log_loss, require: ceiling, value: 0.5}",
    "{metric: score@help, require: floor, value: 0.1}",
)


def some_metrics(accuracy: float = 0.9, log_loss: float = 0.25, help: float = 0.5) -> bytes:  # noqa: A002 - the name of a score
    return json.dumps({"accuracy": accuracy, "log_loss": log_loss, "help": help}).encode()


def numbers(project: Project, content: bytes) -> None:
    """Let the training code, changed, leave these metrics."""
    project.write(train_py=f"# counts {digest(content)}\n")
    project.runner.scripts[COMMAND] = Script({"metrics.json": content})


def a_project_of_metrics(place: Path, content: bytes, *gates: str) -> Project:
    project = a_project(place, *(gates or GATES), **OF_METRICS)
    numbers(project, content)
    project.land("Count")
    return project


def a_released_one(place: Path, *gates: str) -> Project:
    project = a_project_of_metrics(place, some_metrics(), *gates)
    project.train()
    project.promote()
    return project


def test_check__says_that_it_is_by_value_alone(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    numbers(project, some_metrics(0.895))
    report = project.check()
    assert (report.conclusion, report.headline) == (
        Conclusion.PASS,
        "Every gate is passed against production v1.0.0, by numbers as submitted.",
    )
    assert report.trust.line == (
        "rules from the target branch · numbers as submitted, by value and without intervals (evidence level "
        "`metrics`) · no token"
    )
    assert report.verdict is not None
    assert [result.sentence for result in report.verdict.results] == [
        "−0.005, the margin is 0.01; by value alone: nothing tells how sure that is",
        "0.250, the ceiling is 0.5; by value alone: nothing tells how sure that is",
        "0.500, the floor is 0.1; by value alone: nothing tells how sure that is",
    ]
    assert "against production `v1.0.0` by numbers as submitted." in comment(report)
    assert "by numbers as submitted" in report_text(report)


@pytest.mark.parametrize(
    ("gate", "now", "outcome"),
    [
        ("{metric: accuracy, require: not_worse}", some_metrics(log_loss=0.3), "pass"),
        ("{metric: accuracy, require: not_worse, margin: 0.01}", some_metrics(0.875), "fail"),
        ("{metric: accuracy, require: not_worse, margin: 10%}", some_metrics(0.875), "pass"),
        ("{metric: accuracy, require: better}", some_metrics(log_loss=0.3), "fail"),
        ("{metric: accuracy, require: better}", some_metrics(0.95), "pass"),
        ("{metric: log_loss, require: not_worse, margin: 0.01}", some_metrics(log_loss=0.3), "fail"),
        ("{metric: log_loss, require: better}", some_metrics(log_loss=0.2), "pass"),
        ("{metric: log_loss, require: ceiling, value: 0.2}", some_metrics(log_loss=0.2), "fail"),
        ("{metric: accuracy, require: floor, value: 0.8}", some_metrics(0.8), "fail"),
        ("{metric: accuracy, require: floor, value: 0.8}", some_metrics(0.81), "pass"),
    ],
)
def test_check__by_value(tmp_path: Path, gate: str, now: bytes, outcome: str) -> None:
    project = a_released_one(tmp_path, "{metric: accuracy, require: floor, value: 0.1}")
    project.write(mlci_yaml=a_configuration(gate, **OF_METRICS))
    project.land("The gate")
    numbers(project, now)
    verdict = project.check().verdict
    assert verdict is not None
    assert [str(result.outcome) for result in verdict.results] == [outcome]


def test_check__first(tmp_path: Path) -> None:
    assert a_project_of_metrics(tmp_path, some_metrics()).check().conclusion is Conclusion.FIRST


def test_check__equal_numbers_are_the_same_model(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    project.write(train_py="# another\n")
    assert project.check().conclusion is Conclusion.PASS


def test_promote__ships_the_numbers(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    numbers(project, some_metrics(0.95))
    project.land("Better")
    project.train()
    assert project.promote().version == "v1.1.0"
    files = unpack(project.store.archives[project.production.package_sha256])
    assert files["metrics.jsonl"] == b'["mlci/metrics/1","accuracy","log_loss","help"]\n["all rows",0.95,0.25,0.5]\n'


def test_check__a_number_that_a_gate_of_base_names_is_missing(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    numbers(project, b'{"accuracy": 0.9, "log_loss": 0.1}')
    error = refused(project)
    assert (type(error), error.code) == (IntegrityError, "metrics-incomplete")
    assert error.problem == "there is no number for `help`, which a gate names"


def test_check__a_number_that_production_lacks(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    project.write(mlci_yaml=a_configuration(*GATES, "{metric: recall, require: floor, value: 0.1}", **OF_METRICS))
    project.land("Ask for recall")
    numbers(project, b'{"accuracy": 0.9, "log_loss": 0.1, "help": 0.5, "recall": 0.7}')
    verdict = project.check().verdict
    assert verdict is not None
    assert verdict.not_comparable == "production v1.0.0 has no number for `recall`"


def test_check__production_is_a_model(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(mlci_yaml=a_configuration(*GATES, **OF_METRICS))
    project.land("Hand in metrics from now on")
    numbers(project, some_metrics())
    verdict = project.check().verdict
    assert verdict is not None
    assert verdict.not_comparable == "production v1.0.0 holds its model, and no numbers"


def test_check__lowering_the_level_is_refused_before_anything_runs(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(mlci_yaml=a_configuration(*GATES, **OF_METRICS))
    numbers(project, some_metrics())
    error = refused(project)
    assert (type(error), error.code, project.runner.runs) == (UsageError, "level-lowered", [])


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"accuracy 0.9", "it is not JSON"), (b'{"accuracy": NaN}', "row 1 has no finite number")],
)
def test_train__numbers_that_cannot_be_used(tmp_path: Path, content: bytes, problem: str) -> None:
    error = refused(a_project_of_metrics(tmp_path, content), "train")
    assert (type(error), error.code) == (RejectedError, "metrics-unusable")
    assert error.problem == f"metrics.json cannot be used: {problem}"


def test_train__no_numbers(tmp_path: Path) -> None:
    project = a_project_of_metrics(tmp_path, b"")
    project.runner.scripts[COMMAND] = Script({})
    assert refused(project, "train").hint == 'json.dump({"accuracy": accuracy}, open("metrics.json", "w"))'


def test_compare__shows_the_metrics_that_gates_name(tmp_path: Path) -> None:
    project = a_released_one(tmp_path)
    numbers(project, some_metrics(0.95))
    project.train()
    found = compare(
        "#production", "candidate",
        base=None, repository=project.repository, shared=FakeRunsBranch(), tools=project.tools,
    )  # fmt: skip
    assert found.scored is not None
    assert [(each.metric, each.difference) for each in found.scored.metrics] == [
        ("accuracy", pytest.approx(0.05)), ("log_loss", 0.0), ("score@help", 0.0),
    ]  # fmt: skip
