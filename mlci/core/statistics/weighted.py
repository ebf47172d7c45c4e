"""The mean of weighted rows, without leaving the floats' range."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mlci.core.statistics.row_weights import check_row_weights

if TYPE_CHECKING:
    from numpy.typing import NDArray


def check_weights(weights: NDArray[np.float64] | None, n_rows: int) -> None:
    """Raise ValueError unless `weights` is None or n_rows finite numbers, none negative and not all 0."""
    check_row_weights(weights, n_rows)
    if weights is not None and not weights.any():
        raise ValueError("not all weights are 0")


def weighted_mean(values: NDArray[np.float64], weights: NDArray[np.float64] | None) -> float:
    """Return Σwv / Σw of `values`, shape `(n_rows,)`; infinite only if the mean itself leaves the floats' range.

    Equal values have exactly that value as their mean. Raises ValueError for no row, for a value that is not finite,
    and as `check_weights` does.

    >>> weighted_mean(np.array([1.0, 4.0]), np.array([2.0, 1.0]))
    2.0
    """
    if values.size == 0 or not np.isfinite(values).all():
        raise ValueError("a mean needs at least one row, and finite values")
    check_weights(weights, values.size)
    if values.min() == values.max():  # the mean of equal values may round
        return float(values[0])
    scaled, exponent = power_of_two_scaled(values)
    if weights is None:
        return scaled_back(float(scaled.mean()), exponent)
    shares, _ = power_of_two_scaled(weights)
    return scaled_back(float((shares * scaled).sum() / shares.sum()), exponent)


def power_of_two_scaled(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """Return `values` / 2^e and e, so that the largest lies in [0.5, 1): without rounding, and squares stay in range.

    >>> power_of_two_scaled(np.array([3.0, -6.0]))
    (array([ 0.375, -0.75 ]), 3)
    """
    _, exponent = math.frexp(float(np.abs(values).max()))
    return np.ldexp(values, -exponent), exponent


def scaled_back(scaled: float, exponent: int) -> float:
    """Return `scaled` · 2^exponent, infinite where that is too large (unlike `math.ldexp`, which raises)."""
    return scaled * 2.0 ** (exponent - 1) * 2.0
