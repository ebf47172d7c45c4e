"""Answers to several questions at once: a probability of each label that a row may have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, cast

import numpy as np
from typing_extensions import override

from mlci.core.answers.binary import RARER_CLASS, Answers
from mlci.core.answers.sample import Sample
from mlci.core.answers.several import SeveralAnswers
from mlci.core.answers.task import units
from mlci.core.metrics import metric_of
from mlci.core.statistics.label_sets import label_losses, mean_over_labels, proven_micro, ratio, sizes
from mlci.core.statistics.logit import proven_average_precision, proven_share
from mlci.core.statistics.ranks import average_precision, roc_auc
from mlci.core.statistics.row_losses import exact_matches, hamming_losses
from mlci.core.statistics.sampling import NotTrusted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from mlci.core.answers.task import TaskAnswers
    from mlci.core.statistics.estimate import Estimate
    from mlci.core.statistics.label_sets import Average, Ratio

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class OneLabel(Answers):
    """What a model says of one label: a question with two answers, whose metrics are called `recall@LABEL`."""

    @override
    def smooth(self, metric: str) -> Estimate | None:
        """Return METRIC, which is no mean of rows, with the influence of each; None where it is 0/0."""
        return super().smooth(_plain(metric))

    @override
    def proven(self, metric: str, confidence: float) -> float:
        """Return what a perfect result on as many independent units would prove, for bounds near a limit."""
        return super().proven(_plain(metric), confidence)


@dataclass(frozen=True, eq=False)
class MultilabelAnswers(SeveralAnswers):
    """One model's probabilities of every label; the sample's labels are (n_rows, n_labels), true where a row has it."""

    threshold: float
    """A label is decided where its probability is at least this."""

    @cached_property
    @override
    def decisions(self) -> Booleans:
        """(n_rows, n_labels) which labels were decided."""
        return np.asarray(self.probabilities >= self.threshold, dtype=np.bool_)

    @cached_property
    @override
    def right(self) -> Booleans:
        """(n_rows,) whether every label of the row was decided right."""
        return exact_matches(self.sample.labels, self.decisions)

    @override
    def seen_by(self, metric: str) -> TaskAnswers:
        """Return what METRIC sees: all labels, or the one that it names; of one that nobody knows no row has it."""
        name = metric_of(metric).of_class
        return self if name is None else self.of_label(name)

    def of_label(self, name: str) -> OneLabel:
        """Return what was said of one label."""
        place, whole = self.sample.code(name), self.sample
        is_known = place >= 0
        labels = whole.labels[:, place] if is_known else np.zeros(whole.rows, dtype=np.bool_)
        said = self.probabilities[:, place] if is_known else np.zeros(whole.rows)
        # To be without the label is class 0, to have it class 1, as `recall@LABEL` looks for it.
        classes = ("", name) if is_known else ("",)
        sample = Sample(labels, whole.weights, whole.sampling, classes=classes)
        return OneLabel(sample, np.ascontiguousarray(said), self.threshold)

    @override
    def losses(self, metric: str) -> Floats:
        """Return what each row costs in METRIC, (n_rows,): a loss, or 1 where a label is decided wrong."""
        match metric:
            case "log_loss" | "brier":
                return label_losses(metric, self.sample.labels, self.probabilities)
            case "hamming_loss":
                return hamming_losses(self.sample.labels, self.decisions)
            case _:
                return np.asarray(~self.right, dtype=np.float64)

    @override
    def smooth(self, metric: str) -> Estimate | None:
        """Return METRIC, which is no mean of rows, with the influence of each; None where it is 0/0."""
        sample = self.sample
        if metric in _OF_RANKS:
            return mean_over_labels(_OF_RANKS[metric], self.rankings, sample.labels, sample.weights)
        if metric_of(metric).kind != "cells":
            return None
        return ratio(*_parts(metric, sample.labels, self.decisions), sample.weights)

    @override
    def lacks(self, metric: str) -> NotTrusted | None:
        """Return what the rows lack for METRIC, in words; None where nothing lacks."""
        if metric not in _OF_RANKS:
            return None
        found, rows = np.count_nonzero(self.sample.labels, axis=0), self.sample.rows
        rarer = np.minimum(found, rows - found)
        place = int(np.argmin(rarer))
        name, count = self.sample.classes[place], int(rarer[place])
        if count == 0:
            have = "no row has" if found[place] == 0 else "every row has"
            return NotTrusted("undefined", f"{metric} needs rows with and without every label; {have} {name}")
        if count < RARER_CLASS:
            which = "with" if found[place] == count else "without"
            sentence = f"{count} rows {which} {name} are too few to judge {metric}; {RARER_CLASS} are wanted"
            return NotTrusted("few rows", sentence)
        return None

    @override
    def proven(self, metric: str, confidence: float) -> float:
        """Return what a perfect result on as many independent units would prove, for bounds near a limit.

        A mean over labels is as sure as its rarest label: all of them are right with a chance of at least
        1 - confidence only where each is.
        """
        sample = self.sample
        if metric in _OF_RANKS:
            with_label = [units(sample.cut(has)) for has in sample.labels.T]
            if metric == "average_precision_macro":
                return proven_average_precision(min(with_label), confidence)
            without = [units(sample.cut(~has)) for has in sample.labels.T]
            return proven_share(min(*with_label, *without), confidence)
        if metric_of(metric).kind != "cells":
            return super().proven(metric, confidence)
        which, labels, decisions, average = _parts(metric, sample.labels, self.decisions)
        counted = sizes(which, labels, decisions)
        if average == "macro":
            return proven_share(min(units(sample.cut(each > 0)) for each in counted.T), confidence)
        of_rows = counted.sum(axis=1)
        looked = of_rows > 0
        mean_size = float(of_rows[looked].mean()) if looked.any() else 1.0
        return proven_micro(units(sample.cut(looked)), mean_size, labels.shape[1], confidence)


def _plain(metric: str) -> str:
    return metric.partition("@")[0]


def _parts(metric: str, labels: Booleans, decisions: Booleans) -> tuple[Ratio, Booleans, Booleans, Average]:
    """Return the arguments of `ratio` for a metric such as `f1_micro`."""
    which, _, average = metric.rpartition("_")
    return cast("Ratio", which), labels, decisions, cast("Average", average)


_OF_RANKS: Final[Mapping[str, Callable[..., Estimate | None]]] = {
    "roc_auc_macro": roc_auc,
    "average_precision_macro": average_precision,
}
