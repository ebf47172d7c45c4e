"""Metrics that are functions of means, by the delta method: RMSE, R², WAPE, ratios, lift.

A metric that is 0/0 on the rows at hand has no value: None, never a number by convention; malformed input raises
ValueError. A metric g(mean₁, mean₂) moves by g₁·(aᵢ - mean₁) + g₂·(bᵢ - mean₂) with row i: that is its influence φᵢ
(van der Vaart, "Asymptotic Statistics", 1998, sections 3.1 and 20.1).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlci.core.statistics.estimate import Estimate
from mlci.core.statistics.row_losses import absolute_errors, mean_estimate, squared_errors
from mlci.core.statistics.weighted import check_weights, weighted_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray


def rmse(
    outcomes: NDArray[np.float64], predictions: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> Estimate:
    """Return the root of the mean squared error, with φᵢ = (squaredᵢ - mean) / (2·RMSE), 0 if the RMSE is.

    Raises ValueError as `squared_errors` and `weighted_mean` do.
    """
    mean = mean_estimate(squared_errors(outcomes, predictions), weights)
    root = float(np.sqrt(mean.value))
    return Estimate(root, mean.influence / (2 * root) if root else mean.influence)


def r_squared(
    outcomes: NDArray[np.float64], predictions: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> Estimate | None:
    """Return 1 - Σw(y - p)² / Σw(y - ȳ)², with φᵢ = (r·(yᵢ - ȳ)² - (yᵢ - pᵢ)²) / mean((y - ȳ)²), r that ratio.

    That ȳ is itself a mean has no influence of first order. None if the outcomes are all equal: there is nothing to
    explain. Raises as `rmse` does.
    """
    squared = squared_errors(outcomes, predictions)
    around_mean = squared_errors(outcomes, np.full(outcomes.shape, weighted_mean(outcomes, weights)))
    counted = outcomes if weights is None else outcomes[weights > 0]
    ratio = None if counted.min() == counted.max() else ratio_of_means(squared, around_mean, weights)
    return Estimate(1 - ratio.value, -ratio.influence) if ratio else None


def wape(
    outcomes: NDArray[np.float64], predictions: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> Estimate | None:
    """Return Σw|y - p| / Σw|y|, the weighted absolute percentage error: a share, not times 100.

    Kolassa and Schütz (2007), Foresight 6, 40-43 (there: MAD/mean). None if every outcome is 0. Raises as
    `absolute_errors` and `ratio_of_means` do.
    """
    return ratio_of_means(absolute_errors(outcomes, predictions), np.abs(outcomes), weights)


def ratio_of_means(
    numerators: NDArray[np.float64], denominators: NDArray[np.float64], weights: NDArray[np.float64] | None = None
) -> Estimate | None:
    """Return r = Σwa / Σwb, with φᵢ = (aᵢ - r·bᵢ) / mean(b): Cochran (1977), Sampling Techniques, section 6.4.

    None if the denominators' mean is 0. Raises ValueError unless both are as long and finite, and that mean is large
    enough for the ratio to be a number.

    >>> ratio_of_means(np.array([1.0, 3.0]), np.array([2.0, 2.0]))
    Estimate(value=1.0, influence=array([-0.5,  0.5]))
    """
    if numerators.shape != denominators.shape:
        raise ValueError("a ratio needs as many numerators as denominators")
    below = weighted_mean(denominators, weights)
    if below == 0:
        return None
    above = weighted_mean(numerators, weights)
    with np.errstate(over="ignore", invalid="ignore"):
        ratio = np.float64(above) / below
        influence = (numerators - ratio * denominators) / below
    if not (np.isfinite(ratio) and np.isfinite(influence).all()):
        raise ValueError("the denominators are too small for the ratio to be a number")
    rounding = 4 * np.finfo(np.float64).eps * max(np.abs(numerators).max(), abs(ratio) * np.abs(denominators).max())
    influence[np.abs(influence) * abs(below) <= rounding] = 0.0
    return Estimate(float(ratio), influence)


def lift(
    labels: NDArray[np.bool_], scores: NDArray[np.float64], share: float, weights: NDArray[np.float64] | None = None
) -> Estimate | None:
    """Return how much richer in positives the `share` of rows with the highest scores is than all rows.

    Precision among the top `share` of the weight, over the share of positives. Rows tied at the cut are taken in the
    same part, which is what breaking ties at random gives on average. With mᵢ in [0, 1] the part of row i that is
    taken, θ the precision, π the share of positives and g the share of positives at the cut,
    φᵢ = ((mᵢ·(yᵢ - g) - share·(θ - g)) / share - (θ/π)·(yᵢ - π)) / π; the terms in g are there because the cut moves
    with the rows (the influence of a quantile: van der Vaart, "Asymptotic Statistics", 1998, section 21.2). g is taken
    from the rows tied at the cut and √n rows on either side of it.

    None without a positive row. Raises ValueError unless 0 < share <= 1, labels are boolean, and scores are as many and
    without NaN.
    """
    if not 0 < share <= 1:
        raise ValueError(f"a share of the rows lies between 0 and 1, not {share}")
    if labels.dtype != np.bool_ or labels.ndim != 1 or labels.shape != scores.shape or np.isnan(scores).any():
        raise ValueError("lift needs boolean labels and as many scores, none of them NaN")
    check_weights(weights, labels.size)
    positive = labels.astype(np.float64)
    base = weighted_mean(positive, weights)
    if base == 0:
        return None
    taken, at_cut = _top(scores, share, weights)
    precision = weighted_mean(taken * positive, weights) / share
    at_cut_rate = weighted_mean(positive[at_cut], None if weights is None else weights[at_cut])
    value = precision / base
    moved = (taken * (positive - at_cut_rate)) / share - (precision - at_cut_rate)
    return Estimate(value, (moved - value * (positive - base)) / base)


def _top(
    scores: NDArray[np.float64], share: float, weights: NDArray[np.float64] | None
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return how much of each row is among the top `share`, and the positions of the rows around the cut."""
    counted = np.arange(scores.size) if weights is None else np.flatnonzero(weights)
    order = counted[np.argsort(-scores[counted], kind="stable")]
    reached = np.cumsum(np.ones(order.size) if weights is None else weights[order])
    wanted = share * reached[-1]
    cut = scores[order[min(int(np.searchsorted(reached, wanted)), order.size - 1)]]
    ranked = -scores[order]
    first, last = np.searchsorted(ranked, -cut, side="left"), np.searchsorted(ranked, -cut, side="right")
    before = reached[first - 1] if first else 0.0
    taken = np.where(scores > cut, 1.0, 0.0)
    taken[order[first:last]] = min((wanted - before) / (reached[last - 1] - before), 1.0)
    window = int(np.ceil(np.sqrt(order.size)))
    return taken, order[max(first - window, 0) : last + window]
