"""The quantiles that a model answers at once: levels between 0 and 1 that rise, and what each is called."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Final

from pydantic import BeforeValidator, WithJsonSchema

FEWEST_LEVELS: Final = 2
MOST_LEVELS: Final = 99
DIGITS: Final = 4
"""Places behind the point of a level."""


def levels(value: object) -> tuple[float, ...]:
    """Return the levels in a VALUE, none or at least two; raises `ValueError` where they are none.

    >>> levels([0.1, 0.5, 0.9])
    (0.1, 0.5, 0.9)
    """
    if not isinstance(value, list | tuple):
        raise ValueError("a list of quantiles is wanted, such as [0.1, 0.5, 0.9]")  # noqa: TRY004 - pydantic tells it
    found = tuple(each for each in value if isinstance(each, float) and 0 < each < 1 and round(each, DIGITS) == each)
    if len(found) < len(value):
        raise ValueError(f"a quantile is a number between 0 and 1, of at most {DIGITS} places behind the point")
    if found and not FEWEST_LEVELS <= len(found) <= MOST_LEVELS:
        raise ValueError(f"a list has from {FEWEST_LEVELS} to {MOST_LEVELS} quantiles; of a model of one leave it out")
    if any(one >= other for one, other in pairwise(found)):
        raise ValueError("quantiles rise, and none stands twice")
    return found


def levels_or_none(value: object) -> tuple[float, ...] | None:
    """Return the levels in a VALUE; None where they are none."""
    try:
        return levels(value)
    except ValueError:
        return None


def level_names(found: tuple[float, ...]) -> tuple[str, ...]:
    """Return what columns call the levels.

    >>> level_names((0.1, 0.0005))
    ('0.1', '0.0005')
    """
    return tuple(map(str, found))


def levels_named(names: tuple[str, ...]) -> tuple[float, ...] | None:
    """Return the levels that NAMES are of, in their order; None where they are not those of levels.

    >>> levels_named(("0.9", "0.1")), levels_named(("0.10", "0.9")), levels_named(("0.1",))
    ((0.9, 0.1), None, None)
    """
    try:
        found = tuple(float(each) for each in names)
    except ValueError:
        return None
    return found if levels_or_none(sorted(found)) and level_names(found) == names else None


_LEVEL: Final = {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}
LevelsField = Annotated[
    tuple[float, ...],
    BeforeValidator(levels),
    WithJsonSchema({"type": "array", "items": _LEVEL, "maxItems": MOST_LEVELS}),
]
"""Several quantiles, or none."""
