"""The paired difference of two estimates on the same rows."""

from __future__ import annotations

import numpy as np

from mlci.core.statistics.estimate import Estimate

_ROUNDING = 16 * float(np.finfo(np.float64).eps)
"""A difference below this share of the largest influence is rounding, not a change."""


def paired_difference(candidate: Estimate, production: Estimate) -> Estimate:
    """Return candidate - production as an estimate: the values' difference, and the influences' row by row.

    What rows share cancels, which is why pairing needs so few of them. Differences that can only be rounding become 0:
    otherwise two models that answer alike would seem to differ on every row, and `effective_changes` would trust
    that. Biases are subtracted, too. Raises ValueError if the two are not of the same rows.

    >>> a, b = Estimate(0.75, np.array([0.25, -0.75])), Estimate(0.5, np.array([0.5, -0.5]))
    >>> paired_difference(a, b)
    Estimate(value=0.25, influence=array([-0.25, -0.25]))
    """
    if candidate.influence.shape != production.influence.shape:
        raise ValueError("a paired difference needs both models on the same rows")
    difference = candidate.influence - production.influence
    largest = max(_largest(candidate), _largest(production))
    difference[np.abs(difference) <= _ROUNDING * largest] = 0.0
    return Estimate(candidate.value - production.value, difference, candidate.bias - production.bias)


def _largest(estimate: Estimate) -> float:
    return float(np.abs(estimate.influence).max(initial=0.0))
