from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from mlci.commands.evaluate import evaluate
from mlci.core.evidence import Evidence
from mlci.core.gates.judge import judge
from mlci.core.judging_sections import StatisticsSection
from mlci.core.owned_gates import OwnedGate
from mlci.core.report import Conclusion
from mlci.core.requirement import Gate
from mlci.errors import IntegrityError, UsageError
from mlci.render.figures.evaluation import evaluation_figures
from tests.commands.builders import a_project, a_pull_request
from tests.core import gate_evidence
from tests.core.gate_evidence import EVIDENCE

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.gates import Verdict


SEVERAL = replace(gate_evidence.SEVERAL, classes=("A", "../B <b>", "C"))


def judged(evidence: Evidence, *gates: dict[str, Any]) -> Verdict:
    return judge([OwnedGate(Gate.model_validate(gate), "base") for gate in gates], evidence, StatisticsSection())


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
        "confusion.svg", "roc.svg", "precision-recall.svg", "calibration.svg", "scores.svg",
        "difference-accuracy-not_worse.svg",
    ]  # fmt: skip
    assert titles["difference-accuracy-not_worse.svg"] == "accuracy not worse"
    assert all(titles.values())
    # The candidate has every row right; production is wrong in 20 of them.
    assert b"+10" in drawn["confusion.svg"]


def test_figures__of_many_classes_are_those_with_the_most_rows() -> None:
    codes = np.concatenate([np.repeat(np.arange(13), 4), np.full(4, 12)])
    classes = tuple(f"kind {code}" for code in range(13))
    many = Evidence([str(row) for row in range(56)], codes, np.eye(13)[codes], None, task="multiclass", classes=classes)
    drawn = evaluation_figures(many, judged(many))
    assert [name for name in drawn if name.startswith("roc")] == [
        f"roc-of-kind-{code}.svg" for code in (*range(11), 12)
    ]


def test_figures__of_classes_with_names_that_no_file_can_have_are_all_there() -> None:
    drawn = evaluation_figures(replace(SEVERAL, classes=("a/b", "a b", "a:b")), judged(SEVERAL))
    assert [name for name in drawn if name.startswith("roc")] == [
        "roc-of-a-b.svg",
        "roc-of-a-b-2.svg",
        "roc-of-a-b-3.svg",
    ]


def test_figures__of_gates_are_named_by_metric_requirement_and_slice() -> None:
    drawn = evaluation_figures(SEVERAL, judged(SEVERAL, {"metric": "recall@../B <b>", "require": "not_worse"}))
    assert list(drawn) == [
        "confusion.svg",
        *("roc-of-A.svg", "precision-recall-of-A.svg"),
        *("roc-of-..-B-b.svg", "precision-recall-of-..-B-b.svg"),
        *("roc-of-C.svg", "precision-recall-of-C.svg"),
        "difference-recall-..-B-b-not_worse.svg",
    ]
    gates: list[dict[str, Any]] = [
        {"metric": "accuracy", "require": "better", "margin": 0.1},
        {"metric": "accuracy", "require": "not_worse", "margin": "5%"},
        {"metric": "accuracy", "require": "not_worse", "margin": "5%", "severity": "warn"},
        {"metric": "accuracy", "require": "not_worse", "margin": 0.02, "slices": True},
        {"metric": "accuracy", "require": "floor", "value": 0.1},
        {"metric": "recall", "require": "gap_not_wider", "margin": 0.1, "slices": ["site"]},
    ]
    drawn = evaluation_figures(EVIDENCE, judged(EVIDENCE, *gates))
    names = [name for name in drawn if name.startswith("difference-")]
    assert names == [
        "difference-accuracy-better.svg",
        "difference-accuracy-not_worse.svg",
        "difference-accuracy-not_worse-2.svg",
        "difference-accuracy-not_worse-in-every-slice.svg",
        "difference-recall-gap_not_wider-in-site.svg",
    ]
    assert [b"dotted: the margin" in drawn[name] for name in names] == [False, True, True, True, True]
    assert b"site = A (200), open" in drawn["difference-accuracy-not_worse-in-every-slice.svg"]


def test_figures__of_several_labels_are_curves_of_each_and_a_forest() -> None:
    rows = np.arange(400)
    labels = np.column_stack([rows % 2 == 0, rows % 3 == 0])
    now, before = (np.where(labels ^ (rows % wrong == 0)[:, None], 0.9, 0.2) for wrong in (20, 7))
    several = Evidence(
        [str(row) for row in rows], labels, now, before, task="multilabel", classes=("news", "a/b <i>")
    )  # fmt: skip
    drawn = evaluation_figures(several, judged(several, {"metric": "f1_micro", "require": "not_worse"}))
    assert list(drawn) == [
        "roc-of-news.svg", "precision-recall-of-news.svg", "roc-of-a-b-i.svg", "precision-recall-of-a-b-i.svg",
        "difference-f1-by-label.svg", "difference-f1_micro-not_worse.svg",
    ]  # fmt: skip
    assert b"news (200)" in drawn["difference-f1-by-label.svg"]
    assert b"<i>" not in drawn["difference-f1-by-label.svg"]
    alone = evaluation_figures(replace(several, production=None), judged(replace(several, production=None)))
    assert "difference-f1-by-label.svg" not in alone
