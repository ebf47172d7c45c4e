from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from mlci.core.statistics.delong import auc_alone, auc_difference, placements
from mlci.core.statistics.interval import Interval
from mlci.core.statistics.quantiles import normal_quantile

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Rows:
    labels: NDArray[np.bool_]
    candidate: Floats
    production: Floats


@st.composite
def rows(draw: st.DrawFn) -> Rows:
    """Rows with at least two of each class; few distinct scores, so that ties are the rule."""
    labels = [True, True, False, False, *draw(st.lists(st.booleans(), max_size=30))]
    scores = hnp.arrays(np.float64, len(labels), elements=st.integers(-6, 6).map(float))
    return Rows(np.array(draw(st.permutations(labels))), draw(scores), draw(scores))


def drawn_rows(n: int = 400, seed: int = 11) -> Rows:
    random = np.random.default_rng(seed)
    labels = random.random(n) < 0.3
    production = random.normal(size=n) + labels
    return Rows(labels, production + 0.4 * random.normal(size=n) + 0.2 * labels, production)


def brute_wins(labels: NDArray[np.bool_], scores: Floats) -> Floats:
    """The kernel of the U statistic for every pair, shape (n_positives, n_negatives): 1, 1/2 for a tie, or 0."""
    above = scores[labels][:, None] - scores[~labels][None, :]
    return np.asarray((np.sign(above) + 1) / 2, dtype=np.float64)


def brute_variance(wins: Floats) -> float:
    """The jackknife of the mean of all pairs, leaving out one positive, then one negative, at a time."""

    def part(left_out: list[float]) -> float:
        count = len(left_out)
        mean = sum(left_out) / count
        return (count - 1) / count * sum((value - mean) ** 2 for value in left_out)

    positives = [float(np.delete(wins, row, axis=0).mean()) for row in range(wins.shape[0])]
    negatives = [float(np.delete(wins, row, axis=1).mean()) for row in range(wins.shape[1])]
    return part(positives) + part(negatives)


def parts(interval: Interval) -> tuple[float | None, ...]:
    return interval.estimate, interval.lower, interval.upper, interval.standard_error


def perfect(n_positives: int, n_negatives: int) -> tuple[NDArray[np.bool_], Floats]:
    labels = np.arange(n_positives + n_negatives) >= n_negatives
    return labels, np.arange(n_positives + n_negatives, dtype=np.float64)


@given(rows=rows())
def test_placements__agree_with_counting_all_pairs(rows: Rows) -> None:
    positives, negatives = placements(rows.labels, rows.candidate)

    wins = brute_wins(rows.labels, rows.candidate)
    np.testing.assert_allclose(positives, wins.mean(axis=1), rtol=0, atol=1e-15)
    np.testing.assert_allclose(negatives, wins.mean(axis=0), rtol=0, atol=1e-15)


def test_placements__order_infinite_scores_and_tie_the_two_zeros() -> None:
    labels = np.array([True, True, False, False])

    positives, negatives = placements(labels, np.array([np.inf, 0.0, -0.0, -np.inf]))

    assert positives.tolist() == [1.0, 0.75]
    assert negatives.tolist() == [0.75, 1.0]


def test_placements__of_one_row_of_each_class_are_defined() -> None:
    positives, negatives = placements(np.array([False, True]), np.array([0.1, 0.2]))

    assert (positives.tolist(), negatives.tolist()) == ([1.0], [1.0])


@given(rows=rows())
def test_auc_alone__estimate_agrees_with_scikit_learn(rows: Rows) -> None:
    expected = roc_auc_score(rows.labels, rows.candidate)

    assert auc_alone(rows.labels, rows.candidate, 0.95).estimate == pytest.approx(expected, abs=1e-12)


@given(rows=rows())
def test_auc_alone__standard_error_agrees_with_a_jackknife_over_all_pairs(rows: Rows) -> None:
    expected = math.sqrt(brute_variance(brute_wins(rows.labels, rows.candidate)))

    assert auc_alone(rows.labels, rows.candidate, 0.95).standard_error == pytest.approx(expected, abs=1e-9)


@given(rows=rows())
def test_auc_difference__agrees_with_a_jackknife_over_all_pairs(rows: Rows) -> None:
    contrast = brute_wins(rows.labels, rows.candidate) - brute_wins(rows.labels, rows.production)

    interval = auc_difference(rows.labels, rows.candidate, rows.production, 0.95)

    assert interval.estimate == pytest.approx(contrast.mean(), abs=1e-12)
    assert interval.standard_error == pytest.approx(math.sqrt(brute_variance(contrast)), abs=1e-9)


def test_auc_alone__of_four_rows_by_hand() -> None:
    # Placements 1 and 3/4 in either class: A = 7/8, variance 1/32 in either class, SE² = 1/64 + 1/64.
    labels, scores = np.array([True, True, False, False]), np.array([0.9, 0.4, 0.4, 0.1])
    reach = normal_quantile(0.75) * math.sqrt(1 / 32) / (7 / 64)

    interval = auc_alone(labels, scores, 0.75)

    assert interval.estimate == 7 / 8
    assert interval.standard_error == pytest.approx(math.sqrt(1 / 32), rel=1e-14)
    assert interval.lower == pytest.approx(0.5, abs=1e-12)  # sqrt(1 - confidence): no more than two pairs prove
    assert interval.upper == pytest.approx(1 / (1 + math.exp(-math.log(7) - reach)), rel=1e-12)


def test_auc_difference__of_four_rows_by_hand() -> None:
    # The candidate is perfect; the changes of the placements are 0 and 1/4 in either class.
    labels, production = np.array([True, True, False, False]), np.array([0.9, 0.4, 0.4, 0.1])
    reach = normal_quantile(0.95) * math.sqrt(1 / 32)

    interval = auc_difference(labels, np.array([4.0, 3.0, 2.0, 1.0]), production, 0.95)

    assert interval.estimate == 1 / 8
    assert interval.lower == pytest.approx(1 / 8 - reach, rel=1e-12)
    assert interval.upper == pytest.approx(1 / 8 + reach, rel=1e-12)


def test_auc_alone__bounds_are_normal_on_the_logit_scale() -> None:
    rows = drawn_rows()
    interval = auc_alone(rows.labels, rows.candidate, 0.95)
    area, standard_error = interval.estimate, interval.standard_error
    assert standard_error is not None

    logits = [math.log(value / (1 - value)) for value in (interval.lower, area, interval.upper)]

    reach = normal_quantile(0.95) * standard_error / (area * (1 - area))
    assert np.diff(logits) == pytest.approx([reach, reach], rel=1e-9)


@pytest.mark.parametrize(("n_positives", "n_negatives"), [(2, 2), (50, 200), (200, 50)])
def test_auc_alone__of_a_perfect_and_of_a_reversed_ranking_has_the_exact_width(
    n_positives: int, n_negatives: int
) -> None:
    labels, scores = perfect(n_positives, n_negatives)
    proven = 0.05 ** (1 / min(n_positives, n_negatives))

    best, worst = auc_alone(labels, scores, 0.95), auc_alone(labels, -scores, 0.95)

    assert parts(best) == pytest.approx((1.0, proven, 1.0, 0.0), rel=1e-12)
    assert parts(worst) == pytest.approx((0.0, 0.0, 1 - proven, 0.0), rel=1e-12)


def test_auc_alone__of_constant_scores_is_a_half_with_width() -> None:
    proven = 0.05 ** (1 / 40)

    interval = auc_alone(np.arange(100) < 40, np.zeros(100), 0.95)

    assert parts(interval) == pytest.approx((0.5, proven / 2, 1 - proven / 2, 0.0), rel=1e-12)


def test_auc_alone__of_a_nearly_perfect_ranking_claims_no_more_than_of_a_perfect_one() -> None:
    labels, scores = perfect(100, 100)
    nearly = scores.copy()
    nearly[[99, 100]] = nearly[[100, 99]]  # one pair of 10,000 in the wrong order

    perfectly, almost = auc_alone(labels, scores, 0.95), auc_alone(labels, nearly, 0.95)

    assert 0.9998 < almost.estimate < 1
    assert almost.lower <= perfectly.lower


def test_auc_alone__of_the_least_favourable_population_claims_too_much_in_5_percent_at_most() -> None:
    # A share of the positives scores below all negatives, the rest above: the AUC is 1 minus that share. Drawing k
    # positives gives j such ones with a binomial chance; the interval depends on j alone, so all cases are enumerated.
    k, n_negatives, share = 60, 60, 0.04
    labels = np.arange(k + n_negatives) < k

    claims_too_much = [
        auc_alone(labels, np.where(labels, np.where(np.arange(k + n_negatives) < j, -1.0, 1.0), 0.0), 0.95).lower
        > 1 - share
        for j in range(k + 1)
    ]

    chances = [math.comb(k, j) * share**j * (1 - share) ** (k - j) for j in range(k + 1)]
    assert sum(chance for chance, claim in zip(chances, claims_too_much, strict=True) if claim) <= 0.05


@given(rows=rows(), confidence=st.floats(0.51, 0.999))
def test_auc_intervals__enclose_the_estimate_within_their_range(rows: Rows, confidence: float) -> None:
    alone = auc_alone(rows.labels, rows.candidate, confidence)
    difference = auc_difference(rows.labels, rows.candidate, rows.production, confidence)

    assert 0 <= alone.lower <= alone.estimate <= alone.upper <= 1
    assert alone.lower < alone.upper
    assert -1 <= difference.lower <= difference.estimate <= difference.upper <= 1


@given(rows=rows(), confidence=st.floats(0.51, 0.99))
def test_auc_intervals__are_wider_at_more_confidence(rows: Rows, confidence: float) -> None:
    for narrow, wide in (
        (auc_alone(rows.labels, rows.candidate, level) for level in (confidence, confidence + 0.005)),
        (auc_difference(rows.labels, rows.candidate, rows.production, level) for level in (confidence, 0.999)),
    ):
        assert wide.lower <= narrow.lower
        assert wide.upper >= narrow.upper


@given(rows=rows(), confidence=st.floats(0.51, 0.999))
def test_auc_difference__mirrors_to_the_last_bit_when_the_models_swap(rows: Rows, confidence: float) -> None:
    interval = auc_difference(rows.labels, rows.candidate, rows.production, confidence)
    swapped = auc_difference(rows.labels, rows.production, rows.candidate, confidence)

    assert swapped == Interval(-interval.estimate, -interval.upper, -interval.lower, interval.standard_error)


@given(rows=rows())
def test_auc_alone__mirrors_when_the_classes_swap(rows: Rows) -> None:
    interval, swapped = auc_alone(rows.labels, rows.candidate, 0.95), auc_alone(~rows.labels, rows.candidate, 0.95)

    assert swapped.estimate == pytest.approx(1 - interval.estimate, abs=1e-12)
    assert swapped.lower == pytest.approx(1 - interval.upper, abs=1e-9)
    assert swapped.upper == pytest.approx(1 - interval.lower, abs=1e-9)


@given(rows=rows())
def test_auc_intervals__depend_on_the_order_of_the_scores_only(rows: Rows) -> None:
    rescaled, reshaped = rows.candidate * 0.5 - 3, np.exp(rows.production)

    assert auc_alone(rows.labels, rescaled, 0.95) == auc_alone(rows.labels, rows.candidate, 0.95)
    assert auc_difference(rows.labels, rescaled, reshaped, 0.95) == auc_difference(
        rows.labels, rows.candidate, rows.production, 0.95
    )


@given(rows=rows(), seed=st.integers(0, 2**32))
def test_auc_difference__does_not_depend_on_the_order_of_the_rows(rows: Rows, seed: int) -> None:
    order = np.random.default_rng(seed).permutation(rows.labels.size)

    interval = auc_difference(rows.labels, rows.candidate, rows.production, 0.95)
    shuffled = auc_difference(rows.labels[order], rows.candidate[order], rows.production[order], 0.95)

    assert shuffled.estimate == pytest.approx(interval.estimate, abs=1e-12)
    # Rounding decides whether a variance is exactly 0, hence the comparison of the standard error, not of the bounds.
    assert shuffled.standard_error == pytest.approx(interval.standard_error, abs=1e-9)


def test_auc_difference__of_models_that_rank_alike_has_the_width_of_the_worst_case() -> None:
    rows = drawn_rows()
    n_positives = int(rows.labels.sum())
    reach = 1 - 0.05 ** (1 / min(n_positives, rows.labels.size - n_positives))

    interval = auc_difference(rows.labels, 2 * rows.production, rows.production, 0.95)

    assert parts(interval) == pytest.approx((0.0, -reach, reach, 0.0), rel=1e-12)


def test_auc_difference__of_a_perfect_and_a_reversed_model_stays_within_1() -> None:
    labels, scores = perfect(30, 30)

    interval = auc_difference(labels, scores, -scores, 0.95)

    assert parts(interval) == pytest.approx((1.0, 2 * 0.05 ** (1 / 30) - 1, 1.0, 0.0), rel=1e-12)


def test_auc_difference__covers_a_known_difference_as_often_as_it_says() -> None:
    # Binormal scores: AUC = Phi(shift / sqrt 2), independently for both models; 1,000 seeded draws.
    random = np.random.default_rng(5)
    labels = np.arange(150) < 60
    truth = 0.5 * (math.erf(1.2 / 2) - math.erf(0.9 / 2))

    intervals = [
        auc_difference(labels, random.normal(size=150) + 1.2 * labels, random.normal(size=150) + 0.9 * labels, 0.95)
        for _ in range(1000)
    ]

    assert sum(interval.lower > truth for interval in intervals) == pytest.approx(50, abs=20)
    assert sum(interval.upper < truth for interval in intervals) == pytest.approx(50, abs=20)


@pytest.mark.parametrize(
    ("labels", "scores", "problem"),
    [
        pytest.param(np.array([], dtype=bool), np.array([]), "both classes", id="no row"),
        pytest.param(np.array([True, True]), np.array([0.1, 0.2]), "both classes", id="positives only"),
        pytest.param(np.array([False, False]), np.array([0.1, 0.2]), "both classes", id="negatives only"),
        pytest.param(np.array([False, True]), np.array([0.1, np.nan]), "NaN", id="a score that is no number"),
        pytest.param(np.array([False, True]), np.array([0.1]), "as many scores", id="lengths differ"),
        pytest.param(np.array([0, 1]), np.array([0.1, 0.2]), "boolean", id="labels that are integers"),
    ],
)
def test_placements__refuse_bad_rows(labels: NDArray[np.bool_], scores: Floats, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        placements(labels, scores)


def test_auc_intervals__refuse_a_class_with_one_row() -> None:
    labels, scores = np.array([True, False, False]), np.array([0.3, 0.2, 0.1])

    with pytest.raises(ValueError, match="two rows of each class"):
        auc_alone(labels, scores, 0.95)
    with pytest.raises(ValueError, match="two rows of each class"):
        auc_difference(labels, scores, scores, 0.95)


def test_auc_intervals__refuse_a_confidence_that_is_not_one_sided() -> None:
    labels, scores = perfect(2, 2)

    with pytest.raises(ValueError, match="confidence"):
        auc_alone(labels, scores, 0.05)
    with pytest.raises(ValueError, match="confidence"):
        auc_difference(labels, scores, scores, 1.0)
