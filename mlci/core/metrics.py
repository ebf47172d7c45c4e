"""The metrics that a gate can name: what each is, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

MetricName = Literal[
    "accuracy",
    "recall",
    "specificity",
    "precision",
    "f1",
    "balanced_accuracy",
    "mcc",
    "kappa",
    "roc_auc",
    "average_precision",
    "log_loss",
    "brier",
    "calibration_error",
    "churn",
    "selection_rate",
    "false_positive_rate",
]
Kind = Literal["share", "cells", "auc", "average_precision", "loss", "calibration", "churn", "rate"]
Looks = Literal["all", "positives", "negatives"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A function of labels and predictions."""

    name: MetricName
    kind: Kind
    """`share` of rows that are right (paired 0/1); a function of the `cells` of label and decision; by ranks `auc` or
    `average_precision`; mean `loss` per row; `calibration`, of which no difference can be judged; `churn`, the share of
    rows that both models decide differently; `rate`, of which neither more nor less is better."""
    higher_is_better: bool
    sentence: str
    limits: tuple[float, float] | None = (0.0, 1.0)
    """Between which its value lies; None where there is no bound."""
    looks_at: Looks = "all"
    """The rows that it is computed on."""
    largest_change: float | None = None
    """The most by which one row can change the mean that it is; None where there is no bound, or no mean."""


_ALL = (
    Metric("accuracy", "share", higher_is_better=True, sentence="share of rows decided right", largest_change=1.0),
    Metric(
        "recall",
        "share",
        higher_is_better=True,
        sentence="share of positive rows that were found",
        looks_at="positives",
        largest_change=1.0,
    ),
    Metric(
        "specificity",
        "share",
        higher_is_better=True,
        sentence="share of negative rows that were left alone",
        looks_at="negatives",
        largest_change=1.0,
    ),
    Metric("precision", "cells", higher_is_better=True, sentence="share of rows decided positive that are"),
    Metric("f1", "cells", higher_is_better=True, sentence="harmonic mean of precision and recall"),
    Metric("balanced_accuracy", "cells", higher_is_better=True, sentence="mean of recall and specificity"),
    Metric("mcc", "cells", higher_is_better=True, sentence="correlation of labels and decisions", limits=(-1.0, 1.0)),
    Metric("kappa", "cells", higher_is_better=True, sentence="agreement beyond chance", limits=(-1.0, 1.0)),
    Metric("roc_auc", "auc", higher_is_better=True, sentence="chance that a positive row scores above a negative one"),
    Metric(
        "average_precision",
        "average_precision",
        higher_is_better=True,
        sentence="mean precision at the scores of the positive rows",
    ),
    Metric(
        "log_loss",
        "loss",
        higher_is_better=False,
        sentence="mean negative log-likelihood of the labels",
        limits=None,
    ),
    Metric(
        "brier",
        "loss",
        higher_is_better=False,
        sentence="mean squared error of the probabilities",
        largest_change=1.0,
    ),
    Metric(
        "calibration_error",
        "calibration",
        higher_is_better=False,
        sentence="mean distance of probabilities and frequencies",
    ),
    Metric("churn", "churn", higher_is_better=False, sentence="share of rows that both models decide differently"),
    Metric(
        "selection_rate", "rate", higher_is_better=True, sentence="share of rows decided positive", largest_change=1.0
    ),
    Metric(
        "false_positive_rate",
        "rate",
        higher_is_better=False,
        sentence="share of negative rows decided positive",
        looks_at="negatives",
        largest_change=1.0,
    ),
)
METRICS: Mapping[str, Metric] = {metric.name: metric for metric in _ALL}
