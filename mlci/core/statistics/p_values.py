"""One-sided p-values that a true difference lies below a limit, dual to the bounds of the intervals.

A p-value is below 1 - confidence exactly when the upper bound at that confidence is below the limit.
"""

from __future__ import annotations

import math

from mlci.core.statistics.quantiles import normal_cdf
from mlci.core.statistics.tango import constrained_variance


def p_value_t(estimate: float, standard_error: float, degrees: float, limit: float) -> float:
    """Return the chance of an estimate this low if the truth were `limit`: P(T <= (estimate - limit) / SE).

    Infinite `degrees` give the normal p-value. Without spread it is 0 below the limit and 1 from it on, as the interval
    without width has it: guard with `enough_changes`. Raises ValueError for numbers that are not finite, a negative
    standard error, or degrees that are not positive.

    >>> round(p_value_t(-1.729133, 1.0, 19, 0.0), 4)
    0.05
    """
    if not (math.isfinite(estimate) and math.isfinite(limit) and 0 <= standard_error < math.inf and degrees > 0):
        raise ValueError("a p-value needs finite numbers, a standard error and positive degrees of freedom")
    if standard_error == 0:
        return 0.0 if estimate < limit else 1.0
    t = (estimate - limit) / standard_error
    if math.isinf(degrees):
        return normal_cdf(t)
    from scipy.special import stdtr  # noqa: PLC0415 -- scipy takes 0.2 s to import and few verbs need it

    return float(stdtr(degrees, t))


def p_value_tango(gains: int, losses: int, n: int, limit: float) -> float:
    """Return the score p-value of a true difference below `limit`, in [-1, 1], for Tango's interval.

    Φ of (gains - losses - n·limit) / √(n·V), V the variance of one row's change under the most likely rates that
    differ by the limit: the statistic that `tango` inverts. A candidate without a true difference stays at or below
    the level, also far in the tail that Holm's procedure asks for; one exactly at a limit below 0 may reach 8 % at 5 %
    where fewer than about ten rows change (both by exact enumeration, in the tests). Raises ValueError for impossible
    counts or a limit outside.

    >>> round(p_value_tango(gains=1, losses=7, n=21, limit=0.0), 4)
    0.0169
    """
    if not (gains >= 0 and losses >= 0 and n > 0 and gains + losses <= n):
        raise ValueError(f"gains and losses are part of the rows, not {gains} and {losses} of {n}")
    if not -1 <= limit <= 1:
        raise ValueError(f"a difference of shares lies between -1 and 1, not {limit}")
    above = gains - losses - n * limit
    deviation = math.sqrt(n * constrained_variance(gains, losses, n, limit))
    if deviation > 0:
        return normal_cdf(above / deviation)
    if above == 0:  # as in the limit of ever smaller margins
        return 0.5
    return 0.0 if above < 0 else 1.0
