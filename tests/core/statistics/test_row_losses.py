from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from mlci.core.statistics.row_losses import (
    SMALLEST_PROBABILITY,
    absolute_errors,
    binary_brier,
    binary_log_losses,
    crps_of_ensemble,
    crps_of_quantiles,
    exact_matches,
    hamming_losses,
    mean_estimate,
    multiclass_brier,
    multiclass_log_losses,
    percentage_errors,
    pinball_losses,
    squared_errors,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SEEDS = st.integers(0, 2**32 - 1)
CLASSES = 4


def binary(seed: int, n: int = 80) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    # Some probabilities are exactly 0 or 1, and some of those are wrong.
    return rng.permutation(np.arange(n) % 2 == 0), np.round(rng.random(n), 1), rng.uniform(0, 3, n)


def multiclass(seed: int, n: int = 80) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet([0.2] * CLASSES, n)
    probabilities[0] = [1.0, 0.0, 0.0, 0.0]
    return rng.permutation(np.arange(n) % CLASSES), probabilities, rng.uniform(0, 3, n)


def numbers(seed: int, n: int = 80) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    outcomes = rng.normal(size=n)
    outcomes[0] = 0.0
    return outcomes, outcomes + rng.normal(size=n), rng.uniform(0, 3, n)


# --- values are scikit-learn's --------------------------------------------------------------------------------------


@given(seed=SEEDS)
@settings(max_examples=20)
def test_binary_losses__have_the_means_of_scikit_learn(seed: int) -> None:
    labels, probabilities, weights = binary(seed)

    log_loss = mean_estimate(binary_log_losses(labels, probabilities), weights).value
    brier = mean_estimate(binary_brier(labels, probabilities), weights).value

    assert log_loss == pytest.approx(metrics.log_loss(labels, probabilities, sample_weight=weights), rel=1e-12)
    assert brier == pytest.approx(metrics.brier_score_loss(labels, probabilities, sample_weight=weights), rel=1e-12)


@given(seed=SEEDS)
@settings(max_examples=20)
def test_multiclass_losses__have_the_means_of_scikit_learn(seed: int) -> None:
    codes, probabilities, weights = multiclass(seed)

    log_loss = mean_estimate(multiclass_log_losses(codes, probabilities), weights).value
    brier = mean_estimate(multiclass_brier(codes, probabilities), weights).value

    assert log_loss == pytest.approx(metrics.log_loss(codes, probabilities, sample_weight=weights), rel=1e-12)
    assert brier == pytest.approx(metrics.brier_score_loss(codes, probabilities, sample_weight=weights), rel=1e-12)


@pytest.mark.parametrize(
    ("losses", "theirs"),
    [
        (absolute_errors, metrics.mean_absolute_error),
        (squared_errors, metrics.mean_squared_error),
        (percentage_errors, metrics.mean_absolute_percentage_error),
    ],
)
@given(seed=SEEDS)
@settings(max_examples=20)
def test_errors__have_the_means_of_scikit_learn(
    losses: Callable[..., np.ndarray], theirs: Callable[..., float], seed: int
) -> None:
    outcomes, predictions, weights = numbers(seed)

    assert mean_estimate(losses(outcomes, predictions)).value == pytest.approx(theirs(outcomes, predictions), rel=1e-12)
    assert mean_estimate(losses(outcomes, predictions), weights).value == pytest.approx(
        theirs(outcomes, predictions, sample_weight=weights), rel=1e-12
    )


@given(seed=SEEDS, quantile=st.floats(0.01, 0.99))
@settings(max_examples=20)
def test_pinball_losses__have_the_mean_of_scikit_learn(seed: int, quantile: float) -> None:
    outcomes, predictions, weights = numbers(seed)

    mean = mean_estimate(pinball_losses(outcomes, predictions, quantile), weights).value

    theirs = metrics.mean_pinball_loss(outcomes, predictions, sample_weight=weights, alpha=quantile)
    assert mean == pytest.approx(theirs, rel=1e-12)


@given(seed=SEEDS)
@settings(max_examples=20)
def test_label_sets__have_the_means_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, predictions = rng.random((2, 50, 3)) < 0.5
    weights = rng.uniform(0, 3, 50)

    hamming = mean_estimate(hamming_losses(labels, predictions), weights).value
    exact = mean_estimate(exact_matches(labels, predictions).astype(float), weights).value

    assert hamming == pytest.approx(metrics.hamming_loss(labels, predictions, sample_weight=weights), rel=1e-12)
    assert exact == pytest.approx(
        metrics.accuracy_score(labels, predictions, sample_weight=weights), rel=1e-12, abs=1e-15
    )


# --- distributions --------------------------------------------------------------------------------------------------


@given(seed=SEEDS, n_members=st.integers(1, 12))
def test_crps_of_ensemble__is_the_difference_of_expectations(seed: int, n_members: int) -> None:
    rng = np.random.default_rng(seed)
    outcomes, members = np.round(rng.normal(size=20), 1), np.round(rng.normal(size=(20, n_members)), 1)

    scores = crps_of_ensemble(outcomes, members)

    # Gneiting and Raftery (2007), equation 21, over all pairs of members.
    to_outcome = np.abs(members - outcomes[:, None]).mean(axis=1)
    apart = np.abs(members[:, :, None] - members[:, None, :]).mean(axis=(1, 2))
    assert scores == pytest.approx(to_outcome - apart / 2, rel=1e-12, abs=1e-12)


def test_crps_of_ensemble__is_the_area_between_the_distribution_functions() -> None:
    # By hand: F rises by a half at 0 and at 4, the outcome is 1. ∫(F - 1{y <= x})² = 1·(1/2)² + 3·(1/2)².
    assert crps_of_ensemble(np.array([1.0]), np.array([[4.0, 0.0]])).tolist() == [1.0]


def test_crps_of_ensemble__of_one_member_is_the_absolute_error() -> None:
    outcomes, predictions, _ = numbers(0)

    assert crps_of_ensemble(outcomes, predictions[:, None]) == pytest.approx(absolute_errors(outcomes, predictions))


@given(seed=SEEDS, n_members=st.integers(1, 12))
def test_crps_of_quantiles__at_the_middles_of_even_steps_is_that_of_the_ensemble(seed: int, n_members: int) -> None:
    rng = np.random.default_rng(seed)
    outcomes, members = rng.normal(size=20), np.sort(rng.normal(size=(20, n_members)), axis=1)
    levels = (np.arange(n_members) + 0.5) / n_members

    assert crps_of_quantiles(outcomes, members, levels) == pytest.approx(crps_of_ensemble(outcomes, members))


def test_crps_of_quantiles__of_the_median_is_the_absolute_error() -> None:
    outcomes, predictions, _ = numbers(0)

    scores = crps_of_quantiles(outcomes, predictions[:, None], np.array([0.5]))

    assert scores == pytest.approx(absolute_errors(outcomes, predictions))


# --- extremes -------------------------------------------------------------------------------------------------------


def test_binary_log_losses__are_clipped_where_the_model_was_sure_and_wrong() -> None:
    losses = binary_log_losses(np.array([True, False, True]), np.array([0.0, 1.0, 1.0]))

    assert losses.tolist() == pytest.approx([36.04365, 36.04365, SMALLEST_PROBABILITY], rel=1e-6)


def test_multiclass_log_losses__refuse_a_model_that_gives_1_to_every_class() -> None:
    with pytest.raises(ValueError, match="probabilities of a row sum to 1"):
        multiclass_log_losses(np.array([0, 1]), np.ones((2, 2)))


def test_multiclass_log_losses__take_what_single_precision_leaves() -> None:
    probabilities = np.random.default_rng(0).dirichlet(np.ones(1000), 5).astype(np.float32).astype(np.float64)

    assert (multiclass_log_losses(np.arange(5), probabilities) > 0).all()


def test_multiclass_brier__of_two_classes_is_twice_the_binary_one() -> None:
    labels, probabilities, _ = binary(0)

    both = multiclass_brier(labels.astype(int), np.column_stack((1 - probabilities, probabilities)))

    assert both == pytest.approx(2 * binary_brier(labels, probabilities))


def test_label_sets__count_nan_as_wrong() -> None:
    labels, predictions = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([[1.0, np.nan], [1.0, 0.0]])

    assert hamming_losses(labels, predictions).tolist() == [0.5, 0.0]
    assert exact_matches(labels, predictions).tolist() == [False, True]


@pytest.mark.parametrize("losses", [absolute_errors, squared_errors, percentage_errors])
def test_errors__refuse_a_prediction_whose_loss_is_no_number(losses: Callable[..., np.ndarray]) -> None:
    far_off = float(np.finfo(np.float64).max)

    with pytest.raises(ValueError, match="so far off that its loss is no number"):
        losses(np.array([-far_off]), np.array([far_off]))


@pytest.mark.parametrize("losses", [absolute_errors, squared_errors, percentage_errors])
@pytest.mark.parametrize("predictions", [[np.nan, 1.0], [np.inf, 1.0], [1.0]])
def test_errors__refuse_predictions_that_are_none(losses: Callable[..., np.ndarray], predictions: list[float]) -> None:
    with pytest.raises(ValueError, match="an error needs"):
        losses(np.array([1.0, 2.0]), np.array(predictions))


@pytest.mark.parametrize("losses", [binary_log_losses, binary_brier])
@pytest.mark.parametrize("probabilities", [[0.5, np.nan], [0.5, 1.5], [-0.1, 0.5], [0.5]])
def test_binary_losses__refuse_what_is_no_probability(
    losses: Callable[..., np.ndarray], probabilities: list[float]
) -> None:
    with pytest.raises(ValueError, match="probabilit"):
        losses(np.array([True, False]), np.array(probabilities))


@pytest.mark.parametrize("losses", [multiclass_log_losses, multiclass_brier])
@pytest.mark.parametrize("codes", [[0, 2], [0, -1], [0], [0.0, 1.0]])
def test_multiclass_losses__refuse_codes_that_are_no_columns(
    losses: Callable[..., np.ndarray], codes: list[int]
) -> None:
    with pytest.raises(ValueError, match="code"):
        losses(np.array(codes), np.full((2, 2), 0.5))


@pytest.mark.parametrize("quantile", [0.0, 1.0, -1.0, np.nan])
def test_pinball_losses__refuse_what_is_no_quantile(quantile: float) -> None:
    with pytest.raises(ValueError, match="quantile lies between 0 and 1"):
        pinball_losses(np.zeros(2), np.zeros(2), quantile)


@pytest.mark.parametrize("levels", [[0.5], [0.5, 0.5], [0.9, 0.1], [0.0, 0.5], [0.5, 1.0], [0.5, np.nan]])
def test_crps_of_quantiles__refuses_levels_that_do_not_rise(levels: list[float]) -> None:
    with pytest.raises(ValueError, match="one level a column, rising"):
        crps_of_quantiles(np.zeros(1), np.zeros((1, 2)), np.array(levels))


@pytest.mark.parametrize("members", [np.zeros(2), np.zeros((2, 0)), np.zeros((1, 2)), np.full((2, 1), np.nan)])
def test_crps_of_ensemble__refuses_members_that_are_none(members: np.ndarray) -> None:
    with pytest.raises(ValueError, match="score of a distribution needs"):
        crps_of_ensemble(np.zeros(2), members)


@pytest.mark.parametrize("predictions", [np.zeros((2, 3)), np.zeros(2), np.zeros((1, 2))])
def test_label_sets__refuse_predictions_of_another_shape(predictions: np.ndarray) -> None:
    with pytest.raises(ValueError, match="same rows and labels"):
        hamming_losses(np.zeros((2, 2)), predictions)


# --- the mean -------------------------------------------------------------------------------------------------------


@given(seed=SEEDS)
@settings(max_examples=20)
def test_mean_estimate__has_influences_that_add_up_to_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    losses, weights = rng.gamma(1.0, size=50), rng.uniform(0, 3, 50)

    estimate = mean_estimate(losses, weights)

    assert (weights * estimate.influence).sum() == pytest.approx(0, abs=1e-12)


def test_mean_estimate__of_equal_losses_has_no_influence() -> None:
    estimate = mean_estimate(np.full(7, 0.1))

    assert estimate.value == 0.1
    assert not estimate.influence.any()


def test_mean_estimate__refuses_losses_too_large_for_a_mean() -> None:
    largest = float(np.finfo(np.float64).max)

    with pytest.raises(ValueError, match="too large"):
        mean_estimate(np.array([largest, -largest, -largest]))
