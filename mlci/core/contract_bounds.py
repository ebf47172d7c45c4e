"""Bounds of a column, guessed from what was seen of it: wide enough for the next delivery.

The rows are taken apart into `PARTS`, by turns. Any half of the parts would have guessed a bound, too, and what the
other half has beyond its range counts twice. Where half of the rows say nothing (all have the same value), no bound is
guessed. In a skewed column, where the range from the mean to the largest value is a multiple of that to the smallest,
so is the room left above, the more the less the parts agree on the largest value: a scale that ends is reached by all.
"""

from __future__ import annotations

import math
from datetime import MAXYEAR, MINYEAR, date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Final

from mlci.core.contract.scalar import LARGEST_INTEGER, SMALLEST_INTEGER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.core.contract.scalar import ColumnType

PARTS: Final = 8
"""Into how many parts the rows are taken apart: the first row, the ninth, the seventeenth … are one of them."""
SLACK: Final = Decimal("0.5")
"""How far beyond the range that was seen a bound lies at least, as a part of that range."""
TAIL: Final = 2
"""Times what half of the rows missed: the values of a long tail lie ever further apart."""
STEEPNESS: Final = 8
"""From an eighth of the range on, parts that disagree on the largest value do so wholly."""
MOST_SLACK: Final = Decimal(20)
"""A bound that must lie further away says nothing."""
YEARS_BEFORE: Final = 1
YEARS_AFTER: Final = 20
"""How many years a bound of days lies at least beyond those that were seen: data go on."""


def column_bounds(
    type_: ColumnType, smallest: float, largest: float, mean: float | None, parts: Sequence[tuple[float, float]]
) -> dict[str, int | float]:
    """Return `min` and `max` for a column from SMALLEST over MEAN to LARGEST, where they can be guessed and written.

    PARTS are smallest and largest value in each part of the rows; those of an integer column are 64-bit integers.

    >>> column_bounds("number", 6.98, 28.11, 17.5, [(6.98, 28.11)] * 8)
    {'min': 0, 'max': 39}
    >>> column_bounds("integer", 0, 7, 0.1, [(0, 0)] * 7 + [(0, 7)])
    {'min': 0}
    """
    above = _slack(smallest, mean, [high for _, high in parts])
    below = _slack(-largest, None if mean is None else -mean, [-low for low, _ in parts])
    bounds: dict[str, int | float] = {}
    if smallest >= 0 or below is not None:
        bounds["min"] = lower_bound(smallest, largest, below or SLACK)
    if (smallest < 0 and largest <= 0) or above is not None:
        bounds["max"] = upper_bound(smallest, largest, above or SLACK)
    return {
        name: _whole(name, bound) if type_ == "integer" else bound
        for name, bound in bounds.items()
        if (SMALLEST_INTEGER <= _whole(name, bound) <= LARGEST_INTEGER if type_ == "integer" else math.isfinite(bound))
    }


def moment_bounds(first: date, last: date) -> dict[str, date]:
    """Return `min` and `max` for days or timestamps from FIRST to LAST: firsts of January, where there are such.

    They are wide: they are there for days that stand for no day, such as 1900-01-01 and 9999-12-31, and for years that
    are mistyped.

    >>> moment_bounds(date(2011, 1, 1), date(2012, 12, 31))
    {'min': datetime.date(2009, 1, 1), 'max': datetime.date(2033, 1, 1)}
    """
    span = last.year - first.year
    least = first.year - max(YEARS_BEFORE, -(-span // 2)) - 1
    most = last.year + max(YEARS_AFTER, 2 * span) + 1
    bounds = {"min": least, "max": most}
    new_year = type(first).min
    return {name: new_year.replace(year=year) for name, year in bounds.items() if MINYEAR <= year <= MAXYEAR}


def lower_bound(smallest: float, largest: float, slack: Decimal = SLACK) -> int | float:
    """Return a bound that is generous: 0 where nothing is negative, else SLACK × the range below, at 2 digits.

    >>> lower_bound(3, 9), lower_bound(-3.2, 9.0)
    (0, -9.3)
    """
    return 0 if smallest >= 0 else _outwards(_exact(smallest) - slack * _span(smallest, largest), ROUND_FLOOR)


def upper_bound(smallest: float, largest: float, slack: Decimal = SLACK) -> int | float:
    """Return a bound that is generous: 0 where some are negative and none positive, else SLACK × the range above.

    >>> upper_bound(6.98, 28.11), upper_bound(-5, -1)
    (39, 0)
    """
    if smallest < 0 and largest <= 0:
        return 0
    return _outwards(_exact(largest) + slack * _span(smallest, largest), ROUND_CEILING)


def _slack(smallest: float, mean: float | None, highest: Sequence[float]) -> Decimal | None:
    """Return how far above its range a bound must lie, as a part of it; None where that cannot be told.

    HIGHEST is the largest value of each part; MEAN is None where the values are too few to have a tail.
    """
    if len(highest) < PARTS:
        return SLACK
    ordered = sorted(highest)
    low, seen, most = map(_exact, (smallest, ordered[PARTS // 2 - 1], ordered[-1]))
    if seen <= low:
        return None
    slack = max(SLACK, TAIL * (most - seen) / (seen - low))
    middle = None if mean is None else _exact(mean)
    if middle is not None and low < middle < most:
        skewness = (most - middle) / (middle - low)
        disagreement = min(Decimal(1), STEEPNESS * (most - seen) / (most - low))
        slack = max(slack, SLACK * (1 + (skewness - 1) * disagreement))
    return slack if slack <= MOST_SLACK else None


def _whole(name: str, bound: float) -> int:
    if not math.isfinite(bound):
        return LARGEST_INTEGER + 1
    return math.floor(bound) if name == "min" else math.ceil(bound)


def _exact(value: float) -> Decimal:
    """Return VALUE as it is written, so that 0.1 is a tenth."""
    return Decimal(repr(value))


def _span(smallest: float, largest: float) -> Decimal:
    """Return the range that was seen; of a single value its size, so that there is room around it."""
    span = _exact(largest) - _exact(smallest)
    return span if span > 0 else abs(_exact(largest)) or Decimal(2)


def _outwards(value: Decimal, direction: str) -> int | float:
    """Return VALUE rounded to 2 significant digits in DIRECTION; the result is never inside VALUE."""
    step = Decimal(1).scaleb(value.adjusted() - 1)
    rounded = (value / step).to_integral_value(direction) * step
    is_short_integer = rounded == rounded.to_integral_value() and abs(rounded) <= LARGEST_INTEGER
    return int(rounded) if is_short_integer else float(rounded)
