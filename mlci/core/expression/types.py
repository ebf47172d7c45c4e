"""The types of a check: every part is a number, a text, a truth, a day or a time, known before any row is read.

A number is whole, exact with its digits, or in double precision. `resolved` writes into the tree where one becomes the
other, so that whoever computes a check has nothing to decide:

- whole and exact numbers are compared, added, subtracted and multiplied exactly; a literal beside an exact number is
  exact as it is written. What could need more than 38 digits is refused;
- everything else is in double precision: whole numbers among themselves when they are added or multiplied, division,
  remainders, functions, and an exact number beside one in double precision;
- `coalesce` is of one kind, whichever of its values is there: whole, exact, or in double precision.
"""

from __future__ import annotations

import typing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from mlci.core.digits import MOST_DIGITS, Digits, digits_of
from mlci.core.expression.tree import (
    And,
    Arithmetic,
    Call,
    Check,
    ColumnReference,
    Comparison,
    Converted,
    Function,
    Literal,
    Measure,
    Membership,
    Negation,
    Node,
    Not,
    NullTest,
    Or,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ValueType = typing.Literal["integer", "number", "text", "truth", "date", "time", "timestamp", "timestamp_with_zone"]
Kind = ValueType | Digits
"""What a part is; digits make an exact number."""

_WHOLE: Final = Digits(19, 0)
"""What a column of 64-bit integers may need."""
_DAYS: Final = ("date", "timestamp", "timestamp_with_zone")
_HOURS: Final = ("time", "timestamp", "timestamp_with_zone")
_ORDERED: Final = frozenset({"<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class _Typed:
    """A part with what it is."""

    node: Node
    kind: Kind

    @property
    def is_number(self) -> bool:
        return isinstance(self.kind, Digits) or self.kind in {"integer", "number"}

    @property
    def digits(self) -> Digits | None:
        """How many digits it may need as an exact number; None for one in double precision."""
        if isinstance(self.kind, Digits):
            return self.kind
        if isinstance(self.node, Literal) and isinstance(self.node.value, int | Decimal):
            return digits_of(self.node.value)
        return _WHOLE if self.kind == "integer" else None


@dataclass(frozen=True, slots=True)
class _Signature:
    """What a function takes and gives; several kinds are alternatives, all arguments of one of them."""

    count: int
    takes: tuple[ValueType, ...]
    gives: ValueType


_FUNCTIONS: Final[Mapping[Function, _Signature]] = {
    "abs": _Signature(1, ("number",), "number"),
    "ceil": _Signature(1, ("number",), "number"),
    "contains": _Signature(2, ("text",), "truth"),
    "date": _Signature(1, ("timestamp", "timestamp_with_zone"), "date"),
    "day": _Signature(1, _DAYS, "integer"),
    "days_between": _Signature(2, _DAYS, "number"),
    "ends_with": _Signature(2, ("text",), "truth"),
    "floor": _Signature(1, ("number",), "number"),
    "hour": _Signature(1, _HOURS, "integer"),
    "length": _Signature(1, ("text",), "integer"),
    "lower": _Signature(1, ("text",), "text"),
    "minute": _Signature(1, _HOURS, "integer"),
    "month": _Signature(1, _DAYS, "integer"),
    "round": _Signature(1, ("number",), "number"),
    "seconds_between": _Signature(2, _HOURS, "number"),
    "starts_with": _Signature(2, ("text",), "truth"),
    "trim": _Signature(1, ("text",), "text"),
    "upper": _Signature(1, ("text",), "text"),
    "weekday": _Signature(1, _DAYS, "integer"),
    "year": _Signature(1, _DAYS, "integer"),
}
"""Those with a fixed number of arguments; `coalesce`, `greatest` and `least` take two or more of one type."""


def check_types(check: Check, columns: Mapping[str, Kind]) -> None:
    """Raise `ValueError`, in words, unless every part of CHECK fits the others and the whole is true or false.

    Each column of the check must be in COLUMNS.
    """
    resolved(check.tree, columns)


def resolved(test: Node, columns: Mapping[str, Kind]) -> Node:
    """Return TEST with every conversion between numbers written into it; raises as `check_types`."""
    match test:
        case And(parts):
            return And(tuple(resolved(part, columns) for part in parts))
        case Or(parts):
            return Or(tuple(resolved(part, columns) for part in parts))
        case Not(operand):
            return Not(resolved(operand, columns))
        case Comparison(operator, left, right):
            one = _value(left, columns)
            if one.kind == "truth" and operator in _ORDERED:
                raise _mistyped(f"true and false have no order: {text_of(test)}")
            return Comparison(operator, *_alike([one, _value(right, columns)])[0])
        case Membership(operand, values):
            first, *others = _alike([_value(each, columns) for each in (operand, *values)])[0]
            return Membership(first, tuple(others))
        case NullTest(operand):
            if not isinstance(operand, ColumnReference):
                raise _mistyped(f"`is null` asks about a column, not about `{text_of(operand)}`")
            return test
        case _:
            return _demand(("truth",), _value(test, columns)).node


def _value(node: Node, columns: Mapping[str, Kind]) -> _Typed:
    """Return a value with its type."""
    match node:
        case ColumnReference(name):
            return _Typed(node, columns[name])
        case Literal(value):
            return _literal(value)
        case Negation(operand):
            return _negated(_demand_number(_value(operand, columns)))
        case Arithmetic(symbol, left, right):
            if symbol == "%" and not isinstance(right, ColumnReference | Literal):
                raise _mistyped(f"the divisor of % is a column or a number, not `{text_of(right)}`")
            one, other = (_demand_number(_value(each, columns)) for each in (left, right))
            return _computed(node, one, other)
        case Call(function, arguments):
            return _called(function, [_value(each, columns) for each in arguments])
        case Measure():
            return _Typed(node, _measured(node, columns))
        case _:
            raise _mistyped(f"`{text_of(node)}` is a test, and tests are joined by and, or, not alone")


def _literal(value: typing.Any) -> _Typed:  # noqa: ANN401 - whatever a literal may hold
    match value:
        case bool():
            kind: Kind = "truth"
        case str():
            kind = "text"
        case int():
            kind = "integer"
        case Decimal():
            kind = digits_of(value)
        case datetime():
            kind = "timestamp" if value.tzinfo is None else "timestamp_with_zone"
            return _Typed(Literal(value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)), kind)
        case date():
            kind = "date"
        case time():
            kind = "time"
        case _:
            kind = "number"
    return _Typed(Literal(value), kind)


def _negated(operand: _Typed) -> _Typed:
    match operand.node, operand.kind:
        case Literal(int() | float() | Decimal() as value), kind:
            return _Typed(Literal(-value), kind)
        case _, Digits() as digits:
            zero = Converted(Literal(0), digits.scale)
            return _Typed(Arithmetic("-", zero, _exactly(operand, digits.scale)), digits)
        case _:
            return _Typed(Negation(operand.node), "number")


def _computed(node: Arithmetic, left: _Typed, right: _Typed) -> _Typed:
    """Return what two numbers make."""
    sides = _exact_literals([left, right])
    one, other = (side.digits for side in sides)
    is_exact = any(isinstance(side.kind, Digits) for side in sides) and node.operator in {"+", "-", "*"}
    if not is_exact or one is None or other is None:
        return _Typed(Arithmetic(node.operator, *map(_in_double, (left, right))), "number")
    if node.operator == "*":
        digits = Digits(one.precision + other.precision, one.scale + other.scale)
        parts = [_exactly(side, each.scale) for side, each in zip(sides, (one, other), strict=True)]
    else:
        digits = _together([one, other])
        digits = Digits(digits.precision + 1, digits.scale)
        parts = [_exactly(side, digits.scale) for side in sides]
    _demand_few(digits, node)
    return _Typed(Arithmetic(node.operator, *parts), digits)


def _alike(values: Sequence[_Typed]) -> tuple[list[Node], Kind]:
    """Return values as they are compared with each other, and what they are then; the first says what they must be."""
    first = values[0]
    if not first.is_number:
        for value in values[1:]:
            _demand((first.kind,), value)
        return [value.node for value in values], first.kind
    values = _exact_literals([_demand_number(value) for value in values])
    if not any(isinstance(value.kind, Digits) for value in values):
        kinds = {value.kind for value in values}
        return [value.node for value in values], "integer" if kinds == {"integer"} else "number"
    every = [value.digits for value in values]
    known = [digits for digits in every if digits is not None]
    if len(known) < len(every):
        return [_in_double(value) for value in values], "number"
    digits = _together(known)
    _demand_few(digits, *(value.node for value in values))
    return [_exactly(value, digits.scale) for value in values], digits


def _exact_literals(values: Sequence[_Typed]) -> list[_Typed]:
    """Return values; literals beside an exact number as they are written."""
    if not any(isinstance(value.kind, Digits) for value in values):
        return list(values)
    return [
        _literal(Decimal(repr(value.node.value)))
        if isinstance(value.node, Literal) and isinstance(value.node.value, float)
        else value
        for value in values
    ]


def _together(digits: Sequence[Digits]) -> Digits:
    scale = max(each.scale for each in digits)
    return Digits(max(each.whole for each in digits) + scale, scale)


def _demand_few(digits: Digits, *nodes: Node) -> None:
    if digits.precision > MOST_DIGITS:
        told = " and ".join(f"`{text_of(each)}`" for each in nodes[:2])
        raise _mistyped(
            f"{told} may need {digits.precision} digits, more than {MOST_DIGITS}; declare a lower precision"
        )


def _exactly(value: _Typed, scale: int) -> Node:
    return Converted(value.node, scale)


def _in_double(value: _Typed) -> Node:
    return Converted(value.node, None) if isinstance(value.kind, Digits) else value.node


def _measured(measure: Measure, columns: Mapping[str, Kind]) -> Kind:
    """Return the type of what is measured of many rows."""
    operand = measure.operand
    if operand is None or measure.function in {"count", "distinct"}:
        return "integer"
    if measure.function == "share":
        resolved(operand, columns)
        return "number"
    value = _value(operand, columns)
    if measure.function in {"min", "max"} and value.kind in {*_DAYS, "time"}:
        return value.kind
    _demand_number(value)
    return value.kind if measure.function in {"min", "max"} else "number"


def _called(function: Function, arguments: Sequence[_Typed]) -> _Typed:
    signature = _FUNCTIONS.get(function)
    if signature is None:
        return _chosen(function, arguments)
    if len(arguments) != signature.count:
        count = signature.count
        raise _mistyped(f"{function} takes {count} argument{'s' if count > 1 else ''}, not {len(arguments)}")
    if signature.takes == ("number",):
        nodes = [_in_double(_demand_number(each)) for each in arguments]
    else:
        first, *others = arguments
        taken = _demand(signature.takes, first).kind
        nodes = [first.node, *(_demand((taken,), each).node for each in others)]
    return _Typed(Call(function, tuple(nodes)), signature.gives)


def _chosen(function: Function, arguments: Sequence[_Typed]) -> _Typed:
    """Return what is chosen from two arguments or more."""
    if len(arguments) == 1:
        raise _mistyped(f"{function} takes two arguments or more")
    if function != "coalesce":
        nodes = [_in_double(_demand_number(each)) for each in arguments]
        return _Typed(Call(function, tuple(nodes)), "number")
    found, kind = _alike(arguments)
    if kind == "number":
        # Whole numbers too, so that what is chosen is of one kind.
        found = [node if isinstance(node, Converted) else Converted(node, None) for node in found]
    return _Typed(Call(function, tuple(found)), kind)


_WORDS: Final[Mapping[ValueType, str]] = {
    "integer": "a number",
    "number": "a number",
    "text": "text",
    "truth": "true or false",
    "date": "a date",
    "time": "a time",
    "timestamp": "a timestamp without a zone",
    "timestamp_with_zone": "a timestamp with a zone",
}


def _words(kind: Kind) -> str:
    return "a number" if isinstance(kind, Digits) else _WORDS[kind]


def _demand_number(value: _Typed) -> _Typed:
    return value if value.is_number else _demand(("number",), value)


def _demand(wanted: Sequence[Kind], value: _Typed) -> _Typed:
    """Return a value, which must be of one of the kinds that are wanted."""
    if value.kind not in wanted:
        needed = " or ".join(map(_words, wanted))
        raise _mistyped(f"`{text_of(value.node)}` is {_words(value.kind)}, and {needed} is needed there")
    return value


def _mistyped(problem: str) -> ValueError:
    """Return the problem as pydantic wants it."""
    return ValueError(problem)
