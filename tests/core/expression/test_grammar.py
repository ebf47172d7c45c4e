# ruff: noqa: DTZ001 - timestamps without a zone are what is tested
from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
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
    check_types,
    parse_aggregate,
    parse_check,
)
from mlci.core.expression.tree import FUNCTIONS, MEASURES
from tests.core.expression.checks import AGGREGATES, CHECKS

if TYPE_CHECKING:
    from mlci.core.expression.tree import ComparisonOperator

A, B = ColumnReference("a"), ColumnReference("b")
WORDS = st.lists(
    st.sampled_from(
        ["a", "1", "'x'", "not", "in", "is", "null", "and", "or", "between", "(", ")", ",", "<", "-", "abs"]
    )
).map(" ".join)


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "==", "!="])
def test_parse_check__reads_each_comparison(operator: ComparisonOperator) -> None:
    assert parse_check(f"a {operator} b").tree == Comparison(operator, A, B)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("a < 12", Literal(12)),
        ("a < 1.50", Literal(1.5)),
        ("a < .5", Literal(0.5)),
        ("a < 1e-3", Literal(0.001)),
        ("a < 2E+2", Literal(200.0)),
        ("a < -b", Negation(B)),
        ("a<b*2+1", Arithmetic("+", Arithmetic("*", B, Literal(2)), Literal(1))),
        ("a < 1 + b * 2", Arithmetic("+", Literal(1), Arithmetic("*", B, Literal(2)))),
        ("a < (1 + b) * 2", Arithmetic("*", Arithmetic("+", Literal(1), B), Literal(2))),
        ("a < b - 1 - 2", Arithmetic("-", Arithmetic("-", B, Literal(1)), Literal(2))),
        ("a < b - (1 - 2)", Arithmetic("-", B, Arithmetic("-", Literal(1), Literal(2)))),
        ("a < b / 2 / 3", Arithmetic("/", Arithmetic("/", B, Literal(2)), Literal(3))),
        ("a < - -b", Negation(Negation(B))),
        ("a < `mean radius`", ColumnReference("mean radius")),
        ("a < `a``b`", ColumnReference("a`b")),
        ("a < `12`", ColumnReference("12")),
        ("a < `größe`", ColumnReference("größe")),
    ],
)
def test_parse_check__reads_operands_with_the_usual_precedence(text: str, right: Node) -> None:
    assert parse_check(text).tree == Comparison("<", A, right)


def test_comparison__knows_its_columns_once_in_order() -> None:
    assert parse_check("b + a > a * -c").columns == ("b", "a", "c")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "character 1: a column, a value or `(` is expected, the check ends"),
        ("1", "character 2: one of < <= > >= == != in is between is expected, the check ends"),
        ("a + 1", "character 6: one of < <= > >= == != in is between is expected, the check ends"),
        ("a >=", "character 5: a column, a value or `(` is expected, the check ends"),
        ("a not > b", "character 7: `in` or `between` is expected, `>` stands there"),
        ("a is 1", "character 6: `null` is expected, `1` stands there"),
        ("a == null", "character 6: nothing is equal to null; write `is null` or `is not null`"),
        ("a in 1", "character 6: `(` is expected, `1` stands there"),
        ("a in ()", "character 7: a number, a text, a date, true or false is expected, `)` stands there"),
        ("a in (b)", "character 7: a number, a text, a date, true or false is expected, `b` stands there"),
        ("a in (-'x')", "character 7: a number is expected, `-` stands there"),
        ("a between 1 or 2", "character 13: `and` is expected, `or` stands there"),
        ("a && b", "character 3: write `and` instead of `&&`"),
        ("!a", "character 1: write `not` instead of `!`"),
        ("a < 'x", "character 5: a quote opens here and never closes, or holds nothing"),
        ("a < 'x\ty'", "character 5: a control character, a line break or a hidden character"),
        ("a and", "character 6: a column, a value or `(` is expected, the check ends"),
        (
            "sqrt(a) > 1",
            f"character 1: there is no function sqrt; there are {', '.join(FUNCTIONS)}",
        ),
        ("a => b", "character 3: write `>=` instead of `=>`"),
        ("a =< b", "character 3: write `<=` instead of `=<`"),
        ("a = b", "character 3: write `==` instead of `=`"),
        ("a <> b", "character 3: write `!=` instead of `<>`"),
        ("a < b < c", "character 7: a comparison has two sides; write `a < b and b < c`"),
        ("a < (b", "character 7: `)` is expected, the check ends"),
        ("a < b)", "character 6: the end, `and` or `or` is expected, `)` stands there"),
        (
            "a < b c",
            "character 7: the end, `and` or `or` (names with blanks in `backticks`) is expected, `c` stands there",
        ),
        (
            "worst radius >= 1",
            "character 7: the end, `and` or `or` (names with blanks in `backticks`) is expected, `radius` stands there",
        ),
        ("a < `b", "character 5: a backtick opens here and never closes, or holds nothing"),
        ("a < ``", "character 5: a backtick opens here and never closes, or holds nothing"),
        ("a < b; drop table x", "character 6: ';' has no meaning here; a check is like `worst >= 2 * mean`"),
        (
            "a < date '2023-02-29'",
            "character 10: this is no date, which is written as date '2024-02-29'",
        ),
        (
            "a < timestamp '2024-01-01'",
            "character 15: this is no timestamp, which is written as timestamp '2024-02-29T23:59:59Z'",
        ),
        ("a < `date` '2024-02-29'", "character 12: the end, `and` or `or` is expected, `2024-02-29` stands there"),
        ("a in (-date '2024-02-29')", "character 7: a number is expected, `-` stands there"),
        ("a < 1x", "character 5: '1' has no meaning here; a check is like `worst >= 2 * mean`"),
        (
            "a < \N{ARABIC-INDIC DIGIT ONE}",
            "character 5: '\N{ARABIC-INDIC DIGIT ONE}' has no meaning here; a check is like `worst >= 2 * mean`",
        ),
        ("a <\tb", "character 4: '\\t' has no meaning here; a check is like `worst >= 2 * mean`"),
        ("1 < 2", "a check names at least one column"),
        ("a < 9223372036854775808", "character 5: the number is too large"),
        ("a < 1e999", "character 5: the number is too large"),
        ("a < " + "(" * 250, "a check has at most 250 values, columns, operators and brackets"),
        ("a < " + "-" * 26 + "b", "character 31: more than 25 brackets, signs and nots within each other"),
        ("a < " + "b" * 2000, "a check has at most 2,000 characters, this one has 2,004"),
    ],
)
def test_parse_check__says_what_is_wrong_and_where(text: str, problem: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole message is compared below
        parse_check(text)
    assert str(error.value) == problem


@pytest.mark.parametrize(
    "text",
    ["a < " + "(" * 25 + "b" + ")" * 25, "a < " + " + ".join("b" * 124), "a<" + "-" * 25 + "b", "not " * 25 + "a"],
)
def test_parse_check__the_deepest_tree_can_be_written(text: str) -> None:
    assert parse_check(parse_check(text).text) == parse_check(text)


@pytest.mark.parametrize(
    ("written", "shortest"),
    [
        ("a<b", "a < b"),
        ("( a ) < ((b))", "a < b"),
        ("a < (b*2)+1", "a < b * 2 + 1"),
        ("a < b-(1-2)", "a < b - (1 - 2)"),
        ("a < -(b+1)", "a < -(b + 1)"),
        ("a < -b*2", "a < -b * 2"),
        ("a < -(b*2)", "a < -(b * 2)"),
        ("a < `b` / `c d`", "a < b / `c d`"),
    ],
)
def test_text__has_as_few_brackets_as_keep_its_shape(written: str, shortest: str) -> None:
    assert parse_check(written).text == shortest


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a is null", NullTest(A)),
        ("a is not null", Not(NullTest(A))),
        (
            "a in (1, -2.5, 'it''s', true)",
            Membership(A, (Literal(1), Negation(Literal(2.5)), Literal("it's"), Literal(value=True))),
        ),
        ("a not in (1)", Not(Membership(A, (Literal(1),)))),
        ('a == "x""y"', Comparison("==", A, Literal('x"y'))),
        ("a or b and a", Or((A, And((B, A))))),
        ("(a or b) and a", And((Or((A, B)), A))),
        ("not a and b", And((Not(A), B))),
        ("not (a and b)", Not(And((A, B)))),
        ("a between 1 and 2 and b", And((And((Comparison(">=", A, Literal(1)), Comparison("<=", A, Literal(2)))), B))),
        ("lower(a) == 'x'", Comparison("==", Call("lower", (A,)), Literal("x"))),
        ("`lower` == 'x'", Comparison("==", ColumnReference("lower"), Literal("x"))),
        ("lower == 'x'", Comparison("==", ColumnReference("lower"), Literal("x"))),
        ("`and` > 1", Comparison(">", ColumnReference("and"), Literal(1))),
        ("a % 2 == 0", Comparison("==", Arithmetic("%", A, Literal(2)), Literal(0))),
        ("a >= date '2024-02-29'", Comparison(">=", A, Literal(date(2024, 2, 29)))),
        ('a in (time "12:30")', Membership(A, (Literal(time(12, 30)),))),
        ("a < timestamp '2024-02-29 12:00'", Comparison("<", A, Literal(datetime(2024, 2, 29, 12)))),
        (
            "a < timestamp '2024-02-29 12:00+02'",
            Comparison("<", A, Literal(datetime(2024, 2, 29, 10, tzinfo=UTC))),
        ),
        ("date(a) == date", Comparison("==", Call("date", (A,)), ColumnReference("date"))),
        ("date > time", Comparison(">", ColumnReference("date"), ColumnReference("time"))),
    ],
)
def test_parse_check__reads_tests(text: str, tree: Node) -> None:
    assert parse_check(text).tree == tree
    assert parse_check(parse_check(text).text).tree == tree


@given(CHECKS, st.text(min_size=1, max_size=12))
def test_text__reads_back_as_an_equal_tree(check: Check, name: str) -> None:
    whole = Check(And((Comparison("<", ColumnReference(name), Literal(1)), check.tree)))
    assert parse_check(whole.text) == whole


@given(st.text() | st.text(alphabet="ab01 .eE+-*/%(),<>=!`'\"", max_size=40) | WORDS)
def test_parse_check__never_fails_otherwise_than_by_saying_so(text: str) -> None:
    with suppress(ValueError):
        check = parse_check(text)
        assert parse_check(check.text) == check


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("count() > 5", Comparison(">", Measure("count", None), Literal(5))),
        ("count(a)>5", Comparison(">", Measure("count", A), Literal(5))),
        ("distinct(`c d`) >= 3", Comparison(">=", Measure("distinct", ColumnReference("c d")), Literal(3))),
        ("max(a) - min(b) < 1", Comparison("<", Arithmetic("-", Measure("max", A), Measure("min", B)), Literal(1))),
        (
            "share(a > 1 or b) < 0.5",
            Comparison("<", Measure("share", Or((Comparison(">", A, Literal(1)), B))), Literal(0.5)),
        ),
        ("abs(mean(a)) < 1", Comparison("<", Call("abs", (Measure("mean", A),)), Literal(1))),
        (
            "mean(a) between 1 and 2",
            And((Comparison(">=", Measure("mean", A), Literal(1)), Comparison("<=", Measure("mean", A), Literal(2)))),
        ),
    ],
)
def test_parse_aggregate__reads_measures_and_tests(text: str, tree: Node) -> None:
    check = parse_aggregate(text)
    assert check.tree == tree
    assert parse_aggregate(check.text) == check


def test_parse_aggregate__knows_its_columns_and_measures_once() -> None:
    check = parse_aggregate("mean(a) between 1 and 2 and share(b > a) < 1")
    assert check.columns == ("a", "b")
    assert check.measures == (Measure("mean", A), Measure("share", Comparison(">", B, A)))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "a > 1",
            "character 1: a column stands within one of count, distinct, max, mean, min, share, sum: mean(price)",
        ),
        ("1 < 2", "a check of aggregates has at least one of count, distinct, max, mean, min, share, sum"),
        ("mean(a)", "`mean(a)` is a number, and true or false is needed there"),
        ("mean()  > 1", "character 6: a column is expected, `)` stands there"),
        ("mean(1) > 1", "character 6: a column is expected, `1` stands there"),
        ("mean(a + b) > 1", "character 8: `)` is expected, `+` stands there"),
        ("mean(max(a)) > 1", "character 9: `)` is expected, `(` stands there"),
        (
            "share(mean(a) > 1) > 1",
            "character 7: mean is of many rows and this check of one; write it under aggregates:",
        ),
        ("median(a) > 1", f"character 1: there is no function median; there are {', '.join((*MEASURES, *FUNCTIONS))}"),
        (
            "`mean`(a) > 1",
            "character 1: a column stands within one of count, distinct, max, mean, min, share, sum: mean(price)",
        ),
    ],
)
def test_parse_aggregate__says_what_is_wrong(text: str, problem: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole message is compared below
        check_types(parse_aggregate(text), {"a": "number", "b": "number"})
    assert str(error.value) == problem


@given(AGGREGATES)
def test_text__of_aggregates_reads_back_as_an_equal_tree(check: Check) -> None:
    assert parse_aggregate(check.text) == check


@given(st.text(alphabet="ab01 .-*(),<>=`'", max_size=30) | WORDS | WORDS.map(lambda text: f"mean(a) < 1 and {text}"))
def test_parse_aggregate__never_fails_otherwise_than_by_saying_so(text: str) -> None:
    with suppress(ValueError):
        check = parse_aggregate(text)
        assert parse_aggregate(check.text) == check
