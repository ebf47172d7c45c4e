"""Holm's procedure: many hypotheses, one error rate. For `no_proven_regression` over slices and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.core.statistics.interval import check_confidence

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Adjusted:
    """One hypothesis among many."""

    p_value: float
    """As it was, on its own."""
    adjusted_p_value: float
    """The smallest error rate for all together at which it would be proven; at most 1."""
    is_proven: bool
    confidence: float
    """At which its own one-sided bound decides as `is_proven` does: the bound to show."""


def holm(p_values: Sequence[float], confidence: float) -> tuple[Adjusted, ...]:
    """Return for every p-value whether it is proven, with a chance of at most 1 - confidence that any is by accident.

    The smallest of m must be below α/m, the next below α/(m - 1), and so on until one is not: Holm (1979),
    Scandinavian Journal of Statistics 6, 65-70. Valid however the hypotheses depend on each other, as slices that
    overlap and metrics of the same rows do. Hypotheses that cannot be decided (slices with too few rows) are not to be
    among them. Raises ValueError for a p-value outside [0, 1], and for a confidence outside (0.5, 1).

    >>> [one.is_proven for one in holm([0.01, 0.04, 0.03, 0.005], 0.95)]
    [True, False, False, True]
    """
    check_confidence(confidence)
    if not all(0 <= p_value <= 1 for p_value in p_values):
        raise ValueError("a p-value lies between 0 and 1")
    alpha = 1 - confidence
    by_place: dict[int, Adjusted] = {}
    adjusted, left, stopped = 0.0, len(p_values), False
    for place in sorted(range(len(p_values)), key=lambda place: p_values[place]):
        p_value = p_values[place]
        adjusted = max(adjusted, min(p_value * (len(p_values) - len(by_place)), 1.0))
        stopped = stopped or p_value * left >= alpha
        by_place[place] = Adjusted(p_value, adjusted, not stopped, 1 - alpha / left)
        left -= not stopped
    return tuple(by_place[place] for place in range(len(p_values)))
