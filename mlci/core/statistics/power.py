"""How many rows a gate needs, and what difference it can see.

All of it assumes that the observed rates hold: that more rows of the same kind would show the same estimate and the
same spread. It is advice for planning, never part of a verdict. Counts are rounded up to the first whole number with
which the bound lies beyond the limit; None says that no number of rows can be named.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mlci.core.statistics.interval import check_confidence
from mlci.core.statistics.quantiles import normal_quantile
from mlci.core.statistics.tango import constrained_variance

if TYPE_CHECKING:
    from mlci.core.statistics.interval import Interval

_MOST_ROWS = 10**12  # beyond it the estimate lies on the limit but for rounding, and a number would be noise


def rows_to_decide(
    difference: float, standard_error: float, n: int, margin: float, confidence: float, *, power: float = 0.8
) -> int | None:
    """Return the rows with which `difference - z·SE > -margin` has the chance `power`, or None.

    N = n·((z_confidence + z_power)·SE / (difference + margin))², the normal theory for a mean; for an AUC, rows with
    the same share of positives; for clusters, `n` and the answer count clusters. For the requirement `better` by m
    pass margin = -m; for a floor v, the estimate minus v with margin 0; for a ceiling, v minus the estimate. None if
    the difference lies at or beyond -margin itself, so that more rows would not help, or if `standard_error` is 0, so
    that nothing is known about the spread. Raises ValueError for a confidence or power outside its range.
    """
    _check(n, confidence, power)
    distance = difference + margin
    if distance <= 0 or standard_error <= 0:
        return None
    deviation = standard_error * math.sqrt(n)  # of one row
    return _rows(normal_quantile(confidence) * deviation, normal_quantile(power) * deviation, distance)


def rows_to_decide_tango(
    gains: int, losses: int, n: int, margin: float, confidence: float, *, power: float = 0.8
) -> int | None:
    """Return the rows with which Tango's lower bound lies above -margin with the chance `power`, or None.

    N = ((z_confidence·σ₀ + z_power·σ₁) / (difference + margin))², where σ₁² = P(gain) + P(loss) - difference² as
    observed, and σ₀² the same for the most likely rates that differ by -margin: Nam (1997), Biometrics 53, 1422-1430.
    Without a discordant row σ₁ is 0 and N becomes z²(1 - margin) / margin, the rows with which the bound z²/(N + z²)
    falls below the margin if there is none then either. For `better` by m pass margin = -m. None if the observed
    difference lies at or beyond -margin. Raises ValueError for impossible counts, confidence or power.
    """
    _check(n, confidence, power)
    if not (gains >= 0 and losses >= 0 and gains + losses <= n):
        raise ValueError(f"gains and losses are part of the rows, not {gains} and {losses} of {n}")
    difference = (gains - losses) / n
    distance = difference + margin
    if distance <= 0:
        return None
    if margin >= 1:  # no difference is as low as -1 unless every row is lost, and that is distance 0
        return 1
    under_limit = math.sqrt(constrained_variance(gains, losses, n, -margin))
    observed = math.sqrt(max((gains + losses) / n - difference * difference, 0.0))
    return _rows(normal_quantile(confidence) * under_limit, normal_quantile(power) * observed, distance)


def rows_to_decide_wilson(
    successes: float, n: float, value: float, confidence: float, *, power: float = 0.8
) -> int | None:
    """Return the rows with which Wilson's lower bound lies above the floor `value` with the chance `power`, or None.

    N = ((z_confidence·√(v(1 - v)) + z_power·√(p(1 - p))) / (p - v))² with p = successes / n and v = `value`: Fleiss,
    Levin and Paik (2003), Statistical Methods for Rates and Proportions. For a ceiling pass n - successes and
    1 - value. None if p does not lie above the floor. Raises ValueError for impossible counts, confidence or power.
    """
    _check(n, confidence, power)
    if not 0 <= successes <= n:
        raise ValueError(f"a share needs 0 <= successes <= n, not {successes} of {n}")
    share = successes / n
    distance = share - value
    if distance <= 0:
        return None
    if value < 0:  # every bound lies above
        return 1
    under_limit, observed = math.sqrt(value * (1 - value)), math.sqrt(share * (1 - share))
    return _rows(normal_quantile(confidence) * under_limit, normal_quantile(power) * observed, distance)


def smallest_visible_difference(standard_error: float, confidence: float, *, power: float = 0.8) -> float:
    """Return the distance from the limit that is decided with the chance `power`: (z_confidence + z_power)·SE.

    Raises ValueError for a negative standard error, or a confidence or power outside its range.

    >>> round(smallest_visible_difference(0.01, confidence=0.95), 4)
    0.0249
    """
    _check(1, confidence, power)
    if not standard_error >= 0:
        raise ValueError(f"a standard error is not negative, unlike {standard_error}")
    return (normal_quantile(confidence) + normal_quantile(power)) * standard_error


def smallest_visible_difference_of(interval: Interval, confidence: float, *, power: float = 0.8) -> float:
    """Return `smallest_visible_difference` for an interval of any method, made at the same `confidence`.

    Where the method uses no standard error, or it is 0, the one of a normal interval of the same width takes its
    place: (upper - lower) / 2z. So Tango's interval without a discordant row does not claim to see everything.
    """
    check_confidence(confidence)
    width_error = (interval.upper - interval.lower) / (2 * normal_quantile(confidence))
    return smallest_visible_difference(interval.standard_error or width_error, confidence, power=power)


def _rows(under_limit: float, observed: float, distance: float) -> int | None:
    rows = ((under_limit + observed) / distance) ** 2 if under_limit + observed < distance * _MOST_ROWS else math.inf
    return math.floor(rows) + 1 if rows < _MOST_ROWS else None


def _check(n: float, confidence: float, power: float) -> None:
    check_confidence(confidence)
    if not 0.5 <= power < 1:  # noqa: PLR2004 -- below a half, fewer rows would seem to serve better
        raise ValueError(f"a power lies between 0.5 and 1, not {power}")
    if not 0 < n < math.inf:
        raise ValueError(f"rates need at least one row, not {n}")
