"""The metrics that a gate can name: what each is, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["share", "auc", "loss"]


@dataclass(frozen=True, slots=True)
class Metric:
    """A function of labels and predictions."""

    name: str
    kind: Kind
    """`share` of rows that are right (paired 0/1), `auc` (ranks), or mean `loss` per row."""
    higher_is_better: bool
    sentence: str


_ALL = (
    Metric("accuracy", "share", higher_is_better=True, sentence="share of rows decided right"),
    Metric("recall", "share", higher_is_better=True, sentence="share of positive rows that were found"),
    Metric("roc_auc", "auc", higher_is_better=True, sentence="chance that a positive row scores above a negative one"),
    Metric("log_loss", "loss", higher_is_better=False, sentence="mean negative log-likelihood of the labels"),
)
METRICS = {metric.name: metric for metric in _ALL}
