from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.contract_bounds import PARTS, column_bounds, lower_bound, moment_bounds, upper_bound

FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("smallest", "largest", "lower", "upper"),
    [
        (6.981, 28.11, 0, 39),
        (0, 0, 0, 1),
        (5, 5, 0, 7.5),
        (-5, -5, -7.5, 0),
        (-3.2, 9.0, -9.3, 16),
        (0.02, 1, 0, 1.5),
        (2011, 2012, 0, 2100),
        (1e-9, 2e-9, 0, 2.5e-9),
    ],
)
def test_bounds__are_generous_and_round(smallest: float, largest: float, lower: float, upper: float) -> None:
    assert (lower_bound(smallest, largest), upper_bound(smallest, largest)) == (lower, upper)


@given(FINITE, FINITE)
def test_bounds__always_hold_what_was_seen(one: float, other: float) -> None:
    smallest, largest = min(one, other), max(one, other)
    assert lower_bound(smallest, largest) <= smallest
    assert upper_bound(smallest, largest) >= largest


@pytest.mark.parametrize(
    ("mean", "highest", "upper"),
    [
        (5, [10] * PARTS, 15),  # the scale ends at 10
        (1, [10] * PARTS, 15),  # a skewed column whose scale ends is as sure
        (5, [10, *[8] * 7], 15),  # half of the rows missed a quarter of their own range
        (5, [10, *[5] * 7], 30),  # half of the rows missed as much again as they saw
        (1, [10, *[8] * 7], 55),  # a long tail: nine times as far above the mean as below
        (None, [10, *[8] * 7], 15),  # too few values to have a tail
    ],
)
def test_bounds__leave_the_more_room_the_less_the_rows_agree(
    mean: float | None, highest: list[float], upper: float
) -> None:
    assert column_bounds("number", 0, 10, mean, [(0, each) for each in highest]) == {"min": 0, "max": upper}


@pytest.mark.parametrize("highest", [[10, *[0] * 7], [*[10] * 4, *[0] * 4], [10, *[0.5] * 7]])
def test_bounds__are_none_where_half_of_the_rows_tell_none(highest: list[float]) -> None:
    assert column_bounds("number", 0, 10, 0.1, [(0, each) for each in highest]) == {"min": 0}


def test_bounds__mirror_at_zero() -> None:
    above = column_bounds("number", -1, 9, 1, [(-1, high) for high in (9, *[4] * 7)])
    below = column_bounds("number", -9, 1, -1, [(low, 1) for low in (-9, *[-4] * 7)])
    assert (above["min"], above["max"]) == (-below["max"], -below["min"])


@given(st.lists(st.tuples(FINITE, FINITE), min_size=PARTS, max_size=PARTS), FINITE)
def test_bounds__of_parts_hold_what_was_seen(pairs: list[tuple[float, float]], mean: float) -> None:
    parts = [(min(pair), max(pair)) for pair in pairs]
    smallest, largest = min(low for low, _ in parts), max(high for _, high in parts)
    bounds = column_bounds("number", smallest, largest, mean, parts)
    assert bounds.get("min", smallest) <= smallest
    assert bounds.get("max", largest) >= largest


def test_moment_bounds__are_left_out_where_years_end() -> None:
    assert moment_bounds(date(1, 3, 1), date(9990, 1, 1)) == {}


def test_moment_bounds__of_timestamps_are_timestamps() -> None:
    seen = datetime(2024, 3, 1, 12, 30)  # noqa: DTZ001 - one without a zone is meant
    found = moment_bounds(seen, seen)
    assert {name: bound.isoformat() for name, bound in found.items()} == {
        "min": "2022-01-01T00:00:00",
        "max": "2045-01-01T00:00:00",
    }
