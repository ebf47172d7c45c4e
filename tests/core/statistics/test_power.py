from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.statistics.interval import Interval
from mlci.core.statistics.power import (
    rows_to_decide,
    rows_to_decide_tango,
    rows_to_decide_wilson,
    smallest_visible_difference,
    smallest_visible_difference_of,
)
from mlci.core.statistics.quantiles import normal_quantile
from mlci.core.statistics.tango import tango
from mlci.core.statistics.wilson import wilson

Z_SQUARED = normal_quantile(0.95) ** 2


def test_rows_to_decide__has_the_textbook_value() -> None:
    # SD 1, distance 0.1, one-sided 5 %, power 80 %: (1.644854 + 0.841621)² / 0.01 = 618.3.
    assert rows_to_decide(0.0, 1 / math.sqrt(50), 50, 0.1, 0.95) == 619


def test_rows_to_decide__give_the_power_they_promise() -> None:
    random = np.random.default_rng(3)
    n = rows_to_decide(0.02, 0.01, 100, 0.0, 0.95)
    assert n == 155

    means = random.normal(0.02, 0.1 / math.sqrt(n), size=20_000)

    assert np.mean(means - normal_quantile(0.95) * 0.1 / math.sqrt(n) > 0) == pytest.approx(0.8, abs=0.01)


@pytest.mark.parametrize(
    ("difference", "standard_error", "margin"),
    [
        pytest.param(-0.02, 0.01, 0.01, id="worse than the margin"),
        pytest.param(-0.01, 0.01, 0.01, id="at the margin"),
        pytest.param(0.01, 0.01, -0.02, id="better by less than was asked for"),
        pytest.param(0.0, 0.0, 0.01, id="no spread was seen"),
        pytest.param(0.1 + 0.2, 0.01, -0.3, id="at the margin but for rounding"),
        pytest.param(5e-324, 1.0, 0.0, id="nearly at the margin"),
    ],
)
def test_rows_to_decide__names_no_number_that_would_not_help(
    difference: float, standard_error: float, margin: float
) -> None:
    assert rows_to_decide(difference, standard_error, 100, margin, 0.95) is None


@given(
    difference=st.floats(-0.005, 0.5),
    standard_error=st.floats(1e-4, 1),
    n=st.integers(1, 10**6),
    power=st.floats(0.5, 0.99),
)
def test_rows_to_decide__are_what_makes_the_difference_visible(
    difference: float, standard_error: float, n: int, power: float
) -> None:
    rows = rows_to_decide(difference, standard_error, n, 0.01, 0.95, power=power)

    assert rows is not None
    with_rows = smallest_visible_difference(standard_error * math.sqrt(n / rows), 0.95, power=power)
    assert with_rows <= difference + 0.01
    one_less = smallest_visible_difference(standard_error * math.sqrt(n / max(rows - 1, 1e-9)), 0.95, power=power)
    assert one_less >= (difference + 0.01) * (1 - 1e-9)


@pytest.mark.parametrize("margin", [0.001, 0.01, 0.02, 0.5])
def test_rows_to_decide_tango__without_a_discordant_row_is_where_the_bound_falls_below_the_margin(
    margin: float,
) -> None:
    rows = rows_to_decide_tango(0, 0, 50, margin, 0.95)

    assert rows == math.floor(Z_SQUARED * (1 - margin) / margin) + 1
    assert tango(0, 0, rows, 0.95).lower > -margin
    assert tango(0, 0, rows - 1, 0.95).lower <= -margin


@pytest.mark.parametrize(
    ("gains", "losses", "n", "margin"), [(3, 4, 100, 0.05), (5, 2, 100, 0.01), (9, 4, 100, -0.02), (0, 2, 100, 0.03)]
)
def test_rows_to_decide_tango__at_even_odds_is_where_the_observed_rates_just_pass(
    gains: int, losses: int, n: int, margin: float
) -> None:
    rows = rows_to_decide_tango(gains, losses, n, margin, 0.95, power=0.5)

    assert rows is not None
    more, fewer = math.ceil(rows / n), math.floor((rows - 1) / n)
    assert tango(gains * more, losses * more, n * more, 0.95).lower > -margin
    assert tango(gains * fewer, losses * fewer, n * fewer, 0.95).lower <= -margin


def test_rows_to_decide_tango__give_the_power_they_promise() -> None:
    rows = rows_to_decide_tango(6, 5, 200, 0.02, 0.95)
    assert rows is not None
    random = np.random.default_rng(9)

    draws = random.multinomial(rows, [0.03, 0.025, 0.945], size=2000)

    passed = [tango(int(gains), int(losses), rows, 0.95).lower > -0.02 for gains, losses, _ in draws]
    assert np.mean(passed) == pytest.approx(0.8, abs=0.04)


@pytest.mark.parametrize(
    ("gains", "losses", "margin"),
    [
        pytest.param(0, 5, 0.01, id="worse than the margin"),
        pytest.param(0, 1, 0.01, id="at the margin"),
        pytest.param(0, 0, 0.0, id="equal, and better was asked for"),
        pytest.param(100, 0, -1.0, id="cannot be better than by everything"),
        pytest.param(0, 100, 1.0, id="everything lost"),
    ],
)
def test_rows_to_decide_tango__names_no_number_that_would_not_help(gains: int, losses: int, margin: float) -> None:
    assert rows_to_decide_tango(gains, losses, 100, margin, 0.95) is None


@pytest.mark.parametrize("margin", [1.0, 2.0])
def test_rows_to_decide_tango__with_a_margin_that_tolerates_everything_is_one(margin: float) -> None:
    assert rows_to_decide_tango(3, 4, 100, margin, 0.95) == 1


@pytest.mark.parametrize("value", [0.5, 0.9, 0.99])
def test_rows_to_decide_wilson__with_successes_only_is_where_the_bound_exceeds_the_floor(value: float) -> None:
    rows = rows_to_decide_wilson(7, 7, value, 0.95)

    assert rows == math.floor(Z_SQUARED * value / (1 - value)) + 1
    assert wilson(rows, rows, 0.95).lower > value
    assert wilson(rows - 1, rows - 1, 0.95).lower <= value


@given(successes=st.integers(71, 99), value=st.floats(0.05, 0.7))
def test_rows_to_decide_wilson__at_even_odds_is_where_the_observed_share_just_passes(
    successes: int, value: float
) -> None:
    rows = rows_to_decide_wilson(successes, 100, value, 0.95, power=0.5)

    assert rows is not None
    share = successes / 100
    assert wilson(share * rows, rows, 0.95).lower >= value - 1e-9
    assert wilson(share * (rows - 1), rows - 1 + 1e-9, 0.95).lower <= value + 1e-9


def test_rows_to_decide_wilson__give_the_power_they_promise() -> None:
    rows = rows_to_decide_wilson(77, 100, 0.7, 0.95)
    assert rows == 251

    passed = [
        math.comb(rows, successes) * 0.77**successes * 0.23 ** (rows - successes)
        for successes in range(rows + 1)
        if wilson(successes, rows, 0.95).lower > 0.7
    ]

    assert sum(passed) == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize(("successes", "value"), [(60, 0.7), (70, 0.7), (100, 1.0), (0, 0.0)])
def test_rows_to_decide_wilson__names_no_number_that_would_not_help(successes: int, value: float) -> None:
    assert rows_to_decide_wilson(successes, 100, value, 0.95) is None


def test_rows_to_decide_wilson__with_a_floor_below_every_share_is_one() -> None:
    assert rows_to_decide_wilson(0, 100, -0.1, 0.95) == 1


def test_smallest_visible_difference__has_the_textbook_value() -> None:
    assert smallest_visible_difference(1.0, 0.95) == pytest.approx(2.486475, abs=1e-6)
    assert smallest_visible_difference(0.0, 0.95) == 0


def test_smallest_visible_difference_of__takes_the_standard_error_where_there_is_one() -> None:
    interval = Interval(0.0, -1.0, 1.0, standard_error=0.01)

    assert smallest_visible_difference_of(interval, 0.95) == smallest_visible_difference(0.01, 0.95)


@pytest.mark.parametrize("standard_error", [None, 0.0])
def test_smallest_visible_difference_of__takes_the_width_otherwise(standard_error: float | None) -> None:
    reach = normal_quantile(0.95) * 0.01
    interval = Interval(0.0, -reach, reach, standard_error)

    assert smallest_visible_difference_of(interval, 0.95, power=0.9) == pytest.approx(
        smallest_visible_difference(0.01, 0.95, power=0.9), rel=1e-12
    )


@pytest.mark.parametrize("power", [0.0, 0.4, 1.0, math.nan])
def test_power__refuses_what_is_none(power: float) -> None:
    with pytest.raises(ValueError, match="power lies between"):
        rows_to_decide(0.0, 0.1, 10, 0.1, 0.95, power=power)
    with pytest.raises(ValueError, match="power lies between"):
        smallest_visible_difference(0.1, 0.95, power=power)


def test_rows_to_decide__refuse_no_rows_and_impossible_counts() -> None:
    with pytest.raises(ValueError, match="at least one row"):
        rows_to_decide(0.0, 0.1, 0, 0.1, 0.95)
    with pytest.raises(ValueError, match="at least one row"):
        rows_to_decide_tango(0, 0, 0, 0.1, 0.95)
    with pytest.raises(ValueError, match="part of the rows"):
        rows_to_decide_tango(6, 5, 10, 0.1, 0.95)
    with pytest.raises(ValueError, match="successes"):
        rows_to_decide_wilson(11, 10, 0.5, 0.95)


def test_smallest_visible_difference__refuses_a_negative_standard_error() -> None:
    with pytest.raises(ValueError, match="not negative"):
        smallest_visible_difference(-0.1, 0.95)


def test_power__refuses_a_confidence_that_is_not_one_sided() -> None:
    with pytest.raises(ValueError, match="confidence"):
        rows_to_decide(0.0, 0.1, 10, 0.1, 0.05)
    with pytest.raises(ValueError, match="confidence"):
        smallest_visible_difference_of(Interval(0.0, -1.0, 1.0, None), 0.5)
