"""Gates on what a model costs, from the configuration to the report: counted, measured, or as the training says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.commands.compare import compare
from mlci.commands.evaluate import evaluate
from mlci.core.costs import Timing
from mlci.core.report import Conclusion
from mlci.core.submission import Submission, read_record
from mlci.render.comparison_text import side_by_side_text
from mlci.render.markdown import comment
from mlci.render.terminal import report_text
from mlci.testing import FakeRunsBranch, Script, model_file
from tests.commands.builders import COMMAND, Project, a_configuration, a_project, a_released_project
from tests.commands.test_look import DATA, SEALED, seal

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.report import Report
    from tests.conftest import Golden

ACCURATE = "{metric: accuracy, require: floor, value: 0.5}"
SIZE = "{metric: size, require: ceiling, value: 1MB}"
SMALLER = "{metric: size, require: better, margin: 20%}"
MEMORY = "{metric: memory, require: not_worse, margin: 10%}"
LATENCY = "{metric: latency, require: not_worse, margin: 20%}"
TRAINING = "{metric: train_seconds, require: not_worse, margin: 50%}"
FAST, SLOW = Timing((0.010, 0.011, 0.010, 0.012), 120_000_000), Timing((0.030, 0.031, 0.033, 0.030), 200_000_000)


def told(report: Report) -> list[tuple[str, str, float | None, float | None]]:
    assert report.verdict is not None
    return [(each.metric, str(each.outcome), each.candidate, each.production) for each in report.verdict.results]


def trains_for(project: Project, model: str, seconds: float | None) -> None:
    """Let the training make MODEL and take so many seconds of a processor."""
    project.write(train_py=f"# makes the {model} one for {seconds}\n")
    project.runner.scripts[COMMAND] = Script({"model.skops": model_file(model)}, cpu_seconds=seconds)


def a_project_that_asks(place: Path, *gates: str) -> Project:
    """Return a project with `present` in production, which its target branch asked nothing of that it asks for now."""
    project = a_released_project(place, ACCURATE)
    project.write(mlci_yaml=a_configuration(ACCURATE, *gates))
    project.land("Ask what it costs")
    project.predictor.times = {"present": FAST, "careful": SLOW}
    return project


def test_check__without_a_gate_on_it_nothing_is_timed(tmp_path: Path) -> None:
    project = a_project_that_asks(tmp_path, SIZE)
    project.trains("careful")
    assert project.check().conclusion is Conclusion.PASS
    assert project.predictor.timed == []


def test_check__by_what_both_models_cost(tmp_path: Path, golden: Golden) -> None:
    project = a_project_that_asks(tmp_path, SIZE, MEMORY, LATENCY)
    project.trains("careful")
    report = project.check()
    _, size, memory, latency = told(report)
    assert (size[:2], memory) == (("size", "pass"), ("memory", "fail", 200e6, 120e6))
    assert (latency[:2], report.conclusion) == (("latency", "fail"), Conclusion.FAIL)
    assert project.predictor.timed == ["careful", "present"]
    golden("comment/costs.md", comment(report))
    golden("terminal/costs.txt", report_text(report) + "\n")


def test_check__size_counts_every_file_of_the_package(tmp_path: Path) -> None:
    project = a_project_that_asks(tmp_path, SMALLER)
    project.trains("careful")
    files = project.train().candidate.package.files
    (_, (_, outcome, candidate, production)) = told(project.check())
    assert candidate == sum(len(content) for content in files.values())
    assert (outcome, production) == ("fail", candidate)


def test_check__the_same_model_is_timed_once_and_as_fast_as_it_is(tmp_path: Path) -> None:
    project = a_project_that_asks(tmp_path, LATENCY)
    project.write(train_py="# makes the same in another way\n")
    report = project.check()
    assert (told(report)[1][1], project.predictor.timed) == ("pass", ["present"])


def test_check__rows_that_production_cannot_read_leave_its_size(tmp_path: Path) -> None:
    project = a_project_that_asks(tmp_path, SIZE, LATENCY)
    columns = "id,radius,malignant\n" + "".join(f"{row},{20 if row % 2 else 10},{row % 2}\n" for row in range(200))
    contract = "columns:\n  id: {type: integer, unique: true}\n  radius: {type: number}\n  malignant: {type: integer}\n"
    project.write(data__holdout_csv=columns, data__cells_csv=columns, cells_yaml=contract)
    project.land("The texture is gone")
    project.trains("narrow")
    report = project.check()
    assert [outcome for _, outcome, _, _ in told(report)] == ["pass", "pass", "not comparable"]
    assert project.predictor.timed == ["narrow"]


def test_promote__says_how_long_it_trained_and_the_next_one_is_held_against_it(tmp_path: Path) -> None:
    project = a_project(tmp_path, ACCURATE, TRAINING)
    trains_for(project, "present", 60.0)
    project.land()
    project.train()
    project.promote()
    trains_for(project, "careful", 95.0)
    report = project.check()
    assert told(report)[1] == ("train_seconds", "fail", 95.0, 60.0)
    assert "how long training took" in report.trust.as_submitted
    assert "rises from 60 s to 95 s (margin 50%)" in report.headline
    trains_for(project, "careful", 85.0)
    assert told(project.check())[1] == ("train_seconds", "pass", 85.0, 60.0)


def test_check__production_whose_report_says_nothing_of_training_blocks_nobody(tmp_path: Path) -> None:
    project = a_released_project(tmp_path, ACCURATE)
    project.write(mlci_yaml=a_configuration(ACCURATE, TRAINING))
    project.land("Ask what training costs")
    trains_for(project, "careful", 60.0)
    assert told(project.check())[1] == ("train_seconds", "not applicable", 60.0, None)


def test_check__no_record_of_training_leaves_it_open(tmp_path: Path) -> None:
    project = a_project_that_asks(tmp_path, "{metric: train_seconds, require: ceiling, value: 1h}")
    trains_for(project, "careful", None)
    assert told(project.check())[1][:3] == ("train_seconds", "inconclusive", None)


@pytest.mark.parametrize("record", ["no JSON", "{}", '{"schema": "mlci/run/999"}'])
def test_report__a_record_that_is_none_says_nothing(tmp_path: Path, record: str) -> None:
    project = a_project_that_asks(tmp_path, "{metric: train_seconds, require: ceiling, value: 1h}")
    project.repository.switch("change")
    trains_for(project, "careful", 10.0)
    project.repository.commit("A change")
    package = project.train().candidate.package
    judged, _ = project.report()
    assert told(judged)[1][:3] == ("train_seconds", "pass", 10.0)
    submission = project.work.submission()
    assert submission is not None
    forged = read_record(submission.record).model_copy(update={"run": record})
    project.work.submit(Submission(forged.to_bytes(), submission.archive), package)
    judged, _ = project.report()
    assert told(judged)[1][:3] == ("train_seconds", "inconclusive", None)


def test_check__what_head_loosens_about_a_cost_is_named_and_does_not_judge(tmp_path: Path) -> None:
    project = a_project_that_asks(tmp_path, "{metric: size, require: ceiling, value: 1kB}")
    project.write(mlci_yaml=a_configuration(ACCURATE, "{metric: size, require: ceiling, value: 1GB}"))
    project.trains("careful")
    report = project.check()
    assert told(report)[1][1] == "fail"
    assert [change.sentence for change in report.changes] == ["loosens `size` ceiling: 1kB → 1GB"]


def test_evaluate__and_json_have_bytes_and_seconds(tmp_path: Path) -> None:
    project = a_project_that_asks(tmp_path, MEMORY, LATENCY)
    project.trains("careful")
    project.train()
    report, _ = evaluate(project.base, repository=project.repository, tools=project.tools)
    _, memory, latency = report.to_dict()["gates"]
    assert (memory["candidate"], memory["lower"]) == (200e6, None)
    assert (latency["candidate"], latency["production"]) == (pytest.approx(0.0305), pytest.approx(0.0105))
    assert latency["lower"] <= latency["difference"] <= latency["upper"] < 0


def test_compare__shows_what_gates_ask_of_both(tmp_path: Path) -> None:
    project = a_project_that_asks(tmp_path, SIZE, LATENCY, TRAINING)
    trains_for(project, "careful", 95.0)
    project.train()
    found = compare(
        "#production", "candidate", base=project.base, repository=project.repository, shared=FakeRunsBranch(),
        tools=project.tools,
    )  # fmt: skip
    assert found.scored is not None
    known = {each.metric: found.scored.outcome(each) for each in found.scored.metrics}
    assert (known["size"], known["latency"]) == ("alike", "worse")
    text = side_by_side_text(found)
    assert "10.5 ms" in text
    assert "95 s" in text


def test_promote__the_sealed_set_is_not_asked_for_costs(tmp_path: Path) -> None:
    project = seal(a_project(tmp_path, ACCURATE, LATENCY, extra=SEALED, data=DATA))
    project.predictor.times = {"present": FAST}
    project.train()
    project.promote()
    assert project.predictor.timed == ["present"]
