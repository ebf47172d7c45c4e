"""Quantiles of the normal and the t distribution."""

from __future__ import annotations

import math
from statistics import NormalDist

_STANDARD_NORMAL = NormalDist()


def normal_quantile(p: float) -> float:
    """Return z with P(Z <= z) = p for a standard normal Z; raises ValueError unless 0 < p < 1.

    Wichura (1988), algorithm AS 241, as the standard library has it: 16 digits.

    >>> round(normal_quantile(0.95), 6)
    1.644854
    """
    _check_probability(p)
    return _STANDARD_NORMAL.inv_cdf(p)


def normal_cdf(z: float) -> float:
    """Return P(Z <= z) for a standard normal Z, with full relative precision in the lower tail too."""
    # NormalDist.cdf takes 1 + erf(z / sqrt 2) in Python 3.11, which is 0 from z = -9 on.
    return 0.5 * math.erfc(-z / math.sqrt(2))


def t_quantile(p: float, degrees: float) -> float:
    """Return t with P(T <= t) = p for Student's T; raises ValueError unless 0 < p < 1 and degrees > 0.

    Infinite `degrees` give the normal quantile.

    >>> round(t_quantile(0.95, 19), 6)
    1.729133
    """
    _check_probability(p)
    if not degrees > 0:
        raise ValueError(f"degrees of freedom are positive, not {degrees}")
    if math.isinf(degrees):
        return normal_quantile(p)
    from scipy.special import stdtrit  # noqa: PLC0415 -- scipy takes 0.2 s to import and few verbs need a t quantile

    return float(stdtrit(degrees, p))


def _check_probability(p: float) -> None:
    if not 0 < p < 1:
        raise ValueError(f"a quantile needs a probability between 0 and 1, not {p}")
