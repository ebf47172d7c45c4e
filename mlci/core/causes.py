"""What probably happened to damaged data; a cause is named only when every failing row shows it.

Each recogniser looks at a small value that was counted beforehand. None guesses: where one row speaks against a cause,
or so few speak for it that it may be chance, it is not named.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlci.core.findings import Cause
from mlci.core.units import SAME_RATIO, delivered_unit
from mlci.core.words import code, counted

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet

FEWEST_ROWS = 3
"""With fewer failing rows what they have in common may be chance."""
MOST_CATEGORIES: Final = 5
"""More new values than that are no category that was added."""
MOST_VALUES: Final = 1_000
"""Different values that are looked at."""
FARTHEST_ZONE_HOURS: Final = 26
"""Between the two zones that lie farthest apart, UTC−12 and UTC+14."""
_HOUR: Final = 3_600


@dataclass(frozen=True, slots=True)
class RatioEvidence:
    """How the failing rows relate to the rows of base with the same key, in one column."""

    failing: int
    """Rows that fail."""
    matched: int
    """Failing rows whose key is in base exactly once, where base's value is a number other than zero."""
    smallest: float | None
    """The smallest ratio head / base among the matched rows."""
    largest: float | None
    passing: int
    """Rows that pass although they changed by the same ratio."""


@dataclass(frozen=True, slots=True)
class OffsetEvidence:
    """How far the times of failing rows are from those of the same key in base."""

    failing: int
    """Rows that fail."""
    matched: int
    """Failing rows whose key is in base exactly once, where base has a time."""
    smallest_seconds: float | None
    """The smallest difference head − base among the matched rows."""
    largest_seconds: float | None


@dataclass(frozen=True, slots=True)
class ValueEvidence:
    """The values at fault in one column."""

    counts: Mapping[str, int]
    """Each different text that fails, at most `MOST_VALUES` of them, with the number of its rows."""
    is_complete: bool
    """Whether these are all."""
    allowed: AbstractSet[str]
    """The texts that the rule lists, if it lists any."""
    in_base: AbstractSet[str] | None
    """Which of them, and of what they read when mended, base's column holds; None where base cannot tell."""

    @property
    def failing(self) -> int:
        """Rows that fail."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class ShiftEvidence:
    """How the rows at fault would do with their values moved by one column."""

    failing: int
    """Rows in which values are of a wrong type or not listed."""
    columns: int
    """Columns that are at fault in each of these rows."""
    right_by_left: int
    """Of the failing rows, those that satisfy types and lists when every value moves one column to the left."""
    right_by_right: int


@dataclass(frozen=True, slots=True)
class RepeatEvidence:
    """How much of the rows that repeat a key is repeated."""

    failing: int
    """Rows that repeat the key of an earlier row."""
    whole: int
    """Rows that repeat an earlier row in all columns."""


@dataclass(frozen=True, slots=True)
class TruncationEvidence:
    """How the rows of a file relate to the first rows of base."""

    rows: int
    base_rows: int
    equal: int
    """Of the rows, those that stand in base at the same place, in all columns."""


def unit_change(column: str, unit: str | None, evidence: RatioEvidence) -> Cause | None:
    """Return the cause when all failing rows are one constant times their value in base, else None."""
    smallest, largest = evidence.smallest, evidence.largest
    if evidence.failing < FEWEST_ROWS or evidence.matched != evidence.failing:
        return None
    if smallest is None or largest is None or not 0 < smallest <= largest < math.inf:
        return None
    if not math.isclose(smallest, largest, rel_tol=SAME_RATIO) or math.isclose(smallest, 1.0, rel_tol=SAME_RATIO):
        return None
    ratio = float(f"{smallest:.6g}")
    delivered = delivered_unit(unit, smallest)
    guess = f"delivered in {delivered} instead of {unit}?" if delivered else "delivered in another unit?"
    sentence = f"every failing row has {ratio:.6g} × its value of {code(column)} in base: {guess}"
    if evidence.passing:
        rows = "row" if evidence.passing == 1 else "rows"
        sentence += f" {evidence.passing:,} more {rows} changed by the same ratio and passed."
    return Cause(code="unit-changed", sentence=sentence, ratio=ratio)


def time_zone(column: str, evidence: OffsetEvidence) -> Cause | None:
    """Return the cause when all failing rows are off by the same whole number of hours from base, else None."""
    first, last = evidence.smallest_seconds, evidence.largest_seconds
    if evidence.failing < FEWEST_ROWS or evidence.matched != evidence.failing or first is None or first != last:
        return None
    hours, rest = divmod(abs(first), _HOUR)
    if rest or not 1 <= hours <= FARTHEST_ZONE_HOURS:
        return None
    side = "later" if first > 0 else "earlier"
    sentence = (
        f"{code(column)} is {counted(int(hours), 'hour')} {side} than in base in every failing row: another time zone?"
    )
    return Cause(code="time-zone", sentence=sentence)


def new_category(column: str, evidence: ValueEvidence, *, shows_values: bool) -> Cause | None:
    """Return the cause when a few values that base does not have make up all failing rows, else None.

    What differs from a listed value only in case or blanks is another spelling and no new category. The values
    themselves stand in the cause if it SHOWS_VALUES, and never in its sentence.
    """
    counts, known = evidence.counts, evidence.in_base
    if known is None or not evidence.allowed or not evidence.is_complete or not 0 < len(counts) <= MOST_CATEGORIES:
        return None
    spelled = {_spelling(text) for text in evidence.allowed}
    if min(counts.values()) < FEWEST_ROWS or known & set(counts) or spelled & {_spelling(text) for text in counts}:
        return None
    values = "one value" if len(counts) == 1 else f"{len(counts)} values"
    sentence = (
        f"{values} of {code(column)} that base does not have {'makes' if len(counts) == 1 else 'make'} up every "
        "failing row: a new category?"
    )
    return Cause(code="new-category", sentence=sentence, values=tuple(sorted(counts)) if shows_values else ())


def encoding_damage(column: str, evidence: ValueEvidence) -> Cause | None:
    """Return the cause when every failing value is UTF-8 that was read as Windows-1252, else None.

    The proof is what a value reads when it is turned back: it must be listed, or stand in base.
    """
    right = evidence.allowed | (evidence.in_base or set())
    if not evidence.is_complete or evidence.failing < FEWEST_ROWS:
        return None
    if not all(turned_back(text) in right for text in evidence.counts):
        return None
    sentence = (
        f"every failing value of {code(column)} is right once UTF-8 that was read as Windows-1252 is turned back: "
        "saved or loaded with another encoding?"
    )
    return Cause(code="encoding-damage", sentence=sentence)


def turned_back(text: str) -> str | None:
    """Return what TEXT was before it was read as Windows-1252; None where it was not, or nothing changes.

    >>> turned_back("MÃ¼nchen"), turned_back("München"), turned_back("Munich")
    ('München', None, None)
    """
    for encoding in ("windows-1252", "latin-1"):
        try:
            read = text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        return read if read != text else None
    return None


def decimal_comma(column: str, evidence: ValueEvidence) -> Cause | None:
    """Return the cause when every value that is no number is one with a comma for its point, else None.

    `1,234` may be a thousand and more: where every value reads so, nothing is named.
    """
    texts = evidence.counts
    if not evidence.is_complete or evidence.failing < FEWEST_ROWS or not all(map(_has_decimal_comma, texts)):
        return None
    if all(_may_group_thousands(text) for text in texts):
        return None
    sentence = f"every failing value of {code(column)} is a number with a decimal comma: exported in another language?"
    return Cause(code="decimal-comma", sentence=sentence)


def shifted_columns(evidence: ShiftEvidence) -> Cause | None:
    """Return the cause when every failing row is right with all values moved by one column, else None."""
    if evidence.failing < FEWEST_ROWS or evidence.columns < 2:  # noqa: PLR2004 - one column at fault has its own cause
        return None
    left, right = (moved == evidence.failing for moved in (evidence.right_by_left, evidence.right_by_right))
    if left == right:
        return None
    side = "right" if left else "left"
    sentence = (
        f"in every failing row the values stand one column too far to the {side}: a value "
        f"{'too many' if left else 'lost'} in front of them?"
    )
    return Cause(code="shifted-columns", sentence=sentence)


def duplicated_delivery(evidence: RepeatEvidence) -> Cause | None:
    """Return the cause when every row that repeats a key repeats an earlier row in all columns, else None."""
    if evidence.failing < FEWEST_ROWS or evidence.whole != evidence.failing:
        return None
    sentence = "each of these rows repeats an earlier row in all columns: delivered or appended twice?"
    return Cause(code="duplicated-delivery", sentence=sentence)


def truncated_delivery(evidence: TruncationEvidence) -> Cause | None:
    """Return the cause when a file is the beginning of base, else None."""
    if not FEWEST_ROWS <= evidence.rows < evidence.base_rows or evidence.equal != evidence.rows:
        return None
    sentence = (
        f"the file is the first {evidence.rows:,} of base's {evidence.base_rows:,} rows, and then it ends: cut off?"
    )
    return Cause(code="truncated-delivery", sentence=sentence)


def _spelling(text: str) -> str:
    return " ".join(text.casefold().split())


def _has_decimal_comma(text: str) -> bool:
    """Tell whether TEXT is a whole number, perhaps with points between thousands, a comma, and digits."""
    whole, comma, part = text.partition(",")
    first, *groups = whole.removeprefix("-").removeprefix("+").split(".")
    return bool(comma) and _is_digits(first) and _is_digits(part) and all(map(_is_thousand, groups))


def _may_group_thousands(text: str) -> bool:
    first, *groups = text.lstrip("+-").split(",")
    return len(first) <= 3 and all(map(_is_thousand, groups))  # noqa: PLR2004 - digits of a group


def _is_thousand(group: str) -> bool:
    return len(group) == 3 and _is_digits(group)  # noqa: PLR2004 - digits of a group


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()
