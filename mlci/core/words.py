"""How names, values and counts stand in a sentence: plain text, which a renderer escapes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_SHOWN: Final = 10
"""Values or names that a sentence lists."""


def code(text: str) -> str:
    """Return TEXT between backticks, as one line that cannot close them."""
    return "`" + one_line(text.replace("`", "'")) + "`"


def codes(names: Sequence[str]) -> str:
    """Return names for a sentence, each between backticks, not more than a reader takes in."""
    shown = ", ".join(code(one_line(name, 60)) if name else "one without a name" for name in names[:MOST_SHOWN])
    more = len(names) - MOST_SHOWN
    return f"{shown} and {more:,} more" if more > 0 else shown


def written(value: object) -> str:
    """Return a single value as a contract says it: no needless `.0`, no quotes, YAML's true and false, ISO 8601.

    >>> written(60.0), written(0.1), written(True), written("small"), written(Decimal("1E+2"))
    ('60', '0.1', 'true', 'small', '100')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 - beyond it 1e+15 reads better
        return str(int(value))
    if isinstance(value, Decimal):
        return f"{value:f}"
    return one_line(str(value), 60)


def listed(values: Sequence[object]) -> str:
    """Return the values of an enumeration for a sentence, not more than a reader takes in."""
    shown = ", ".join(written(value) for value in values[:MOST_SHOWN])
    more = len(values) - MOST_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def measured(value: object, unit: str | None) -> str:
    """Return VALUE with its unit, if it has one."""
    return f"{written(value)} {unit}" if unit else written(value)


def counted(count: int, noun: str) -> str:
    """Return a count with its noun.

    >>> counted(1, "character"), counted(1200, "row")
    ('1 character', '1,200 rows')
    """
    plural = f"{noun}es" if noun.endswith("s") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def percent(share: float) -> str:
    """Return a share for a reader: one decimal, and never 0.0% for something that is there.

    >>> percent(0.0544), percent(0.0001), percent(1.0), percent(0.99999)
    ('5.4%', '<0.1%', '100%', '>99.9%')
    """
    if 0 < share < 0.0005:  # noqa: PLR2004 - would be shown as 0.0%
        return "<0.1%"
    if 0.9995 <= share < 1:  # noqa: PLR2004 - would be shown as 100.0%
        return ">99.9%"
    return f"{100 * share:.1f}".removesuffix(".0") + "%"
