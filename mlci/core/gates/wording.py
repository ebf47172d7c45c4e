"""Words and numbers in the sentences of gates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

RULES: Final[Mapping[str, str]] = {
    "not_worse": "passes if even the lower end of the interval is above minus the margin; fails if even its upper end "
    "is below 0, which proves the candidate worse",
    "better": "passes if even the lower end of the interval is above the margin; fails if even its upper end is below",
    "floor": "looks at the candidate alone; passes if even the lower end of its interval is above the floor, fails if "
    "even the upper end is below",
    "ceiling": "looks at the candidate alone; passes if even the upper end of its interval is below the ceiling, fails "
    "if even the lower end is above",
    "no_proven_regression": "fails if the candidate is proven worse by more than the margin somewhere, allowing for "
    "how many comparisons there are, of which some look bad by chance; slices with too few rows do not count",
    "gap_not_wider": "shows the gap of each model, which is the largest difference between two groups, and a gap that "
    "narrows as +; passes if even at worst it grows by less than the margin, fails if it is proven to grow by more",
}
"""When a requirement passes and when it fails; what is neither is inconclusive."""


COSTS: Final[Mapping[str, str]] = {
    "amount": "decided by its value, without an interval",
    "latency": "measured here in turns, each in a new process; passes or fails where the whole interval does: of the "
    "ratio of both models' times, or of the median of the candidate's",
}
"""The same of what a model costs, by the kind of its metric."""


def signed(value: float, limit: float) -> str:
    """Return a difference with its sign and a true minus, in enough digits to tell it from LIMIT.

    >>> signed(0.0123, 0.0), signed(-0.5, 0.0), signed(-0.00004, 0.0), signed(-0.0, 0.0)
    ('+0.012', '−0.500', '−0.00004', '0.000')
    """
    digits = _digits(value, limit)
    return f"{value:+.{digits}f}".replace("-", "−") if round(value, digits) else f"{0:.{digits}f}"


def number(value: float, limit: float) -> str:
    """Return a value in enough digits to tell it from LIMIT.

    >>> number(0.70004, 0.7)
    '0.70004'
    """
    return f"{value:.{_digits(value, limit)}f}"


def _digits(value: float, limit: float) -> int:
    """Return how many digits after the point tell VALUE from LIMIT: three, more if they must, three if none can."""
    return next((digits for digits in range(3, 10) if round(value, digits) != round(limit, digits)), 3)
