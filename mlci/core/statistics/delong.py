"""The area under the ROC curve by placements: of one model, and the paired difference of two."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlci.core.statistics.interval import Interval, check_confidence
from mlci.core.statistics.quantiles import normal_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlci.core.statistics.estimate import Estimate


def placements(
    labels: NDArray[np.bool_], scores: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the placement of every positive, shape `(n_positives,)`, and of every negative, `(n_negatives,)`.

    The placement of a positive is the share of negatives that score below it, that of a negative the share of
    positives that score above it; a tie counts one half. Both have the AUC as their mean and keep the order of the
    rows, so that placements of two models are paired. One sort: O(n log n). Raises ValueError unless `labels` is a
    boolean array with both classes, and `scores` as long and without NaN.

    DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44, 837-845; by ranks as in Sun and Xu (2014), IEEE Signal
    Processing Letters 21, 1389-1393.

    >>> placements(np.array([True, True, False, False]), np.array([0.9, 0.4, 0.4, 0.1]))
    (array([1.  , 0.75]), array([0.75, 1.  ]))
    """
    n_positives = _check_rows(labels, scores)
    n = labels.size
    order = np.argsort(scores)
    ordered_scores, ordered_labels = scores[order], labels[order]

    # Runs of equal scores: what is counted is the same for all rows of a run.
    starts_run = np.concatenate(([True], ordered_scores[1:] != ordered_scores[:-1]))
    edges = np.append(np.flatnonzero(starts_run), n)
    positives_before = np.concatenate(([0], np.cumsum(ordered_labels)))[edges]
    negatives_before = edges - positives_before
    # The mean of the counts before and after a run counts its own rows half.
    negatives_below = (negatives_before[:-1] + negatives_before[1:]) / 2
    positives_above = n_positives - (positives_before[:-1] + positives_before[1:]) / 2

    run = np.cumsum(starts_run) - 1
    placed = np.empty(n)
    placed[order] = np.where(
        ordered_labels, (negatives_below / (n - n_positives))[run], (positives_above / n_positives)[run]
    )
    return placed[labels], placed[~labels]


def auc_alone(labels: NDArray[np.bool_], scores: NDArray[np.float64], confidence: float) -> Interval:
    """Return the AUC of one model with one-sided bounds on the logit scale; the standard error is DeLong's.

    The bounds are logit⁻¹(logit A ± z·SE / (A(1 - A))): Pepe (2003), The Statistical Evaluation of Medical Tests;
    found good near 1 by Qin and Hotilovac (2008), Statistical Methods in Medical Research 17, 207-221.

    Near a perfect AUC the variance says little, and at 1 it is 0. So no bound may claim more than a perfect result on
    these rows proves without any variance: among k = min(n_positives, n_negatives) disjoint, hence independent, pairs
    all ranked right, a share of right pairs below s = (1 - confidence)^(1/k) would be seen with a chance of less than
    1 - confidence (Clopper and Pearson 1934 at k of k; the AUC is the chance of one pair). `lower` is at most s,
    `upper` at least 1 - s. Where the standard error is 0 (all pairs right, all wrong, or all tied) only that argument
    is left: the share s of pairs is as seen, the rest may be anything, hence A·s and 1 - (1 - A)·s.

    Raises ValueError as `placements` does, for fewer than two rows of a class, or a confidence outside (0.5, 1).
    """
    check_confidence(confidence)
    positives, negatives = placements(labels, scores)
    _check_two_of_each(positives, negatives)
    area = float(positives.mean())
    standard_error = _standard_error(positives, negatives)
    proven = _proven_share(min(positives.size, negatives.size), confidence)
    if standard_error == 0:
        return Interval(area, area * proven, 1 - (1 - area) * proven, standard_error)
    reach = normal_quantile(confidence) * standard_error / (area * (1 - area))
    logit = math.log(area / (1 - area))
    lower = min(_logistic(logit - reach), proven)
    upper = max(_logistic(logit + reach), 1 - proven)
    return Interval(area, min(lower, area), max(upper, area), standard_error)


def auc_difference(
    labels: NDArray[np.bool_],
    candidate: NDArray[np.float64],
    production: NDArray[np.float64],
    confidence: float,
) -> Interval:
    """Return AUC(candidate) - AUC(production) on the same rows with one-sided DeLong bounds, kept within [-1, 1].

    Where the standard error is 0 (the models rank alike, or all pairs changed alike) the bounds are those of the worst
    case, as in `auc_alone`: the share s of pairs changed as seen, the rest may have changed by -1 or 1. As for every
    interval of normal theory, few changed rows make it too narrow. Raises as `auc_alone` does.

    DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44, 837-845.
    """
    check_confidence(confidence)
    positives, negatives = _paired_placements(labels, candidate, production)
    _check_two_of_each(positives, negatives)
    difference, standard_error = float(positives.mean()), _standard_error(positives, negatives)
    return _difference_bounds(difference, standard_error, min(positives.size, negatives.size), confidence)


@dataclass(frozen=True, slots=True)
class AreaDifference:
    """The difference of two AUCs, as far as bounds at any confidence need it."""

    difference: float
    standard_error: float
    n_rarer: int
    """Rows of the rarer class."""

    def interval(self, confidence: float) -> Interval:
        """Return the bounds of `auc_difference`; raises ValueError for a confidence outside (0.5, 1)."""
        check_confidence(confidence)
        return _difference_bounds(self.difference, self.standard_error, self.n_rarer, confidence)


def auc_difference_of(labels: NDArray[np.bool_], paired: Estimate) -> AreaDifference:
    """Return what `auc_difference` goes by, from the paired difference of `ranks.roc_auc` instead of scores: no sort.

    Its influences are the changes of the placements, less their mean and times n over the rows of the class. Raises
    ValueError for fewer than two rows of a class.
    """
    positives, negatives = paired.influence[labels], paired.influence[~labels]
    _check_two_of_each(positives, negatives)
    positives *= positives.size / labels.size
    negatives *= negatives.size / labels.size
    return AreaDifference(paired.value, _standard_error(positives, negatives), min(positives.size, negatives.size))


def _paired_placements(
    labels: NDArray[np.bool_], candidate: NDArray[np.float64], production: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    candidate_positives, candidate_negatives = placements(labels, candidate)
    production_positives, production_negatives = placements(labels, production)
    return candidate_positives - production_positives, candidate_negatives - production_negatives


def _difference_bounds(difference: float, standard_error: float, n_rarer: int, confidence: float) -> Interval:
    if standard_error == 0:
        proven = _proven_share(n_rarer, confidence)
        middle, reach = difference * proven, 1 - proven
    else:
        middle, reach = difference, normal_quantile(confidence) * standard_error
    return Interval(difference, max(middle - reach, -1.0), min(middle + reach, 1.0), standard_error)


def _standard_error(positives: NDArray[np.float64], negatives: NDArray[np.float64]) -> float:
    # The variance of DeLong et al. for the contrast itself, which needs no 2 x 2 matrix of covariances.
    return math.sqrt(float(positives.var(ddof=1)) / positives.size + float(negatives.var(ddof=1)) / negatives.size)


def _proven_share(n_rarer: int, confidence: float) -> float:
    return float((1 - confidence) ** (1 / n_rarer))


def _logistic(x: float) -> float:
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    return math.exp(x) / (1 + math.exp(x))


def _check_rows(labels: NDArray[np.bool_], scores: NDArray[np.float64]) -> int:
    if labels.dtype != np.bool_ or labels.ndim != 1 or labels.shape != scores.shape:
        raise ValueError("an AUC needs boolean labels and as many scores")
    if np.isnan(scores).any():
        raise ValueError("an AUC needs scores that can be ordered, and NaN cannot")
    n_positives = int(np.count_nonzero(labels))
    if not 0 < n_positives < labels.size:
        raise ValueError(f"an AUC needs rows of both classes, not {n_positives} positives of {labels.size} rows")
    return n_positives


def _check_two_of_each(positives: NDArray[np.float64], negatives: NDArray[np.float64]) -> None:
    if min(positives.size, negatives.size) < 2:  # noqa: PLR2004 -- one row has no spread
        raise ValueError("the interval of an AUC needs at least two rows of each class")
