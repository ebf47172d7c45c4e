"""Cross-column checks such as `worst_radius >= 0.5 * mean_radius`, as a small typed tree of our own.

The text of a check is never passed on: an engine sees only the tree. The grammar, in full:

    check    = operand ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) operand
    operand  = term { ( "+" | "-" ) term }
    term     = factor { ( "*" | "/" ) factor }
    factor   = "-" factor | number | column | "(" operand ")"
    column   = a name of letters, digits and _ (not first a digit), or any name in `backticks` (a backtick is doubled)
    number   = 12 | 1.5 | .5 | 1e-3

What a check means is the same in every engine: a row where one of its columns has no value is not checked; a check
that cannot be computed although all values are there (a division by zero, an overflow) does not hold.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Iterator

ComparisonOperator = Literal["<", "<=", ">", ">=", "==", "!="]
ArithmeticOperator = Literal["+", "-", "*", "/"]

LONGEST_CHECK = 1_000
MOST_PARTS = 100
"""Numbers, columns, operators and brackets of one check; also bounds how deep a tree can be."""


@dataclass(frozen=True, slots=True)
class ColumnReference:
    """The value of a column in the row at hand."""

    name: str

    @property
    def text(self) -> str:
        """The name, in backticks where it is not a plain one."""
        return self.name if _PLAIN_NAME.fullmatch(self.name) else "`" + self.name.replace("`", "``") + "`"


@dataclass(frozen=True, slots=True)
class Number:
    """A number, never negative: a minus before it is a negation."""

    value: int | float

    @property
    def text(self) -> str:
        """The shortest text that reads as the same number."""
        return repr(self.value)


@dataclass(frozen=True, slots=True)
class Negation:
    """The operand with the other sign."""

    operand: Operand

    @property
    def text(self) -> str:
        """The operand after a minus."""
        return f"-{_within(self.operand, 3)}"


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two operands joined by `+`, `-`, `*` or `/`, computed in double precision."""

    operator: ArithmeticOperator
    left: Operand
    right: Operand

    @property
    def text(self) -> str:
        """The term, with as few brackets as keep its shape."""
        strength = _strength(self)
        return f"{_within(self.left, strength)} {self.operator} {_within(self.right, strength + 1)}"


Operand = ColumnReference | Number | Negation | Arithmetic


@dataclass(frozen=True, slots=True)
class Comparison:
    """A whole check: what must hold between two operands."""

    operator: ComparisonOperator
    left: Operand
    right: Operand

    @property
    def text(self) -> str:
        """The check as a person writes it; `parse_check` reads it as an equal tree."""
        return f"{self.left.text} {self.operator} {self.right.text}"

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns that it reads, each once, in the order of the text."""
        return tuple(dict.fromkeys((*_columns(self.left), *_columns(self.right))))


def parse_check(text: str) -> Comparison:
    """Return the tree of a check; raises `ValueError` with the character's place when TEXT is none.

    `ValueError` because pydantic turns it into a problem with file, line and column.

    >>> parse_check("worst>=mean*2").text
    'worst >= mean * 2'
    """
    if len(text) > LONGEST_CHECK:
        msg = f"a check has at most {LONGEST_CHECK:,} characters, this one has {len(text):,}"
        raise ValueError(msg)
    return _Parser(text).check()


_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TOKEN = re.compile(
    r"""[ ]*+(?:
        (?P<number>(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?(?![A-Za-z_]))
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*+)
      | `(?P<quoted>(?:[^`]|``)++)`
      | (?P<comparison><=|>=|==|!=|<|>)
      | (?P<symbol>[-+*/()])
    )""",
    re.VERBOSE,
)
_COMPARISONS: dict[str, ComparisonOperator] = {operator: operator for operator in get_args(ComparisonOperator)}
_SUMS: dict[str, ArithmeticOperator] = {"+": "+", "-": "-"}
_PRODUCTS: dict[str, ArithmeticOperator] = {"*": "*", "/": "/"}
_INSTEAD = {"=": "==", "<>": "!=", "=>": ">=", "=<": "<="}
_LARGEST_INTEGER = 2**63


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    place: int


class _Parser:
    """Recursive descent; the number of tokens is bounded, so the depth is too."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(self.read())
        self.next = 0

    def read(self) -> Iterator[_Token]:
        place, parts = 0, 0
        end = len(self.text.rstrip(" "))
        while place < end:
            match = _TOKEN.match(self.text, place)
            if match is None:
                raise self.unreadable(place)
            kind = match.lastgroup or ""
            text = match[kind].replace("``", "`") if kind == "quoted" else match[kind]
            start = match.start(kind) - (kind == "quoted")
            yield _Token("name" if kind == "quoted" else kind, text, start)
            place, parts = match.end(), parts + 1
            if parts > MOST_PARTS:
                msg = f"a check has at most {MOST_PARTS} numbers, columns, operators and brackets"
                raise ValueError(msg)
        yield _Token("end", "", end)

    def unreadable(self, place: int) -> ValueError:
        rest = self.text[place:].lstrip(" ")
        at = len(self.text) - len(rest) + 1
        wrong = next((wrong for wrong in ("=>", "=<", "=") if rest.startswith(wrong)), None)
        if wrong:
            return ValueError(f"character {at}: write `{_INSTEAD[wrong]}` instead of `{wrong}`")
        if rest.startswith("`"):
            return ValueError(f"character {at}: a backtick opens here and never closes, or holds nothing")
        return ValueError(f"character {at}: {rest[0]!r} has no meaning here; a check is like `worst >= 2 * mean`")

    def take(self) -> _Token:
        token = self.tokens[self.next]
        self.next += 1
        return token

    def peek(self) -> _Token:
        return self.tokens[self.next]

    def check(self) -> Comparison:
        left = self.operand()
        operator = self.take()
        if operator.kind != "comparison":
            raise self.expected("one of < <= > >= == !=", operator)
        following = self.peek()
        if operator.text == "<" and following.text == ">" and following.kind == "comparison":
            msg = f"character {operator.place + 1}: write `!=` instead of `<>`"
            raise ValueError(msg)
        right = self.operand()
        if self.peek().kind == "comparison":
            msg = f"character {self.peek().place + 1}: a check compares two operands; make two rules of it"
            raise ValueError(msg)
        if self.peek().kind != "end":
            raise self.expected("the end", self.peek())
        comparison = Comparison(_COMPARISONS[operator.text], left, right)
        if not comparison.columns:
            msg = "a check names at least one column"
            raise ValueError(msg)
        return comparison

    def operand(self) -> Operand:
        left = self.term()
        while self.peek().kind == "symbol" and self.peek().text in _SUMS:
            left = Arithmetic(_SUMS[self.take().text], left, self.term())
        return left

    def term(self) -> Operand:
        left = self.factor()
        while self.peek().kind == "symbol" and self.peek().text in _PRODUCTS:
            left = Arithmetic(_PRODUCTS[self.take().text], left, self.factor())
        return left

    def factor(self) -> Operand:
        token = self.take()
        if token.kind == "name":
            return ColumnReference(token.text)
        if token.kind == "number":
            return self.number(token)
        if token.text == "-" and token.kind == "symbol":
            return Negation(self.factor())
        if token.text == "(" and token.kind == "symbol":
            inner = self.operand()
            closing = self.take()
            if closing.text != ")" or closing.kind != "symbol":
                raise self.expected("`)`", closing)
            return inner
        raise self.expected("a column, a number or `(`", token)

    def number(self, token: _Token) -> Number:
        value: int | float = int(token.text) if token.text.isdecimal() else float(token.text)
        if (isinstance(value, int) and value >= _LARGEST_INTEGER) or value == float("inf"):
            msg = f"character {token.place + 1}: the number is too large"
            raise ValueError(msg)
        return Number(value)

    def expected(self, what: str, found: _Token) -> ValueError:
        shown = "the check ends" if found.kind == "end" else f"`{found.text}` stands there"
        return ValueError(f"character {found.place + 1}: {what} is expected, {shown}")


def _columns(operand: Operand) -> Iterator[str]:
    match operand:
        case ColumnReference(name):
            yield name
        case Negation(inner):
            yield from _columns(inner)
        case Arithmetic(_, left, right):
            yield from _columns(left)
            yield from _columns(right)
        case Number():
            return


def _strength(operand: Operand) -> int:
    """Return how strongly the outermost operator binds: 1 sums, 2 products, 3 signs, 4 single values."""
    if isinstance(operand, Arithmetic):
        return 1 if operand.operator in _SUMS else 2
    return 3 if isinstance(operand, Negation) else 4


def _within(operand: Operand, strength: int) -> str:
    """Return the operand, in brackets where it binds more weakly than its surroundings."""
    return operand.text if _strength(operand) >= strength else f"({operand.text})"
