"""Metrics of decided classes, all by one mechanism: a smooth function of the shares of (label, decision) cells.

Let p be the (n_classes, n_classes) table of the shares of rows by label and decision, and M(p) a metric. The error of
M on n rows is Σ ∂M/∂p · (share seen - true share) to first order, so the influence of a row is the gradient at its
cell minus the mean gradient Σ p ∂M/∂p: the delta method for functions of multinomial shares (Bishop, Fienberg and
Holland, "Discrete Multivariate Analysis", 1975, section 14.6). A metric here is its value and its gradient, computed
once a cell; a row only looks up its cell.

A metric that is 0/0 on the rows at hand has no value: None, never a number by convention. Such are the precision of a
class that was never decided, the recall of a class without a row, Matthews and kappa of one class only, and
everything on no rows. scikit-learn answers 0 or NaN there, with a warning; elsewhere the values are the same.
Malformed input raises ValueError.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from mlci.core.statistics.estimate import Estimate
from mlci.core.statistics.row_weights import check_row_weights
from mlci.core.statistics.weighted import power_of_two_scaled

if TYPE_CHECKING:
    from numpy.typing import NDArray

Average = Literal["macro", "micro", "weighted"]
"""`macro`: the mean over the classes that some label or decision names. `micro`: of the counts added up over the
classes, which is the accuracy where every row has one label and one decision. `weighted`: the mean over the classes
by their share of the labels."""

Disagreement = Literal["equal", "linear", "quadratic"]
"""How much a decision j for a label i is off, for kappa: 1 unless i = j, |i - j|, or (i - j)²."""


@dataclass(frozen=True, slots=True)
class Confusion:
    """Rows by cell: which class each is labelled, and which it was decided to be."""

    n_classes: int
    cells: NDArray[np.unsignedinteger]
    """(n_rows,) label · n_classes + decision, in the fewest bytes: slices are faster."""
    weights: NDArray[np.float64] | None
    """(n_rows,), or None where every row counts once."""
    counts: NDArray[np.float64]
    """(n_classes, n_classes) rows, or their weights added up, by label (first axis) and decision."""

    @classmethod
    def of(
        cls,
        labels: NDArray[np.integer | np.bool_],
        decisions: NDArray[np.integer | np.bool_],
        n_classes: int,
        weights: NDArray[np.float64] | None = None,
    ) -> Confusion:
        """Return the cells of rows, from codes 0 to n_classes - 1, `(n_rows,)` each.

        Raises ValueError for arrays of unequal length, codes out of range, or weights that are negative or not finite.

        >>> Confusion.of(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), n_classes=2).counts
        array([[1., 1.],
               [0., 2.]])
        """
        _check_codes("labels", labels, n_classes)
        _check_codes("decisions", decisions, n_classes)
        if labels.shape != decisions.shape:
            raise ValueError(f"as many decisions as labels, not {decisions.size} and {labels.size}")
        check_row_weights(weights, labels.size)
        cells = (labels.astype(np.intp) * n_classes + decisions).astype(np.min_scalar_type(n_classes * n_classes))
        return cls(n_classes, cells, weights, _counts(cells, weights, n_classes))

    def subset(self, rows: NDArray[np.bool_]) -> Confusion:
        """Return the cells of some of the rows, a mask of shape `(n_rows,)`, in their order."""
        cells = self.cells[rows]
        weights = None if self.weights is None else self.weights[rows]
        return Confusion(self.n_classes, cells, weights, _counts(cells, weights, self.n_classes))


def accuracy(confusion: Confusion) -> Estimate | None:
    """Return the share of rows that were decided right."""
    total = float(confusion.counts.sum())
    if total == 0:
        return None
    right = np.eye(confusion.n_classes)
    return _estimate(confusion, float(np.trace(confusion.counts)) / total, right)


def recall(confusion: Confusion, of: int | Average) -> Estimate | None:
    """Return the share of the rows labelled with class `of` that were decided so, or its average over the classes."""
    return _per_class(confusion, of, _Ratio(right=1.0, labelled=1.0, decided=0.0))


def precision(confusion: Confusion, of: int | Average) -> Estimate | None:
    """Return the share of the rows decided to be of class `of` that are, or its average over the classes."""
    return _per_class(confusion, of, _Ratio(right=1.0, labelled=0.0, decided=1.0))


def f_score(confusion: Confusion, of: int | Average, beta: float = 1.0) -> Estimate | None:
    """Return F-beta of class `of`, or its average over the classes: recall counts `beta` times as much as precision.

    (1 + β²) TP / (β² labelled + decided), which is 0 and not undefined where nothing was decided right. Raises
    ValueError unless `beta` is positive and finite. van Rijsbergen, "Information Retrieval", 1979, chapter 7.

    >>> confusion = Confusion.of(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), n_classes=2)
    >>> f_score(confusion, of=1).value
    0.8
    """
    if not 0 < beta < math.inf:
        raise ValueError(f"beta is positive and finite, not {beta}")
    return _per_class(confusion, of, _Ratio(right=1 + beta * beta, labelled=beta * beta, decided=1.0))


def lift(confusion: Confusion, of: int) -> Estimate | None:
    """Return how many times as frequent class `of` is among the rows decided to be of it as among all rows.

    Precision over the share of the class, which is 1 for decisions that know nothing, and may be anything above. Brin,
    Motwani, Ullman and Tsur (1997), SIGMOD, 255-264, who call it interest.

    >>> lift(Confusion.of(np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]), n_classes=2), of=1).value
    2.0
    """
    _check_class(of, confusion.n_classes)
    counts, total = confusion.counts, float(confusion.counts.sum())
    right, labelled, decided = float(counts[of, of]), float(counts[of].sum()), float(counts[:, of].sum())
    if 0 in {labelled, decided}:
        return None
    value = right * total / labelled / decided
    gradient = np.zeros((confusion.n_classes, confusion.n_classes))
    gradient[of, of] = total / labelled * (total / decided)
    gradient[of, :] -= value * (total / labelled)
    gradient[:, of] -= value * (total / decided)
    return _estimate(confusion, value, gradient, most=math.inf)


def balanced_accuracy(confusion: Confusion) -> Estimate | None:
    """Return the mean recall of the classes that have rows.

    Unlike `recall(confusion, "macro")` it has a value where a class was decided that no row has. Brodersen, Ong,
    Stephan and Buhmann (2010), ICPR, 3121-3124.
    """
    labelled = confusion.counts.sum(axis=1) > 0
    if not labelled.any():
        return None
    return _average(confusion, labelled / np.count_nonzero(labelled), _Ratio(right=1.0, labelled=1.0, decided=0.0))


def specificity(confusion: Confusion, of: int) -> Estimate | None:
    """Return the share of the rows not labelled with class `of` that were not decided to be of it."""
    _check_class(of, confusion.n_classes)
    others = np.ones((confusion.n_classes, confusion.n_classes))
    others[of, :] = 0
    rejected = others.copy()
    rejected[:, of] = 0
    n_others = float((others * confusion.counts).sum())
    if n_others == 0:
        return None
    value = float((rejected * confusion.counts).sum()) / n_others
    return _estimate(confusion, value, (rejected - value * others) * (confusion.counts.sum() / n_others))


def matthews(confusion: Confusion) -> Estimate | None:
    """Return the correlation of labels and decisions: Matthews' for two classes, Gorodkin's R_K for more; in [-1, 1].

    Matthews (1975), Biochimica et Biophysica Acta 405, 442-451; Gorodkin (2004), Computational Biology and Chemistry
    28, 367-374.
    """
    counts, _ = power_of_two_scaled(confusion.counts)
    total = float(counts.sum())
    labelled, decided = counts.sum(axis=1), counts.sum(axis=0)
    # Counts times counts, not shares: whole numbers have no rounding, and the variances no difference of near equals.
    variances = float(labelled @ (total - labelled)), float(decided @ (total - decided))
    if min(variances) <= 0:
        return None
    scale = math.sqrt(variances[0] * variances[1])  # one root: of equal variances it is exact, and so is a perfect 1
    value = max((float(np.trace(counts)) * total - float(labelled @ decided)) / scale, -1.0)
    # R = C / √(A·B): ∂R = ∂C/√(AB) - R/2 (∂A/A + ∂B/B), where A = 1 - Σ labelled², ∂A = -2 labelled, in shares.
    covariance = np.eye(confusion.n_classes) * total - decided[:, None] - labelled[None, :]
    spread = labelled[:, None] / variances[0] + decided[None, :] / variances[1]
    return _estimate(confusion, value, total * (covariance / scale + value * spread))


def kappa(confusion: Confusion, disagreement: Disagreement = "equal") -> Estimate | None:
    """Return Cohen's kappa: how much of the disagreement that chance would make is absent; at most 1.

    1 - Σ d p / Σ d labelled·decided with the disagreement d of a cell. For `linear` and `quadratic` the classes are
    ordered by their codes, and all codes count, whether or not a row has them. Cohen (1960), Educational and
    Psychological Measurement 20, 37-46; weighted: Cohen (1968), Psychological Bulletin 70, 213-220. The standard error
    is that of Fleiss, Cohen and Everitt (1969), Psychological Bulletin 72, 323-327.
    """
    off = _disagreement(confusion.n_classes, disagreement)
    counts, _ = power_of_two_scaled(confusion.counts)
    total = float(counts.sum())
    labelled, decided = counts.sum(axis=1), counts.sum(axis=0)
    by_chance = float(labelled @ off @ decided)
    if by_chance <= 0:
        return None
    ratio = float((off * counts).sum()) * total / by_chance
    chance = (off @ decided)[:, None] + (labelled @ off)[None, :]
    return _estimate(confusion, 1 - ratio, (total / by_chance) * (ratio * chance - total * off))


@dataclass(frozen=True, slots=True)
class _Ratio:
    """The metric of one class: right · TP / (labelled · its labels + decided · its decisions)."""

    right: float
    labelled: float
    decided: float


def _per_class(confusion: Confusion, of: int | Average, ratio: _Ratio) -> Estimate | None:
    if of == "micro":
        return accuracy(confusion)
    labelled, decided = confusion.counts.sum(axis=1), confusion.counts.sum(axis=0)
    total = float(labelled.sum())
    if total == 0:
        return None
    if of == "macro":
        named = labelled + decided > 0
        return _average(confusion, named / np.count_nonzero(named), ratio)
    if of == "weighted":
        return _average(confusion, labelled / total, ratio, by_labels=True)
    _check_class(of, confusion.n_classes)
    return _average(confusion, np.arange(confusion.n_classes) == of, ratio)


def _average(
    confusion: Confusion, share: NDArray[np.float64] | NDArray[np.bool_], ratio: _Ratio, *, by_labels: bool = False
) -> Estimate | None:
    """Return Σ share · ratio over the classes; with `by_labels` the shares are the labels' and vary with the rows."""
    counts = confusion.counts
    denominators = ratio.labelled * counts.sum(axis=1) + ratio.decided * counts.sum(axis=0)
    counted = share > 0
    if (denominators[counted] == 0).any():
        return None
    nothing = np.zeros(confusion.n_classes)
    values = np.divide(ratio.right * np.diagonal(counts), denominators, out=nothing.copy(), where=counted)
    pull = np.divide(share * counts.sum(), denominators, out=nothing, where=counted)
    gradient = -(ratio.labelled * pull * values)[:, None] - (ratio.decided * pull * values)[None, :]
    np.fill_diagonal(gradient, np.diagonal(gradient) + ratio.right * pull)
    if by_labels:
        gradient += values[:, None]
    return _estimate(confusion, float(share @ values), gradient)


def _estimate(confusion: Confusion, value: float, gradient: NDArray[np.float64], most: float = 1.0) -> Estimate:
    """Return a metric, which is never above MOST, though rounding may be, with the influence of each row."""
    mean = (confusion.counts * gradient).sum() / confusion.counts.sum()
    return Estimate(min(value, most), (gradient - mean).ravel().take(confusion.cells))


def _counts(
    cells: NDArray[np.unsignedinteger], weights: NDArray[np.float64] | None, n_classes: int
) -> NDArray[np.float64]:
    counts = np.bincount(cells, weights, minlength=n_classes * n_classes)
    return counts.astype(np.float64, copy=False).reshape(n_classes, n_classes)


def _disagreement(n_classes: int, disagreement: Disagreement) -> NDArray[np.float64]:
    codes = np.arange(n_classes, dtype=np.float64)
    apart = np.abs(codes[:, None] - codes[None, :])
    match disagreement:
        case "equal":
            return np.sign(apart)
        case "linear":
            return apart
        case "quadratic":
            return np.square(apart)


def _check_codes(name: str, codes: NDArray[np.integer | np.bool_], n_classes: int) -> None:
    if codes.ndim != 1 or codes.dtype.kind not in "biu":
        raise ValueError(f"{name} are one whole code a row, not {codes.dtype} of shape {codes.shape}")
    if codes.size and not (int(codes.min()) >= 0 and int(codes.max()) < n_classes):
        raise ValueError(f"{name} are codes from 0 to {n_classes - 1}, not from {codes.min()} to {codes.max()}")


def _check_class(of: int, n_classes: int) -> None:
    if not 0 <= of < n_classes:
        raise ValueError(f"a class is a code from 0 to {n_classes - 1}, not {of}")
