"""Well-typed checks for property tests, over the columns of `TYPES`."""

# ruff: noqa: DTZ001 - timestamps without a zone are what is tested
from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from mlci.core.digits import Digits
from mlci.core.expression import (
    And,
    Arithmetic,
    Call,
    Check,
    ColumnReference,
    Comparison,
    Kind,
    Literal,
    Measure,
    Membership,
    Negation,
    Node,
    Not,
    NullTest,
    Or,
    ValueType,
    check_types,
)

if TYPE_CHECKING:
    from mlci.core.expression.tree import Function

TYPES: dict[str, Kind] = {
    "i": "integer", "j": "integer", "x": "number", "y": "number", "m": Digits(5, 2), "n": Digits(8, 4),
    "s": "text", "t": "text", "b": "truth",
    "d": "date", "e": "date", "h": "time", "p": "timestamp", "q": "timestamp", "z": "timestamp_with_zone",
}  # fmt: skip


def of_type(kind: ValueType) -> st.SearchStrategy[Node]:
    wanted = {"integer", "number", Digits(5, 2), Digits(8, 4)} if kind == "number" else {kind}
    return st.sampled_from([ColumnReference(name) for name, type_ in TYPES.items() if type_ in wanted])


def fits(check: Check) -> bool:
    """Tell whether CHECK needs no more digits than there are."""
    try:
        check_types(check, TYPES)
    except ValueError:
        return False
    return True


NUMBER_LITERALS = st.sampled_from([0, 1, 2, 3, 7, 0.5, 2.5, 1e300, 2**60]).map(Literal)
TEXT_LITERALS = st.sampled_from(["", "a", "Ä", "ab c", " x", "it's"]).map(Literal)

TEXTS: st.SearchStrategy[Node] = st.recursive(
    of_type("text") | TEXT_LITERALS,
    lambda inner: (
        st.builds(lambda function, text: Call(function, (text,)), st.sampled_from(["lower", "upper", "trim"]), inner)
        | st.builds(lambda one, other: Call("coalesce", (one, other)), inner, inner)
    ),
    max_leaves=2,
)
DAY_LITERALS = st.sampled_from([date(2024, 2, 29), date(1969, 12, 31), date(1, 1, 1), date(9999, 12, 31)]).map(Literal)
TIME_LITERALS = st.sampled_from([time(), time(23, 59, 59, 999_999)]).map(Literal)
MOMENT_LITERALS = st.sampled_from([datetime(2024, 3, 31, 2, 30), datetime(1960, 1, 1, 0, 0, 0, 1)]).map(Literal)
ZONED_LITERALS = st.sampled_from([datetime(2024, 3, 31, 1, 30, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)]).map(Literal)
MOMENTS = [
    of_type("timestamp") | MOMENT_LITERALS,
    of_type("timestamp_with_zone") | ZONED_LITERALS,
]
DAYS: st.SearchStrategy[Node] = (
    of_type("date")
    | DAY_LITERALS
    | st.one_of(MOMENTS).map(lambda moment: Call("date", (moment,)))
    | st.builds(lambda one, other: Call("coalesce", (one, other)), of_type("date"), DAY_LITERALS)
)
HOURS = of_type("time") | TIME_LITERALS


def between(function: Function, moments: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.builds(lambda one, other: Call(function, (one, other)), moments, moments)


PARTS: st.SearchStrategy[Node] = (
    st.builds(
        lambda function, day: Call(function, (day,)),
        st.sampled_from(["year", "month", "day", "weekday"]),
        DAYS | st.one_of(MOMENTS),
    )
    | st.builds(
        lambda function, hour: Call(function, (hour,)), st.sampled_from(["hour", "minute"]), HOURS | st.one_of(MOMENTS)
    )
    | st.one_of(
        [st.builds(lambda one, other: Call("days_between", (one, other)), each, each) for each in (DAYS, *MOMENTS)]
    )
    | st.one_of(
        [st.builds(lambda one, other: Call("seconds_between", (one, other)), each, each) for each in (HOURS, *MOMENTS)]
    )
)
NUMBERS: st.SearchStrategy[Node] = st.recursive(
    of_type("number") | NUMBER_LITERALS | TEXTS.map(lambda text: Call("length", (text,))) | PARTS,
    lambda inner: (
        st.builds(Negation, inner)
        | st.builds(Arithmetic, st.sampled_from(["+", "-", "*", "/"]), inner, inner)
        | st.builds(lambda left, right: Arithmetic("%", left, right), inner, of_type("number") | NUMBER_LITERALS)
        | st.builds(lambda function, x: Call(function, (x,)), st.sampled_from(["abs", "ceil", "floor", "round"]), inner)
        | st.builds(
            lambda function, one, other: Call(function, (one, other)),
            st.sampled_from(["coalesce", "greatest", "least"]),
            inner,
            inner,
        )
    ),
    max_leaves=3,
)
TRUTHS: st.SearchStrategy[Node] = (
    of_type("truth")
    | st.booleans().map(Literal)
    | st.builds(
        lambda function, one, other: Call(function, (one, other)),
        st.sampled_from(["contains", "ends_with", "starts_with"]),
        TEXTS,
        TEXTS,
    )
)
ORDERS = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
TESTS: st.SearchStrategy[Node] = (
    st.builds(Comparison, ORDERS, NUMBERS, NUMBERS)
    | st.builds(Comparison, ORDERS, TEXTS, TEXTS)
    | st.one_of([st.builds(Comparison, ORDERS, each, each) for each in (DAYS, HOURS, *MOMENTS)])
    | st.builds(Membership, DAYS, st.lists(DAY_LITERALS, min_size=1, max_size=3).map(tuple))
    | st.builds(Comparison, st.sampled_from(["==", "!="]), TRUTHS, TRUTHS)
    | st.builds(
        Membership,
        NUMBERS,
        st.lists(NUMBER_LITERALS | NUMBER_LITERALS.map(Negation), min_size=1, max_size=3).map(tuple),
    )
    | st.builds(Membership, TEXTS, st.lists(TEXT_LITERALS, min_size=1, max_size=3).map(tuple))
    | st.sampled_from([*TYPES]).map(lambda name: NullTest(ColumnReference(name)))
    | TRUTHS
)
CHECKS: st.SearchStrategy[Check] = (
    st.recursive(
        TESTS,
        lambda inner: (
            st.builds(Not, inner)
            | st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts)))
            | st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts)))
        ),
        max_leaves=3,
    )
    .map(Check)
    .filter(fits)
)

INTEGERS = st.sampled_from([None, 0, 1, -1, 2, 3, -7, 2**63 - 1, -(2**63), 2**53 + 1])
FLOATS = st.sampled_from([None, 0.0, -0.0, 1.5, 2.5, -2.5, 0.5, -0.5, 1e308, -1e308, 5e-324, 3.0, 0.49999999999999994])
STRINGS = st.sampled_from([None, "", "a", "Ab", "äÄ", "\N{FACE PALM}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}", " x\n"])
ROWS = st.fixed_dictionaries(
    {"i": INTEGERS, "j": INTEGERS, "x": FLOATS, "y": FLOATS, "s": STRINGS, "t": STRINGS}
    | {"b": st.sampled_from([None, True, False])}
    | {"m": st.sampled_from([None, *map(Decimal, ("0.00", "0.10", "-0.30", "999.99", "-999.99", "2.50"))])}
    | {"n": st.sampled_from([None, *map(Decimal, ("0.0000", "0.1000", "0.2000", "9999.9999", "-0.0001"))])}
    | {name: st.sampled_from([None, date(2024, 2, 29), date(1, 1, 1), date(9999, 12, 31)]) for name in "de"}
    | {"h": st.sampled_from([None, time(), time(12, 30, 0, 1)])}
    | {name: st.sampled_from([None, datetime(2024, 3, 31, 2, 30), datetime(9999, 12, 31, 23, 59)]) for name in "pq"}
    | {"z": st.sampled_from([None, datetime(2024, 3, 31, 1, 30), datetime(1, 1, 1)])}
)

MEASURES: st.SearchStrategy[Node] = (
    st.just(Measure("count", None))
    | st.builds(Measure, st.sampled_from(["count", "distinct"]), st.sampled_from([*TYPES]).map(ColumnReference))
    | st.builds(Measure, st.sampled_from(["sum", "mean", "min", "max"]), of_type("number"))
    | st.builds(
        lambda one, other: Call("days_between", (Measure("min", one), Measure("max", other))),
        of_type("date"),
        of_type("date"),
    )
    | st.builds(Measure, st.just("share"), st.deferred(lambda: CHECKS.map(lambda check: check.tree)))
)
AGGREGATES: st.SearchStrategy[Check] = (
    st.recursive(
        st.builds(Comparison, ORDERS, MEASURES, NUMBER_LITERALS | MEASURES)
        | st.builds(
            lambda symbol, one, other, bound: Comparison("<", Arithmetic(symbol, one, other), bound),
            st.sampled_from(["+", "-", "*", "/"]),
            MEASURES,
            MEASURES | NUMBER_LITERALS,
            NUMBER_LITERALS,
        ),
        lambda inner: (
            st.builds(Not, inner)
            | st.lists(inner, min_size=2, max_size=2).map(lambda parts: And(tuple(parts)))
            | st.lists(inner, min_size=2, max_size=2).map(lambda parts: Or(tuple(parts)))
        ),
        max_leaves=2,
    )
    .map(Check)
    .filter(fits)
)
"""Well-typed checks of aggregates."""
EXACT_ROWS = st.fixed_dictionaries(
    {name: st.sampled_from([None, 0, 1, 2, -3]) for name in "ij"}
    | {name: st.sampled_from([None, 0.0, 1.5, -2.5]) for name in "xy"}
    | {name: st.sampled_from([None, "a", "Ab"]) for name in "st"}
    | {"b": st.sampled_from([None, True, False])}
    | {name: st.sampled_from([None, Decimal("0.50"), Decimal("-1.25")]) for name in "mn"}
    | {name: st.sampled_from([None, date(2024, 2, 29), date(1960, 1, 1)]) for name in "de"}
    | {"h": st.sampled_from([None, time(12)])}
    | {name: st.sampled_from([None, datetime(2024, 3, 31, 2, 30)]) for name in "pqz"}
)
"""Rows whose sums have no rounding error."""
