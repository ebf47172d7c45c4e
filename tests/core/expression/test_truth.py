# ruff: noqa: DTZ001 - timestamps without a zone are what is tested
from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from mlci.core.digits import Digits
from mlci.core.expression import Kind, Truth, measured, parse_aggregate, parse_check, resolved, truth

if TYPE_CHECKING:
    from mlci.core.expression.truth import Value

NOTHING: dict[str, Value] = {"x": None, "y": None, "s": None, "b": None}


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        ("x > 1", {"x": 2}, Truth.TRUE),
        ("x > 1", {"x": None}, Truth.UNKNOWN),
        ("x != 1", {"x": None}, Truth.UNKNOWN),
        ("x is null", {"x": None}, Truth.TRUE),
        ("x is not null", {"x": None}, Truth.FALSE),
        ("x > 1 or x is null", {"x": None}, Truth.TRUE),
        ("x > 1 and y > 1", {"x": None, "y": 0}, Truth.FALSE),
        ("x > 1 and y > 1", {"x": None, "y": 2}, Truth.UNKNOWN),
        ("not x > 1", {"x": None}, Truth.UNKNOWN),
        ("x in (1, -2)", {"x": -2}, Truth.TRUE),
        ("x not in (1, 2)", {"x": None}, Truth.UNKNOWN),
        ("x in (2)", {"x": 2.0}, Truth.TRUE),
        ("x / y > 1", {"x": 1, "y": 0}, Truth.ERROR),
        ("not x / y > 1", {"x": 1, "y": 0}, Truth.ERROR),
        ("x / y > 1", {"x": None, "y": 0}, Truth.UNKNOWN),
        ("y == 0 or x / y > 1", {"x": 1, "y": 0}, Truth.TRUE),
        ("y == 0 and x / y > 1", {"x": 1, "y": 0}, Truth.ERROR),
        ("y != 0 and x / y > 1", {"x": 1, "y": 0}, Truth.FALSE),
        ("1 / (x / y) == 0", {"x": 1, "y": 0}, Truth.ERROR),
        ("x * 10 > 1", {"x": 1e308}, Truth.ERROR),
        ("coalesce(x, 5) == 5", {"x": None}, Truth.TRUE),
        ("coalesce(x / y, 5) == 5", {"x": 1, "y": 0}, Truth.ERROR),
        ("least(x, y) == 1", {"x": 1, "y": None}, Truth.UNKNOWN),
        ("x % 3 == 2", {"x": -1}, Truth.TRUE),
        ("x % -3 == -2", {"x": 1}, Truth.TRUE),
        ("x % y > 0", {"x": 1, "y": 0}, Truth.ERROR),
        ("round(x) == 3", {"x": 2.5}, Truth.TRUE),
        ("round(x) == -3", {"x": -2.5}, Truth.TRUE),
        ("round(x) == 0", {"x": 0.49999999999999994}, Truth.TRUE),
        ("x == 9007199254740992", {"x": 2**53 + 1}, Truth.FALSE),
        ("x == 9007199254740992.0", {"x": 2**53 + 1}, Truth.TRUE),
        ("length(s) == 2", {"s": "\N{FACE PALM}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}"}, Truth.TRUE),
        ("lower(s) == 'aÄ'", {"s": "AÄ"}, Truth.TRUE),
        ("upper(s) == 'Aä'", {"s": "aä"}, Truth.TRUE),
        ("trim(s) == 'a'", {"s": " \ta\n"}, Truth.TRUE),
        ("starts_with(s, 'a') and ends_with(s, 'c') and contains(s, 'b')", {"s": "abc"}, Truth.TRUE),
        ("'Z' < s", {"s": "a"}, Truth.TRUE),
        ("b", {"b": False}, Truth.FALSE),
        ("b or x > 1", {"b": None, "x": 2}, Truth.TRUE),
        ("x between 1 and 3", {"x": 3}, Truth.TRUE),
        ("x not between 1 and 3", {"x": 3}, Truth.FALSE),
    ],
)
def test_truth__of_a_row(text: str, row: dict[str, Value], expected: Truth) -> None:
    assert truth(parse_check(text).tree, NOTHING | row) is expected


ROWS: list[dict[str, Value]] = [
    {"x": 1, "s": "a"}, {"x": None, "s": "b"}, {"x": 4, "s": "a"}, {"x": -2, "s": None},
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("count()", 4),
        ("count(x)", 3),
        ("distinct(s)", 2),
        ("sum(x)", 3.0),
        ("mean(x)", 1.0),
        ("min(x)", -2),
        ("max(x)", 4),
        ("share(x > 0)", 2 / 3),
        ("share(x / x > 0)", 1.0),
        ("share(x is null)", 0.25),
    ],
)
def test_measured__leaves_out_what_has_no_value(text: str, value: float) -> None:
    (measure,) = parse_aggregate(f"{text} > 0").measures
    assert measured(measure, ROWS) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *((f"{name}(x)", 0) for name in ("count", "distinct")),
        *((f"{name}(x)", None) for name in ("sum", "mean", "min", "max")),
        *(("count()", 0), ("share(x > 0)", None)),
    ],
)
def test_measured__of_no_row_is_nothing(text: str, value: float | None) -> None:
    (measure,) = parse_aggregate(f"{text} > 0").measures
    assert measured(measure, []) == value


def test_truth__of_a_sum_that_overflows_is_an_error() -> None:
    check = parse_aggregate("sum(x) > 0")
    (measure,) = check.measures
    row = {"sum(x)": measured(measure, [{"x": 1e308}, {"x": 1e308}])}
    assert truth(check.tree, row) is Truth.ERROR


EXACT: dict[str, Kind] = {
    **dict.fromkeys("ij", "integer"),
    "x": "number",
    "m": Digits(12, 2),
    "n": Digits(12, 2),
    **dict.fromkeys("de", "date"),
    "h": "time",
    "p": "timestamp",
    "z": "timestamp_with_zone",
}


@pytest.mark.parametrize(
    ("text", "row", "expected"),
    [
        ("m + n == 0.3", {"m": Decimal("0.10"), "n": Decimal("0.20")}, Truth.TRUE),
        ("m - n == 0.1", {"m": Decimal("0.30"), "n": Decimal("0.20")}, Truth.TRUE),
        ("m * 0.19 == n", {"m": Decimal("100.00"), "n": Decimal("19.00")}, Truth.TRUE),
        ("m * i == 3333333333.33", {"m": Decimal("1111111111.11"), "i": 3}, Truth.TRUE),
        ("-m == n", {"m": Decimal("1.10"), "n": Decimal("-1.10")}, Truth.TRUE),
        ("m in (0.1, -0.2)", {"m": Decimal("-0.20")}, Truth.TRUE),
        ("m == i", {"m": Decimal("9007199254.00"), "i": 9007199254}, Truth.TRUE),
        ("m == x", {"m": Decimal("0.10"), "x": 0.1}, Truth.TRUE),
        ("m / 3 > 0.03", {"m": Decimal("0.10")}, Truth.TRUE),
        ("m / n > 1", {"m": Decimal("0.10"), "n": Decimal("0.00")}, Truth.ERROR),
        ("m % 1 == 0.5", {"m": Decimal("2.50")}, Truth.TRUE),
        ("round(m) == 3", {"m": Decimal("2.50")}, Truth.TRUE),
        ("m > 1", {"m": None}, Truth.UNKNOWN),
        ("coalesce(m, 0.5) == 0.5", {"m": None}, Truth.TRUE),
        ("coalesce(i, -1) in (9007199254740993)", {"i": 2**53 + 1}, Truth.TRUE),
        ("coalesce(i, -1) in (9007199254740993)", {"i": 2**53}, Truth.FALSE),
        ("coalesce(i, j + 0) == 9007199254740992.0", {"i": 2**53 + 1, "j": 0}, Truth.TRUE),
        ("d >= date '2024-02-29'", {"d": date(2024, 2, 29)}, Truth.TRUE),
        ("d < date '1960-01-01'", {"d": date(1959, 12, 31)}, Truth.TRUE),
        ("days_between(d, e) == 366", {"d": date(2024, 1, 1), "e": date(2025, 1, 1)}, Truth.TRUE),
        ("days_between(e, d) == -1", {"d": date(1969, 12, 31), "e": date(1970, 1, 1)}, Truth.TRUE),
        ("days_between(d, e) >= 0", {"d": None, "e": date(2024, 1, 1)}, Truth.UNKNOWN),
        ("year(d) == 1 and month(d) == 1 and day(d) == 1", {"d": date(1, 1, 1)}, Truth.TRUE),
        ("weekday(d) == 7", {"d": date(2024, 3, 3)}, Truth.TRUE),
        ("weekday(d) in (6, 7)", {"d": date(2024, 3, 4)}, Truth.FALSE),
        ("hour(h) == 23 and minute(h) == 59", {"h": time(23, 59)}, Truth.TRUE),
        ("seconds_between(time '12:00', h) == 0.5", {"h": time(12, 0, 0, 500_000)}, Truth.TRUE),
        ("date(p) == d", {"p": datetime(2024, 3, 31, 2, 30), "d": date(2024, 3, 31)}, Truth.TRUE),
        ("z == timestamp '2024-03-31T03:30:00+02:00'", {"z": datetime(2024, 3, 31, 1, 30)}, Truth.TRUE),
        ("p in (timestamp '2024-01-01T00:00', timestamp '2024-01-02T00:00')", {"p": datetime(2024, 1, 2)}, Truth.TRUE),
    ],
)
def test_truth__of_exact_numbers_and_moments(text: str, row: dict[str, Value], expected: Truth) -> None:
    whole: dict[str, Value] = dict.fromkeys(EXACT) | row
    assert truth(resolved(parse_check(text).tree, EXACT), whole) is expected
