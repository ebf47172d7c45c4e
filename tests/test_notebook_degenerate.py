"""Rows of every task on which little or nothing can be judged: each ends in a verdict that JSON can say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

import mlci
from mlci.core.metrics import names_of

if TYPE_CHECKING:
    from mlci.core.metrics import Task

ROWS: Final = 300
RANDOM: Final = np.random.default_rng(3)
PLACE: Final = np.arange(ROWS)
NO_INTERVAL: Final = {"calibration_error", "churn", "selection_rate", "false_positive_rate"}


def of_classes(codes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return probabilities that say CODES, of three."""
    return np.where(np.arange(3) == codes[:, None], 0.8, 0.1)


KINDS = RANDOM.integers(0, 3, ROWS)
OTHER_KINDS = (KINDS + (RANDOM.random(ROWS) < 0.3)) % 3
SEVERAL: dict[str, Any] = {
    "y": KINDS, "production": of_classes(KINDS), "candidate": of_classes(OTHER_KINDS), "classes": [0, 1, 2],
}  # fmt: skip
LABELS = RANDOM.random((ROWS, 3)) < 0.4
LISTS: dict[str, Any] = {
    "y": LABELS, "production": 0.2 + 0.6 * LABELS, "candidate": np.where(PLACE[:, None] % 9, 0.2 + 0.6 * LABELS, 0.4),
}  # fmt: skip
TRUTH = RANDOM.normal(size=ROWS)
NUMBERS: dict[str, Any] = {
    "y": TRUTH, "production": TRUTH + 0.1 * RANDOM.normal(size=ROWS), "candidate": TRUTH + RANDOM.normal(size=ROWS),
}  # fmt: skip
RELEVANCE = RANDOM.integers(0, 3, ROWS).astype(float)
QUERIES: dict[str, Any] = {
    "y": RELEVANCE, "production": RELEVANCE + RANDOM.normal(size=ROWS), "candidate": RANDOM.normal(size=ROWS),
    "groups": PLACE // 5,
}  # fmt: skip
POSITIVE = RANDOM.random(ROWS) < 0.5
BINARY: dict[str, Any] = {
    "y": POSITIVE, "production": 0.1 + 0.8 * POSITIVE, "candidate": np.where(PLACE % 7, 0.1 + 0.8 * POSITIVE, 0.5),
}  # fmt: skip
FEW: dict[str, Any] = {"slices": {"one row": PLACE == 3, "no row": PLACE < 0}}
ONE_WEIGHT: dict[str, Any] = {"weights": (PLACE == 3).astype(float)}
TASKS: dict[Task, dict[str, Any]] = {
    "binary": BINARY, "multiclass": SEVERAL, "multilabel": LISTS, "regression": NUMBERS,
    "forecast": NUMBERS | {"times": PLACE}, "ranking": QUERIES,
}  # fmt: skip
CASES: dict[str, tuple[Task, dict[str, Any]]] = {
    **{f"{task}, slices of one row and of none": (task, FEW) for task in TASKS},
    **{f"{task}, weight in one row alone": (task, ONE_WEIGHT) for task in TASKS if task != "ranking"},
    "binary, one class": ("binary", {"y": POSITIVE | True}),
    "binary, constant predictions": ("binary", {"candidate": np.zeros(ROWS)}),
    "binary, both constant": ("binary", {"candidate": np.zeros(ROWS), "production": np.ones(ROWS)}),
    "binary, certain and wrong": ("binary", {"candidate": 1.0 - POSITIVE}),
    "multiclass, one class": ("multiclass", {"y": np.zeros(ROWS, dtype=int)}),
    "multiclass, constant predictions": ("multiclass", {"candidate": np.full((ROWS, 3), 1 / 3)}),
    "multilabel, no label": ("multilabel", {"y": np.zeros((ROWS, 3), dtype=int)}),
    "multilabel, every label": ("multilabel", {"y": np.ones((ROWS, 3), dtype=int)}),
    "multilabel, constant predictions": ("multilabel", {"candidate": np.full((ROWS, 3), 0.5)}),
    "regression, all labels equal": ("regression", {"y": np.zeros(ROWS)}),
    "regression, all equal": ("regression", {"y": np.ones(ROWS), "production": np.ones(ROWS) + 1e-300}),
    "regression, constant predictions": ("regression", {"candidate": np.zeros(ROWS)}),
    "regression, as large as numbers may be": ("regression", {"candidate": np.where(PLACE % 2, 1e30, -1e30)}),
    "ranking, nothing relevant": ("ranking", {"y": np.zeros(ROWS)}),
    "ranking, constant predictions": ("ranking", {"candidate": np.zeros(ROWS)}),
    "ranking, one query": ("ranking", {"groups": np.zeros(ROWS)}),
    "ranking, queries of one item": ("ranking", {"groups": PLACE}),
}


@pytest.mark.parametrize("name", CASES)
def test_compare__of_rows_that_say_little_ends_in_a_verdict(name: str) -> None:
    task, changes = CASES[name]
    metrics = [metric for metric in names_of(task) if metric.isidentifier() and metric not in NO_INTERVAL]
    result = mlci.compare(**TASKS[task] | changes, task=task, metrics=metrics)
    told = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert [each["metric"] for each in told["metrics"]] == metrics
    assert {each["verdict"] for each in told["metrics"]} <= {"pass", "fail", "inconclusive"}
    assert [metric for metric in metrics if metric not in repr(result) or metric not in result._repr_html_()] == []
