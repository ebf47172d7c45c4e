"""Values of a column: how each type is written as text, and what it means; the same in every engine.

Dates and times are written as ISO 8601 has them: `2024-02-29`, `23:59`, `23:59:59.5`, `2024-02-29T23:59` (or with one
blank), with a zone `Z`, `+02` or `+02:00`. Years go from 0001 to 9999, hours to 23, seconds to 59 with at most six
digits after the point. Nothing is rounded: what has more digits than its type keeps is not of that type.
"""

from __future__ import annotations

import math
import re
from datetime import date, time
from decimal import Decimal
from typing import Final, Literal

from mlci.core.digits import MOST_DIGITS, Digits
from mlci.core.moment import read_moment
from mlci.core.words import counted

ColumnType = Literal[
    "integer", "number", "decimal", "string", "boolean", "date", "time", "timestamp", "timestamp_with_zone",
    "list", "struct", "binary",
]  # fmt: skip
"""integer: whole, 64 bits, signed; number: double precision, finite; decimal: exact, up to 38 digits; string: text;
boolean: true or false; date: a day; time: of a day; timestamp: a day and a time, in no zone or in UTC; list, struct,
binary: what files of text do not hold."""
Scalar = int | float | str | bool | Decimal | date | time
"""A single value; a `datetime` is a `date` to Python. One with a zone is kept in UTC, without saying so."""

NUMERIC: Final[frozenset[ColumnType]] = frozenset({"integer", "number"})
TEMPORAL: Final[frozenset[ColumnType]] = frozenset({"date", "time", "timestamp", "timestamp_with_zone"})
NESTED: Final[frozenset[ColumnType]] = frozenset({"list", "struct", "binary"})
"""What only files with types of their own hold."""
ORDERED: Final[frozenset[ColumnType]] = NUMERIC | TEMPORAL | {"decimal"}
"""What has a smallest and a largest value."""

LARGEST_INTEGER: Final = 2**63 - 1
SMALLEST_INTEGER: Final = -(2**63)
EXACT_DIGITS: Final = 15
"""Digits that a number in YAML keeps for certain, since it is read in double precision."""

INTEGER: Final = "[+-]?[0-9]+"
NUMBER: Final = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?"
"""What counts as written right, before anything is converted; `mlci.core.moment` has the same for dates and times."""

EXAMPLES: Final[dict[ColumnType, str]] = {
    "decimal": "'12.50'",
    "date": "'2024-02-29'",
    "time": "'23:59:59'",
    "timestamp": "'2024-02-29T23:59:59'",
    "timestamp_with_zone": "'2024-02-29T23:59:59Z'",
}

TYPE_WORDS: Final[dict[ColumnType, str]] = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "decimal": "a decimal number",
    "date": "a date",
    "time": "a time",
    "timestamp": "a timestamp without a zone",
    "timestamp_with_zone": "a timestamp with a zone",
    "list": "a list",
    "struct": "a struct",
    "binary": "binary",
}


def read_value(text: str, type_: ColumnType, digits: Digits | None = None) -> Scalar | None:
    """Return what TEXT says as a value of TYPE_, None where it is not written as the type is.

    >>> read_value("2024-02-30", "date"), read_value("1e3", "integer"), read_value("1.50", "decimal", Digits(3, 1))
    (None, None, Decimal('1.5'))
    """
    match type_:
        case "string":
            return text
        case "boolean":
            return {"true": True, "false": False}.get(text.lower() if text.isascii() else text)
        case "integer":
            return _integer(text)
        case "number":
            number = float(text) if _is(NUMBER, text) else math.nan
            return number if math.isfinite(number) else None
        case "decimal":
            return _decimal(text, digits or Digits(MOST_DIGITS, 0))
        case "date" | "time" | "timestamp" | "timestamp_with_zone":
            return read_moment(text, type_)
        case "list" | "struct" | "binary":
            return None


def bound(value: float | str | bool, type_: ColumnType, digits: Digits | None = None) -> Scalar:  # noqa: FBT001 - a scalar of YAML
    """Return a VALUE of a contract as what a column of TYPE_ is compared with; raises `ValueError`, in words."""
    if type_ == "decimal":
        return _decimal_bound(value, digits or Digits(MOST_DIGITS, 0))
    if type_ in TEMPORAL:
        found = read_value(value, type_) if isinstance(value, str) else None
        if found is None:
            msg = f"is no {type_}, which is written as {EXAMPLES[type_]}"
            raise ValueError(msg)
        return found
    allowed: tuple[type, ...] = {"integer": (int,), "number": (int, float), "boolean": (bool,)}.get(type_, (str,))
    if not isinstance(value, allowed) or (isinstance(value, bool) and type_ != "boolean"):
        msg = f"is no {type_}; quote it if it is text" if type_ == "string" else f"is no {type_}"
        raise ValueError(msg)
    return value


def type_words(type_: ColumnType, digits: Digits | None = None) -> str:
    """Return what a value of a type is, for a sentence: "a whole number"."""
    if digits is None:
        return TYPE_WORDS[type_]
    point = f", {digits.scale} of them after the point" if digits.scale else ", none after the point"
    return f"{TYPE_WORDS[type_]} of at most {counted(digits.precision, 'digit')}{point}"


def _decimal_bound(value: float | str | bool, digits: Digits) -> Decimal:  # noqa: FBT001 - as above
    if isinstance(value, float) and (abs(value) >= 10**EXACT_DIGITS or _length(value) > EXACT_DIGITS):
        msg = f"has more digits than a number in YAML keeps; put it in quotes: {EXAMPLES['decimal']}"
        raise ValueError(msg)
    text = value if isinstance(value, str) else f"{Decimal(repr(value)):f}" if not isinstance(value, bool) else ""
    found = _decimal(text, digits)
    if found is None:
        msg = f"is no decimal with precision {digits.precision} and scale {digits.scale}"
        raise ValueError(msg)
    return found


def _length(value: float) -> int:
    return len(Decimal(repr(value)).as_tuple().digits)


def _is(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text) is not None


def _without_zeros(text: str) -> str:
    return re.sub("^([+-]?)0+(?=[0-9])", r"\1", text)


def _integer(text: str) -> int | None:
    plain = _without_zeros(text)
    # Python refuses to convert very many digits.
    found = int(plain) if _is(INTEGER, text) and len(plain) <= MOST_DIGITS else LARGEST_INTEGER + 1
    return found if SMALLEST_INTEGER <= found <= LARGEST_INTEGER else None


def _decimal(text: str, digits: Digits) -> Decimal | None:
    if not _is(digits.pattern, text) or re.search("[0-9]", text) is None:
        return None
    whole, _, fraction = _without_zeros(text).partition(".")
    return Decimal(f"{whole}.{fraction[: digits.scale]:0<{digits.scale}}" if digits.scale else whole or "0")
