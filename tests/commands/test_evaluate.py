from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from mlci.commands.evaluate import evaluate
from mlci.core.report import Conclusion
from mlci.errors import IntegrityError, UsageError
from mlci.render.figures.evaluation import evaluation_figures
from tests.commands.builders import a_project, a_pull_request

if TYPE_CHECKING:
    from pathlib import Path


def test_evaluate__scores_as_check_does_without_training(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    checked = project.check()
    kept, runs = project.work.read("report.json"), len(project.runner.runs)
    report, _ = evaluate(project.base, repository=project.repository, tools=project.tools)
    assert (report.verdict, report.conclusion) == (checked.verdict, Conclusion.PASS)
    assert (project.work.read("report.json"), len(project.runner.runs)) == (kept, runs)


def test_evaluate__needs_a_candidate(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    with pytest.raises(UsageError) as caught:
        evaluate(project.base, repository=project.repository, tools=project.tools)
    assert caught.value.code == "no-candidate"


def test_evaluate__needs_the_candidate_of_this_work_tree(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    project.train()
    project.write(params_yaml="C: 7\n")
    with pytest.raises(IntegrityError) as caught:
        evaluate(project.base, repository=project.repository, tools=project.tools)
    assert caught.value.code == "stale-candidate"


def test_figures__of_a_binary_task(tmp_path: Path) -> None:
    project = a_pull_request(tmp_path, trains="careful")
    project.train()
    report, evidence = evaluate(project.base, repository=project.repository, tools=project.tools)
    assert report.verdict is not None
    drawn = evaluation_figures(evidence, report.verdict)
    titles = {name: ET.fromstring(svg).findtext("{http://www.w3.org/2000/svg}title") for name, svg in drawn.items()}  # noqa: S314 - our own
    assert list(titles) == [
        "confusion.svg", "roc.svg", "precision-recall.svg", "calibration.svg", "scores.svg", "difference-06.svg",
    ]  # fmt: skip
    assert titles["difference-06.svg"] == "accuracy: candidate − production"
    assert all(titles.values())
    # The candidate has every row right; production is wrong in 20 of them.
    assert b"+10" in drawn["confusion.svg"]
