"""Student's interval of a mean loss, and of the mean difference of paired losses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from mlci.core.statistics.interval import Interval, check_confidence
from mlci.core.statistics.quantiles import t_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray


def paired_t(differences: NDArray[np.float64], confidence: float) -> Interval:
    """Return the mean of the rows' paired `differences`, shape `(n_rows,)`, with one-sided t bounds.

    The caller orients: for a loss, production minus candidate, so that + is good. Differences that are all equal, for
    example all 0, have a standard error of 0 and bounds equal to the mean, because a loss without a bound allows no
    honest worst case: guard with `effective_changes`. Raises as `mean_t` does.

    Student (1908), Biometrika 6, 1-25.
    """
    return mean_t(differences, confidence)


def mean_t(values: NDArray[np.float64], confidence: float) -> Interval:
    """Return the mean of `values`, shape `(n_rows,)`, with one-sided t bounds of n_rows - 1 degrees of freedom.

    Raises ValueError for fewer than two rows, a value that is not finite, or a confidence outside (0.5, 1).

    >>> interval = mean_t(np.array([1.0, 2.0, 3.0, 4.0]), confidence=0.95)
    >>> interval.estimate, round(interval.lower, 4), round(interval.upper, 4)
    (2.5, 0.9809, 4.0191)
    """
    check_confidence(confidence)
    if values.size < 2 or not np.isfinite(values).all():  # noqa: PLR2004 -- one row has no spread
        raise ValueError("a t interval needs at least two rows, and finite values")
    estimate, standard_error = _mean(values)
    reach = t_quantile(confidence, values.size - 1) * standard_error
    return Interval(estimate, estimate - reach, estimate + reach, standard_error)


def _mean(values: NDArray[np.float64]) -> tuple[float, float]:
    if values.min() == values.max():  # the mean of equal values may round, and its error would pass for spread
        return float(values[0]), 0.0
    # A power of two scales without rounding; so squares of huge or tiny losses stay within the floats' range.
    _, exponent = math.frexp(float(np.abs(values).max()))
    scaled = np.ldexp(values, -exponent)
    standard_error = float(scaled.std(ddof=1)) / math.sqrt(values.size)
    return _scale_back(float(scaled.mean()), exponent), _scale_back(standard_error, exponent)


def _scale_back(scaled: float, exponent: int) -> float:
    return scaled * 2.0 ** (exponent - 1) * 2.0  # infinite where the result is too large, unlike ldexp, which raises
