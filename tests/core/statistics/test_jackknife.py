from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from mlci.core.statistics.jackknife import Jackknife, jackknife, jackknife_difference
from mlci.core.statistics.regression import r_squared, rmse
from mlci.core.statistics.sampling import Blocks, Clusters, Independent, NotTrusted, Sampling, Spread, spread

SEEDS = st.integers(0, 2**32 - 1)


def jackknifed(values: np.ndarray, sampling: Sampling) -> Jackknife:
    found = jackknife(lambda rows: float(values[rows].mean()), values.size, sampling)
    assert isinstance(found, Jackknife)
    return found


@given(seed=SEEDS)
@settings(max_examples=20)
def test_jackknife__of_the_mean_of_50_clusters_is_students_of_their_means(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, codes = rng.normal(size=200), rng.permutation(np.repeat(np.arange(50), 4))

    found = jackknifed(values, Clusters(codes))

    means = np.array([values[codes == code].mean() for code in range(50)])
    theirs = stats.ttest_1samp(means, 0).confidence_interval(0.9)
    interval = found.interval(0.95)
    assert interval.standard_error == pytest.approx(stats.sem(means), rel=1e-9)
    assert (interval.lower, interval.upper) == pytest.approx((theirs.low, theirs.high), rel=1e-7, abs=1e-9)


@given(seed=SEEDS)
@settings(max_examples=20)
def test_jackknife__of_the_mean_of_a_time_series_is_students_of_its_blocks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    in_time, order = rng.normal(size=600), rng.permutation(600)
    values = np.empty(600)
    values[order] = in_time

    found = jackknifed(values, Blocks(order))

    assert found.without.size == 20
    assert found.standard_error == pytest.approx(stats.sem(in_time.reshape(20, 30).mean(axis=1)), rel=1e-9)


def test_jackknife__agrees_with_influence_values() -> None:
    # A standard error from 50 sets is itself uncertain by a tenth; over 40 data sets that is 0.016.
    ratios = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        outcomes = rng.normal(size=1000)
        predictions = outcomes + rng.normal(size=1000)
        influence = rmse(outcomes, predictions).influence
        told = spread(influence, None, Independent())
        found = jackknife(
            lambda rows, y=outcomes, p=predictions: rmse(y[rows], p[rows]).value,  # type: ignore[misc]  # defaults bind
            1000,
            Independent(),
        )
        assert isinstance(told, Spread)
        assert isinstance(found, Jackknife)
        ratios.append(found.standard_error / told.standard_error)

    assert np.mean(ratios) == pytest.approx(1, abs=0.04)


def test_jackknife_difference__is_paired() -> None:
    rng = np.random.default_rng(0)
    outcomes = rng.normal(size=500)
    production = outcomes + rng.normal(size=500)
    candidate = production + rng.normal(0, 0.01, 500)

    found = jackknife_difference(
        lambda rows: rmse(outcomes[rows], candidate[rows]).value,
        lambda rows: rmse(outcomes[rows], production[rows]).value,
        500,
        Independent(),
    )

    alone = jackknife(lambda rows: rmse(outcomes[rows], candidate[rows]).value, 500, Independent())
    assert isinstance(found, Jackknife)
    assert isinstance(alone, Jackknife)
    assert found.value == rmse(outcomes, candidate).value - rmse(outcomes, production).value
    assert found.standard_error < alone.standard_error / 20


class Asked:
    """A metric that remembers which rows it was asked about."""

    def __init__(self) -> None:
        self.rows: list[np.ndarray] = []

    def __call__(self, rows: np.ndarray) -> float:
        self.rows.append(rows)
        return 0.0


def test_jackknife__leaves_every_row_out_once_in_sets_of_nearly_equal_size() -> None:
    asked = Asked()

    jackknife(asked, 1234, Independent())

    assert asked.rows[0].tolist() == list(range(1234))
    left_out = [np.setdiff1d(np.arange(1234), rows) for rows in asked.rows[1:]]
    assert len(left_out) == 50
    assert {rows.size for rows in left_out} == {24, 25}
    assert sorted(np.concatenate(left_out)) == list(range(1234))


def test_jackknife__leaves_out_whole_clusters() -> None:
    codes = np.random.default_rng(0).integers(0, 70, 700)
    asked = Asked()

    jackknife(asked, 700, Clusters(codes))

    for rows in asked.rows:
        assert not set(codes[rows]) & set(np.delete(codes, rows))


@pytest.mark.parametrize("period", [2, 7, 10, 25, 50, 100])
def test_jackknife__meets_no_pattern_in_the_order_of_rows(period: int) -> None:
    # Dealt out in turn, all rows of one phase would share a set, and the standard error would be far off.
    phases = np.random.default_rng(period).normal(size=period)
    values = phases[np.arange(5000) % period]

    assert jackknifed(values, Independent()).standard_error == pytest.approx(stats.sem(values), rel=0.35)


def test_jackknife__gives_the_same_answer_twice() -> None:
    values = np.random.default_rng(0).normal(size=300)

    first, second = jackknifed(values, Independent()), jackknifed(values, Independent())

    assert first.without.tolist() == second.without.tolist()


def test_jackknife__tells_when_one_set_carries_everything() -> None:
    values = np.zeros(500)
    values[3] = 1.0

    assert jackknifed(values, Independent()).effective_sets < 2
    assert jackknifed(np.random.default_rng(0).normal(size=500), Independent()).effective_sets > 10


def test_jackknife__of_a_constant_has_no_width() -> None:
    found = jackknife(lambda _: 0.25, 100, Independent())

    assert isinstance(found, Jackknife)
    assert (found.interval(0.95).lower, found.interval(0.95).upper) == (0.25, 0.25)


@pytest.mark.parametrize(
    ("n_rows", "sampling", "sentence"),
    [
        (99, Independent(), "a jackknife needs at least 100 rows, there are 99"),
        (190, Clusters(np.arange(190) % 19), "at least 20 groups are needed, there are 19"),
        (499, Blocks(np.arange(499)), "a time series needs at least 500 rows, there are 499"),
    ],
)
def test_jackknife__of_too_few_rows_is_not_trusted(n_rows: int, sampling: Sampling, sentence: str) -> None:
    found = jackknife(lambda _: 1.0, n_rows, sampling)

    assert isinstance(found, NotTrusted)
    assert found.sentence == sentence


def test_jackknife__of_a_metric_that_rests_on_one_row_is_not_trusted() -> None:
    positive = np.arange(200) == 17

    found = jackknife(lambda rows: 1.0 if positive[rows].any() else math.nan, 200, Independent())

    assert found == NotTrusted("undefined", "the metric has no value on some part of the rows")


def test_jackknife__of_a_metric_that_leaves_the_range_is_not_trusted() -> None:
    found = jackknife(lambda rows: -1e200 if 17 in rows else 1e200, 200, Independent())

    assert found == NotTrusted("undefined", "the metric is beyond 1e+30 on some part of the rows")


def test_jackknife__passes_on_what_the_metric_raises() -> None:
    with pytest.raises(ValueError, match="finite"):
        jackknife(lambda rows: rmse(np.full(rows.size, np.nan), np.zeros(rows.size)).value, 200, Independent())


def test_jackknife__refuses_codes_of_other_rows() -> None:
    with pytest.raises(ValueError, match="for each of 200 rows"):
        jackknife(lambda _: 1.0, 200, Clusters(np.arange(100)))


def test_interval__refuses_a_confidence_that_is_not_one_sided() -> None:
    with pytest.raises(ValueError, match="confidence"):
        jackknifed(np.arange(100.0), Independent()).interval(0.05)


def test_jackknife__keeps_its_level_for_a_metric_that_is_no_mean() -> None:
    # R² of a model that explains exactly one half: 1 - 1/2.
    missed = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        predictions = rng.normal(size=150)
        outcomes = predictions + rng.normal(size=150)

        def value(rows: np.ndarray, y: np.ndarray = outcomes, p: np.ndarray = predictions) -> float:
            found = r_squared(y[rows], p[rows])
            return found.value if found else math.nan

        found = jackknife(value, 150, Independent())
        missed.append(isinstance(found, Jackknife) and found.interval(0.95).lower > 0.5)

    assert np.mean(missed) <= 0.08
