"""Answers to a question with two classes: a probability of the positive one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from typing_extensions import override

from mlci.core.answers.decided import DecidedAnswers
from mlci.core.answers.task import units
from mlci.core.metrics import metric_of
from mlci.core.statistics import confusion as cells
from mlci.core.statistics.calibration import expected_calibration_error
from mlci.core.statistics.logit import proven_average_precision, proven_share
from mlci.core.statistics.ranks import Ranked, Ranking, average_precision, roc_auc
from mlci.core.statistics.row_losses import binary_brier, binary_log_losses, mean_estimate
from mlci.core.statistics.sampling import NotTrusted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from mlci.core.statistics.confusion import Confusion
    from mlci.core.statistics.estimate import Estimate

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

POSITIVE: Final = 1
"""The code of the positive class among the cells."""
RARER_CLASS: Final = 50
"""Rows of the rarer class below which the interval of a metric of ranks, or of lift, does not keep its level."""


@dataclass(frozen=True, eq=False)
class Answers(DecidedAnswers):
    """One model's probabilities of the positive class on a sample."""

    threshold: float
    """A row is decided positive where its probability is at least this."""
    known_ranking: Ranking | None = None
    """The rows in the order of their probabilities, where that is known already."""

    @cached_property
    @override
    def decisions(self) -> Booleans:
        """(n_rows,) whether the row was decided positive."""
        return np.asarray(self.probabilities >= self.threshold, dtype=np.bool_)

    @cached_property
    def ranking(self) -> Ranking:
        """The rows in the order of their probabilities."""
        return self.known_ranking or Ranking.of(self.probabilities)

    @cached_property
    def ranked(self) -> Ranked:
        """The ranking with the labels."""
        return self.ranking.labelled(self.sample.labels, self.sample.weights)

    @override
    def sort(self) -> None:
        """Bring the probabilities into their order, so that slices are cut out of it."""
        _ = self.ranking

    @override
    def cut(self, rows: Booleans) -> Self:
        """Return the answers on some of the rows, given as a mask; a sort that was made is kept."""
        known: Ranking | None = self.__dict__.get("ranking", self.known_ranking)
        return replace(
            self,
            sample=self.sample.cut(rows),
            probabilities=self.probabilities[np.flatnonzero(rows)],
            known_ranking=None if known is None else known.subset(rows),
        )

    @override
    def losses(self, metric: str) -> Floats:
        """Return what each row costs in METRIC, (n_rows,): a loss, or 1 where the decision is wrong."""
        match metric:
            case "log_loss":
                return binary_log_losses(self.sample.labels, self.probabilities)
            case "brier":
                return binary_brier(self.sample.labels, self.probabilities)
            case _:
                return super().losses(metric)

    @override
    def smooth(self, metric: str) -> Estimate | None:
        """Return METRIC, which is no mean of rows, with the influence of each; None where it is 0/0 or has none."""
        match metric_of(metric).kind:
            case "rate":
                return mean_estimate(self.decisions.astype(np.float64), self.sample.weights)
            case "cells":
                return _OF_CELLS[metric](self.confusion)
            case "auc":
                return roc_auc(self.ranked)
            case "average_precision":
                return average_precision(self.ranked)
            case _:
                return None

    @override
    def value(self, metric: str) -> float | None:
        """Return METRIC of these rows, None where it is not defined."""
        if metric_of(metric).kind == "calibration":
            return expected_calibration_error(self.sample.labels, self.probabilities, self.sample.weights)
        return super().value(metric)

    @override
    def lacks(self, metric: str) -> NotTrusted | None:
        """Return what the rows lack for METRIC, in words; None where nothing lacks."""
        if metric_of(metric).kind not in {"auc", "average_precision"} and metric != "lift":
            return None
        positives, negatives = self.sample.positives, self.sample.rows - self.sample.positives
        if 0 in {positives, negatives}:
            return NotTrusted("undefined", f"{metric} needs rows of both classes; there is only one")
        if min(positives, negatives) < RARER_CLASS:
            rarer = "positive" if positives < negatives else "negative"
            count = min(positives, negatives)
            sentence = f"{count} {rarer} rows are too few to judge {metric}; {RARER_CLASS} are wanted"
            return NotTrusted("few rows", sentence)
        return None

    @override
    def limits(self, metric: str) -> tuple[float, float] | None:
        """Return between which values METRIC lies on these rows; None where there is no bound."""
        if metric != "lift":
            return super().limits(metric)
        of_labels = self.confusion.counts.sum(axis=1)
        return 0.0, float(of_labels.sum() / of_labels[POSITIVE])  # that of decisions that are all right

    @override
    def proven(self, metric: str, confidence: float) -> float:
        """Return what a perfect result on as many independent units would prove, for bounds near a limit."""
        sample, decided = self.sample, self.decisions
        match metric:
            case "average_precision":
                return proven_average_precision(units(sample.cut(sample.labels)), confidence)
            case "roc_auc" | "balanced_accuracy" | "mcc" | "kappa":
                rarer = min(units(sample.cut(sample.labels)), units(sample.cut(~sample.labels)))
                return proven_share(rarer, confidence)
            case "precision" | "lift":
                return proven_share(units(sample.cut(decided)), confidence)
            case "f1":
                return proven_share(units(sample.cut(decided | sample.labels)), confidence)
            case _:
                return super().proven(metric, confidence)


_OF_CELLS: Final[Mapping[str, Callable[[Confusion], Estimate | None]]] = {
    "precision": lambda confusion: cells.precision(confusion, POSITIVE),
    "f1": lambda confusion: cells.f_score(confusion, POSITIVE),
    "lift": lambda confusion: cells.lift(confusion, POSITIVE),
    "balanced_accuracy": cells.balanced_accuracy,
    "mcc": cells.matthews,
    "kappa": cells.kappa,
}
