"""The Wilson score interval of one proportion."""

from __future__ import annotations

import math

from mlci.core.statistics.interval import Interval, check_confidence
from mlci.core.statistics.quantiles import normal_quantile


def wilson(successes: float, n: float, confidence: float) -> Interval:
    """Return the share `successes / n` with one-sided Wilson score bounds.

    For a share of one model alone: accuracy, recall, specificity. Both counts may be fractional (weighted rows with
    their effective number). No success gives a lower bound of exactly 0, nothing but successes an upper one of
    exactly 1. Raises ValueError unless 0 <= successes <= n, n > 0 and 0.5 < confidence < 1.

    Wilson (1927), Journal of the American Statistical Association 22, 209-212.

    >>> wilson(45, 50, 0.975).lower.__round__(4)
    0.7864
    """
    check_confidence(confidence)
    if not (0 <= successes <= n and 0 < n < math.inf):
        raise ValueError(f"a share needs 0 <= successes <= n and n > 0, not {successes} of {n}")
    z = normal_quantile(confidence)
    return Interval(
        estimate=successes / n,
        lower=_lower(successes, n, z),
        upper=1 - _lower(n - successes, n, z),
        standard_error=None,
    )


def _lower(successes: float, n: float, z: float) -> float:
    # The bounds are the roots of (n + z²) p² - (2s + z²) p + s²/n = 0. The smaller one as product / larger one:
    # no difference of nearly equal numbers, so that no success gives exactly 0.
    share = successes / n
    return share * successes / (successes + z * z / 2 + z * math.sqrt(share * (n - successes) + z * z / 4))
