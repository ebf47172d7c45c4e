"""A first contract for data that has none: what was seen, widened so that the next delivery does not break it.

Everything that is a guess carries a comment that says so; the team reads it once and makes it theirs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, time
from typing import TYPE_CHECKING, Final

from mlci.core.contract.scalar import TEMPORAL, ColumnType
from mlci.core.contract_bounds import PARTS, column_bounds, moment_bounds
from mlci.core.expression.tree import ColumnReference, text_of
from mlci.core.plain_text import is_visible
from mlci.core.words import written
from mlci.core.yaml_text import in_quotes, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.core.data_format import CsvFormat
    from mlci.core.positive_class import LabelProfile

MOST_ENUM_VALUES: Final = 10
FEWEST_PARTS: Final = PARTS // 2 + 1
"""A value that stands in fewer parts of the rows is missing from some half of them: the list may be incomplete."""
FEWEST_MEASURED: Final = 20
"""Different values of a column that was measured, not counted or coded."""
MOST_VARYING: Final = 50
"""Columns of which the draft demands that they vary; a contract has no more aggregates."""
_LONGEST_ENUM_TEXT: Final = 60
_ID_NAME: Final = re.compile(r"(?i)(.*[_ -])?(id|key|uuid|guid)|[a-z]+ID")

_NAMING: Final[frozenset[ColumnType]] = TEMPORAL | {"integer", "string"}
"""What may name a row."""


@dataclass(frozen=True, slots=True)
class Inferred:
    """What files say about themselves."""

    contract: str
    """The YAML of a contract that they satisfy."""
    labels: tuple[LabelProfile, ...] = ()
    """Of each file, where a label was asked for and is a column."""
    repeated: tuple[str, str] | None = None
    """Where no column is the key: one that is named like an id, and a value that stands in it twice."""
    form: CsvFormat | None = None
    """What the configuration must say of the files; None where their names tell it."""


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What was seen in one column."""

    name: str
    type: ColumnType | None
    """None where no type is that of all values."""
    rows: int
    present: int
    """Rows that have a value."""
    distinct: int
    smallest: int | float | None = None
    """For integers and numbers."""
    largest: int | float | None = None
    mean: float | None = None
    """For integers and numbers."""
    parts: tuple[tuple[int | float, int | float], ...] = ()
    """For integers and numbers: the smallest and largest value of each part of the rows that has any."""
    values: tuple[tuple[int | str, int], ...] = ()
    """Each value of an integer or string column and in how many parts of the rows it is, if there are few."""
    first: date | time | None = None
    """For days and times."""
    last: date | time | None = None
    varies: bool = True
    """Whether each file that the rows come from holds more than one value."""


def draft(name: str, rows: int, profiles: Sequence[ColumnProfile], form: CsvFormat | None = None) -> str:
    """Return the YAML of a contract that the profiled data satisfies; NAME stands in its first comment.

    FORM, where it is given, stands in the next: mlci.yaml must say it.
    """
    named = [each for each in profiles if each.name and is_visible(each.name)]
    key = _key(named, profiles[:1])
    typed = [each for each in named if each.type is not None]
    entries = [(f"{quoted(each.name)}:", *_rule(each, is_key=each is key)) for each in typed]
    width = max((len(label) for label, _, _ in entries), default=0)
    lines = [f"# Drafted by mlci from {_comment(name)} ({rows:,} rows). Read it once: what is marked was guessed."]
    if form is not None:
        lines.append(f"# mlci.yaml says how its values are parted: {format_key(form)}")
    lines.append("columns:")
    for label, rule, remarks in entries:
        remark = f"  # {'; '.join(remarks)}" if remarks else ""
        lines.append(f"  {label:<{width}} {{{rule}}}{remark}")
    for place, each in enumerate(profiles, start=1):
        if each not in named:
            lines.append(f"  # column {place} has no name that can be read, and is not checked")
        elif each not in typed:
            lines.append(f"  # {quoted(each.name)} is not checked: no type is that of all its values")
    if rows:
        lines.append(f"rows: {{min: {_at_least(rows)}}}  # guessed: at least about half of today's rows")
    lines += _varying([each for each in typed if each is not key])
    return "\n".join(lines) + "\n"


def format_key(form: CsvFormat) -> str:
    """Return what mlci.yaml says of files of this form.

    >>> from mlci.core.data_format import CsvFormat
    >>> format_key(CsvFormat(delimiter=";"))
    'format: {csv: {delimiter: ";"}}'
    """
    return f"format: {{csv: {{delimiter: {in_quotes(form.delimiter)}}}}}"


def _key(named: Sequence[ColumnProfile], first: Sequence[ColumnProfile]) -> ColumnProfile | None:
    """Return the column that names a row: its values all differ, and it is named like an id or is the first."""
    candidates = [each for each in named if _all_differ(each)]
    like_an_id = [each for each in candidates if _ID_NAME.fullmatch(each.name)]
    return next(iter((*like_an_id, *(each for each in candidates if each in first))), None)


def would_be_key(profiles: Sequence[ColumnProfile]) -> str | None:
    """Return the column that is named like an id and has a value twice; None where there is none, or a key."""
    named = [each for each in profiles if each.name and is_visible(each.name)]
    if _key(named, profiles[:1]) is not None:
        return None
    return next((each.name for each in named if _ID_NAME.fullmatch(each.name) and each.distinct < each.present), None)


def _all_differ(profile: ColumnProfile) -> bool:
    return profile.type in _NAMING and 1 < profile.rows == profile.present == profile.distinct


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
        shown = ", ".join(quoted(value) if isinstance(value, str) else str(value) for value, _ in profile.values)
        parts.append(f"enum: [{shown}]")
        remarks.append("guessed: every value that was seen")
    elif profile.type and profile.smallest is not None and profile.largest is not None:
        mean = profile.mean if profile.distinct >= FEWEST_MEASURED else None
        bounds = column_bounds(profile.type, profile.smallest, profile.largest, mean, profile.parts)
        parts += [f"{name}: {written(bound)}" for name, bound in bounds.items()]
        seen = f"from {written(profile.smallest)} to {written(profile.largest)}"
        remarks.append(f"guessed {seen}" if bounds else f"seen {seen}, which tells no bound")
    elif isinstance(profile.first, date) and isinstance(profile.last, date):
        zone = "Z" if profile.type == "timestamp_with_zone" else ""
        for name, bound in moment_bounds(profile.first, profile.last).items():
            parts.append(f'{name}: "{bound.isoformat()}{zone}"')
        remarks.append(f"guessed from {written(profile.first)} to {written(profile.last)}; later ones will come")
    elif _all_differ(profile):
        remarks.append("all values differ; add `unique: true` if they must")
    return ", ".join(parts), remarks


def _varying(profiles: Sequence[ColumnProfile]) -> list[str]:
    """Return the rules that columns hold more than one value, which neither type nor bounds tell."""
    several = [(each, check) for each in profiles if (check := _says_several(each))][:MOST_VARYING]
    lines = ["aggregates:  # guessed: these columns are not filled with one value"] if several else []
    names: set[str] = set()
    for each, check in several:
        name = _rule_name(each.name, names)
        names.add(name)
        lines.append(f"  - {{name: {name}, aggregate: {in_quotes(check)}}}")
    return lines


def _says_several(profile: ColumnProfile) -> str | None:
    """Return the check that a column holds several values, where each part of the rows does."""
    if not profile.varies:
        return None
    column = text_of(ColumnReference(profile.name))
    if _is_closed(profile) and sum(parts == PARTS for _, parts in profile.values) > 1:
        return f"distinct({column}) >= 2"
    is_measured = profile.distinct >= FEWEST_MEASURED and len(profile.parts) == PARTS
    if is_measured and all(smallest < largest for smallest, largest in profile.parts):
        return f"min({column}) < max({column})"
    return None


def _rule_name(column: str, taken: set[str]) -> str:
    """Return a name for the rule that COLUMN varies, which no other rule has."""
    letters = "".join(each if each.isascii() and each.isalnum() else "_" for each in column.lower()).strip("_")[:40]
    name = f"{letters if letters[:1].isalpha() else f'column_{letters}'.rstrip('_')}_varies"
    number = next((number for number in range(2, len(taken) + 3) if f"{name}_{number}" not in taken), 2)
    return name if name not in taken else f"{name}_{number}"


def _is_closed(profile: ColumnProfile) -> bool:
    """Tell whether the values look like a closed list: few, each in any half of the rows, short if text.

    One number is no list: the next rows are as likely to bring a second.
    """
    return (
        (1 if profile.type == "string" else 2) <= len(profile.values) <= MOST_ENUM_VALUES
        and len(profile.values) == profile.distinct
        and all(parts >= FEWEST_PARTS for _, parts in profile.values)
        and all(len(str(value)) <= _LONGEST_ENUM_TEXT for value, _ in profile.values)
    )


def _at_least(rows: int) -> int:
    """Return about half of ROWS, rounded down to one digit; at least 1."""
    half = max(rows // 2, 1)
    step: int = 10 ** (len(str(half)) - 1)
    return half // step * step


def _comment(text: str) -> str:
    """Return TEXT as it may stand in a comment: nothing that ends the line."""
    return "".join(each if each.isprintable() else "?" for each in text)
