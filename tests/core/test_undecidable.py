"""Which gates an evaluation set cannot decide, known from its labels alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mlci.core.evidence import Evidence, Slice
from mlci.core.gates.undecidable import MOST_ROWS, undecidable
from mlci.core.judging_sections import StatisticsSection
from mlci.core.owned_gates import OwnedGate
from mlci.core.requirement import Gate
from mlci.core.statistics.sampling import Blocks, Clusters
from mlci.core.statistics.wilson import wilson

if TYPE_CHECKING:
    from mlci.core.metrics import Task
    from tests.conftest import Golden

RECALL = {"metric": "recall", "require": "not_worse", "margin": 0.02}
FLOOR = {"metric": "recall", "require": "floor", "value": 0.99}
AUC = {"metric": "roc_auc", "require": "not_worse", "margin": 0.01}
LOSS = {"metric": "log_loss", "require": "not_worse", "margin": 0.01}


def told(gate: dict[str, Any], rows: int, positives: int, **of_rows: Any) -> list[str]:  # noqa: ANN401 - of Evidence
    labels = np.arange(rows) < positives
    evidence = Evidence((), labels, labels.astype(np.float64), None, **of_rows)
    found = undecidable([OwnedGate(Gate.model_validate(gate), "base")], evidence, StatisticsSection())
    return [each.sentence for each in found]


CASES: list[tuple[dict[str, Any], int, int]] = [
    (RECALL, 285, 102),
    (RECALL, 400, 149),
    (FLOOR, 285, 102),
    (FLOOR, 400, 268),
    ({"require": "d < 0.01"}, 100, 40),
    (AUC, 100, 40),
    (AUC, 100, 50),
    (LOSS, 20, 10),
    (LOSS, 40, 20),
    ({"metric": "accuracy", "require": "better"}, 40, 20),
    ({"metric": "log_loss", "require": "ceiling", "value": 0.4}, 40, 20),
    ({"metric": "recall", "require": "no_proven_regression"}, 20, 10),
]
"""A gate, how many rows there are, and how many of them are positive."""


def test_undecidable__reads_as_it_stands(golden: Golden) -> None:
    lines = []
    for gate, rows, positives in CASES:
        written = ", ".join(f"{key}: {value}" for key, value in gate.items())
        lines += [f"{{{written}}} on {rows} rows, {positives} positive"]
        lines += [f"  {sentence}" for sentence in told(gate, rows, positives) or ["(nothing)"]]
    golden("undecidable.txt", "\n".join([*lines, ""]))


def test_undecidable__names_the_fewest_rows_that_do() -> None:
    assert wilson(268, 268, 0.95).lower > 0.99 > wilson(267, 267, 0.95).lower
    assert [bool(told(RECALL, 400, positives)) for positives in (148, 149)] == [True, False]
    assert [bool(told(FLOOR, 400, positives)) for positives in (267, 268)] == [True, False]


def test_undecidable__of_slices_groups_and_time() -> None:
    in_slices = {"metric": "accuracy", "require": "floor", "value": 0.9, "slices": True}
    small = Slice("site", np.arange(300) < 24, "A", 1)
    (sentence,) = told(in_slices, 300, 100, slices=(small,))
    assert sentence.startswith("accuracy floor in every slice 0.9 cannot be passed on these rows: ")
    assert "24 rows are fewer than statistics.min_rows (30)" in sentence
    gap = {"metric": "recall", "require": "gap_not_wider", "margin": 0.1, "slices": ["site"]}
    assert ["a gap needs two groups" in each for each in told(gap, 300, 100, slices=(small,))] == [True]
    grouped = told(LOSS, 300, 100, sampling=Clusters(np.arange(300) % 10))
    assert [each.partition(": ")[2] for each in grouped] == ["at least 20 groups are needed, there are 10"]
    assert len(told(LOSS, 300, 100, sampling=Blocks(np.arange(300)))) == 1


@pytest.mark.parametrize(
    ("task", "labels", "classes", "metric"),
    [
        ("multiclass", np.arange(60) % 3, ("a", "b", "c"), "recall@b"),
        ("regression", np.arange(60) * 1.0, (), "mae"),
    ],
)
def test_undecidable__of_other_tasks(task: Task, labels: np.ndarray[Any, Any], classes: Any, metric: str) -> None:  # noqa: ANN401 - of names
    evidence = Evidence((), labels, labels, None, task=task, classes=classes)
    gate = Gate.model_validate({"metric": metric, "require": "not_worse", "margin": 0.02})
    found = undecidable([OwnedGate(gate, "base")], evidence, StatisticsSection())
    assert [each.rows_needed for each in found] == {"multiclass": [30], "regression": []}[task]


def test_undecidable__says_nothing_of_many_rows() -> None:
    assert told(FLOOR, MOST_ROWS + 1, 100) == []
    assert told(FLOOR, MOST_ROWS, 100)
