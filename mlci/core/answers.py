"""What one model answers on the rows of an evaluation set, and what every metric makes of it.

Whatever several metrics share (decisions, their cells, one sort of the scores) is computed once; a slice is cut out of
it without another sort.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from mlci.core.metrics import METRICS
from mlci.core.statistics import confusion as cells
from mlci.core.statistics.calibration import expected_calibration_error
from mlci.core.statistics.confusion import Confusion
from mlci.core.statistics.ranks import Ranked, Ranking, average_precision, roc_auc
from mlci.core.statistics.row_losses import binary_brier, binary_log_losses, mean_estimate
from mlci.core.statistics.sampling import Independent, Sampling, of_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from mlci.core.statistics.estimate import Estimate

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

POSITIVE: Final = 1
"""The code of the positive class among the cells."""


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The rows that models are judged on, or a slice of them."""

    labels: Booleans
    """(n_rows,) whether the row is of the positive class."""
    weights: Floats | None = None
    """(n_rows,) how much each row counts; None where all count alike."""
    sampling: Sampling = field(default_factory=Independent)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.labels)

    @property
    def positives(self) -> int:
        """How many rows are of the positive class."""
        return int(np.count_nonzero(self.labels))

    @property
    def is_plain(self) -> bool:
        """Whether rows were drawn one by one and count alike, so that counts say all."""
        return self.weights is None and isinstance(self.sampling, Independent)

    def cut(self, rows: Booleans) -> Sample:
        """Return the sample of some of the rows, given as a mask."""
        places = np.flatnonzero(rows)  # numpy takes some rows by their places in half the time of a mask
        weights = None if self.weights is None else self.weights[places]
        return Sample(self.labels[places], weights, of_rows(self.sampling, places))

    def looked_at(self, metric: str) -> Booleans | None:
        """Return which rows METRIC is computed on, None where it is all of them."""
        match METRICS[metric].looks_at:
            case "all":
                return None
            case "positives":
                return self.labels
            case "negatives":
                return ~self.labels


@dataclass(frozen=True, eq=False)
class Answers:
    """One model's answers on a sample."""

    sample: Sample
    probabilities: Floats
    """(n_rows,) of the positive class."""
    threshold: float
    """A row is decided positive where its probability is at least this."""
    known_ranking: Ranking | None = None
    """The rows in the order of their probabilities, where that is known already."""

    @cached_property
    def decisions(self) -> Booleans:
        """(n_rows,) whether the row was decided positive."""
        return np.asarray(self.probabilities >= self.threshold, dtype=np.bool_)

    @cached_property
    def right(self) -> Booleans:
        """(n_rows,) whether the decision is right."""
        return np.asarray(self.decisions == self.sample.labels, dtype=np.bool_)

    @cached_property
    def ranking(self) -> Ranking:
        """The rows in the order of their probabilities."""
        return self.known_ranking or Ranking.of(self.probabilities)

    @cached_property
    def ranked(self) -> Ranked:
        """The ranking with the labels."""
        return self.ranking.labelled(self.sample.labels, self.sample.weights)

    @cached_property
    def confusion(self) -> Confusion:
        """The rows by label and decision."""
        return Confusion.of(self.sample.labels, self.decisions, 2, self.sample.weights)

    def cut(self, rows: Booleans) -> Answers:
        """Return the answers on some of the rows, given as a mask; a sort that was made is kept."""
        known: Ranking | None = self.__dict__.get("ranking", self.known_ranking)
        return replace(
            self,
            sample=self.sample.cut(rows),
            probabilities=self.probabilities[np.flatnonzero(rows)],
            known_ranking=None if known is None else known.subset(rows),
        )

    def on(self, metric: str) -> Answers:
        """Return the answers on the rows that METRIC is computed on."""
        rows = self.sample.looked_at(metric)
        return self if rows is None else self.cut(rows)

    def losses(self, metric: str) -> Floats:
        """Return what each row costs in METRIC, (n_rows,): a loss, or 1 where the decision is wrong."""
        match metric:
            case "log_loss":
                return binary_log_losses(self.sample.labels, self.probabilities)
            case "brier":
                return binary_brier(self.sample.labels, self.probabilities)
            case _:
                return np.asarray(~self.right, dtype=np.float64)

    def estimate(self, metric: str) -> Estimate | None:
        """Return METRIC of these rows with the influence of each; None where it is 0/0, or has no influences.

        The rows must be those that the metric is computed on, see `on`.
        """
        if self.sample.rows == 0 or (self.sample.weights is not None and not self.sample.weights.any()):
            return None
        match METRICS[metric].kind:
            case "share":
                return mean_estimate(1 - self.losses(metric), self.sample.weights)
            case "rate":
                return mean_estimate(self.decisions.astype(np.float64), self.sample.weights)
            case "loss":
                return mean_estimate(self.losses(metric), self.sample.weights)
            case "cells":
                return _OF_CELLS[metric](self.confusion)
            case "auc":
                return roc_auc(self.ranked)
            case "average_precision":
                return average_precision(self.ranked)
            case "calibration" | "churn":
                return None

    def value(self, metric: str) -> float | None:
        """Return METRIC of these rows, None where it is not defined."""
        if METRICS[metric].kind == "calibration":
            return expected_calibration_error(self.sample.labels, self.probabilities, self.sample.weights)
        estimate = self.estimate(metric)
        return None if estimate is None else estimate.value


_OF_CELLS: Final[Mapping[str, Callable[[Confusion], Estimate | None]]] = {
    "precision": lambda confusion: cells.precision(confusion, POSITIVE),
    "f1": lambda confusion: cells.f_score(confusion, POSITIVE),
    "balanced_accuracy": cells.balanced_accuracy,
    "mcc": cells.matthews,
    "kappa": cells.kappa,
}
