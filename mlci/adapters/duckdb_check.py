"""A check as SQL for DuckDB: the tree's meaning (`mlci.core.expression.truth`) in one expression a test.

Columns are called by their position, every literal is a parameter; no text of a user's becomes SQL.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlci.core.expression import (
    And,
    Arithmetic,
    Call,
    ColumnReference,
    Comparison,
    Converted,
    Literal,
    Measure,
    Membership,
    Negation,
    Not,
    NullTest,
    Or,
    Truth,
)
from mlci.core.expression.tree import text_of
from mlci.core.expression.truth import BLANKS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date, time
    from decimal import Decimal

    from mlci.core.expression import Node

_COMPARISONS: Final[Mapping[str, str]] = {"==": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass(frozen=True, slots=True)
class _Value:
    """A part as SQL."""

    sql: str
    null: str
    """Whether it has no value; never NULL."""
    hidden: str = "false"
    """Whether a part of it cannot be computed and its value does not show it; never NULL."""
    is_computed: bool = False
    """Whether its value, if it is there, may be infinite or no number, which says that it cannot be computed."""

    @property
    def error(self) -> str:
        """Whether it cannot be computed; never NULL."""
        shown = f"coalesce(NOT isfinite({self.sql}), true)" if self.is_computed else "false"
        error = _any(shown, self.hidden)
        return error if "false" in {error, self.null} else f"(NOT {self.null} AND {error})"


@dataclass(frozen=True, slots=True)
class CheckSql:
    """Writes checks as SQL."""

    column: Callable[[str], str]
    """Returns the expression of a column's typed value; of what was measured, by the text of the measure."""
    parameter: Callable[[int | float | str | bool | Decimal | date | time], str]
    """Returns the placeholder of a value."""

    def truth(self, check: Node) -> str:
        """Return an integer expression, never NULL: the `Truth` of CHECK for the row at hand."""
        match check:
            case And(parts):
                return f"least({', '.join(self.truth(part) for part in parts)})"
            case Or(parts):
                return f"greatest({', '.join(self.truth(part) for part in parts)})"
            case Not(operand):
                return f"[{Truth.TRUE}, {Truth.UNKNOWN}, {Truth.ERROR}, {Truth.FALSE}][{self.truth(operand)} + 1]"
            case NullTest(operand):
                return _cased("false", "false", self._value(operand).null)
            case Comparison(symbol, left, right):
                one, other = self._value(left), self._value(right)
                holds = f"{one.sql} {_COMPARISONS[symbol]} {other.sql}"
                return _cased(_any(one.null, other.null), _any(one.error, other.error), holds)
            case Membership(operand, values):
                one = self._value(operand)
                holds = " OR ".join(f"{one.sql} = {self._value(each).sql}" for each in values)
                return _cased(one.null, one.error, f"({holds})")
            case _:
                value = self._value(check)
                return _cased(value.null, value.error, value.sql)

    def _value(self, node: Node) -> _Value:
        match node:
            case ColumnReference(name):
                return _Value(self.column(name), f"({self.column(name)} IS NULL)")
            case Literal(value):
                return _Value(self.parameter(value), "false")
            case Measure():
                column = self.column(text_of(node))
                return _Value(column, f"({column} IS NULL)", is_computed=node.function in {"sum", "mean"})
            case Converted(operand, scale):
                inner = self._value(operand)
                # By way of the text, since a division by a power of ten may be rounded twice.
                text = f"CAST({inner.sql} AS VARCHAR)"
                sql = f"CAST({text} AS DOUBLE)" if scale is None else f"CAST({inner.sql} AS DECIMAL(38, {scale}))"
                return _Value(sql, inner.null, inner.error)
            case Negation(operand):
                inner = self._value(operand)
                # In double precision, since the smallest of the 64-bit integers has no opposite.
                return _computed(f"(-{_double(inner)})", inner)
            case Arithmetic():
                return self._joined(node)
            case Call(function, arguments):
                return self._called(function, [self._value(each) for each in arguments])
            case _:
                msg = f"{type(node).__name__} is no value"
                raise TypeError(msg)

    def _joined(self, node: Arithmetic) -> _Value:
        one, other = self._value(node.left), self._value(node.right)
        null = _any(one.null, other.null)
        if isinstance(node.left, Converted) and node.left.scale is not None:
            # `resolved` has seen to it that the digits suffice.
            return _Value(f"({one.sql} {node.operator} {other.sql})", null, _any(one.error, other.error))
        match node.operator:
            case "/":
                # What is divided by infinity is zero, and shows nothing.
                hidden = _any(one.hidden, other.error)
                return _Value(f"({_double(one)} / {_double(other)})", null, hidden, is_computed=True)
            case "%":
                divisor = _double(other)
                return _computed(f"((({_double(one)} % {divisor}) + {divisor}) % {divisor})", one, other)
            case symbol:
                return _computed(f"({_double(one)} {symbol} {_double(other)})", one, other)

    def _called(self, function: str, given: list[_Value]) -> _Value:
        values = ", ".join(each.sql for each in given)
        doubles = ", ".join(_double(each) for each in given)
        match function:
            case "coalesce":
                nothing = " AND ".join(f"({each.null})" for each in given)
                return _Value(f"coalesce({values})", f"({nothing})", _any(*(each.error for each in given)))
            case "abs" | "ceil" | "floor" | "round":
                return _computed(f"{function}({doubles})", *given)
            case "least" | "greatest":
                # DuckDB's own take what is there.
                null = _any(*(each.null for each in given))
                sql = f"CASE WHEN NOT {null} THEN {function}({doubles}) END"
            case "lower" | "upper":
                letters = (string.ascii_uppercase, string.ascii_lowercase)
                before, after = letters if function == "lower" else letters[::-1]
                sql = f"translate({values}, {self.parameter(before)}, {self.parameter(after)})"
            case "trim":
                sql = f"trim({values}, {self.parameter(BLANKS)})"
            case "weekday":
                sql = f"isodow({values})"
            case "date":
                sql = f"CAST({values} AS DATE)"
            case "days_between" | "seconds_between":
                unit = 86_400_000_000 if function == "days_between" else 1_000_000
                start, end = (f"epoch_us({each.sql})" for each in given)
                sql = f"(CAST({end} - {start} AS DOUBLE) / {unit})"
            case _:  # year, month, day, hour, minute; length, contains, starts_with, ends_with
                sql = f"{function}({values})"
        return _Value(sql, _any(*(each.null for each in given)), _any(*(each.error for each in given)))


def _double(value: _Value) -> str:
    return f"CAST({value.sql} AS DOUBLE)"


def _computed(sql: str, *given: _Value) -> _Value:
    """Return a number that was computed from values, each of which it shows if it is not finite."""
    return _Value(sql, _any(*(each.null for each in given)), _any(*(each.hidden for each in given)), is_computed=True)


def _any(*conditions: str) -> str:
    """Return that one of the conditions holds."""
    mattering = [each for each in dict.fromkeys(conditions) if each != "false"]
    return f"({' OR '.join(mattering)})" if mattering else "false"


def _cased(null: str, error: str, holds: str) -> str:
    """Return what a test says, which is asked for only where it has values that can be computed."""
    return (
        f"CASE WHEN {null} THEN {Truth.UNKNOWN} WHEN {error} THEN {Truth.ERROR} "
        f"WHEN {holds} THEN {Truth.TRUE} ELSE {Truth.FALSE} END"
    )
