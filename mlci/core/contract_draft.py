"""A first contract for data that has none: what was seen, widened so that the next delivery does not break it.

Everything that is a guess carries a comment that says so; the team reads it once and makes it theirs.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Final

from mlci.core.contract.constraints import written
from mlci.core.contract.model import LARGEST_INTEGER, SMALLEST_INTEGER, is_visible
from mlci.core.documents import plain_scalar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlci.core.contract import ColumnType

MOST_ENUM_VALUES: Final = 10
FEWEST_OF_EACH: Final = 5
"""A value that was seen less often is no proof that the list is complete."""
SLACK: Final = Decimal("0.5")
"""How far beyond the range that was seen a bound lies, as a part of that range."""
_LONGEST_ENUM_TEXT: Final = 60
_ID_NAME: Final = re.compile(r"(?i)(.*[_ -])?(id|key|uuid|guid)|[a-z]+ID")


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What was seen in one column."""

    name: str
    type: ColumnType
    rows: int
    present: int
    """Rows that have a value."""
    distinct: int
    smallest: int | float | None = None
    """For integers and numbers."""
    largest: int | float | None = None
    values: tuple[tuple[int | str, int], ...] = ()
    """Each value of an integer or string column and how often it is there, if there are few."""


def draft(name: str, rows: int, profiles: Sequence[ColumnProfile]) -> str:
    """Return the YAML of a contract that the profiled data satisfies; NAME stands in its first comment."""
    named = [each for each in profiles if each.name and is_visible(each.name)]
    key = _key(named, profiles[:1])
    entries = [(f"{_quoted(each.name)}:", *_rule(each, is_key=each is key)) for each in named]
    width = max((len(label) for label, _, _ in entries), default=0)
    lines = [f"# Drafted by mlci from {_comment(name)} ({rows:,} rows). Read it once: what is marked was guessed."]
    lines.append("columns:")
    for label, rule, remarks in entries:
        remark = f"  # {'; '.join(remarks)}" if remarks else ""
        lines.append(f"  {label:<{width}} {{{rule}}}{remark}")
    for place, each in enumerate(profiles, start=1):
        if each not in named:
            lines.append(f"  # column {place} has no name that can be read, and is not checked")
    if rows:
        lines.append(f"rows: {{min: {_at_least(rows)}}}  # guessed: at least about half of today's rows")
    return "\n".join(lines) + "\n"


def lower_bound(smallest: float, largest: float) -> int | float:
    """Return a bound that is generous: 0 where nothing is negative, else half the range below, at 2 digits.

    >>> lower_bound(3, 9), lower_bound(-3.2, 9.0)
    (0, -9.3)
    """
    return 0 if smallest >= 0 else _outwards(_exact(smallest) - _slack(smallest, largest), ROUND_FLOOR)


def upper_bound(smallest: float, largest: float) -> int | float:
    """Return a bound that is generous: 0 where some are negative and none positive, else half the range above.

    >>> upper_bound(6.98, 28.11), upper_bound(-5, -1)
    (39, 0)
    """
    if smallest < 0 and largest <= 0:
        return 0
    return _outwards(_exact(largest) + _slack(smallest, largest), ROUND_CEILING)


def _key(named: Sequence[ColumnProfile], first: Sequence[ColumnProfile]) -> ColumnProfile | None:
    """Return the column that names a row: its values all differ, and it is named like an id or is the first."""
    candidates = [each for each in named if _all_differ(each)]
    like_an_id = [each for each in candidates if _ID_NAME.fullmatch(each.name)]
    return next(iter((*like_an_id, *(each for each in candidates if each in first))), None)


def _all_differ(profile: ColumnProfile) -> bool:
    return profile.type in {"integer", "string"} and 1 < profile.rows == profile.present == profile.distinct


def _rule(profile: ColumnProfile, *, is_key: bool) -> tuple[str, list[str]]:
    """Return the rule of a column in flow style, and what to remark about it."""
    parts, remarks = [f"type: {profile.type}"], []
    missing = profile.rows - profile.present
    if missing or not profile.rows:
        parts.append("required: false")
        remarks.append(f"{missing:,} of {profile.rows:,} rows have no value" if profile.rows else "no row was seen")
    if is_key:
        parts.append("unique: true")
        remarks.append("guessed: the id of a row")
    elif _is_closed(profile):
        shown = ", ".join(_quoted(value) if isinstance(value, str) else str(value) for value, _ in profile.values)
        parts.append(f"enum: [{shown}]")
        remarks.append("guessed: every value that was seen")
    elif profile.smallest is not None and profile.largest is not None:
        bounds = list(_bounds(profile, profile.smallest, profile.largest))
        parts += bounds
        if bounds:
            remarks.append(f"guessed from {written(profile.smallest)} to {written(profile.largest)}")
    elif _all_differ(profile):
        remarks.append("all values differ; add `unique: true` if they must")
    return ", ".join(parts), remarks


def _is_closed(profile: ColumnProfile) -> bool:
    """Tell whether the values look like a closed list: few, each seen often enough, short if text."""
    return (
        0 < len(profile.values) <= MOST_ENUM_VALUES
        and len(profile.values) == profile.distinct
        and all(count >= FEWEST_OF_EACH for _, count in profile.values)
        and all(len(str(value)) <= _LONGEST_ENUM_TEXT for value, _ in profile.values)
    )


def _bounds(profile: ColumnProfile, smallest: float, largest: float) -> Iterator[str]:
    """Yield the bounds that can be written: those of an integer column must be 64-bit integers themselves."""
    for name, bound in (("min", lower_bound(smallest, largest)), ("max", upper_bound(smallest, largest))):
        if profile.type == "integer":
            whole = math.floor(bound) if name == "min" else math.ceil(bound)
            if SMALLEST_INTEGER <= whole <= LARGEST_INTEGER:
                yield f"{name}: {whole}"
        elif math.isfinite(bound):
            yield f"{name}: {written(bound)}"


def _exact(value: float) -> Decimal:
    """Return VALUE as it is written, so that 0.1 is a tenth."""
    return Decimal(repr(value))


def _slack(smallest: float, largest: float) -> Decimal:
    span = _exact(largest) - _exact(smallest)
    return SLACK * (span if span > 0 else abs(_exact(largest)) or Decimal(2))


def _outwards(value: Decimal, direction: str) -> int | float:
    """Return VALUE rounded to 2 significant digits in DIRECTION; the result is never inside VALUE."""
    step = Decimal(1).scaleb(value.adjusted() - 1)
    rounded = (value / step).to_integral_value(direction) * step
    is_short_integer = rounded == rounded.to_integral_value() and abs(rounded) <= LARGEST_INTEGER
    return int(rounded) if is_short_integer else float(rounded)


def _at_least(rows: int) -> int:
    """Return about half of ROWS, rounded down to one digit; at least 1."""
    half = max(rows // 2, 1)
    step: int = 10 ** (len(str(half)) - 1)
    return half // step * step


def _quoted(text: str) -> str:
    """Return TEXT as a YAML scalar that reads back as this string: plain where that is safe."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) and isinstance(plain_scalar(text), str):
        return text
    return '"' + "".join(_escaped(each) for each in text) + '"'


def _escaped(character: str) -> str:
    if character in {'"', "\\"}:
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"  # noqa: PLR2004 - what four digits can hold


def _comment(text: str) -> str:
    """Return TEXT as it may stand in a comment: nothing that ends the line."""
    return "".join(each if each.isprintable() else "?" for each in text)
