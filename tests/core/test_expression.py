from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.expression import (
    Arithmetic,
    ArithmeticOperator,
    ColumnReference,
    Comparison,
    ComparisonOperator,
    Negation,
    Number,
    Operand,
    parse_check,
)

A, B = ColumnReference("a"), ColumnReference("b")

COLUMN_NAMES = st.text(min_size=1, max_size=12)
ARITHMETIC: st.SearchStrategy[ArithmeticOperator] = st.sampled_from(["+", "-", "*", "/"])
COMPARING: st.SearchStrategy[ComparisonOperator] = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
OPERANDS: st.SearchStrategy[Operand] = st.recursive(
    st.one_of(
        st.builds(ColumnReference, COLUMN_NAMES),
        st.builds(Number, st.integers(0, 2**63 - 1)),
        st.builds(Number, st.floats(0, allow_infinity=False, allow_nan=False).map(abs)),
    ),
    lambda inner: st.builds(Negation, inner) | st.builds(Arithmetic, ARITHMETIC, inner, inner),
    max_leaves=8,
)
CHECKS = st.builds(Comparison, COMPARING, st.builds(ColumnReference, COLUMN_NAMES), OPERANDS)


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">=", "==", "!="])
def test_parse_check__reads_each_comparison(operator: ComparisonOperator) -> None:
    assert parse_check(f"a {operator} b") == Comparison(operator, A, B)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("a < 12", Number(12)),
        ("a < 1.50", Number(1.5)),
        ("a < .5", Number(0.5)),
        ("a < 1e-3", Number(0.001)),
        ("a < 2E+2", Number(200.0)),
        ("a < -b", Negation(B)),
        ("a<b*2+1", Arithmetic("+", Arithmetic("*", B, Number(2)), Number(1))),
        ("a < 1 + b * 2", Arithmetic("+", Number(1), Arithmetic("*", B, Number(2)))),
        ("a < (1 + b) * 2", Arithmetic("*", Arithmetic("+", Number(1), B), Number(2))),
        ("a < b - 1 - 2", Arithmetic("-", Arithmetic("-", B, Number(1)), Number(2))),
        ("a < b - (1 - 2)", Arithmetic("-", B, Arithmetic("-", Number(1), Number(2)))),
        ("a < b / 2 / 3", Arithmetic("/", Arithmetic("/", B, Number(2)), Number(3))),
        ("a < - -b", Negation(Negation(B))),
        ("a < `mean radius`", ColumnReference("mean radius")),
        ("a < `a``b`", ColumnReference("a`b")),
        ("a < `12`", ColumnReference("12")),
        ("a < `größe`", ColumnReference("größe")),
    ],
)
def test_parse_check__reads_operands_with_the_usual_precedence(text: str, right: Operand) -> None:
    assert parse_check(text) == Comparison("<", A, right)


def test_comparison__knows_its_columns_once_in_order() -> None:
    assert parse_check("b + a > a * -c").columns == ("b", "a", "c")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "character 1: a column, a number or `(` is expected, the check ends"),
        ("a", "character 2: one of < <= > >= == != is expected, the check ends"),
        ("a >=", "character 5: a column, a number or `(` is expected, the check ends"),
        ("a => b", "character 3: write `>=` instead of `=>`"),
        ("a =< b", "character 3: write `<=` instead of `=<`"),
        ("a = b", "character 3: write `==` instead of `=`"),
        ("a <> b", "character 3: write `!=` instead of `<>`"),
        ("a < b < c", "character 7: a check compares two operands; make two rules of it"),
        ("a < (b", "character 7: `)` is expected, the check ends"),
        ("a < b)", "character 6: the end is expected, `)` stands there"),
        ("a < b c", "character 7: the end is expected, `c` stands there"),
        ("a < `b", "character 5: a backtick opens here and never closes, or holds nothing"),
        ("a < ``", "character 5: a backtick opens here and never closes, or holds nothing"),
        ("a < b; drop table x", "character 6: ';' has no meaning here; a check is like `worst >= 2 * mean`"),
        ("a < 'x'", 'character 5: "\'" has no meaning here; a check is like `worst >= 2 * mean`'),
        ("a < 1x", "character 5: '1' has no meaning here; a check is like `worst >= 2 * mean`"),
        (
            "a < \N{ARABIC-INDIC DIGIT ONE}",
            "character 5: '\N{ARABIC-INDIC DIGIT ONE}' has no meaning here; a check is like `worst >= 2 * mean`",
        ),
        ("a <\tb", "character 4: '\\t' has no meaning here; a check is like `worst >= 2 * mean`"),
        ("1 < 2", "a check names at least one column"),
        ("a < 9223372036854775808", "character 5: the number is too large"),
        ("a < 1e999", "character 5: the number is too large"),
        ("a < " + "(" * 200, "a check has at most 100 numbers, columns, operators and brackets"),
        ("a < " + "-" * 200 + "b", "a check has at most 100 numbers, columns, operators and brackets"),
        ("a < " + "b" * 1000, "a check has at most 1,000 characters, this one has 1,004"),
    ],
)
def test_parse_check__says_what_is_wrong_and_where(text: str, problem: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole message is compared below
        parse_check(text)
    assert str(error.value) == problem


@pytest.mark.parametrize(
    "text", ["a < " + "(" * 46 + "b" + ")" * 46, "a < " + " + ".join("b" * 49), "a<" + "-" * 96 + "b"]
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


@given(CHECKS)
def test_text__reads_back_as_an_equal_tree(check: Comparison) -> None:
    assert parse_check(check.text) == check


@given(st.text() | st.text(alphabet="ab01 .eE+-*/()<>=!`", max_size=40))
def test_parse_check__never_fails_otherwise_than_by_saying_so(text: str) -> None:
    with suppress(ValueError):
        check = parse_check(text)
        assert parse_check(check.text) == check
