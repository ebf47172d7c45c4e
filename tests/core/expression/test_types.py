from __future__ import annotations

import pytest
from hypothesis import given

from mlci.core.expression import Check, check_types, parse_check
from tests.core.expression.checks import CHECKS, TYPES


@given(CHECKS)
def test_check_types__takes_what_fits(check: Check) -> None:
    check_types(check, TYPES)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("s > 1", "`1` is a number, and text is needed there"),
        ("x == 'a'", "`'a'` is text, and a number is needed there"),
        ("x + s > 1", "`s` is text, and a number is needed there"),
        ("-b > 1", "`b` is true or false, and a number is needed there"),
        ("x in (1, 'a')", "`'a'` is text, and a number is needed there"),
        ("x", "`x` is a number, and true or false is needed there"),
        ("x > 1 and s", "`s` is text, and true or false is needed there"),
        ("not x", "`x` is a number, and true or false is needed there"),
        ("b < true", "true and false have no order: b < true"),
        ("(x > 1) == b", "`x > 1` is a test, and tests are joined by and, or, not alone"),
        ("x % (y + 1) > 0", "the divisor of % is a column or a number, not `y + 1`"),
        ("x + 1 is null", "`is null` asks about a column, not about `x + 1`"),
        ("d > p", "`p` is a timestamp without a zone, and a date is needed there"),
        ("p > z", "`z` is a timestamp with a zone, and a timestamp without a zone is needed there"),
        ("d > '2024-01-01'", "`'2024-01-01'` is text, and a date is needed there"),
        ("d + 1 > d", "`d` is a date, and a number is needed there"),
        ("days_between(d, p) > 1", "`p` is a timestamp without a zone, and a date is needed there"),
        (
            "hour(d) > 1",
            "`d` is a date, and a time or a timestamp without a zone or a timestamp with a zone is needed there",
        ),
        (
            "m * n * m * n * m * n > 1",
            "`m * n * m * n * m * n` may need 39 digits, more than 38; declare a lower precision",
        ),
        ("m > 1e40", f"`m` and `1{'0' * 40}` may need 43 digits, more than 38; declare a lower precision"),
        ("length(x) > 1", "`x` is a number, and text is needed there"),
        ("length(s, t) > 1", "length takes 1 argument, not 2"),
        ("contains(s)", "contains takes 2 arguments, not 1"),
        ("least(x) > 1", "least takes two arguments or more"),
        ("greatest(s, t) > 'a'", "`s` is text, and a number is needed there"),
        ("coalesce(s, 1) == 'a'", "`1` is a number, and text is needed there"),
        ("coalesce(x > 1, b)", "`x > 1` is a test, and tests are joined by and, or, not alone"),
    ],
)
def test_check_types__says_what_does_not_fit(text: str, problem: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - the whole message is compared below
        check_types(parse_check(text), TYPES)
    assert str(error.value) == problem
