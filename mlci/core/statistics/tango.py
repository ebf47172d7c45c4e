"""Tango's score interval of the difference of two paired proportions."""

from __future__ import annotations

import math

from mlci.core.statistics.interval import Interval, check_confidence
from mlci.core.statistics.quantiles import normal_quantile

_HALVINGS = 64  # of an interval no longer than 2: what remains is 1e-19 wide, finer than a float near any bound


def tango(gains: int, losses: int, n: int, confidence: float) -> Interval:
    """Return the difference `(gains - losses) / n` with Tango's one-sided score bounds.

    Of `n` rows that both models answered, `gains` went from wrong to right and `losses` from right to wrong; the rest
    did not change. The bounds are the differences that the score test would just not reject. They lie in [-1, 1], need
    no discordant row (without one they are ±z²/(n + z²), not ±0), and swapping the models mirrors them to the last bit.
    Raises ValueError unless the counts are not negative, gains + losses <= n, n > 0 and 0.5 < confidence < 1.

    Tango (1998), Statistics in Medicine 17, 891-908. Compared with its rivals by Fagerland, Lydersen and Laake
    (2014), Statistics in Medicine 33, 2850-2875.

    >>> interval = tango(gains=1, losses=7, n=21, confidence=0.975)
    >>> round(interval.lower, 3), round(interval.upper, 3)
    (-0.517, -0.026)
    """
    check_confidence(confidence)
    if not (gains >= 0 and losses >= 0 and n > 0 and gains + losses <= n):
        raise ValueError(f"gains and losses are part of the rows, not {gains} and {losses} of {n}")
    z = normal_quantile(confidence)
    return Interval(
        estimate=(gains - losses) / n,
        lower=_lower(gains, losses, n, z),
        upper=-_lower(losses, gains, n, z),
        standard_error=None,
    )


def constrained_variance(gains: float, losses: float, n: float, difference: float) -> float:
    """Return the variance of one row's change (-1, 0 or 1) if the true difference were `difference`, in [-1, 1].

    P(gain) + P(loss) - difference², where the two probabilities are the most likely ones for the counts among those
    that differ by `difference`. The counts may be fractional. Tango (1998).
    """
    size = abs(difference)
    # The one of the two probabilities that must be the smaller: the larger one is then `smaller + size`.
    greater, lesser = (gains, losses) if difference >= 0 else (losses, gains)
    linear = (2 * n - greater + lesser) * size - greater - lesser
    constant = lesser * size * (1 - size)
    root = math.sqrt(linear * linear + 8 * n * constant)
    # The positive root of 2n·p² + linear·p - constant = 0, either way without a difference of nearly equal numbers.
    smaller = (root - linear) / (4 * n) if linear <= 0 else 2 * constant / (root + linear)
    return 2 * smaller + size * (1 - size)


def _lower(gains: int, losses: int, n: int, z: float) -> float:
    # The score statistic falls as the difference rises: from "too low, rejected" at -1 to 0 at the estimate. Halving
    # needs only the sign, hence no derivative, no start value, no tolerance, and no division by a variance of 0.
    low, high = -1.0, (gains - losses) / n
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if gains - losses - n * middle >= z * math.sqrt(n * constrained_variance(gains, losses, n, middle)):
            low = middle
        else:
            high = middle
    return low
