"""Many samples at once of a population of few distinct rows: what `coverage_blocks.py` needs for 20,000 draws a cell.

A sample of n rows is how often each distinct row was drawn, so that a block of samples is one matrix of counts. What
mlci computes row by row for one sample, `mlci.core.statistics`, is written here for whole blocks, from the same
definitions: influences of functions of a confusion matrix by a complex step (Squire and Trapp 1998, SIAM Review 40,
110-112), of ranks by cumulative sums along the order of the distinct rows. `coverage_blocks.py` holds it against the
gate itself on samples of every cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from scipy.special import betaincinv, ndtri, stdtrit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]
    Complexes = NDArray[np.complex128]
    Rows = NDArray[np.intp]

STEP: Final = 1e-100
"""Of the complex step: so small that only the first order is left, to the last digit."""


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """A metric of each sample of a block, with the influence of each distinct row."""

    value: Floats
    """(n_samples,) NaN where it is 0/0."""
    influence: Floats
    """(n_samples, n_distinct)"""
    bias: Floats | float = 0.0

    def minus(self, other: Estimates) -> Estimates:
        """Return the paired difference."""
        return Estimates(self.value - other.value, self.influence - other.influence, self.bias - other.bias)

    def times(self, sign: float) -> Estimates:
        """Return it oriented so that + is good."""
        return Estimates(sign * self.value, sign * self.influence, sign * self.bias)


def mean(counts: Floats, values: Floats) -> Estimates:
    """Return the mean of VALUES, (n_distinct,)."""
    means = counts @ values / counts.sum(axis=1)
    return Estimates(means, values[None, :] - means[:, None])


def root(of: Estimates) -> Estimates:
    """Return the square root of a mean."""
    value = np.sqrt(of.value)
    return Estimates(value, of.influence / (2 * value[:, None]))


def ratio(counts: Floats, above: Floats, below: Floats) -> Estimates:
    """Return the ratio of two means, of ABOVE, (n_distinct,), and BELOW, which may differ between samples."""
    n = counts.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        beneath = (counts * below).sum(axis=1) / n
        value = counts @ above / n / beneath
        return Estimates(value, (above[None, :] - value[:, None] * below) / beneath[:, None])


def around_mean(counts: Floats, outcomes: Floats) -> Floats:
    """Return the squared distances of OUTCOMES from the mean of each sample, (n_samples, n_distinct)."""
    return np.asarray(np.square(outcomes[None, :] - mean(counts, outcomes).value[:, None]))


def of_confusion(counts: Floats, cells: tuple[Rows, Rows], metric: Callable[[Complexes], Complexes]) -> Estimates:
    """Return METRIC, a function of the shares of k classes by label and decision, (n_samples, k, k).

    CELLS are label and decision of each distinct row.
    """
    k = 1 + int(cells[0].max())
    codes = k * cells[0] + cells[1]
    shares = (counts @ np.eye(k * k)[codes] / counts.sum(axis=1, keepdims=True)).reshape(-1, k, k)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = metric(shares.astype(np.complex128)).real
        slope = np.empty((len(counts), k * k))
        for code in range(k * k):
            moved = shares.astype(np.complex128)
            moved[:, code // k, code % k] += 1j * STEP
            slope[:, code] = metric(moved).imag / STEP
        slope -= (slope * shares.reshape(-1, k * k)).sum(axis=1, keepdims=True)
    return Estimates(value, slope[:, codes])


def _right(shares: Complexes) -> Complexes:
    return np.diagonal(shares, axis1=1, axis2=2)


def _kappa(shares: Complexes, power: int) -> Complexes:
    each = np.arange(shares.shape[1])
    apart = np.abs(np.subtract.outer(each, each))
    weight = (apart > 0).astype(np.float64) if power == 0 else apart.astype(np.float64) ** power
    chance = shares.sum(axis=2)[:, :, None] * shares.sum(axis=1)[:, None, :]
    return np.asarray(1 - (weight * shares).sum(axis=(1, 2)) / (weight * chance).sum(axis=(1, 2)))


def _mcc(shares: Complexes) -> Complexes:
    labels, decisions = shares.sum(axis=2), shares.sum(axis=1)
    spread = (1 - (decisions**2).sum(axis=1)) * (1 - (labels**2).sum(axis=1))
    return np.asarray((_right(shares).sum(axis=1) - (labels * decisions).sum(axis=1)) / np.sqrt(spread))


def _precisions(shares: Complexes) -> Complexes:
    return np.asarray(_right(shares) / shares.sum(axis=1))


def _f1s(shares: Complexes) -> Complexes:
    return np.asarray(2 * _right(shares) / (shares.sum(axis=1) + shares.sum(axis=2)))


OF_CONFUSION: Final[Mapping[str, Callable[[Complexes], Complexes]]] = {
    "balanced_accuracy": lambda shares: (_right(shares) / shares.sum(axis=2)).mean(axis=1),
    "mcc": _mcc,
    "kappa": lambda shares: _kappa(shares, 0),
    "kappa_linear": lambda shares: _kappa(shares, 1),
    "kappa_quadratic": lambda shares: _kappa(shares, 2),
    "precision_macro": lambda shares: _precisions(shares).mean(axis=1),
    "precision_weighted": lambda shares: (_precisions(shares) * shares.sum(axis=2)).sum(axis=1),
    "f1_macro": lambda shares: _f1s(shares).mean(axis=1),
    "f1_weighted": lambda shares: (_f1s(shares) * shares.sum(axis=2)).sum(axis=1),
    "recall_macro": lambda shares: (_right(shares) / shares.sum(axis=2)).mean(axis=1),
    "lift": lambda shares: _precisions(shares)[:, 1] / shares.sum(axis=2)[:, 1],
    "precision": lambda shares: _precisions(shares)[:, 1],
    "f1": lambda shares: _f1s(shares)[:, 1],
    "precision@1": lambda shares: _precisions(shares)[:, 1],
    "f1@1": lambda shares: _f1s(shares)[:, 1],
}


def by_class(counts: Floats, is_of: Booleans, said: Floats, metric: str) -> list[Estimates]:
    """Return the AUC, or average precision, of each class or label, a column of IS_OF, against the others."""
    found = []
    for is_positive, scores in zip(is_of.T, said.reshape(is_of.shape).T, strict=True):
        order = np.argsort(scores)
        of_ranks = _average_precision if metric == "average_precision" else _roc_auc
        one = of_ranks(counts[:, order], is_positive[order])
        influence = np.empty_like(counts)
        influence[:, order] = one.influence
        found.append(Estimates(one.value, influence, one.bias))
    return found


def averaged(classes: list[Estimates]) -> Estimates:
    """Return the mean over the CLASSES."""
    several = np.mean([one.influence for one in classes], axis=0)
    value, bias = (np.mean([getattr(one, name) for one in classes], axis=0) for name in ("value", "bias"))
    return Estimates(np.asarray(value), np.asarray(several), np.asarray(bias))


def averaged_by_share(counts: Floats, is_of: Booleans, classes: list[Estimates]) -> Estimates:
    """Return the mean over the CLASSES by their shares of the labels, which vary with the rows."""
    value, influence, bias = np.zeros(len(counts)), np.zeros_like(counts), np.zeros(len(counts))
    for is_of_class, one in zip(is_of.T, classes, strict=True):
        share = counts @ is_of_class / counts.sum(axis=1)
        value += share * one.value
        influence += share[:, None] * one.influence + one.value[:, None] * (is_of_class[None, :] - share[:, None])
        bias += share * one.bias
    return Estimates(value, influence, bias)


def _from(masses: Floats) -> Floats:
    return np.asarray(np.cumsum(masses[:, ::-1], axis=1)[:, ::-1], dtype=np.float64)


def _roc_auc(counts: Floats, is_positive: Booleans) -> Estimates:
    """Return the AUC, where the distinct rows stand in the order of their scores, no two of which are equal."""
    positives, negatives = counts * is_positive, counts * ~is_positive
    n_positives, n_negatives = positives.sum(axis=1), negatives.sum(axis=1)
    total = n_positives + n_negatives
    with np.errstate(divide="ignore", invalid="ignore"):
        below = (np.cumsum(negatives, axis=1) - negatives / 2) / n_negatives[:, None]
        above = (_from(positives) - positives / 2) / n_positives[:, None]
        area = (positives * below).sum(axis=1) / n_positives
        of_positive = (below - area[:, None]) * (total / n_positives)[:, None]
        of_negative = (above - area[:, None]) * (total / n_negatives)[:, None]
    return Estimates(area, np.where(is_positive, of_positive, of_negative))


def _average_precision(counts: Floats, is_positive: Booleans) -> Estimates:
    """Return average precision by steps, with its bias; the order as for `_roc_auc`."""
    positives = counts * is_positive
    n_positives, total = positives.sum(axis=1), counts.sum(axis=1)
    picked = _from(counts)
    some = picked > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(some, _from(positives) / picked, 0.0)
        area = (positives * precision).sum(axis=1) / n_positives
        moved = np.where(some, positives / picked, 0.0)
        of_negative = -np.cumsum(moved * precision, axis=1)
        of_positive = np.cumsum(moved, axis=1) + precision + of_negative - area[:, None]
        influence = np.where(is_positive, of_positive, of_negative) * (total / n_positives)[:, None]
        compared = picked > 1
        bias = np.where(compared, positives * (1 - precision) / (picked - 1), 0.0).sum(axis=1)
        alone = positives * (picked == 1)  # the top row, where it is one alone: it has no others
        second = _below_top(counts, picked, is_positive)
        bias += (alone * (precision - second[:, None])).sum(axis=1)
    return Estimates(area, influence, bias / n_positives)


def _below_top(counts: Floats, picked: Floats, is_positive: Booleans) -> Floats:
    """Return whether the distinct row right below the top one is positive, of each sample."""
    seen = (counts > 0) & (picked > 1)
    highest = seen.shape[1] - 1 - np.argmax(seen[:, ::-1], axis=1)
    return np.asarray(is_positive[highest].astype(np.float64), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """What became of a block of samples, (n_samples,) each."""

    passed: Booleans
    by_rule: Booleans


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """How sure a difference is, (n_samples,) each."""

    error: Floats
    quantile: Floats
    """How many errors a bound lies away."""


def of_t(counts: Floats, found: Estimates, confidence: float) -> Spread:
    """Return the standard error of influences, and the quantile of Student's t."""
    n = counts.sum(axis=1)
    error = np.sqrt((counts * np.square(found.influence)).sum(axis=1) * n / (n - 1)) / n
    return Spread(error, np.asarray(stdtrit(n - 1, confidence)))


def of_delong(counts: Floats, found: Estimates, is_positive: Booleans, confidence: float) -> Spread:
    """Return DeLong's standard error of the difference of two AUCs, class by class, and the normal quantile."""
    variance = np.zeros(len(counts))
    for rows in (is_positive, ~is_positive):
        of_class = counts[:, rows].sum(axis=1)
        squares = (counts[:, rows] * np.square(found.influence[:, rows])).sum(axis=1)
        variance += squares * of_class / (of_class - 1) / np.square(counts.sum(axis=1))
    return Spread(np.sqrt(variance), np.full(len(counts), ndtri(confidence)))


def of_sets(values: Floats, confidence: float) -> tuple[Estimates, Spread]:
    """Return the jackknife of VALUES, (n_samples, 1 + n_sets): that of all rows, then those without each set."""
    value, sets = values[:, 0], values.shape[1] - 1
    gains = value[:, None] - values[:, 1:]
    error = np.sqrt((sets - 1) / sets * np.square(gains).sum(axis=1))
    return Estimates(value, gains), Spread(error, np.full(len(values), stdtrit(sets - 1, confidence)))


def not_worse(
    counts: Floats,
    found: Estimates,
    spread: Spread,
    margin: float,
    *,
    changed: Booleans,
    confidence: float,
    min_changed: float,
    largest_change: float | None,
    in_loss: Booleans,
) -> Decided:
    """Return what the gate `not_worse` comes to by the oriented difference FOUND.

    CHANGED, (n_distinct,), are answered otherwise by the candidate, and IN_LOSS are those that cost another amount;
    LARGEST_CHANGE is the most that one row can cost, where the worst case may decide.
    """
    n, error = counts.sum(axis=1), spread.error
    lower = np.minimum(found.value - spread.quantile * error - found.bias, found.value)
    gains, times = found.influence[:, changed], counts[:, changed]
    squares = np.square(gains)
    variance = (times * squares).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        longer_tail = np.nan_to_num((times * squares * gains).sum(axis=1) / variance**1.5)
        effective = np.nan_to_num(variance**2 / (times * np.square(squares)).sum(axis=1))
    excess = error * np.abs(longer_tail) * (2 * ndtri(confidence) ** 2 + 1) / 6
    lower = np.where(longer_tail < 0, lower - excess, lower)
    few = np.flatnonzero(effective < min_changed)
    if few.size:
        effective[few] = np.maximum(effective[few], with_capped_gains(gains[few], times[few]))
    doubted = ~(effective >= min_changed) | ~np.isfinite(found.value)
    passed = ~doubted & (lower > -margin)
    if largest_change is not None:
        worst = betaincinv(counts[:, in_loss].sum(axis=1) + 1, n - counts[:, in_loss].sum(axis=1), confidence)
        passed |= doubted & np.isfinite(found.value) & (worst * largest_change <= margin)
    return Decided(passed, doubted & ~passed)


def with_capped_gains(gains: Floats, times: Floats) -> Floats:
    """Return the effective number of changes for a lower bound, as `effective_for_lower_bound` defines it."""
    order = np.argsort(gains, axis=1)
    gains, times = np.take_along_axis(gains, order, axis=1), np.take_along_axis(times, order, axis=1)
    scale = np.abs(gains).max(axis=1, keepdims=True)
    scale[scale == 0] = 1.0
    squares = np.square(gains / scale)
    is_gain = (gains > 0) & (times > 0)
    lost = times * squares * (gains < 0)
    won, above = times * is_gain, _from(times * is_gain)
    up_to = np.cumsum(won * squares, axis=1) - won * squares
    fourths = np.cumsum(won * np.square(squares), axis=1) - won * np.square(squares)
    capped = lost.sum(axis=1, keepdims=True) + up_to + above * squares
    capped_fourths = (lost * squares).sum(axis=1, keepdims=True) + fourths + above * np.square(squares)
    with np.errstate(divide="ignore", invalid="ignore"):
        numbers: Any = np.where(is_gain, np.square(capped) / capped_fourths, 0.0)
    return np.asarray(numbers.max(axis=1, initial=0.0), dtype=np.float64)
