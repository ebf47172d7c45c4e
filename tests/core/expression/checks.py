"""Well-typed checks for property tests, over the columns of `TYPES`."""

from __future__ import annotations

from hypothesis import strategies as st

from mlci.core.expression import (
    And,
    Arithmetic,
    Call,
    Check,
    ColumnReference,
    Comparison,
    Literal,
    Measure,
    Membership,
    Negation,
    Node,
    Not,
    NullTest,
    Or,
    ValueType,
)

TYPES: dict[str, ValueType] = {
    "i": "number", "j": "number", "x": "number", "y": "number", "s": "text", "t": "text", "b": "truth",
}  # fmt: skip


def of_type(kind: ValueType) -> st.SearchStrategy[Node]:
    return st.sampled_from([ColumnReference(name) for name, type_ in TYPES.items() if type_ == kind])


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
NUMBERS: st.SearchStrategy[Node] = st.recursive(
    of_type("number") | NUMBER_LITERALS | TEXTS.map(lambda text: Call("length", (text,))),
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
CHECKS: st.SearchStrategy[Check] = st.recursive(
    TESTS,
    lambda inner: (
        st.builds(Not, inner)
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts)))
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts)))
    ),
    max_leaves=3,
).map(Check)

INTEGERS = st.sampled_from([None, 0, 1, -1, 2, 3, -7, 2**63 - 1, -(2**63), 2**53 + 1])
FLOATS = st.sampled_from([None, 0.0, -0.0, 1.5, 2.5, -2.5, 0.5, -0.5, 1e308, -1e308, 5e-324, 3.0, 0.49999999999999994])
STRINGS = st.sampled_from([None, "", "a", "Ab", "äÄ", "\N{FACE PALM}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}", " x\n"])
ROWS = st.fixed_dictionaries(
    {"i": INTEGERS, "j": INTEGERS, "x": FLOATS, "y": FLOATS, "s": STRINGS, "t": STRINGS}
    | {"b": st.sampled_from([None, True, False])}
)

MEASURES: st.SearchStrategy[Node] = (
    st.just(Measure("count", None))
    | st.builds(Measure, st.sampled_from(["count", "distinct"]), st.sampled_from([*TYPES]).map(ColumnReference))
    | st.builds(Measure, st.sampled_from(["sum", "mean", "min", "max"]), of_type("number"))
    | st.builds(Measure, st.just("share"), CHECKS.map(lambda check: check.tree))
)
AGGREGATES: st.SearchStrategy[Check] = st.recursive(
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
).map(Check)
"""Well-typed checks of aggregates."""
EXACT_ROWS = st.fixed_dictionaries(
    {name: st.sampled_from([None, 0, 1, 2, -3]) for name in "ij"}
    | {name: st.sampled_from([None, 0.0, 1.5, -2.5]) for name in "xy"}
    | {name: st.sampled_from([None, "a", "Ab"]) for name in "st"}
    | {"b": st.sampled_from([None, True, False])}
)
"""Rows whose sums have no rounding error."""
