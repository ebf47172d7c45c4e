from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlci.core.statistics.weighted import check_weights, power_of_two_scaled, scaled_back, weighted_mean

VALUES = hnp.arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e6, 1e6, width=32))


@given(values=VALUES, seed=st.integers(0, 2**32 - 1))
def test_weighted_mean__is_numpys_average(values: np.ndarray, seed: int) -> None:
    weights = np.random.default_rng(seed).uniform(0.1, 5, values.size)

    assert weighted_mean(values, weights) == pytest.approx(np.average(values, weights=weights), rel=1e-12, abs=1e-9)
    assert weighted_mean(values, None) == pytest.approx(values.mean(), rel=1e-12, abs=1e-9)


def test_weighted_mean__of_whole_weights_is_the_mean_of_repeated_rows() -> None:
    assert weighted_mean(np.array([1.0, 5.0]), np.array([3.0, 1.0])) == 2.0


@pytest.mark.parametrize("value", [0.0, 0.1, -1e300, 5e-324])
def test_weighted_mean__of_equal_values_is_that_value(value: float) -> None:
    assert weighted_mean(np.full(7, value), np.linspace(0.1, 0.7, 7)) == value


def test_weighted_mean__does_not_overflow_on_the_way() -> None:
    largest = float(np.finfo(np.float64).max)

    assert weighted_mean(np.array([largest, largest / 2]), np.array([1e300, 1e300])) == largest * 0.75


@given(values=VALUES.filter(lambda values: bool(values.any())))
def test_power_of_two_scaled__loses_nothing(values: np.ndarray) -> None:
    scaled, exponent = power_of_two_scaled(values)

    assert 0.5 <= np.abs(scaled).max() < 1
    assert [scaled_back(float(one), exponent) for one in scaled] == values.tolist()


@pytest.mark.parametrize("values", [[], [np.nan], [1.0, np.inf]])
def test_weighted_mean__refuses_no_rows_and_values_that_are_not_finite(values: list[float]) -> None:
    with pytest.raises(ValueError, match="at least one row, and finite values"):
        weighted_mean(np.array(values), None)


@pytest.mark.parametrize("weights", [[1.0], [-1.0, 1.0], [np.inf, 1.0], [0.0, 0.0]])
def test_check_weights__refuses_what_weighs_nothing(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        check_weights(np.array(weights), 2)


def test_check_weights__takes_none_and_rows_of_weight_0() -> None:
    check_weights(None, 2)
    check_weights(np.array([0.0, 1.0]), 2)
