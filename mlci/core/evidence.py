"""The evidence of a comparison: what both models said about the same rows, and what each metric makes of it.

Differences are candidate against production, oriented so that + is good; bounds are one-sided. Each metric has one
method: Wilson's interval and Tango's for shares, DeLong's for the area under the ROC curve, Student's for a mean loss.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mlci.core.metrics import METRICS
from mlci.core.statistics.delong import auc_alone, auc_difference, placements
from mlci.core.statistics.losses import mean_t, paired_t
from mlci.core.statistics.power import (
    rows_to_decide,
    rows_to_decide_tango,
    rows_to_decide_wilson,
    smallest_visible_difference_of,
)
from mlci.core.statistics.tango import tango
from mlci.core.statistics.wilson import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlci.core.statistics.interval import Interval

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What both models said about the rows of the evaluation set."""

    ids: Sequence[str]
    labels: Booleans
    """(n_rows,) whether the row is of the positive class."""
    candidate: Floats
    """(n_rows,) the candidate's probability of the positive class."""
    production: Floats | None
    """(n_rows,) production's; None where there is no production yet, or none that can be compared with."""
    threshold: float
    """A row is decided positive where its probability is at least this."""
    is_same_model: bool = False
    """Whether candidate and production are the same bytes."""
    not_comparable: str | None = None
    """Why production, which there is, cannot be compared with, in words; None where it can, or where there is none."""

    @property
    def positives(self) -> int:
        """How many rows are of the positive class."""
        return int(np.count_nonzero(self.labels))

    @property
    def compared(self) -> Floats:
        """Production's probabilities; raises `ValueError` where there is no production to compare with."""
        if self.production is None:
            raise ValueError("a comparison needs production's predictions")
        return self.production


@dataclass(frozen=True, slots=True)
class Power:
    """What would decide an inconclusive comparison."""

    rows_needed: int | None
    """Rows that decide it with 80 % power if the observed rates hold; None where no number of rows can be named."""
    smallest_visible: float
    """The smallest true difference that the rows of today show with 80 % power."""


RARER_CLASS: Final = 50
"""Rows of the rarer class below which DeLong's interval does not keep its level."""


def rows_of(metric: str, evidence: Evidence) -> int:
    """Return how many rows METRIC is computed on."""
    return evidence.positives if metric == "recall" else len(evidence.labels)


def what_lacks(metric: str, evidence: Evidence) -> str | None:
    """Return, in words, what METRIC needs and the rows do not have; None where nothing lacks."""
    if METRICS[metric].kind != "auc":
        return None
    positives, negatives = evidence.positives, len(evidence.labels) - evidence.positives
    if 0 in {positives, negatives}:
        return f"{metric} needs rows of both classes; there is only one"
    if min(positives, negatives) < RARER_CLASS:
        rarer = "positive" if positives < negatives else "negative"
        count = min(positives, negatives)
        return f"{count} {rarer} rows are too few to judge {metric}; {RARER_CLASS} are wanted"
    return None


def value(metric: str, evidence: Evidence, probabilities: Floats) -> float | None:
    """Return the point value of METRIC for PROBABILITIES (n_rows,), None where it is not defined."""
    if rows_of(metric, evidence) == 0:
        return None
    match METRICS[metric].kind:
        case "share":
            return float(correct(metric, evidence, probabilities).mean())
        case "loss":
            return float(_losses(evidence, probabilities).mean())
        case "auc":
            has_both = 0 < evidence.positives < len(evidence.labels)
            return float(placements(evidence.labels, probabilities)[0].mean()) if has_both else None


def alone(metric: str, evidence: Evidence, confidence: float) -> Interval:
    """Return the interval of METRIC for the candidate alone."""
    match METRICS[metric].kind:
        case "share":
            right = correct(metric, evidence, evidence.candidate)
            return wilson(int(right.sum()), len(right), confidence)
        case "loss":
            return mean_t(_losses(evidence, evidence.candidate), confidence)
        case "auc":
            return auc_alone(evidence.labels, evidence.candidate, confidence)


def difference(metric: str, evidence: Evidence, confidence: float) -> Interval:
    """Return the interval of candidate against production, oriented so that + is good."""
    match METRICS[metric].kind:
        case "share":
            gains, losses, rows = _changes(metric, evidence)
            return tango(gains, losses, rows, confidence)
        case "loss":
            return paired_t(_losses(evidence, evidence.compared) - _losses(evidence, evidence.candidate), confidence)
        case "auc":
            return auc_difference(evidence.labels, evidence.candidate, evidence.compared, confidence)


def power_of(metric: str, evidence: Evidence, found: Interval, limit: float, confidence: float) -> Power:
    """Return what would show a difference above LIMIT, where the interval FOUND does not decide it."""
    visible = smallest_visible_difference_of(found, confidence)
    if METRICS[metric].kind == "share":
        gains, losses, rows = _changes(metric, evidence)
        return Power(rows_to_decide_tango(gains, losses, rows, -limit, confidence), visible)
    error = found.standard_error or 0.0
    return Power(rows_to_decide(found.estimate, error, rows_of(metric, evidence), -limit, confidence), visible)


def rows_for_floor(metric: str, evidence: Evidence, found: Interval, floor: float, confidence: float) -> int | None:
    """Return the rows that would show the candidate above FLOOR, where the interval FOUND does not decide it."""
    if METRICS[metric].kind == "share":
        right = correct(metric, evidence, evidence.candidate)
        return rows_to_decide_wilson(int(right.sum()), len(right), floor, confidence)
    error = found.standard_error or 0.0
    return rows_to_decide(found.estimate - floor, error, rows_of(metric, evidence), 0.0, confidence)


def correct(metric: str, evidence: Evidence, probabilities: Floats) -> Booleans:
    """Return, for each row that METRIC looks at, whether the decision is right."""
    decided = probabilities >= evidence.threshold
    right = decided[evidence.labels] if metric == "recall" else decided == evidence.labels
    return np.asarray(right, dtype=np.bool_)


def _losses(evidence: Evidence, probabilities: Floats) -> Floats:
    """Return the log loss of each row, clipped as scikit-learn does."""
    smallest = np.finfo(np.float64).eps
    clipped = np.clip(probabilities, smallest, 1 - smallest)
    return np.asarray(-np.log(np.where(evidence.labels, clipped, 1 - clipped)), dtype=np.float64)


def _changes(metric: str, evidence: Evidence) -> tuple[int, int, int]:
    """Return gains (wrong to right), losses (right to wrong) and rows of a 0/1 metric."""
    now = correct(metric, evidence, evidence.candidate)
    before = correct(metric, evidence, evidence.compared)
    return int((now & ~before).sum()), int((before & ~now).sum()), len(now)
