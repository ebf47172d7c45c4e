"""Metrics of ranks, from one sort of the scores that serves every subset of the rows and every metric.

The area under the ROC curve by DeLong's placements, and the average precision, each with the influence of every row.
A metric that is 0/0 on the rows at hand (no positive; for the ROC, no negative) has no value: None. Malformed input
raises ValueError.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from mlci.core.statistics.estimate import Estimate
from mlci.core.statistics.row_weights import check_row_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

OverClasses = Literal["macro", "weighted"]
"""How one-vs-rest metrics are averaged: all classes alike, or by their share of the labels."""

_FEW = 16  # of 10⁶ rows, 1/16: from about there on a filter of all rows is faster than a sort of some


@dataclass(frozen=True, slots=True)
class Ranking:
    """Rows in the order of their scores, with ties: what is left of scores once they are sorted."""

    order: NDArray[np.intp]
    """(n_rows,) rows from the lowest score to the highest."""
    run: NDArray[np.int32 | np.int64]
    """(n_rows,) for each place of the order the number of its run of equal scores: 0, 0, 1, 2, 2, …"""
    place: NDArray[np.int32 | np.int64]
    """(n_rows,) for each row its place in the order."""

    @classmethod
    def of(cls, scores: NDArray[np.float64]) -> Ranking:
        """Return the ranking of `scores`, shape `(n_rows,)`; raises ValueError for NaN, which cannot be ordered.

        >>> ranking = Ranking.of(np.array([0.4, 0.9, 0.4]))
        >>> ranking.order, ranking.run.tolist(), ranking.place.tolist()
        (array([0, 2, 1]), [0, 0, 1], [0, 2, 1])
        """
        if scores.ndim != 1:
            raise ValueError(f"scores are one number a row, not of shape {scores.shape}")
        if np.isnan(scores).any():
            raise ValueError("a ranking needs scores that can be ordered, and NaN cannot")
        order = np.argsort(scores)
        return _ranking(order, _numbered(scores[order]))

    def subset(self, rows: NDArray[np.bool_]) -> Ranking:
        """Return the ranking of some of the rows, a mask of shape `(n_rows,)`, numbered anew in their order.

        The scores are not sorted again, for what is left of an order is in order: O(n_rows) of all rows, most of it a
        look at the mask. Of few rows only the places, whole numbers, are sorted, which takes less than that.
        """
        if rows.dtype != np.bool_ or rows.shape != self.order.shape:
            raise ValueError(f"a subset of {self.order.size} rows is a mask of them, not {rows.dtype} {rows.shape}")
        few = np.count_nonzero(rows) * _FEW < rows.size
        if few:
            places = self.place[np.flatnonzero(rows)]
            order = np.argsort(places)
            return _ranking(order, _numbered(self.run[places[order]]))
        kept = np.flatnonzero(rows[self.order])
        numbers = np.cumsum(rows, dtype=_whole_numbers(rows.size))
        return _ranking(numbers[self.order[kept]].astype(np.intp) - 1, _numbered(self.run[kept]))

    def labelled(self, labels: NDArray[np.bool_], weights: NDArray[np.float64] | None = None) -> Ranked:
        """Return how much of either class lies at each score, for `labels` (True: positive), `(n_rows,)`.

        Raises ValueError unless there are as many boolean labels, and weights that are finite and not negative.
        """
        if labels.dtype != np.bool_ or labels.shape != self.order.shape:
            raise ValueError(f"a ranking of {self.order.size} rows needs as many boolean labels")
        check_row_weights(weights, labels.size)
        ordered = labels[self.order]
        if not labels.size:
            return Ranked(self, ordered, np.zeros(0), np.zeros(0))
        starts = np.flatnonzero(np.concatenate(([True], self.run[1:] != self.run[:-1])))
        if weights is None:
            positives = np.add.reduceat(ordered, starts, dtype=np.float64)
            return Ranked(self, ordered, positives, np.diff(starts, append=labels.size) - positives)
        masses = weights[self.order]
        of_positives = masses * ordered
        positives, negatives = np.add.reduceat(of_positives, starts), np.add.reduceat(masses * ~ordered, starts)
        total = float(of_positives.sum())
        typical = float((of_positives / total * of_positives).sum()) if total else 1.0  # a share first: no overflow
        return Ranked(self, ordered, positives, negatives, typical)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A ranking with labels: what the metrics of ranks share, computed once."""

    ranking: Ranking
    labels: NDArray[np.bool_]
    """(n_rows,) in the order of the ranking."""
    positives: NDArray[np.float64]
    """(n_runs,) the weight of the positives in each run of equal scores, from the lowest score to the highest."""
    negatives: NDArray[np.float64]
    """(n_runs,) the same of the negatives."""
    typical_weight: float = 1.0
    """What one positive weighs: Σw²/Σw."""


def roc_auc(ranked: Ranked) -> Estimate | None:
    """Return the chance that a positive scores above a negative, a tie counting one half; None without one of either.

    The influence of a positive is (V₁₀ - A) / (share of the positives), of a negative (V₀₁ - A) / (share of the
    negatives), where V₁₀ and V₀₁ are their placements. So n⁻² Σ φ² is DeLong's variance, but for dividing by the number
    of a class and not by one less. DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44, 837-845.

    >>> estimate = roc_auc(Ranking.of(np.array([0.1, 0.4, 0.4, 0.9])).labelled(np.array([False, False, True, True])))
    >>> estimate
    Estimate(value=0.875, influence=array([ 0.25, -0.25, -0.25,  0.25]))
    """
    positives, negatives = ranked.positives, ranked.negatives
    n_positives, n_negatives = float(positives.sum()), float(negatives.sum())
    if n_positives == 0 or n_negatives == 0:
        return None
    total = n_positives + n_negatives
    below = _placed(np.cumsum(negatives), negatives, n_negatives)
    above = _placed(_from(positives), positives, n_positives)
    area = min(_product(positives, below) / n_positives, 1.0)  # rounding of weights may go beyond 1
    below -= area
    below *= total / n_positives
    above -= area
    above *= total / n_negatives
    return Estimate(area, _by_row(ranked, of_positive=below, of_negative=above))


def average_precision(ranked: Ranked) -> Estimate | None:
    """Return the area under the precision-recall curve by steps, one a distinct score; None without a positive.

    AP = E[P(S) | positive] is the mean, over the positives, of the precision P(s) = T(s) / N(s) among all rows that
    score at least s, where N(s) is their share and T(s) the share of the positives among all rows. No interpolation:
    Boyd, Eng and Page (2013), ECML PKDD, 451-466, who also compare intervals of it.

    Influence, by differentiating the functional at F towards a point mass at score s₀ and label y₀ (1 or 0), with π the
    share of the positives. The outer mean moves by y₀ (P(s₀) - AP) / π; the precision at each s <= s₀ by
    (y₀ - P(s)) / N(s), at no other; hence

        φ = (y₀ (P(s₀) - AP) + Σ over positives i with sᵢ <= s₀ of wᵢ/W · (y₀ - P(sᵢ)) / N(sᵢ)) / π

    whose sums over i are cumulative sums from the lowest score up. Its mean is 0 because Σ over rows that score at
    least s of (y - P(s)) is.

    Bias: a positive counts itself among the rows that score at least as high. Of the T - 1 others among N - 1, each is
    a positive with the true precision, whatever N is, so that (T - 1) / (N - 1) is unbiased, and T / N above it by
    (1 - T/N) / (N - 1). The mean of that over the positives is what average precision is too high by; of a model
    without skill about (1 - π) ln(n) / n (Bestgen 2015, The Prague Bulletin of Mathematical
    Linguistics 103, 131-138).
    """
    positives = ranked.positives
    n_positives = float(positives.sum())
    if n_positives == 0:
        return None
    picked = _from(positives + ranked.negatives)
    share = n_positives / float(picked[0])
    # Nothing picked (rows of weight 0 on top) has no precision: 0 stays, and adds nothing.
    some = picked > 0
    precision = _from(positives)
    np.divide(precision, picked, out=precision, where=some)
    area = min(_product(positives, precision) / n_positives, 1.0)
    bias = _own_share(positives, picked, precision, ranked.typical_weight) / n_positives
    moved = np.divide(positives, picked, out=positives.copy(), where=some)
    of_negative = np.multiply(moved, precision, out=picked)
    np.negative(np.cumsum(of_negative, out=of_negative), out=of_negative)
    of_positive = np.cumsum(moved, out=moved)
    of_positive += precision
    of_positive += of_negative
    of_positive -= area
    of_positive /= share
    of_negative /= share
    return Estimate(area, _by_row(ranked, of_positive=of_positive, of_negative=of_negative), bias)


def one_vs_rest(
    metric: Callable[[Ranked], Estimate | None],
    rankings: Sequence[Ranking],
    labels: NDArray[np.integer],
    weights: NDArray[np.float64] | None = None,
    average: OverClasses = "macro",
) -> Estimate | None:
    """Return the average over the classes of `metric` (`roc_auc`, `average_precision`), each against all others.

    `rankings` are of the scores for each class, `labels` codes from 0 to len(rankings) - 1, shape `(n_rows,)`. None
    where the metric of a class is; a class without a row has none. Averaged by shares of the labels, those vary with
    the rows and have their part in the influence. Provost and Domingos (2000), "Well-trained PETs"; Fawcett (2006),
    Pattern Recognition Letters 27, 861-874. Raises ValueError for codes out of range, and as
    `Ranking.labelled` does.
    """
    if labels.size and not (int(labels.min()) >= 0 and int(labels.max()) < len(rankings)):
        raise ValueError(f"labels are codes from 0 to {len(rankings) - 1}, not from {labels.min()} to {labels.max()}")
    check_row_weights(weights, labels.size)
    total = float(labels.size if weights is None else weights.sum())
    value, influence, bias = 0.0, np.zeros(labels.size), 0.0
    for code, ranking in enumerate(rankings):
        is_of_class = labels == code
        estimate = metric(ranking.labelled(is_of_class, weights))
        if estimate is None:
            return None
        if average == "macro":
            share = 1 / len(rankings)
        else:
            share = float(np.count_nonzero(is_of_class) if weights is None else weights[is_of_class].sum()) / total
            influence += estimate.value * (is_of_class - share)
        value += share * estimate.value
        influence += share * estimate.influence
        bias += share * estimate.bias
    return Estimate(value, influence, bias)


def _ranking(order: NDArray[np.intp], run: NDArray[np.int32 | np.int64]) -> Ranking:
    whole_numbers = _whole_numbers(order.size)
    place = np.empty(order.size, dtype=whole_numbers)
    place[order] = np.arange(order.size, dtype=whole_numbers)
    return Ranking(order, run, place)


def _numbered(ordered: NDArray[np.generic]) -> NDArray[np.int32 | np.int64]:
    """Return the number of the run of equal values at each place."""
    starts = np.empty(ordered.size, dtype=np.bool_)
    starts[:1] = False  # the first run is number 0
    np.not_equal(ordered[1:], ordered[:-1], out=starts[1:])
    return np.cumsum(starts, dtype=_whole_numbers(ordered.size))


# Below, arrays that a function has just made are changed in place: with a million rows, fresh memory costs more time
# than the arithmetic.


def _placed(counted: NDArray[np.float64], own: NDArray[np.float64], total: float) -> NDArray[np.float64]:
    """Return the share of `total` that is counted, where a run's own mass, which ties with it, counts one half."""
    counted *= 2
    counted -= own
    counted /= 2 * total
    return counted


def _product(masses: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Return Σ masses · values, without `@`: its threads spin on a busy machine, and change the last digits."""
    return float((masses * values).sum())


def _own_share(
    positives: NDArray[np.float64], picked: NDArray[np.float64], precision: NDArray[np.float64], weight: float
) -> float:
    """Return Σ positives · (1 - precision) · weight / (picked - weight): what positives add to their own precision.

    A positive alone at the top has no others; there the share of the positives in the next run says what to expect.
    """
    others = picked - weight
    compared = int(np.count_nonzero(others >= weight / 2))  # runs from the lowest up: the others shrink
    added = 1 - precision[:compared]
    added *= positives[:compared]
    added /= others[:compared]
    of_top = positives[compared:]
    if not compared or not of_top.any():
        return weight * float(added.sum())
    next_run = float(picked[compared - 1] - picked[compared])
    expected = float(positives[compared - 1]) / next_run if next_run else 0.0
    return weight * float(added.sum()) + float((of_top * (precision[compared:] - expected)).sum())


def _by_row(
    ranked: Ranked, *, of_positive: NDArray[np.float64], of_negative: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return each row's value by its run and class, in the order of the rows and no longer of the ranking."""
    run, order = ranked.ranking.run, ranked.ranking.order
    if of_positive.size < order.size:
        of_positive, of_negative = of_positive[run], of_negative[run]
    np.copyto(of_negative, of_positive, where=ranked.labels)
    values = np.empty(order.size)
    values[order] = of_negative
    return values


def _from(masses: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mass of each run and all above it, added from the top: the few highest rows keep all their digits."""
    return np.cumsum(masses[::-1])[::-1]


def _whole_numbers(n_rows: int) -> type[np.int32 | np.int64]:
    return np.int32 if n_rows < 2**31 else np.int64  # adding up booleans as int32 is six times as fast
