"""The tree of a check: frozen values, and the text that reads as an equal tree."""

from __future__ import annotations

import re
import typing
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Final, assert_never, get_args

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator

ComparisonOperator = typing.Literal["<", "<=", ">", ">=", "==", "!="]
ArithmeticOperator = typing.Literal["+", "-", "*", "/", "%"]
Function = typing.Literal[
    "abs", "ceil", "coalesce", "contains", "date", "day", "days_between", "ends_with", "floor", "greatest", "hour",
    "least", "length", "lower", "minute", "month", "round", "seconds_between", "starts_with", "trim", "upper",
    "weekday", "year",
]  # fmt: skip
FUNCTIONS: Final[tuple[Function, ...]] = get_args(Function)
MeasureFunction = typing.Literal["count", "distinct", "max", "mean", "min", "share", "sum"]
MEASURES: Final[tuple[MeasureFunction, ...]] = get_args(MeasureFunction)
RESERVED: Final = frozenset({"and", "between", "false", "in", "is", "not", "null", "or", "true"})
"""Words that are no column unless they stand in backticks."""


@dataclass(frozen=True, slots=True)
class ColumnReference:
    """The value of a column in the row at hand."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A number (never negative as it is written: a minus before it is a negation), a text, true or false, a moment."""

    value: int | float | str | bool | Decimal | date | time

    @override
    def __eq__(self, other: object) -> bool:
        """Tell `1`, `1.0` and `true` apart, which Python takes for equal."""
        return isinstance(other, Literal) and (type(self.value), self.value) == (type(other.value), other.value)

    @override
    def __hash__(self) -> int:
        """Return a hash that fits `__eq__`."""
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True)
class Negation:
    """The operand with the other sign."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two operands joined by `+`, `-`, `*`, `/` or `%`, computed in double precision."""

    operator: ArithmeticOperator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Converted:
    """The same number as another kind; nobody writes it, `types.resolved` does."""

    operand: Node
    scale: int | None
    """Digits after the point of an exact number; None for one in double precision."""


@dataclass(frozen=True, slots=True)
class Call:
    """A function of its arguments."""

    function: Function
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Measure:
    """One number for many rows; only in a check of aggregates, and never within another."""

    function: MeasureFunction
    operand: Node | None
    """A test for `share`, nothing for a `count` of rows, else a column."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What must hold between two operands."""

    operator: ComparisonOperator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Membership:
    """Whether the operand is one of some values; never null."""

    operand: Node
    values: tuple[Node, ...]
    """Literals, perhaps with a sign."""


@dataclass(frozen=True, slots=True)
class NullTest:
    """Whether the operand has no value; true or false, never unknown."""

    operand: Node


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite."""

    operand: Node


@dataclass(frozen=True, slots=True)
class And:
    """All of at least two."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of at least two."""

    parts: tuple[Node, ...]


Node = (
    ColumnReference | Literal | Negation | Arithmetic | Converted | Call | Measure
    | Comparison | Membership | NullTest | Not | And | Or
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """A whole check: the tree, and what a person sees of it."""

    tree: Node

    @property
    def text(self) -> str:
        """The check as a person writes it; `parse_check` reads it as an equal tree."""
        return text_of(self.tree)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that it reads, each once, in the order of the text."""
        return columns_of(self.tree)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """The numbers for many rows that it compares, each once, in the order of the text."""
        return tuple(dict.fromkeys(_measures(self.tree)))


def children(node: Node) -> tuple[Node, ...]:
    """Return what a node is made of, from left to right."""
    match node:
        case ColumnReference() | Literal():
            return ()
        case Negation(operand) | NullTest(operand) | Not(operand) | Converted(operand):
            return (operand,)
        case Measure(_, inner):
            return () if inner is None else (inner,)
        case Arithmetic(_, left, right) | Comparison(_, left, right):
            return (left, right)
        case Call(_, parts) | And(parts) | Or(parts):
            return parts
        case Membership(operand, values):
            return (operand, *values)
    assert_never(node)


def columns_of(node: Node) -> tuple[str, ...]:
    """Return the names of the columns that a check reads, each once, in the order of the text."""
    return tuple(dict.fromkeys(_columns(node)))


def _columns(node: Node) -> Iterator[str]:
    if isinstance(node, ColumnReference):
        yield node.name
    for child in children(node):
        yield from _columns(child)


def _measures(node: Node) -> Iterator[Measure]:
    if isinstance(node, Measure):
        yield node
    for child in children(node):
        yield from _measures(child)


def text_of(node: Node) -> str:
    """Return the check as a person writes it, with as few brackets as keep its shape."""
    match node:
        case Comparison() | Membership() | NullTest():
            return _test(node, "")
        case Not(Membership() | NullTest() as test):
            return _test(test, "not ")
        case Not(operand):
            return f"not {_within(operand, _NOT)}"
        case And(parts):
            return " and ".join(_within(part, _AND + 1) for part in parts)
        case Or(parts):
            return " or ".join(_within(part, _OR + 1) for part in parts)
        case _:
            return _value(node)


def _test(node: Comparison | Membership | NullTest, opposite: str) -> str:
    match node:
        case Comparison(operator, left, right):
            return f"{_within(left, _SUM)} {operator} {_within(right, _SUM)}"
        case Membership(operand, values):
            return f"{_within(operand, _SUM)} {opposite}in ({', '.join(text_of(value) for value in values)})"
        case NullTest(operand):
            return f"{_within(operand, _SUM)} is {opposite}null"
    assert_never(node)


def _value(node: ColumnReference | Literal | Negation | Arithmetic | Converted | Call | Measure) -> str:
    match node:
        case ColumnReference(name):
            plain = _PLAIN_NAME.fullmatch(name) and name not in RESERVED
            return name if plain else "`" + name.replace("`", "``") + "`"
        case Literal(value):
            return _literal(value)
        case Converted(operand):
            return text_of(operand)
        case Negation(operand):
            return f"-{_within(operand, _SIGN)}"
        case Arithmetic(operator, left, right):
            strength = _strength(node)
            return f"{_within(left, strength)} {operator} {_within(right, strength + 1)}"
        case Call(function, arguments):
            return f"{function}({', '.join(text_of(each) for each in arguments)})"
        case Measure(function, inner):
            return f"{function}({'' if inner is None else text_of(inner)})"
    assert_never(node)


_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OR, _AND, _NOT, _COMPARED, _SUM, _PRODUCT, _SIGN, _SINGLE = range(8)


def _strength(node: Node) -> int:
    """Return how strongly the outermost operator binds."""
    match node:
        case Or():
            return _OR
        case And():
            return _AND
        case Not(NullTest() | Membership()):
            return _COMPARED
        case Not():
            return _NOT
        case Comparison() | Membership() | NullTest():
            return _COMPARED
        case Arithmetic(operator, _, _):
            return _SUM if operator in {"+", "-"} else _PRODUCT
        case Negation():
            return _SIGN
        case Converted(operand):
            return _strength(operand)
        case ColumnReference() | Literal() | Call() | Measure():
            return _SINGLE
    assert_never(node)


def _within(node: Node, strength: int) -> str:
    """Return a part, in brackets where it binds more weakly than its surroundings."""
    return text_of(node) if _strength(node) >= strength else f"({text_of(node)})"


def _literal(value: float | str | bool | Decimal | date | time) -> str:  # noqa: FBT001 - one of the kinds of a literal
    match value:
        case bool():
            return str(value).lower()
        case str():
            return "'" + value.replace("'", "''") + "'"
        case Decimal():
            return f"{value:f}"
        case datetime():
            return f"timestamp '{value.isoformat().replace('+00:00', 'Z')}'"
        case date() | time():
            return f"{type(value).__name__} '{value.isoformat()}'"
        case _:
            return repr(value)
