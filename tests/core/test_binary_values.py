"""Every metric of a binary task, by the name that a gate has for it, against scikit-learn, or what defines it there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn import metrics as reference

from mlci.core.answers import Answers, Sample
from mlci.core.metrics import METRICS, names_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RANDOM = np.random.default_rng(17)
ROWS = 500
LABELS = RANDOM.random(ROWS) < 0.3
SAID = np.clip(np.round(0.5 * LABELS + RANDOM.normal(0.3, 0.2, ROWS), 2), 0.01, 0.99)  # with ties
WEIGHTS = RANDOM.integers(1, 5, ROWS).astype(np.float64)
THRESHOLD = 0.5


def precision_over_prevalence(labels: Any, decided: Any, sample_weight: Floats | None = None) -> float:  # noqa: ANN401 - as scikit-learn's
    precision = reference.precision_score(labels, decided, sample_weight=sample_weight)
    return float(precision / np.average(labels, weights=sample_weight))


def error_of_bins(labels: Any, said: Any, sample_weight: Floats | None = None) -> float:  # noqa: ANN401 - as scikit-learn's
    """Return the expected calibration error of 15 bins of equal width: Guo et al. (2017), ICML, 1321-1330."""
    weights = np.ones(len(said)) if sample_weight is None else sample_weight
    bins = np.searchsorted(np.linspace(0, 1, 16)[1:-1], said)
    gaps = [abs((weights * (said - labels))[bins == one].sum()) for one in range(15)]
    return float(sum(gaps) / weights.sum())


BY_DECISION: dict[str, Callable[..., Any]] = {
    "accuracy": reference.accuracy_score,
    "error_rate": reference.zero_one_loss,
    "recall": reference.recall_score,
    "specificity": lambda labels, decided, **more: reference.recall_score(~labels, ~decided, **more),
    "precision": reference.precision_score,
    "lift": precision_over_prevalence,
    "f1": reference.f1_score,
    "balanced_accuracy": reference.balanced_accuracy_score,
    "mcc": reference.matthews_corrcoef,
    "kappa": reference.cohen_kappa_score,
    "selection_rate": lambda _, decided, sample_weight=None: np.average(decided, weights=sample_weight),
    "false_positive_rate": lambda labels, decided, **more: 1 - reference.recall_score(~labels, ~decided, **more),
}
BY_PROBABILITY: dict[str, Callable[..., Any]] = {
    "roc_auc": reference.roc_auc_score,
    "average_precision": reference.average_precision_score,
    "log_loss": reference.log_loss,
    "brier": reference.brier_score_loss,
    "calibration_error": error_of_bins,  # which is no metric there
}
OF_TWO_MODELS = {"churn"}


def value(metric: str, weights: Floats | None) -> float | None:
    return Answers(Sample(LABELS, weights), SAID, THRESHOLD).on(metric).value(metric)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("metric", BY_DECISION)
def test_value__of_decisions_is_scikit_learns(metric: str, weights: Floats | None) -> None:
    assert value(metric, weights) == pytest.approx(
        BY_DECISION[metric](LABELS, SAID >= THRESHOLD, sample_weight=weights), abs=1e-12
    )


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("metric", BY_PROBABILITY)
def test_value__of_probabilities_is_scikit_learns(metric: str, weights: Floats | None) -> None:
    assert value(metric, weights) == pytest.approx(
        BY_PROBABILITY[metric](LABELS, SAID, sample_weight=weights), abs=1e-12
    )


def test_value__every_metric_of_the_task_is_held_against_something() -> None:
    held = {*BY_DECISION, *BY_PROBABILITY, *OF_TWO_MODELS}
    assert {*names_of("binary")} == held
    assert {name for name, metric in METRICS.items() if "binary" in metric.tasks} == held
