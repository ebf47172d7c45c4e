"""What a check says of a row: the meaning that every engine has to give it.

A part of a check has a value, or none (null), or it *cannot be computed* although all its values are there: a division
by zero, an overflow. A test is then one of four, ordered:

    false < unknown < error < true        and: the least of its parts · or: the greatest · not: true ↔ false

A test with a null is unknown, whatever else it holds; one that cannot be computed is an error. So `x is null or
y / x > 2` holds where x is missing, and `x == 0 or y / x > 2` where it is zero. A row fails where the whole is false or
an error, and is not checked where it is unknown. (Kleene, "Introduction to Metamathematics", 1952, section 64, with one
value more.)

A measure of many rows leaves out those without a value; of none, `count`, `distinct` are 0, and all others null. It
cannot be computed where a sum overflows. The `share` of a test is the part of the rows where it is true among those
where it is not unknown. Sums and means are in double precision.

What kind of a number is computed from which stands in `types`, and in the tree that `types.resolved` returns: a check
of exact numbers, or with a moment in a zone, is resolved before its truth is asked for. `%` has the sign of the
divisor; `round` takes halves away from zero. Text is compared by code points, `length` counts them; `lower` and `upper`
change the letters A to Z alone, `trim` takes away blanks, tabs and line ends.
"""

from __future__ import annotations

import math
import operator
import string
from datetime import date, datetime, time, timedelta
from decimal import Context, Decimal
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

from mlci.core.digits import MOST_DIGITS
from mlci.core.expression.tree import (
    And,
    Arithmetic,
    ArithmeticOperator,
    Call,
    ColumnReference,
    Comparison,
    Converted,
    Literal,
    Measure,
    Membership,
    Negation,
    Node,
    Not,
    NullTest,
    Or,
    columns_of,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Value = int | float | str | bool | Decimal | date | time | None
BLANKS: Final = " \t\n\r"


class Truth(IntEnum):
    """What a test says of a row."""

    FALSE = 0
    UNKNOWN = 1
    ERROR = 2
    TRUE = 3


def measured(measure: Measure, rows: Sequence[Mapping[str, Value]]) -> Value:
    """Return MEASURE of ROWS, infinite where it cannot be computed.

    >>> measured(Measure("mean", ColumnReference("x")), [{"x": 1}, {"x": None}, {"x": 2}])
    1.5
    """
    operand = measure.operand
    if operand is None:
        return len(rows)
    if measure.function == "share":
        known = [found for row in rows if (found := truth(operand, row)) is not Truth.UNKNOWN]
        return known.count(Truth.TRUE) / len(known) if known else None
    values: list[Any] = [value for row in rows if (value := row[columns_of(operand)[0]]) is not None]
    match measure.function:
        case "count":
            return len(values)
        case "distinct":
            return len(set(values))
        case "sum" | "mean":
            return _summed(values, len(values) if measure.function == "mean" else 1) if values else None
        case "min":
            return min(values, default=None)
        case "max":
            return max(values, default=None)


def _summed(values: Sequence[float | Decimal], divisor: int) -> float:
    try:
        return math.fsum(map(float, values)) / divisor
    except OverflowError:
        return math.inf


class _NotComputable:
    """What stands for a value that is there and is no number."""


_ERROR: Final = _NotComputable()
_Found = Value | _NotComputable


def truth(check: Node, row: Mapping[str, Value]) -> Truth:
    """Return what CHECK, whose types fit, says of a row: the value of each column, None where there is none.

    For a check of aggregates the row holds what `measured` returned, by the text of each measure.

    >>> from mlci.core.expression import parse_check
    >>> truth(parse_check("x == 0 or y / x > 2").tree, {"x": 0, "y": 1}).name
    'TRUE'
    """
    match check:
        case And(parts):
            return min(truth(part, row) for part in parts)
        case Or(parts):
            return max(truth(part, row) for part in parts)
        case Not(operand):
            found = truth(operand, row)
            return {Truth.TRUE: Truth.FALSE, Truth.FALSE: Truth.TRUE}.get(found, found)
        case _:
            return _tested(check, row)


def _tested(test: Node, row: Mapping[str, Value]) -> Truth:
    """Return what a single test says of a row."""
    match test:
        case NullTest(operand):
            found: _Found = _value(operand, row) is None
        case Comparison(symbol, left, right):
            found = _of(
                [_value(left, row), _value(right, row)], lambda *both: _COMPARISONS[symbol](*_comparable(*both))
            )
        case Membership(operand, values):
            others = [_value(each, row) for each in values]
            found = _of([_value(operand, row)], lambda one: any(_equal(one, other) for other in others))
        case _:
            found = _value(test, row)
    if found is None:
        return Truth.UNKNOWN
    if isinstance(found, _NotComputable):
        return Truth.ERROR
    return Truth.TRUE if found else Truth.FALSE


def _value(node: Node, row: Mapping[str, Value]) -> _Found:
    match node:
        case ColumnReference(name):
            return row[name]
        case Literal(value):
            return value
        case Measure():
            measured = row[text_of(node)]
            return _ERROR if isinstance(measured, float) and not math.isfinite(measured) else measured
        case Converted(operand, scale):
            return _of([_value(operand, row)], float if scale is None else Decimal)
        case Negation(operand):
            return _of([_value(operand, row)], _finite(operator.neg))
        case Arithmetic(symbol, left, right):
            is_exact = isinstance(left, Converted) and left.scale is not None
            compute = _EXACT[symbol] if is_exact else _finite(_ARITHMETIC[symbol])
            return _of([_value(left, row), _value(right, row)], compute)
        case Call("coalesce", arguments):
            given = [_value(each, row) for each in arguments]
            return _ERROR if _ERROR in given else next((each for each in given if each is not None), None)
        case Call(function, arguments):
            return _of([_value(each, row) for each in arguments], _FUNCTIONS[function])
        case _:
            msg = f"{type(node).__name__} is no value; check_types refuses it there"
            raise TypeError(msg)


def _of(given: list[_Found], compute: Callable[..., _Found]) -> _Found:
    """Return what is computed from values that are all there; nothing where one is null, else an error where one is."""
    if None in given:
        return None
    return _ERROR if _ERROR in given else compute(*given)


def _finite(compute: Callable[..., float]) -> Callable[..., _Found]:
    """Return the same function of double-precision numbers, which says where it cannot be computed."""

    def computed(*values: float) -> _Found:
        try:
            found = compute(*map(float, values))
        except (ZeroDivisionError, OverflowError, ValueError):  # ValueError: math.fmod by zero
            return _ERROR
        return found if math.isfinite(found) else _ERROR

    return computed


def _microseconds(start: Any, end: Any) -> float:  # noqa: ANN401 - two of one type
    """Return the time from one day, time or timestamp to another, in whole microseconds."""
    if isinstance(start, time):
        start, end = (datetime.combine(date.min, each) for each in (start, end))
    return float((end - start) // timedelta(microseconds=1))


def _comparable(one: Any, other: Any) -> tuple[Any, Any]:  # noqa: ANN401 - of any one type
    """Return both, in double precision where one of them is."""
    if isinstance(one, float) != isinstance(other, float):
        return float(one), float(other)
    return one, other


def _equal(one: _Found, other: _Found) -> bool:
    return bool(operator.eq(*_comparable(one, other)))


_COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
_ARITHMETIC: Final[Mapping[ArithmeticOperator, Callable[[float, float], float]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": lambda left, right: math.fmod(math.fmod(left, right) + right, right),
}
_EXACTLY: Final = Context(prec=2 * MOST_DIGITS)
_EXACT: Final[Mapping[str, Callable[[Decimal, Decimal], Decimal]]] = {
    "+": _EXACTLY.add, "-": _EXACTLY.subtract, "*": _EXACTLY.multiply,
}  # fmt: skip
_LOWER: Final = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_UPPER: Final = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
_HALF: Final = 0.5
_SECOND: Final = 1e6
"""In microseconds."""
_DAY: Final = 86_400 * _SECOND
_FUNCTIONS: Final[Mapping[str, Callable[..., _Found]]] = {
    "abs": _finite(abs),
    "ceil": _finite(lambda x: float(math.ceil(x))),
    "contains": lambda text, part: part in text,
    "date": lambda moment: moment.date(),
    "day": lambda day: day.day,
    "days_between": lambda start, end: _microseconds(start, end) / _DAY,
    "ends_with": str.endswith,
    "floor": _finite(lambda x: float(math.floor(x))),
    "greatest": _finite(max),
    "hour": lambda moment: moment.hour,
    "least": _finite(min),
    "length": len,
    "lower": lambda text: text.translate(_LOWER),
    "minute": lambda moment: moment.minute,
    "month": lambda day: day.month,
    "round": _finite(lambda x: math.copysign(math.floor(abs(x)) + (abs(x) - math.floor(abs(x)) >= _HALF), x)),
    "seconds_between": lambda start, end: _microseconds(start, end) / _SECOND,
    "starts_with": str.startswith,
    "trim": lambda text: text.strip(BLANKS),
    "upper": lambda text: text.translate(_UPPER),
    "weekday": lambda day: day.isoweekday(),
    "year": lambda day: day.year,
}
