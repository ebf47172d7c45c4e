"""Intervals of what was measured again and again: of one model the median, of two in turns the ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlci.core.statistics.interval import Interval, check_confidence
from mlci.core.statistics.quantiles import t_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST_TURNS = 3


def median_interval(values: Sequence[float], confidence: float) -> Interval | None:
    """Return the median with one-sided bounds that hold whatever the distribution; None where there are too few values.

    The number of values below the true median is binomial with 1/2, so the k-th smallest lies above it with a chance of
    P(B < k): Thompson (1936), Annals of Mathematical Statistics 7, 122-128; Conover (1999), section 3.2. Raises
    ValueError for a confidence outside (0.5, 1).

    >>> median_interval([3.0, 1.0, 2.0, 5.0, 4.0], 0.95)
    Interval(estimate=3.0, lower=1.0, upper=5.0, standard_error=None)
    >>> median_interval([1.0, 2.0, 3.0, 4.0], 0.95)
    """
    check_confidence(confidence)
    ordered, n = sorted(values), len(values)
    chance, beyond, place = 0.5**n, 0.0, 0
    while beyond + chance <= 1 - confidence:
        beyond += chance
        place += 1
        chance *= (n - place + 1) / place
    if place == 0:
        return None
    return Interval(float(np.median(ordered)), ordered[place - 1], ordered[n - place], None)


def ratio_interval(values: Sequence[float], others: Sequence[float], confidence: float) -> Interval | None:
    """Return how VALUES compare with OTHERS, turn by turn, as a ratio with one-sided bounds; None below three turns.

    Both were measured in each turn, so what a turn was like for both cancels: Student's t on log(value / other), back
    on the scale of the ratio, whose estimate is the geometric mean (Georges, Buytaert and Eeckhout 2007, OOPSLA, 57-76,
    who time programs in processes of their own; Fleming and Wallace 1986, Communications of the ACM 29, 218-221).
    Raises ValueError for other lengths, times that are not positive, and as `median_interval` does.

    >>> found = ratio_interval([2.0, 2.2, 1.9, 2.1], [1.0, 1.0, 1.0, 1.0], 0.95)
    >>> round(found.lower, 3), round(found.estimate, 3), round(found.upper, 3)
    (1.9, 2.047, 2.205)
    """
    check_confidence(confidence)
    now, before = np.array(values, dtype=np.float64), np.array(others, dtype=np.float64)
    if now.shape != before.shape or not ((now > 0).all() and (before > 0).all()):
        raise ValueError("a ratio needs as many times of both, and all of them positive")
    if now.size < FEWEST_TURNS:
        return None
    logs = np.log(now / before)
    error = float(logs.std(ddof=1)) / now.size**0.5
    reach, middle = t_quantile(confidence, now.size - 1) * error, float(logs.mean())
    low, estimate, high = (float(np.exp(each)) for each in (middle - reach, middle, middle + reach))
    return Interval(estimate, low, high, error)
