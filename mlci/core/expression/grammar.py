"""Reading a check. The grammar, in full:

check      = all { "or" all }
all        = opposite { "and" opposite }
opposite   = "not" opposite | predicate
predicate  = sum [ comparison sum
                 | [ "not" ] "in" "(" value { "," value } ")"
                 | [ "not" ] "between" sum "and" sum
                 | "is" [ "not" ] "null" ]
comparison = "<" | "<=" | ">" | ">=" | "==" | "!="
sum        = product { ( "+" | "-" ) product }
product    = factor { ( "*" | "/" | "%" ) factor }
factor     = "-" factor | value | column | function "(" check { "," check } ")" | "(" check ")"
value      = [ "-" ] number | text | "true" | "false" | moment
moment     = ( "date" | "time" | "timestamp" ) text, as ISO 8601 writes it; a timestamp with a zone or without one
column     = a name of letters, digits and _ (not first a digit), or any name in `backticks` (a backtick is doubled)
number     = 12 | 1.5 | .5 | 1e-3
text       = 'single quotes' or "double quotes" (the quote is doubled)

A check of aggregates is the same, with a measure where a column may stand, and no column outside of one:

measure    = "count" "(" [ column ] ")" | "share" "(" check ")"
           | ( "distinct" | "sum" | "mean" | "min" | "max" ) "(" column ")"
"""  # noqa: D415 - the grammar is the summary

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, get_args

from mlci.core.expression.tokens import Token, expected, tokens_of
from mlci.core.expression.tree import (
    FUNCTIONS,
    MEASURES,
    And,
    Arithmetic,
    ArithmeticOperator,
    Call,
    Check,
    ColumnReference,
    Comparison,
    ComparisonOperator,
    Literal,
    Measure,
    Membership,
    Negation,
    Node,
    Not,
    NullTest,
    Or,
)
from mlci.core.moment import read_moment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlci.core.moment import MomentType

LONGEST_CHECK: Final = 2_000
DEEPEST: Final = 25
"""How many brackets, signs and `not` may stand within each other."""

_COMPARISONS: Final[Mapping[str, ComparisonOperator]] = {each: each for each in get_args(ComparisonOperator)}
_SUMS: Final[Mapping[str, ArithmeticOperator]] = {"+": "+", "-": "-"}
_PRODUCTS: Final[Mapping[str, ArithmeticOperator]] = {"*": "*", "/": "/", "%": "%"}
_LARGEST_INTEGER: Final = 2**63
_MOMENTS: Final[Mapping[str, tuple[MomentType, ...]]] = {
    "date": ("date",), "time": ("time",), "timestamp": ("timestamp", "timestamp_with_zone"),
}  # fmt: skip


def parse_check(text: str) -> Check:
    """Return a check; raises `ValueError` with the character's place when TEXT is none.

    `ValueError` because pydantic turns it into a problem with file, line and column.

    >>> parse_check("worst>=mean*2").text
    'worst >= mean * 2'
    """
    return _parsed(text, aggregates=False)


def parse_aggregate(text: str) -> Check:
    """Return a check of aggregates; raises as `parse_check`.

    >>> parse_aggregate("mean(price)between 10 and 20").text
    'mean(price) >= 10 and mean(price) <= 20'
    """
    return _parsed(text, aggregates=True)


def _parsed(text: str, *, aggregates: bool) -> Check:
    if len(text) > LONGEST_CHECK:
        msg = f"a check has at most {LONGEST_CHECK:,} characters, this one has {len(text):,}"
        raise ValueError(msg)
    return _Parser(text, aggregates=aggregates).whole()


class _Parser:
    """Recursive descent."""

    def __init__(self, text: str, *, aggregates: bool) -> None:
        self.text = text
        self.aggregates = aggregates
        """Whether a measure, and no column, may stand at this place."""
        self.tokens = list(tokens_of(text))
        self.next = 0
        self.depth = 0

    def take(self) -> Token:
        token = self.tokens[self.next]
        self.next += 1
        return token

    def peek(self) -> Token:
        return self.tokens[self.next]

    def takes(self, word: str) -> bool:
        """Take WORD, if it comes next."""
        found = self.peek().is_word(word)
        self.next += found
        return found

    def demand(self, symbol: str) -> None:
        token = self.take()
        if not token.is_symbol(symbol):
            raise expected(f"`{symbol}`", token)

    def whole(self) -> Check:
        check = Check(self.check())
        if self.peek().kind != "end":
            blank = " (names with blanks in `backticks`)" if self.peek().kind == "name" else ""
            raise expected(f"the end, `and` or `or`{blank}", self.peek())
        if isinstance(check.tree, Literal | Negation | Arithmetic):
            raise expected("one of < <= > >= == != in is between", self.peek())
        if self.aggregates and not check.measures:
            msg = f"a check of aggregates has at least one of {', '.join(MEASURES)}"
            raise ValueError(msg)
        if not self.aggregates and not check.columns:
            msg = "a check names at least one column"
            raise ValueError(msg)
        return check

    def check(self) -> Node:
        return self.joined("or", self.all, Or)

    def all(self) -> Node:
        return self.joined("and", self.opposite, And)

    def joined(self, word: str, part: Callable[[], Node], kind: type[And | Or]) -> Node:
        parts = [part()]
        while self.takes(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else kind(tuple(parts))

    def opposite(self) -> Node:
        return Not(self.deeper(self.opposite)) if self.takes("not") else self.predicate()

    def deeper(self, read: Callable[[], Node]) -> Node:
        """Read what stands within a bracket, or after a sign."""
        self.depth += 1
        if self.depth > DEEPEST:
            msg = f"character {self.peek().place + 1}: more than {DEEPEST} brackets, signs and nots within each other"
            raise ValueError(msg)
        found = read()
        self.depth -= 1
        return found

    def predicate(self) -> Node:
        left = self.sum()
        if self.takes("is"):
            opposite = self.takes("not")
            if not self.takes("null"):
                raise expected("`null`", self.peek())
            return Not(NullTest(left)) if opposite else NullTest(left)
        if self.peek().kind == "comparison":
            return self.comparison(left)
        opposite = self.takes("not")
        if self.takes("in"):
            test: Node = Membership(left, self.values())
        elif self.takes("between"):
            lower = self.sum()
            if not self.takes("and"):
                raise expected("`and`", self.peek())
            test = And((Comparison(">=", left, lower), Comparison("<=", left, self.sum())))
        elif opposite:
            raise expected("`in` or `between`", self.peek())
        else:
            return left
        return Not(test) if opposite else test

    def comparison(self, left: Node) -> Node:
        operator = self.take()
        following = self.peek()
        if operator.text == "<" and following.text == ">" and following.kind == "comparison":
            msg = f"character {operator.place + 1}: write `!=` instead of `<>`"
            raise ValueError(msg)
        if following.is_word("null"):
            msg = f"character {following.place + 1}: nothing is equal to null; write `is null` or `is not null`"
            raise ValueError(msg)
        right = self.sum()
        if self.peek().kind == "comparison":
            msg = f"character {self.peek().place + 1}: a comparison has two sides; write `a < b and b < c`"
            raise ValueError(msg)
        return Comparison(_COMPARISONS[operator.text], left, right)

    def values(self) -> tuple[Literal | Negation, ...]:
        self.demand("(")
        found = [self.value()]
        while self.peek().is_symbol(","):
            self.take()
            found.append(self.value())
        self.demand(")")
        return tuple(found)

    def value(self) -> Literal | Negation:
        token = self.peek()
        if token.is_symbol("-"):
            self.take()
            number = self.literal(self.take())
            if number is None or isinstance(number.value, bool) or not isinstance(number.value, int | float):
                raise expected("a number", token)
            return Negation(number)
        found = self.literal(self.take())
        if found is None:
            raise expected("a number, a text, a date, true or false", token)
        return found

    def sum(self) -> Node:
        left = self.product()
        while self.peek().kind == "symbol" and self.peek().text in _SUMS:
            left = Arithmetic(_SUMS[self.take().text], left, self.product())
        return left

    def product(self) -> Node:
        left = self.factor()
        while self.peek().kind == "symbol" and self.peek().text in _PRODUCTS:
            left = Arithmetic(_PRODUCTS[self.take().text], left, self.factor())
        return left

    def factor(self) -> Node:
        token = self.take()
        if token.is_symbol("-"):
            return Negation(self.deeper(self.factor))
        if token.is_symbol("("):
            inner = self.deeper(self.check)
            self.demand(")")
            return inner
        if token.kind == "name" and not self.opens_moment(token):
            is_called = self.peek().is_symbol("(") and self.text[token.place] != "`"
            if self.aggregates and (not is_called or token.text in MEASURES):
                return self.measure(token)
            return self.call(token) if is_called else ColumnReference(token.text)
        found = self.literal(token)
        if found is None:
            raise expected("a column, a value or `(`", token)
        return found

    def measure(self, name: Token) -> Measure:
        function = next((each for each in MEASURES if each == name.text), None)
        if function is None or self.text[name.place] == "`" or not self.peek().is_symbol("("):
            msg = f"character {name.place + 1}: a column stands within one of {', '.join(MEASURES)}: mean(price)"
            raise ValueError(msg)
        self.demand("(")
        if function == "count" and self.peek().is_symbol(")"):
            operand: Node | None = None
        elif function == "share":
            self.aggregates = False
            operand = self.deeper(self.check)
            self.aggregates = True
        else:
            column = self.take()
            if column.kind != "name":
                raise expected("a column", column)
            operand = ColumnReference(column.text)
        self.demand(")")
        return Measure(function, operand)

    def call(self, name: Token) -> Node:
        function = next((each for each in FUNCTIONS if each == name.text), None)
        if function is None and name.text in MEASURES:
            msg = "is of many rows and this check of one; write it under aggregates:"
            msg = f"character {name.place + 1}: {name.text} {msg}"
            raise ValueError(msg)
        if function is None:
            known = (*MEASURES, *FUNCTIONS) if self.aggregates else FUNCTIONS
            msg = f"character {name.place + 1}: there is no function {name.text}; there are {', '.join(known)}"
            raise ValueError(msg)
        self.demand("(")
        arguments = [self.deeper(self.check)]
        while self.peek().is_symbol(","):
            self.take()
            arguments.append(self.deeper(self.check))
        self.demand(")")
        return Call(function, tuple(arguments))

    def opens_moment(self, name: Token) -> bool:
        """Tell whether a day or a time follows NAME: `date '2024-02-29'`."""
        return name.text in _MOMENTS and self.text[name.place] != "`" and self.peek().kind == "text"

    def moment(self, name: Token) -> Literal:
        text = self.take()
        for type_ in _MOMENTS[name.text]:
            found = read_moment(text.text, type_)
            if type_ == "timestamp_with_zone" and isinstance(found, datetime):
                return Literal(found.replace(tzinfo=UTC))
            if found is not None:
                return Literal(found)
        example = {"date": "2024-02-29", "time": "23:59:59", "timestamp": "2024-02-29T23:59:59Z"}[name.text]
        msg = f"character {text.place + 1}: this is no {name.text}, which is written as {name.text} '{example}'"
        raise ValueError(msg)

    def literal(self, token: Token) -> Literal | None:
        if token.kind == "text":
            return Literal(token.text)
        if token.kind == "name" and self.opens_moment(token):
            return self.moment(token)
        if token.kind == "word" and token.text in {"true", "false"}:
            return Literal(token.text == "true")
        if token.kind != "number":
            return None
        value: int | float = int(token.text) if token.text.isdecimal() else float(token.text)
        if (isinstance(value, int) and value >= _LARGEST_INTEGER) or value == float("inf"):
            msg = f"character {token.place + 1}: the number is too large"
            raise ValueError(msg)
        return Literal(value)
