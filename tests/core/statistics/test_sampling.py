from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from mlci.core.statistics.interval import Interval
from mlci.core.statistics.losses import mean_t
from mlci.core.statistics.row_losses import mean_estimate
from mlci.core.statistics.sampling import (
    Blocks,
    Clusters,
    Independent,
    NotTrusted,
    Sampling,
    effective_number,
    enough_changes,
    mean_interval,
    of_rows,
    spread,
    unit_sums,
)

VALUES = hnp.arrays(np.float64, st.integers(2, 60), elements=st.floats(-1e3, 1e3, width=32)).filter(
    lambda values: bool(np.ptp(values) > 1e-3)
)
SEEDS = st.integers(0, 2**32 - 1)


def interval_of(
    values: np.ndarray, sampling: Sampling, weights: np.ndarray | None = None, confidence: float = 0.95
) -> Interval:
    estimate = mean_estimate(values, weights)
    interval = mean_interval(estimate.influence, weights, sampling, confidence, estimate.value)
    assert isinstance(interval, Interval)
    return interval


def assert_alike(one: Interval, other: Interval) -> None:
    assert one.estimate == pytest.approx(other.estimate, rel=1e-9, abs=1e-9)
    assert one.lower == pytest.approx(other.lower, rel=1e-9, abs=1e-9)
    assert one.upper == pytest.approx(other.upper, rel=1e-9, abs=1e-9)
    assert one.standard_error == pytest.approx(other.standard_error, rel=1e-9, abs=1e-12)


def clustered(seed: int, n_groups: int = 25, n: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    codes = np.concatenate((np.arange(n_groups), rng.integers(0, n_groups, n - n_groups)))
    return rng.normal(size=n_groups)[codes] + rng.normal(size=n), codes, rng.integers(1, 6, n).astype(float)


# --- rows -----------------------------------------------------------------------------------------------------------


@given(values=VALUES, confidence=st.floats(0.51, 0.999))
def test_mean_interval__of_independent_rows_is_students(values: np.ndarray, confidence: float) -> None:
    assert_alike(interval_of(values, Independent(), confidence=confidence), mean_t(values, confidence))


@given(values=VALUES, seed=SEEDS)
def test_mean_interval__of_equal_weights_is_that_without(values: np.ndarray, seed: int) -> None:
    weights = np.full(values.size, np.random.default_rng(seed).uniform(0.1, 10))

    assert_alike(interval_of(values, Independent(), weights), interval_of(values, Independent()))


def test_mean_interval__of_weighted_rows_is_the_linearised_ratio() -> None:
    values, weights = np.array([1.0, 4.0, 2.0, 8.0]), np.array([1.0, 2.0, 3.0, 4.0])

    interval = interval_of(values, Independent(), weights)

    # By hand: mean 47/10; Cochran (1977), section 6.4, for the ratio Σwv / Σw.
    squared = sum((w * (v - 4.7)) ** 2 for v, w in zip(values, weights, strict=True))
    assert interval.estimate == pytest.approx(4.7)
    assert interval.standard_error == pytest.approx(np.sqrt(squared * 4 / 3) / 10)


@given(values=VALUES, seed=SEEDS)
def test_mean_interval__does_not_see_rows_of_weight_0(values: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.5, 2, values.size)
    there = np.insert(weights, 1, 0.0)

    with_more = interval_of(np.insert(values, 1, rng.normal()), Independent(), there)

    assert_alike(with_more, interval_of(values, Independent(), weights))


@given(values=VALUES, seed=SEEDS)
def test_mean_interval__does_not_depend_on_the_scale_of_weights(values: np.ndarray, seed: int) -> None:
    weights = np.random.default_rng(seed).uniform(0.5, 2, values.size)

    assert interval_of(values, Independent(), weights * 2.0**40) == interval_of(values, Independent(), weights)


@pytest.mark.parametrize("exponent", [-900, -300, 300, 900])
def test_spread__scales_exactly_where_squares_leave_the_range_of_floats(exponent: int) -> None:
    influence = np.array([1.0, 2.5, -0.5, -3.0])
    unit, scaled = (spread(one, None, Independent()) for one in (influence, np.ldexp(influence, exponent)))

    assert isinstance(unit, type(scaled))
    assert getattr(scaled, "standard_error", None) == getattr(unit, "standard_error", 0.0) * 2.0**exponent


def test_mean_interval__without_spread_has_no_width() -> None:
    assert mean_interval(np.zeros(5), None, Independent(), 0.95, 0.1) == Interval(0.1, 0.1, 0.1, 0.0)


# --- clusters -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_mean_interval__of_clusters_agrees_with_statsmodels(seed: int) -> None:
    values, codes, _ = clustered(seed)

    interval = interval_of(values, Clusters(codes))

    theirs = sm.OLS(values, np.ones(values.size)).fit(cov_type="cluster", cov_kwds={"groups": codes}, use_t=True)
    assert interval.standard_error == pytest.approx(theirs.bse[0], rel=1e-12)
    assert (interval.lower, interval.upper) == pytest.approx(theirs.conf_int(0.1)[0], rel=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_mean_interval__of_weighted_clusters_agrees_with_statsmodels(seed: int) -> None:
    values, codes, weights = clustered(seed)

    interval = interval_of(values, Clusters(codes), weights)

    theirs = sm.WLS(values, np.ones(values.size), weights).fit(
        cov_type="cluster", cov_kwds={"groups": codes}, use_t=True
    )
    assert interval.estimate == pytest.approx(theirs.params[0], rel=1e-12)
    assert interval.standard_error == pytest.approx(theirs.bse[0], rel=1e-12)
    assert (interval.lower, interval.upper) == pytest.approx(theirs.conf_int(0.1)[0], rel=1e-10)


@given(seed=SEEDS)
def test_mean_interval__of_clusters_of_one_row_is_that_of_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=40)

    assert_alike(interval_of(values, Clusters(rng.permutation(40))), interval_of(values, Independent()))


@given(seed=SEEDS)
def test_mean_interval__does_not_depend_on_the_numbers_of_clusters(seed: int) -> None:
    values, codes, weights = clustered(seed)
    names = np.random.default_rng(seed).choice(10**6, 25, replace=False)

    assert_alike(interval_of(values, Clusters(names[codes]), weights), interval_of(values, Clusters(codes), weights))


def test_spread__of_19_clusters_is_not_trusted() -> None:
    values, codes, _ = clustered(0)
    weights = np.where(codes < 19, 1.0, 0.0)
    estimate = mean_estimate(values, weights)

    found = mean_interval(estimate.influence, weights, Clusters(codes), 0.95, estimate.value)

    assert found == NotTrusted("few groups", "at least 20 groups are needed, there are 19")


def test_mean_interval__of_20_clusters_keeps_its_level_where_rows_as_units_lose_it() -> None:
    rng = np.random.default_rng(7)
    codes = np.repeat(np.arange(20), 15)
    draws = [rng.normal(size=20)[codes] + rng.normal(size=300) for _ in range(1000)]

    missed_by_clusters = np.mean([interval_of(values, Clusters(codes)).lower > 0 for values in draws])
    missed_by_rows = np.mean([interval_of(values, Independent()).lower > 0 for values in draws])

    assert missed_by_clusters <= 0.06
    assert missed_by_rows > 0.2


# --- blocks ---------------------------------------------------------------------------------------------------------


@given(seed=SEEDS, per_block=st.integers(25, 30))
def test_mean_interval__of_blocks_is_students_of_their_means(seed: int, per_block: int) -> None:
    rng = np.random.default_rng(seed)
    n = 20 * per_block
    in_time = rng.normal(size=n)
    order = rng.permutation(n)
    values = np.empty(n)
    values[order] = in_time

    interval = interval_of(values, Blocks(order))

    means = in_time.reshape(20, per_block).mean(axis=1)
    theirs = stats.ttest_1samp(means, 0).confidence_interval(0.9)
    assert (interval.lower, interval.upper) == pytest.approx((theirs.low, theirs.high), rel=1e-9, abs=1e-12)


def test_unit_sums__of_blocks_are_contiguous_and_nearly_equal_in_length() -> None:
    n = 507
    influence = np.ones(n)

    sums = unit_sums(influence, None, Blocks(np.arange(n)[::-1]))

    assert sorted(set(np.round(sums * n))) == [25, 26]
    assert sums.size == 20


def test_mean_interval__of_blocks_keeps_its_level_on_an_autocorrelated_series() -> None:
    rng = np.random.default_rng(11)
    weights = 0.7 ** np.arange(40)  # an autoregression of order one
    draws = [np.convolve(rng.normal(size=1039), weights, mode="valid") for _ in range(1000)]

    missed_by_blocks = np.mean([interval_of(values, Blocks(np.arange(1000))).lower > 0 for values in draws])
    missed_by_rows = np.mean([interval_of(values, Independent()).lower > 0 for values in draws])

    assert missed_by_blocks <= 0.075
    assert missed_by_rows > 0.2


def test_spread__of_499_rows_in_time_is_not_trusted() -> None:
    found = spread(np.ones(499), None, Blocks(np.arange(499)))

    assert found == NotTrusted("few rows", "a time series needs at least 500 rows, there are 499")


def test_spread__counts_rows_in_time_that_weigh_something() -> None:
    weights = np.concatenate((np.ones(499), np.zeros(10)))

    assert isinstance(spread(np.ones(509), weights, Blocks(np.arange(509))), NotTrusted)


# --- slices ---------------------------------------------------------------------------------------------------------


def test_of_rows__keeps_groups_and_the_order_in_time() -> None:
    rows = np.array([4, 0, 3])

    clusters = of_rows(Clusters(np.array([7, 8, 9, 7, 9])), rows)
    blocks = of_rows(Blocks(np.array([3, 1, 0, 2, 4])), rows)

    assert isinstance(clusters, Clusters)
    assert isinstance(blocks, Blocks)
    assert clusters.codes.tolist() == [9, 7, 7]
    assert rows[blocks.order].tolist() == [3, 0, 4]
    assert of_rows(Independent(), rows) == Independent()


@given(seed=SEEDS)
def test_of_rows__gives_a_slice_what_weights_of_0_give_the_others(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, order = rng.normal(size=1200), Blocks(rng.permutation(1200))
    inside = rng.random(1200) < 0.6
    rows = np.flatnonzero(inside)

    sliced = interval_of(values[rows], of_rows(order, rows))

    assert_alike(sliced, interval_of(values, order, inside.astype(float)))


# --- changes --------------------------------------------------------------------------------------------------------


def test_effective_number__counts_groups_not_rows() -> None:
    influence = np.repeat([1.0, -1.0, 0.0], [30, 30, 240])
    codes = np.arange(300) // 30

    assert effective_number(influence, None, Independent()) == pytest.approx(60)
    assert effective_number(influence, None, Clusters(codes)) == pytest.approx(2)


def test_effective_number__weighs_rows() -> None:
    influence, weights = np.array([1.0, -1.0, 1.0, -1.0]), np.array([1.0, 1.0, 1000.0, 1000.0])

    assert effective_number(influence, weights, Independent()) == pytest.approx(2, rel=1e-5)


@given(values=VALUES)
def test_effective_number__is_at_most_the_units(values: np.ndarray) -> None:
    influence = mean_estimate(values).influence

    assert 0 < effective_number(influence, None, Independent()) <= values.size * (1 + 1e-12)


def test_enough_changes__of_few_rows_names_both_numbers() -> None:
    influence = np.repeat([1.0, -1.0, 0.0], [4, 4, 92])

    assert enough_changes(influence, None, Independent(), 8) is None
    assert enough_changes(influence, None, Independent(), 10) == NotTrusted(
        "few changes", "too few rows changed for an interval to be trusted (8.0 effectively, 10 wanted)"
    )


def test_enough_changes__of_many_rows_in_few_groups_is_not_trusted() -> None:
    influence = np.repeat([1.0, -1.0, 0.0], [30, 30, 540])
    codes = np.arange(600) // 30

    assert enough_changes(influence, None, Independent(), 10) is None
    assert enough_changes(influence, None, Clusters(codes), 10) == NotTrusted(
        "few changes", "too few groups changed for an interval to be trusted (2.0 effectively, 5 wanted)"
    )
    assert enough_changes(influence, None, Blocks(np.arange(600)), 10) == NotTrusted(
        "few changes", "too few stretches of time changed for an interval to be trusted (2.0 effectively, 5 wanted)"
    )


@pytest.mark.parametrize("sampling", [Clusters(np.arange(600) // 30), Blocks(np.arange(600))])
def test_enough_changes__trusts_20_normal_sums(sampling: Sampling) -> None:
    rng = np.random.default_rng(3)
    trusted = [
        enough_changes(mean_estimate(rng.normal(size=600)).influence, None, sampling, 10) is None for _ in range(200)
    ]

    assert np.mean(trusted) > 0.85


def test_enough_changes__keeps_the_level_where_changes_gather_in_few_groups() -> None:
    # One group in ten changes for the worse, and production's value is exactly a margin of 0.03 away.
    rng = np.random.default_rng(5)
    codes = np.repeat(np.arange(20), 20)
    passed, trusted = [], []
    for _ in range(1000):
        worse = (rng.random(20) < 0.1)[codes] & (rng.random(400) < 0.3)
        estimate = mean_estimate(-worse.astype(float))
        interval = mean_interval(estimate.influence, None, Clusters(codes), 0.95, estimate.value)
        passed.append(isinstance(interval, Interval) and interval.lower > -0.03)
        trusted.append(enough_changes(estimate.influence, None, Clusters(codes), 10) is None)

    assert np.mean(passed) > 0.15
    assert np.mean(np.logical_and(passed, trusted)) <= 0.05


# --- what is refused ------------------------------------------------------------------------------------------------


def test_mean_interval__of_one_row_is_not_trusted() -> None:
    found = mean_interval(np.zeros(1), None, Independent(), 0.95, 1.0)

    assert found == NotTrusted("few rows", "a spread needs at least 2 rows, there is 1")


@pytest.mark.parametrize("influence", [[], [1.0, np.nan], [np.inf, 1.0], [[1.0, 2.0]]])
def test_unit_sums__refuses_influences_that_are_none(influence: list[float]) -> None:
    with pytest.raises(ValueError, match="finite influences"):
        unit_sums(np.array(influence, dtype=float), None, Independent())


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0, 1.0], [1.0, np.nan, 1.0], [0.0, 0.0, 0.0]])
def test_unit_sums__refuses_impossible_weights(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        unit_sums(np.zeros(3), np.array(weights), Independent())


@pytest.mark.parametrize("codes", [[0, 1], [0, -1, 1], [0.0, 1.0, 2.0]])
def test_unit_sums__refuses_codes_that_are_none(codes: list[int]) -> None:
    with pytest.raises(ValueError, match="clusters need one whole number a row"):
        unit_sums(np.zeros(3), None, Clusters(np.array(codes)))


@pytest.mark.parametrize("order", [[0, 1], [0, 1, 1], [1, 2, 3]])
def test_unit_sums__refuses_an_order_that_is_none(order: list[int]) -> None:
    with pytest.raises(ValueError, match="order in time names the position of every row once"):
        unit_sums(np.zeros(3), None, Blocks(np.array(order)))


def test_mean_interval__refuses_a_confidence_that_is_not_one_sided() -> None:
    with pytest.raises(ValueError, match="confidence"):
        mean_interval(np.zeros(3), None, Independent(), 0.05, 0.0)
