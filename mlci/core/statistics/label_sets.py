"""Metrics of several labels at once, each of which a row may have or not: ratios of counts, and means over labels.

What was drawn is a row with all of its labels, however they depend on each other. So each metric is a function of
means over rows, and what a row's labels add to it is added up within the row. Point values are those of scikit-learn
for a matrix of indicators; averages as in Yang (1999), Information Retrieval 1, 69-90, section 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from mlci.core.statistics.estimate import Estimate
from mlci.core.statistics.logit import proven_share
from mlci.core.statistics.row_losses import binary_brier, binary_log_losses
from mlci.core.statistics.row_weights import check_row_weights
from mlci.core.statistics.weighted import power_of_two_scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from mlci.core.statistics.ranks import Ranked, Ranking

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

Average = Literal["micro", "macro"]
"""Over all labels of all rows together; or the mean of what each label comes to."""
Ratio = Literal["precision", "recall", "f1"]
_MATRIX = 2


def ratio(
    which: Ratio, labels: Booleans, decisions: Booleans, average: Average, weights: Floats | None = None
) -> Estimate | None:
    """Return precision, recall or F1 of `labels` and `decisions`, `(n_rows, n_labels)`; None where one is 0/0.

    With the means over rows N of what was decided right (twice that for F1) and D of what was decided, or is true, or
    both, the value is N / D and φᵢ = (nᵢ - N/D · dᵢ) / D, the delta method for a ratio of means (Cochran, "Sampling
    Techniques", 1977, section 6.3). Raises ValueError unless the arrays are boolean, of one shape and with a label, and
    weights finite and not negative.

    >>> labels = np.array([[True, False], [True, True]])
    >>> ratio("recall", labels, np.array([[True, False], [True, False]]), "micro").value
    0.6666666666666666
    """
    _check(labels, decisions)
    check_row_weights(weights, len(labels))
    right, every = np.asarray(labels & decisions, dtype=np.float64), sizes(which, labels, decisions)
    right *= 2 if which == "f1" else 1
    if average == "micro":
        right, every = right.sum(axis=1, keepdims=True), every.sum(axis=1, keepdims=True)
    masses = np.ones(len(labels)) if weights is None else power_of_two_scaled(weights)[0]
    total = float(masses.sum())
    if total == 0:
        return None
    found, counted = ((masses[:, None] * each).sum(axis=0) for each in (right, every))
    if not (counted > 0).all():
        return None
    values = found / counted
    influence = ((right - values * every) * (total / counted)).mean(axis=1)
    return Estimate(min(float(values.mean()), 1.0), influence)


def sizes(which: Ratio, labels: Booleans, decisions: Booleans) -> Floats:
    """Return what each label of each row adds to the denominator, `(n_rows, n_labels)`: 0, 1, and for F1 up to 2."""
    of_labels = labels.astype(np.float64)
    if which == "recall":
        return of_labels
    of_decisions = decisions.astype(np.float64)
    return of_decisions if which == "precision" else of_labels + of_decisions


def proven_micro(rows: float, mean_size: float, n_labels: int, confidence: float) -> float:
    """Return the micro average that `rows` independent rows prove, none of which has anything wrong.

    A share s = (1 - confidence)^(1/n) of rows is right, as `proven_share` says. A right row adds `mean_size` to the
    denominator on average, a wrong one at most `n_labels`, all of them wrong: each label of a row adds 1 where it is
    only true or only decided. So the average is at least s·mean_size / (s·mean_size + (1 - s)·n_labels).
    """
    share = proven_share(rows, confidence)
    return share * mean_size / (share * mean_size + (1 - share) * n_labels)


def mean_over_labels(
    metric: Callable[[Ranked], Estimate | None],
    rankings: Sequence[Ranking],
    labels: Booleans,
    weights: Floats | None = None,
) -> Estimate | None:
    """Return the mean over the labels of `metric` (`roc_auc`, `average_precision`); None where one has none.

    The influence of a row is the mean of what it is for each label: the covariance between labels, whose rows are the
    same, is in the spread of those means.
    """
    each = [metric(ranking.labelled(labels[:, place], weights)) for place, ranking in enumerate(rankings)]
    found = [estimate for estimate in each if estimate is not None]
    if len(found) < len(each) or not found:
        return None
    influence = np.mean([estimate.influence for estimate in found], axis=0)
    value, bias = (float(np.mean([getattr(one, name) for one in found])) for name in ("value", "bias"))
    return Estimate(value, np.asarray(influence, dtype=np.float64), bias)


def label_losses(metric: Literal["log_loss", "brier"], labels: Booleans, probabilities: Floats) -> Floats:
    """Return the mean over the labels of a row of what each costs, `(n_rows,)`; raises ValueError as for one label."""
    _check(labels, labels)
    of_one = binary_log_losses if metric == "log_loss" else binary_brier
    losses = of_one(labels.ravel(), probabilities.ravel())
    return np.asarray(losses.reshape(labels.shape).mean(axis=1), dtype=np.float64)


def _check(labels: Booleans, decisions: Booleans) -> None:
    are_boolean = labels.dtype == decisions.dtype == np.bool_
    if not are_boolean or labels.ndim != _MATRIX or labels.shape != decisions.shape or labels.shape[1] == 0:
        raise ValueError("sets of labels are boolean, a column each, with as many decisions")
