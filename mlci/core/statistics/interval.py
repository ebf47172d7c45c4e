"""An estimate with its two one-sided bounds."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate and its one-sided bounds, each at the `confidence` it was asked for.

    With confidence c the truth lies above `lower` with confidence c, and below `upper` with confidence c; so
    [lower, upper] is the two-sided interval at 2c - 1 (90 % for c = 0.95). `standard_error` is the estimate's own, on
    its own scale; None where the method does not use one (the score intervals of Wilson and Tango).
    """

    estimate: float
    lower: float
    upper: float
    standard_error: float | None


def without_bias(interval: Interval, bias: float) -> Interval:
    """Return INTERVAL with its bounds moved by how much the estimate is above the truth on average.

    The estimate stays what was seen, within the bounds.

    >>> without_bias(Interval(0.5, 0.25, 0.75, 0.125), 0.0625)
    Interval(estimate=0.5, lower=0.1875, upper=0.6875, standard_error=0.125)
    """
    seen = interval.estimate
    return replace(interval, lower=min(interval.lower - bias, seen), upper=max(interval.upper - bias, seen))


def check_confidence(confidence: float) -> None:
    """Raise ValueError unless `confidence` is a one-sided level in (0.5, 1), where the bounds enclose the estimate."""
    if not 0.5 < confidence < 1:  # noqa: PLR2004 -- a half is where the two one-sided bounds meet
        raise ValueError(f"a one-sided confidence lies between 0.5 and 1, not {confidence}")
