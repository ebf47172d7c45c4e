"""Answers to a question with several classes: a probability of each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from typing_extensions import override

from mlci.core.answers.binary import RARER_CLASS, Answers
from mlci.core.answers.decided import DecidedAnswers
from mlci.core.answers.sample import Sample
from mlci.core.answers.several import SeveralAnswers
from mlci.core.answers.task import TaskAnswers, units
from mlci.core.metrics import metric_of
from mlci.core.statistics import confusion as cells
from mlci.core.statistics.logit import proven_average_precision, proven_share
from mlci.core.statistics.ranks import average_precision, one_vs_rest, roc_auc
from mlci.core.statistics.row_losses import multiclass_brier, multiclass_log_losses
from mlci.core.statistics.sampling import NotTrusted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from mlci.core.statistics.confusion import Confusion
    from mlci.core.statistics.estimate import Estimate

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class MulticlassAnswers(SeveralAnswers, DecidedAnswers):
    """One model's probabilities of every class; the sample's labels are codes of its classes."""

    labelled: int
    """How many of the classes occur among the labels of all rows; these come first."""

    @cached_property
    @override
    def decisions(self) -> NDArray[np.intp]:
        """(n_rows,) the code of the most probable class, the first of several."""
        return np.asarray(self.probabilities.argmax(axis=1), dtype=np.intp)

    @property
    @override
    def ranked_columns(self) -> int:
        """How many columns, the first ones, are brought into an order: those of classes that are labelled."""
        return self.labelled

    @override
    def seen_by(self, metric: str) -> TaskAnswers:
        """Return what METRIC sees: all classes, or whether a row was decided to be of the one that it holds off."""
        chosen = metric_of(metric)
        code = self.sample.code(chosen.of_class)
        if chosen.looks_at != "others" or code < 0:
            return self
        whole, name = self.sample, chosen.of_class or ""
        sample = Sample(whole.labels == code, whole.weights, whole.sampling, classes=("", name))
        return Answers(sample, (self.decisions == code).astype(np.float64), threshold=1.0)

    @override
    def losses(self, metric: str) -> Floats:
        """Return what each row costs in METRIC, (n_rows,): a loss, or 1 where the decision is wrong."""
        match metric:
            case "log_loss":
                return multiclass_log_losses(self.sample.labels, self.probabilities)
            case "brier":  # a half of Brier's sum, so that of two classes it is what a binary task has
                return multiclass_brier(self.sample.labels, self.probabilities) / 2
            case _:
                return super().losses(metric)

    @override
    def smooth(self, metric: str) -> Estimate | None:
        """Return METRIC, which is no mean of rows, with the influence of each; None where it is 0/0."""
        chosen = metric_of(metric)
        if chosen.kind == "ranks":
            of_ranks, average = _OF_RANKS[metric]
            return one_vs_rest(of_ranks, self.rankings, self.sample.labels, self.sample.weights, average)
        if chosen.kind != "cells":
            return None
        if chosen.of_class is None:
            return _OF_CELLS[metric](self.confusion)
        code = self.sample.code(chosen.of_class)
        of_one = {"precision": cells.precision, "f1": cells.f_score}[metric.partition("@")[0]]
        return None if code < 0 else of_one(self.confusion, code)

    @override
    def lacks(self, metric: str) -> NotTrusted | None:
        """Return what the rows lack for METRIC, in words; None where nothing lacks."""
        chosen = metric_of(metric)
        if chosen.of_class is not None and self.sample.code(chosen.of_class) < 0:
            return NotTrusted("undefined", f"no row and no model has the class of {metric}")
        if chosen.kind != "ranks":
            return None
        rarest = int(np.bincount(self.sample.labels, minlength=self.labelled).min(initial=self.sample.rows))
        if rarest == 0:
            return NotTrusted("undefined", f"{metric} needs rows of every class; one has none")
        if rarest < RARER_CLASS:
            sentence = f"{rarest} rows of the rarest class are too few to judge {metric}; {RARER_CLASS} are wanted"
            return NotTrusted("few rows", sentence)
        return None

    @override
    def proven(self, metric: str, confidence: float) -> float:
        """Return what a perfect result on as many independent units would prove, for bounds near a limit.

        A mean over classes is as sure as its rarest class.
        """
        chosen, sample = metric_of(metric), self.sample
        if chosen.of_class is not None:
            code = sample.code(chosen.of_class)
            rows = self.decisions == code
            if chosen.name == "f1@":
                rows |= sample.labels == code
            return proven_share(units(sample.cut(rows)), confidence)
        present = np.unique(sample.labels)
        rarest = min((units(sample.cut(sample.labels == code)) for code in present), default=1.0)
        if metric.startswith("average_precision"):
            return proven_average_precision(rarest, confidence)
        return proven_share(rarest, confidence)


_OF_CELLS: Final[Mapping[str, Callable[[Confusion], Estimate | None]]] = {
    "balanced_accuracy": cells.balanced_accuracy,
    "mcc": cells.matthews,
    "kappa": cells.kappa,
    "kappa_linear": lambda confusion: cells.kappa(confusion, "linear"),
    "kappa_quadratic": lambda confusion: cells.kappa(confusion, "quadratic"),
    "recall_macro": lambda confusion: cells.recall(confusion, "macro"),
    "precision_macro": lambda confusion: cells.precision(confusion, "macro"),
    "precision_weighted": lambda confusion: cells.precision(confusion, "weighted"),
    "f1_macro": lambda confusion: cells.f_score(confusion, "macro"),
    "f1_weighted": lambda confusion: cells.f_score(confusion, "weighted"),
}
_OF_RANKS: Final[Mapping[str, tuple[Callable[..., Estimate | None], Literal["macro", "weighted"]]]] = {
    "roc_auc_ovr": (roc_auc, "macro"),
    "roc_auc_ovr_weighted": (roc_auc, "weighted"),
    "average_precision_macro": (average_precision, "macro"),
}
