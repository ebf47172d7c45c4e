"""The types of a check: every part is a number, a text or a truth, known before any row is read."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlci.core.expression.tree import (
    And,
    Arithmetic,
    Call,
    Check,
    ColumnReference,
    Comparison,
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
    from collections.abc import Mapping

    from mlci.core.expression.tree import MeasureFunction

ValueType = typing.Literal["number", "text", "truth"]


@dataclass(frozen=True, slots=True)
class _Signature:
    """What a function takes and gives."""

    takes: tuple[ValueType, ...]
    gives: ValueType


_FUNCTIONS: Final[Mapping[Function, _Signature]] = {
    "abs": _Signature(("number",), "number"),
    "ceil": _Signature(("number",), "number"),
    "contains": _Signature(("text", "text"), "truth"),
    "ends_with": _Signature(("text", "text"), "truth"),
    "floor": _Signature(("number",), "number"),
    "length": _Signature(("text",), "number"),
    "lower": _Signature(("text",), "text"),
    "round": _Signature(("number",), "number"),
    "starts_with": _Signature(("text", "text"), "truth"),
    "trim": _Signature(("text",), "text"),
    "upper": _Signature(("text",), "text"),
}
"""Those with a fixed number of arguments; `coalesce`, `greatest` and `least` take two or more of one type."""
_ORDERED: Final = frozenset({"<", "<=", ">", ">="})


def check_types(check: Check, columns: Mapping[str, ValueType]) -> None:
    """Raise `ValueError`, in words, unless every part of CHECK fits the others and the whole is true or false.

    Each column of the check must be in COLUMNS.
    """
    _demand_test(check.tree, columns)


def _demand_test(node: Node, columns: Mapping[str, ValueType]) -> None:
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                _demand_test(part, columns)
        case Not(operand):
            _demand_test(operand, columns)
        case Comparison(operator, left, right):
            kind = _type_of(left, columns)
            _demand(kind, right, columns)
            if kind == "truth" and operator in _ORDERED:
                raise _mistyped(f"true and false have no order: {text_of(node)}")
        case Membership(operand, values):
            kind = _type_of(operand, columns)
            for value in values:
                _demand(kind, value, columns)
        case NullTest(operand):
            if not isinstance(operand, ColumnReference):
                raise _mistyped(f"`is null` asks about a column, not about `{text_of(operand)}`")
        case _:
            _demand("truth", node, columns)


def _type_of(node: Node, columns: Mapping[str, ValueType]) -> ValueType:
    """Return the type of a value."""
    match node:
        case ColumnReference(name):
            return columns[name]
        case Literal(bool()):
            return "truth"
        case Literal(str()):
            return "text"
        case Literal():
            return "number"
        case Negation(operand):
            return _demand("number", operand, columns)
        case Arithmetic(symbol, left, right):
            if symbol == "%" and not isinstance(right, ColumnReference | Literal):
                raise _mistyped(f"the divisor of % is a column or a number, not `{text_of(right)}`")
            _demand("number", left, columns)
            return _demand("number", right, columns)
        case Call(function, arguments):
            return _called(function, arguments, columns)
        case Measure(measure, operand):
            return _measured(measure, operand, columns)
        case _:
            raise _mistyped(f"`{text_of(node)}` is a test, and tests are joined by and, or, not alone")


def _measured(function: MeasureFunction, operand: Node | None, columns: Mapping[str, ValueType]) -> ValueType:
    """Return the type of a number for many rows."""
    if operand is not None and function == "share":
        _demand_test(operand, columns)
    elif operand is not None and function not in {"count", "distinct"}:
        return _demand("number", operand, columns)
    return "number"


def _called(function: Function, arguments: tuple[Node, ...], columns: Mapping[str, ValueType]) -> ValueType:
    signature = _FUNCTIONS.get(function)
    if signature is None:
        return _chosen(function, arguments, columns)
    if len(arguments) != len(signature.takes):
        count = len(signature.takes)
        raise _mistyped(f"{function} takes {count} argument{'s' if count > 1 else ''}, not {len(arguments)}")
    for kind, argument in zip(signature.takes, arguments, strict=True):
        _demand(kind, argument, columns)
    return signature.gives


def _chosen(function: Function, arguments: tuple[Node, ...], columns: Mapping[str, ValueType]) -> ValueType:
    """Return the type of what is chosen from two arguments or more."""
    first, *others = arguments
    if not others:
        raise _mistyped(f"{function} takes two arguments or more")
    kind = _type_of(first, columns) if function == "coalesce" else _demand("number", first, columns)
    for each in others:
        _demand(kind, each, columns)
    return kind


_WORDS: Final[Mapping[ValueType, str]] = {"number": "a number", "text": "text", "truth": "true or false"}


def _demand(wanted: ValueType, node: Node, columns: Mapping[str, ValueType]) -> ValueType:
    """Return the type of a value, which must be the one that is wanted."""
    found = _type_of(node, columns)
    if found != wanted:
        raise _mistyped(f"`{text_of(node)}` is {_WORDS[found]}, and {_WORDS[wanted]} is needed there")
    return found


def _mistyped(problem: str) -> ValueError:
    """Return the problem as pydantic wants it."""
    return ValueError(problem)
