from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.core.expression import Truth, measured, parse_aggregate, parse_check, truth

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
