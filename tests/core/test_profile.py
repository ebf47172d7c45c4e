from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.profile import ColumnProfile, as_json, chance, differences, distance, quantiles, shown
from tests.core.profiles import a_profile, numbers, texts


def apart(before: ColumnProfile, after: ColumnProfile) -> float:
    return distance(a_profile(before), before, a_profile(after), after)


SAMPLES = st.lists(st.integers(0, 50).map(float), min_size=1, max_size=40)


@given(SAMPLES, SAMPLES)
def test_distance__of_numbers_is_that_of_kolmogorov_and_smirnov(one: list[float], other: list[float]) -> None:
    reached = [[sum(value <= bound for value in each) / len(each) for bound in (*one, *other)] for each in (one, other)]
    expected = max(abs(here - there) for here, there in zip(*reached, strict=True))
    assert apart(numbers("x", one), numbers("x", other)) == pytest.approx(expected, abs=0.021)


def test_distance__counts_rows_without_a_value() -> None:
    assert apart(numbers("x", [1.0] * 100), numbers("x", [1.0] * 60 + [None] * 40)) == pytest.approx(0.4)
    assert apart(texts("x", a=100), texts("x", missing=40, a=60)) == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 50, "b": 50}, {"a": 50, "b": 50}, 0.0),
        ({"a": 50, "b": 50}, {"a": 80, "b": 20}, 0.3),
        ({"a": 100}, {"b": 100}, 1.0),
        ({"a": 50, "b": 50}, {"a": 40, "b": 40, "c": 20}, 0.2),
        ({f"v{place}": 10 for place in range(10)}, {f"v{place}": 10 for place in range(9)}, 0.1),
    ],
)
def test_distance__of_texts_is_the_total_variation(
    before: dict[str, int], after: dict[str, int], expected: float
) -> None:
    assert apart(texts("x", **before), texts("x", **after)) == pytest.approx(expected, abs=0.0112)


def test_distance__rare_values_beyond_the_frequent_are_taken_as_one() -> None:
    before = replace(texts("x", **{f"v{place}": 10 for place in range(10)}), sampled=1000)
    after = replace(texts("x", **{f"v{place + 5}": 10 for place in range(10)}), sampled=1000)
    assert apart(before, after) == pytest.approx(0.0)


@pytest.mark.parametrize(("size", "expected"), [(100, 0.2757 + 0.01), (20_000, 0.0195 + 0.01)])
def test_chance__is_the_critical_distance_of_two_samples(size: int, expected: float) -> None:
    column = numbers("x", [1.0] * size)
    assert chance(column, column) == pytest.approx(expected, abs=0.001)


def test_chance__grows_with_the_number_of_values() -> None:
    few, many = texts("x", a=500, b=500), texts("x", **{f"v{place}": 100 for place in range(10)})
    assert chance(few, few) < chance(many, many)


def test_chance__without_values_there_is_none() -> None:
    empty = ColumnProfile("x", "number", 10, 0)
    assert chance(empty, numbers("x", [1.0])) == 0.0


def test_differences__the_largest_first_in_words() -> None:
    was = a_profile(numbers("size", [10.0] * 200), texts("band", small=150, large=50), numbers("gone", [1.0] * 200))
    now = a_profile(
        numbers("size", [10.0] * 150 + [40.0] * 20 + [None] * 30),
        texts("band", small=50, large=150),
        numbers("more", [1.0] * 200),
    )
    assert [(each.column, each.distance, each.sentence, each.detail) for each in differences(was, now)] == [
        ("gone", 1.0, "only base has the column `gone`", None),
        ("more", 1.0, "only this branch has the column `more`", None),
        ("band", 0.5, "50% of the rows of `band` lie otherwise than at base", "small: 75% → 25%"),
        ("size", 0.252, "25.2% of the rows of `size` lie otherwise than at base; missing 0% → 15%", None),
    ]


def test_differences__of_private_columns_name_no_value() -> None:
    was, now = (a_profile(texts("name", **{name: 200}).bare()) for name in ("ana", "bob"))
    assert [each.detail for each in differences(was, now)] == [None]
    values = [replace(numbers("age", [age] * 200), is_private=True) for age in (30.0, 60.0)]
    assert [(each.distance, each.detail) for each in differences(*map(a_profile, values))] == [(1.0, None)]


def test_differences__small_ones_and_chance_are_not_certain() -> None:
    one, same, other = (a_profile(numbers("x", [0.0] * (1000 - each) + [1.0] * each)) for each in (500, 530, 650))
    assert [each.is_certain for each in differences(one, same)] == [False]
    assert [each.is_certain for each in differences(one, other)] == [True]


@given(st.lists(st.integers(), min_size=1, max_size=60))
def test_quantiles__are_reached_by_their_share(values: list[int]) -> None:
    found = quantiles(sorted(values))
    assert (found[0], found[-1]) == (min(values), max(values))
    reached = [sum(value <= int(str(each)) for value in values) / len(values) for each in found]
    assert all(share >= step / 100 - 1e-9 for step, share in enumerate(reached))


def test_quantiles__of_nothing_are_none() -> None:
    assert quantiles([]) == ()


def test_bare__has_no_value() -> None:
    bare = a_profile(numbers("x", [4711.0]), texts("y", secret=1)).bare()
    assert [(each.missing, each.distinct, each.sampled) for each in bare.columns] == [(0, 1, 1), (0, 1, 1)]
    assert not [secret for secret in ("4711", "secret") if secret in str(bare.to_dict())]


@pytest.mark.parametrize(
    ("value", "written", "read"),
    [
        (date(2024, 2, 29), "2024-02-29", "2024-02-29"),
        (datetime(2024, 2, 29, 12, 30), "2024-02-29T12:30:00", "2024-02-29T12:30:00"),  # noqa: DTZ001 - as data have it
        (Decimal("12.50"), "12.50", "12.5"),
    ],
)
def test_values__are_written_for_programs_and_readers(value: Decimal | date, written: object, read: str) -> None:
    assert (as_json(value), shown(value)) == (written, read)


def test_differences__without_rows_there_is_no_distribution_to_differ() -> None:
    full = a_profile(numbers("x", [1.0, 2.0, 3.0]))
    assert differences(full, replace(full, rows=0, sampled=0, columns=(ColumnProfile("x", "number", 0, 0),))) == ()
