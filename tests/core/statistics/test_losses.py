from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from mlci.core.statistics.interval import Interval
from mlci.core.statistics.losses import mean_t, paired_t

LOSSES = hnp.arrays(
    np.float64, st.integers(2, 60), elements=st.floats(-1e3, 1e3, width=32, allow_subnormal=False)
).filter(lambda losses: bool(np.ptp(losses) > 1e-3))


# Student (1908), Biometrika 6, 1-25: additional hours of sleep by two forms of the drug.
DEXTRO = np.array([0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0])
LAEVO = np.array([1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4])


def test_paired_t__has_the_known_interval_of_students_sleep_data() -> None:
    # R: t.test(sleep[11:20], sleep[1:10], paired = TRUE) gives 1.58 and the 95 % interval 0.7001142 2.4598858.
    interval = paired_t(LAEVO - DEXTRO, 0.975)

    assert interval.estimate == pytest.approx(1.58)
    assert interval.lower == pytest.approx(0.7001142, abs=5e-8)
    assert interval.upper == pytest.approx(2.4598858, abs=5e-8)
    assert interval.standard_error == pytest.approx(1.58 / 4.062128, rel=1e-6)


@given(production=LOSSES, confidence=st.floats(0.51, 0.999))
def test_paired_t__agrees_with_scipy(production: np.ndarray, confidence: float) -> None:
    candidate = np.zeros_like(production)

    interval = paired_t(production - candidate, confidence)

    theirs = stats.ttest_rel(production, candidate).confidence_interval(2 * confidence - 1)
    assert interval.lower == pytest.approx(theirs.low, rel=1e-9, abs=1e-9)
    assert interval.upper == pytest.approx(theirs.high, rel=1e-9, abs=1e-9)


@given(values=LOSSES)
def test_mean_t__standard_error_is_that_of_the_mean(values: np.ndarray) -> None:
    interval = mean_t(values, 0.95)

    assert interval.estimate == pytest.approx(values.mean(), rel=1e-12, abs=1e-12)
    assert interval.standard_error == pytest.approx(stats.sem(values), rel=1e-7)


@given(differences=LOSSES, confidence=st.floats(0.51, 0.999))
def test_paired_t__mirrors_to_the_last_bit_when_the_models_swap(differences: np.ndarray, confidence: float) -> None:
    interval, swapped = paired_t(differences, confidence), paired_t(-differences, confidence)

    assert swapped == Interval(-interval.estimate, -interval.upper, -interval.lower, interval.standard_error)


@given(differences=LOSSES, confidence=st.floats(0.51, 0.99))
def test_paired_t__is_wider_at_more_confidence(differences: np.ndarray, confidence: float) -> None:
    narrow, wide = paired_t(differences, confidence), paired_t(differences, confidence + 0.005)

    assert wide.lower < narrow.lower < narrow.estimate < narrow.upper < wide.upper


@given(differences=LOSSES, seed=st.integers(0, 2**32))
def test_paired_t__does_not_depend_on_the_order_of_the_rows(differences: np.ndarray, seed: int) -> None:
    shuffled = np.random.default_rng(seed).permutation(differences)

    interval, other = paired_t(differences, 0.95), paired_t(shuffled, 0.95)

    assert other.lower == pytest.approx(interval.lower, rel=1e-9, abs=1e-9)
    assert other.upper == pytest.approx(interval.upper, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.1, -1e300, 5e-324])
def test_mean_t__of_equal_values_is_that_value_without_width(value: float) -> None:
    # The mean of seven times 0.1 rounds; its error must not pass for spread.
    assert mean_t(np.full(7, value), 0.95) == Interval(value, value, value, 0.0)


@pytest.mark.parametrize("exponent", [-900, -300, 300, 900])
def test_mean_t__scales_exactly_where_squares_leave_the_range_of_floats(exponent: int) -> None:
    values = np.array([1.0, 2.5, 3.0, -4.0])
    interval = mean_t(values, 0.95)

    scaled = mean_t(np.ldexp(values, exponent), 0.95)

    unit = 2.0**exponent
    assert (scaled.estimate, scaled.lower) == (interval.estimate * unit, interval.lower * unit)


def test_mean_t__of_the_largest_floats_has_infinite_bounds() -> None:
    largest = float(np.finfo(np.float64).max)

    interval = mean_t(np.array([largest, -largest]), 0.95)

    assert (interval.estimate, interval.lower, interval.upper) == (0.0, -np.inf, np.inf)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, np.nan], [1.0, np.inf]])
def test_mean_t__refuses_too_few_rows_and_values_that_are_not_finite(values: list[float]) -> None:
    with pytest.raises(ValueError, match="at least two rows"):
        mean_t(np.array(values), 0.95)


def test_mean_t__refuses_a_confidence_that_is_not_one_sided() -> None:
    with pytest.raises(ValueError, match="confidence"):
        mean_t(np.array([1.0, 2.0]), 0.05)
