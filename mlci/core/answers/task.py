"""What the answers of one model have in common, whatever the task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from mlci.core.metrics import metric_of
from mlci.core.statistics.logit import proven_share
from mlci.core.statistics.row_losses import mean_estimate
from mlci.core.statistics.sampling import unit_sums

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlci.core.answers.sample import Sample
    from mlci.core.statistics.estimate import Estimate
    from mlci.core.statistics.sampling import NotTrusted

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class TaskAnswers(ABC):
    """One model's answers on a sample."""

    sample: Sample

    @property
    @abstractmethod
    def right(self) -> Booleans:
        """(n_rows,) whether the decision is right."""

    @property
    @abstractmethod
    def decisions(self) -> NDArray[Any]:
        """(n_rows,) what the model decides; (n_rows, n_labels) of several labels."""

    @property
    @abstractmethod
    def said(self) -> NDArray[Any]:
        """(n_rows, …) all that the model says of a row."""

    @abstractmethod
    def losses(self, metric: str) -> Floats:
        """Return what each row costs in METRIC, (n_rows,): a loss, or 1 where the decision is wrong."""

    @abstractmethod
    def cut(self, rows: Booleans) -> Self:
        """Return the answers on some of the rows, given as a mask; a sort that was made is kept."""

    @abstractmethod
    def smooth(self, metric: str) -> Estimate | None:
        """Return METRIC, which is no mean of rows, with the influence of each; None where it is 0/0 or has none."""

    def lacks(self, metric: str) -> NotTrusted | None:  # noqa: ARG002 - tasks with classes know what a metric needs
        """Return what the rows lack for METRIC, in words; None where nothing lacks."""
        return None

    def sort(self) -> None:  # noqa: B027 - what has no scores has nothing to sort
        """Bring the scores into their order, so that slices are cut out of it."""

    def proven(self, metric: str, confidence: float) -> float:  # noqa: ARG002 - tasks know which rows prove a metric
        """Return what a perfect result on as many independent units would prove, for bounds near a limit."""
        return proven_share(units(self.sample), confidence)

    def limits(self, metric: str) -> tuple[float, float] | None:
        """Return between which values METRIC lies on these rows; None where there is no bound."""
        return metric_of(metric).limits

    def on(self, metric: str) -> TaskAnswers:
        """Return the answers on the rows that METRIC is computed on."""
        seen = self.seen_by(metric)
        rows = seen.sample.looked_at(metric)
        return seen if rows is None else seen.cut(rows)

    def seen_by(self, metric: str) -> TaskAnswers:  # noqa: ARG002 - tasks with several questions know which one it asks
        """Return what METRIC sees of the answers to all rows."""
        return self

    def decides_otherwise(self, other: TaskAnswers) -> Booleans:
        """Return which rows are decided otherwise than by the OTHER, (n_rows,)."""
        differs = np.asarray(self.decisions != other.decisions, dtype=np.bool_)
        return differs if differs.ndim == 1 else np.asarray(differs.any(axis=1), dtype=np.bool_)

    def estimate(self, metric: str) -> Estimate | None:
        """Return METRIC of these rows with the influence of each; None where it is 0/0, or has no influences.

        The rows must be those that the metric is computed on, see `on`.
        """
        if metric not in self._latest:
            self._latest.clear()
            self._latest[metric] = self._estimate(metric)
        return self._latest[metric]

    @cached_property
    def _latest(self) -> dict[str, Estimate | None]:
        """The estimate asked for last: a gate shows its value and judges by its influences, one after the other."""
        return {}

    def _estimate(self, metric: str) -> Estimate | None:
        weights = self.sample.weights
        if self.sample.rows == 0 or (weights is not None and not weights.any()):
            return None
        match metric_of(metric).kind:
            case "share" if metric_of(metric).higher_is_better:
                return mean_estimate(1 - self.losses(metric), weights)
            case "share" | "loss" | "score":
                return mean_estimate(self.losses(metric), weights)
            case _:
                return self.smooth(metric)

    def value(self, metric: str) -> float | None:
        """Return METRIC of these rows, None where it is not defined."""
        estimate = self.estimate(metric)
        return None if estimate is None else estimate.value

    def differs(self, metric: str, other: TaskAnswers) -> Booleans:
        """Return which rows are answered otherwise than by the OTHER, (n_rows,), as far as METRIC sees it."""
        if metric_of(metric).kind in {"share", "cells", "churn"}:
            return self.decides_otherwise(other)
        return np.asarray((self.said != other.said).reshape(self.sample.rows, -1).any(axis=1), dtype=np.bool_)


def units(sample: Sample) -> float:
    """Return how many independent units of equal weight the rows are worth, at least one."""
    if sample.rows == 0:
        return 1.0
    if sample.is_plain:
        return float(sample.rows)
    shares = unit_sums(np.ones(sample.rows), sample.weights, sample.sampling)
    return max(1.0, float(shares.sum() ** 2 / np.square(shares).sum()))
