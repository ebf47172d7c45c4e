"""McNemar's mid-p test of two paired shares."""

from __future__ import annotations

import math


def mcnemar_mid_p(gains: int, losses: int) -> float:
    """Return the two-sided mid-p-value that `gains` and `losses` are equally likely: a word beside Tango's interval.

    2·P(X < s) + P(X = s) for X binomial with gains + losses trials at one half and s the smaller count; where both
    are equal, 1 - P(X = s)/2. It counts the observed table half, so that it is less timid than the exact test.
    Without a change it is 1. Raises ValueError for negative counts.

    Fagerland, Lydersen and Laake (2013), BMC Medical Research Methodology 13:91.

    >>> round(mcnemar_mid_p(gains=1, losses=7), 4)
    0.0391
    """
    if gains < 0 or losses < 0:
        raise ValueError(f"counts are not negative, unlike {gains} and {losses}")
    n, smaller = gains + losses, min(gains, losses)
    if n == 0:
        return 1.0
    from scipy.special import bdtr  # noqa: PLC0415 -- scipy takes 0.2 s to import and few verbs need it

    as_seen = math.exp(math.lgamma(n + 1) - math.lgamma(smaller + 1) - math.lgamma(n - smaller + 1) - n * math.log(2))
    if gains == losses:
        return 1 - as_seen / 2
    return float(2 * bdtr(smaller, n, 0.5)) - as_seen
