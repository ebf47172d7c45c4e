from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from mlci.core.statistics.regression import lift, r_squared, ratio_of_means, rmse, wape
from mlci.core.statistics.sampling import Clusters, Independent, Spread, spread

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlci.core.statistics.estimate import Estimate

SEEDS = st.integers(0, 2**32 - 1)
METRICS = pytest.mark.parametrize("metric", [rmse, r_squared, wape])


def rows(seed: int, n: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    outcomes = rng.gamma(3.0, size=n)
    return outcomes, outcomes + rng.normal(0.2, 0.7, n), rng.uniform(0.2, 3, n)


def there(estimate: Estimate | None) -> Estimate:
    assert estimate is not None
    return estimate


def standard_error(estimate: Estimate, weights: np.ndarray | None = None) -> float:
    found = spread(estimate.influence, weights, Independent())
    assert isinstance(found, Spread)
    return found.standard_error


def jackknifed(value_without: Callable[[np.ndarray], float], n: int) -> float:
    """The delete-one jackknife by brute force: Efron and Tibshirani (1993), equation 11.5.

    It and the delta method differ by terms of order 1/n: for R² of skewed outcomes by a twentieth at 300 rows.
    """
    without = np.array([value_without(np.delete(np.arange(n), one)) for one in range(n)])
    return math.sqrt((n - 1) / n * float(np.square(without - without.mean()).sum()))


# --- values ---------------------------------------------------------------------------------------------------------


@given(seed=SEEDS)
@settings(max_examples=30)
def test_rmse__is_that_of_scikit_learn(seed: int) -> None:
    outcomes, predictions, weights = rows(seed)

    assert rmse(outcomes, predictions).value == pytest.approx(
        metrics.root_mean_squared_error(outcomes, predictions), rel=1e-12
    )
    assert rmse(outcomes, predictions, weights).value == pytest.approx(
        metrics.root_mean_squared_error(outcomes, predictions, sample_weight=weights), rel=1e-12
    )


@given(seed=SEEDS)
@settings(max_examples=30)
def test_r_squared__is_that_of_scikit_learn(seed: int) -> None:
    outcomes, predictions, weights = rows(seed)

    assert there(r_squared(outcomes, predictions)).value == pytest.approx(
        metrics.r2_score(outcomes, predictions), rel=1e-12, abs=1e-12
    )
    assert there(r_squared(outcomes, predictions, weights)).value == pytest.approx(
        metrics.r2_score(outcomes, predictions, sample_weight=weights), rel=1e-12, abs=1e-12
    )


def test_wape__is_the_sum_of_errors_over_the_sum_of_outcomes() -> None:
    outcomes, predictions = np.array([2.0, -1.0, 1.0]), np.array([1.0, -1.0, 4.0])

    assert there(wape(outcomes, predictions)).value == 1.0
    assert there(wape(outcomes, predictions, np.array([2.0, 1.0, 0.0]))).value == pytest.approx(2 / 5)


# --- standard errors ------------------------------------------------------------------------------------------------


@METRICS
@pytest.mark.parametrize("row", [0, 1, 7, 250])
def test_influence__is_how_the_metric_moves_with_the_weight_of_a_row(
    metric: Callable[..., Estimate | None], row: int
) -> None:
    outcomes, predictions, weights = rows(6)
    step = np.zeros(weights.size)
    step[row] = 1e-5

    moved = (
        there(metric(outcomes, predictions, weights + step)).value
        - there(metric(outcomes, predictions, weights - step)).value
    )

    influence = there(metric(outcomes, predictions, weights)).influence
    assert influence[row] == pytest.approx(moved / 2e-5 * weights.sum(), rel=1e-4)


@METRICS
@pytest.mark.parametrize("seed", range(3))
def test_standard_error__agrees_with_the_jackknife(metric: Callable[..., Estimate | None], seed: int) -> None:
    outcomes, predictions, _ = rows(seed)

    theirs = jackknifed(lambda kept: there(metric(outcomes[kept], predictions[kept])).value, outcomes.size)

    assert standard_error(there(metric(outcomes, predictions))) == pytest.approx(theirs, rel=0.06)


@METRICS
@pytest.mark.parametrize("seed", range(3))
def test_standard_error__of_weighted_rows_agrees_with_the_jackknife(
    metric: Callable[..., Estimate | None], seed: int
) -> None:
    outcomes, predictions, weights = rows(seed)

    theirs = jackknifed(
        lambda kept: there(metric(outcomes[kept], predictions[kept], weights[kept])).value, outcomes.size
    )

    assert standard_error(there(metric(outcomes, predictions, weights)), weights) == pytest.approx(theirs, rel=0.06)


@METRICS
def test_standard_error__of_clusters_agrees_with_leaving_clusters_out(metric: Callable[..., Estimate | None]) -> None:
    outcomes, predictions, _ = rows(4, n=900)
    codes = np.repeat(np.arange(300), 3)

    found = spread(there(metric(outcomes, predictions)).influence, None, Clusters(codes))

    theirs = jackknifed(
        lambda kept: there(metric(outcomes[np.isin(codes, kept)], predictions[np.isin(codes, kept)])).value, 300
    )
    assert isinstance(found, Spread)
    assert found.standard_error == pytest.approx(theirs, rel=0.02)


@METRICS
@given(seed=SEEDS)
@settings(max_examples=30)
def test_influences__add_up_to_nothing(metric: Callable[..., Estimate | None], seed: int) -> None:
    outcomes, predictions, weights = rows(seed)

    influence = there(metric(outcomes, predictions, weights)).influence

    assert (weights * influence).sum() == pytest.approx(0, abs=1e-9)


# --- degenerate -----------------------------------------------------------------------------------------------------


def test_rmse__of_a_perfect_model_has_no_influence() -> None:
    outcomes, _, _ = rows(0)

    estimate = rmse(outcomes, outcomes)

    assert estimate.value == 0
    assert not estimate.influence.any()


def test_r_squared__of_equal_outcomes_has_no_value() -> None:
    assert r_squared(np.full(5, 0.1), np.arange(5.0)) is None


def test_r_squared__looks_at_rows_that_weigh_something_only() -> None:
    outcomes = np.array([0.1, 0.1, 0.1, 5.0])

    assert r_squared(outcomes, outcomes, np.array([1.0, 1.0, 1.0, 0.0])) is None


def test_r_squared__of_the_mean_is_0_without_influence() -> None:
    outcomes = np.array([1.0, 2.0, 3.0, 6.0])

    estimate = there(r_squared(outcomes, np.full(4, 3.0)))

    assert estimate.value == 0
    assert not estimate.influence.any()


def test_wape__of_outcomes_that_are_all_0_has_no_value() -> None:
    assert wape(np.zeros(3), np.ones(3)) is None


def test_ratio_of_means__of_proportional_rows_has_no_influence() -> None:
    denominators = np.random.default_rng(0).gamma(1.0, size=50)

    estimate = there(ratio_of_means(0.3 * denominators, denominators))

    assert estimate.value == pytest.approx(0.3)
    assert not estimate.influence.any()


def test_ratio_of_means__refuses_denominators_that_are_nearly_nothing() -> None:
    with pytest.raises(ValueError, match="too small"):
        ratio_of_means(np.ones(3), np.full(3, 5e-324))


def test_ratio_of_means__refuses_rows_of_unequal_number() -> None:
    with pytest.raises(ValueError, match="as many"):
        ratio_of_means(np.ones(3), np.ones(2))


# --- lift -----------------------------------------------------------------------------------------------------------


def scored(seed: int, n: int, decimals: int = 12) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.random(n) < 0.3
    return labels, np.round(rng.normal(size=n) + labels, decimals), rng.uniform(0.2, 3, n)


def test_lift__is_precision_among_the_highest_over_the_share_of_positives() -> None:
    labels = np.array([True, False, True, False, False, False, False, False])

    assert there(lift(labels, np.arange(8.0)[::-1], 0.5)).value == 2.0
    assert there(lift(labels, np.arange(8.0)[::-1], 0.25)).value == 2.0
    assert there(lift(labels, np.arange(8.0), 0.5)).value == 0.0


def test_lift__takes_tied_rows_in_equal_parts() -> None:
    labels = np.array([True, True, False, False, False])

    # Two of five: the first row, and one of the four that are tied, of which one is positive.
    assert there(lift(labels, np.array([1.0, 0.0, 0.0, 0.0, 0.0]), 0.4)).value == pytest.approx((1.25 / 2) / 0.4)


def test_lift__cuts_through_a_row_where_the_share_does() -> None:
    labels = np.array([True, True, False, False])

    assert there(lift(labels, np.array([4.0, 3.0, 2.0, 1.0]), 0.625)).value == pytest.approx((2 / 2.5) / 0.5)


@given(seed=SEEDS, share=st.floats(0.01, 1))
def test_lift__of_a_constant_score_is_what_chance_earns(seed: int, share: float) -> None:
    labels, _, weights = scored(seed, 60)
    labels[0] = True

    assert there(lift(labels, np.zeros(60), share, weights)).value == pytest.approx(1)


@given(seed=SEEDS)
@settings(max_examples=30)
def test_lift__of_all_rows_is_1_without_influence(seed: int) -> None:
    labels, scores, weights = scored(seed, 60)
    labels[0] = True

    estimate = there(lift(labels, scores, 1.0, weights))

    assert estimate.value == pytest.approx(1)
    assert np.abs(estimate.influence).max() == pytest.approx(0, abs=1e-12)


@given(seed=SEEDS, share=st.floats(0.05, 1))
def test_lift__of_whole_weights_is_that_of_repeated_rows(seed: int, share: float) -> None:
    labels, scores, _ = scored(seed, 60, decimals=1)
    labels[0] = True
    counts = np.random.default_rng(seed).integers(0, 4, 60)
    counts[0] = 1

    weighted = there(lift(labels, scores, share, counts.astype(float)))

    repeated = there(lift(np.repeat(labels, counts), np.repeat(scores, counts), share))
    assert weighted.value == pytest.approx(repeated.value)


@pytest.mark.parametrize("decimals", [12, 0])
@pytest.mark.parametrize("share", [0.1, 0.3])
def test_lift__has_the_standard_error_of_many_samples(share: float, decimals: int) -> None:
    estimates = [there(lift(*scored(seed, 1000, decimals)[:2], share)) for seed in range(600)]

    spread_seen = np.std([estimate.value for estimate in estimates], ddof=1)

    told = np.sqrt(np.mean([standard_error(estimate) ** 2 for estimate in estimates]))
    assert told == pytest.approx(spread_seen, rel=0.08)


def test_lift__without_a_positive_row_has_no_value() -> None:
    assert lift(np.zeros(4, dtype=bool), np.arange(4.0), 0.5) is None
    assert lift(np.array([True, False]), np.arange(2.0), 0.5, np.array([0.0, 1.0])) is None


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, np.nan])
def test_lift__refuses_what_is_no_share(share: float) -> None:
    with pytest.raises(ValueError, match="share of the rows"):
        lift(np.array([True, False]), np.arange(2.0), share)


@pytest.mark.parametrize("scores", [[1.0], [1.0, np.nan]])
def test_lift__refuses_scores_that_are_none(scores: list[float]) -> None:
    with pytest.raises(ValueError, match="as many scores"):
        lift(np.array([True, False]), np.array(scores), 0.5)
