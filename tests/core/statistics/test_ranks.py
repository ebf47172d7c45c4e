from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.preprocessing import label_binarize

from mlci.core.statistics.delong import auc_alone, auc_difference, placements
from mlci.core.statistics.estimate import Estimate
from mlci.core.statistics.ranks import OverClasses, Ranked, Ranking, average_precision, one_vs_rest, roc_auc

Floats = NDArray[np.float64]
Metric = Callable[[Ranked], Estimate | None]
Score = Callable[..., float]

CLASSES = 3
BOTH = pytest.mark.parametrize(
    ("metric", "score"),
    [
        pytest.param(roc_auc, roc_auc_score, id="roc_auc"),
        pytest.param(average_precision, average_precision_score, id="average_precision"),
    ],
)

EITHER = pytest.mark.parametrize("metric", [roc_auc, average_precision])


@dataclass(frozen=True)
class Rows:
    labels: NDArray[np.bool_]
    scores: Floats
    weights: Floats | None = None

    def estimate(self, metric: Metric) -> Estimate:
        estimate = metric(Ranking.of(self.scores).labelled(self.labels, self.weights))
        assert estimate is not None
        return estimate


@st.composite
def rows(draw: st.DrawFn) -> Rows:
    """Rows of both classes, often with many ties: scores are whole numbers, or any floats."""
    labels = draw(st.permutations([True, False, *draw(st.lists(st.booleans(), max_size=30))]))
    of_scores = st.sampled_from([st.integers(-4, 4).map(float), st.floats(allow_nan=False, allow_infinity=False)])
    scores = hnp.arrays(np.float64, len(labels), elements=draw(of_scores))
    weights = hnp.arrays(np.float64, len(labels), elements=st.floats(0.01, 100))
    return Rows(np.array(labels), draw(scores), draw(st.none() | weights))


@st.composite
def rows_of_classes(draw: st.DrawFn) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Codes of all classes, scores that add up to 1 in each row, and weights."""
    labels = draw(st.permutations([*range(CLASSES), *draw(st.lists(st.integers(0, CLASSES - 1), max_size=20))]))
    n = len(labels)
    raw = draw(hnp.arrays(np.float64, (n, CLASSES), elements=st.integers(1, 4).map(float)))
    weights = draw(hnp.arrays(np.float64, n, elements=st.floats(0.01, 100)))
    return np.array(labels), raw / raw.sum(axis=1, keepdims=True), weights


def drawn_rows(n: int = 400, seed: int = 3, *, decimals: int = 12, weighted: bool = False) -> Rows:
    random = np.random.default_rng(seed)
    labels = random.random(n) < 0.3
    scores = np.round(random.normal(size=n) + labels, decimals)
    return Rows(labels, scores, random.uniform(0.2, 3.0, n) if weighted else None)


def jackknife(values: list[float]) -> float:
    """Quenouille's and Tukey's standard error from the values without each row."""
    n = len(values)
    return math.sqrt((n - 1) / n * float(np.square(np.array(values) - np.mean(values)).sum()))


@BOTH
@given(given_rows=rows())
def test_value__is_that_of_scikit_learn(metric: Metric, score: Score, given_rows: Rows) -> None:
    # scikit-learn takes scores whose difference is not a finite number apart from 0 for ties, and tells so.
    assume(np.abs(given_rows.scores).max() < 1e300)
    expected = score(given_rows.labels, given_rows.scores, sample_weight=given_rows.weights)

    assert given_rows.estimate(metric).value == pytest.approx(expected, rel=0, abs=1e-12)


@pytest.mark.parametrize("decimals", [0, 1, 12])
@BOTH
def test_value__on_many_rows_is_that_of_scikit_learn(metric: Metric, score: Score, decimals: int) -> None:
    given_rows = drawn_rows(20_000, decimals=decimals, weighted=True)
    expected = score(given_rows.labels, given_rows.scores, sample_weight=given_rows.weights)

    assert given_rows.estimate(metric).value == pytest.approx(expected, rel=0, abs=1e-12)


def test_average_precision__of_the_example_in_the_manual() -> None:
    # The example of scikit-learn's average_precision_score: (1 + 2/3) / 2.
    example = Rows(np.array([False, False, True, True]), np.array([0.1, 0.4, 0.35, 0.8]))

    assert example.estimate(average_precision).value == pytest.approx(5 / 6, rel=1e-15)
    assert example.estimate(roc_auc).value == 0.75


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("decimals", [0, 1, 12])
@BOTH
def test_influence__is_the_derivative_in_the_weight_of_a_row(
    metric: Metric,
    score: Score,
    decimals: int,
    weighted: bool,  # noqa: FBT001 -- a case of the test, not a switch
) -> None:
    given_rows = drawn_rows(40, decimals=decimals, weighted=weighted)
    weights = np.ones(40) if given_rows.weights is None else given_rows.weights
    step = 1e-5

    def moved(row: int, by: float) -> float:
        changed = weights.copy()
        changed[row] += by
        return float(score(given_rows.labels, given_rows.scores, sample_weight=changed))

    slopes = [(moved(row, step) - moved(row, -step)) / (2 * step) for row in range(40)]
    np.testing.assert_allclose(
        given_rows.estimate(metric).influence, np.array(slopes) * weights.sum(), rtol=0, atol=1e-7
    )


@EITHER
@given(given_rows=rows())
def test_influence__has_mean_zero(metric: Metric, given_rows: Rows) -> None:
    influence = given_rows.estimate(metric).influence

    assert influence.shape == given_rows.labels.shape
    scale = 1 + np.abs(influence).max()
    assert np.average(influence, weights=given_rows.weights) == pytest.approx(0, abs=1e-12 * scale)


@pytest.mark.parametrize("decimals", [1, 12])
@pytest.mark.parametrize(
    ("metric", "tolerance"),
    [pytest.param(roc_auc, 0.01, id="roc_auc"), pytest.param(average_precision, 0.02, id="average_precision")],
)
def test_standard_error__is_that_of_the_brute_force_jackknife(metric: Metric, tolerance: float, decimals: int) -> None:
    given_rows = drawn_rows(600, decimals=decimals)
    ranking = Ranking.of(given_rows.scores)

    def without(row: int) -> float:
        others = np.arange(600) != row
        estimate = metric(ranking.subset(others).labelled(given_rows.labels[others]))
        assert estimate is not None
        return estimate.value

    standard_error = given_rows.estimate(metric).influence.std() / math.sqrt(600)
    assert standard_error == pytest.approx(jackknife([without(row) for row in range(600)]), rel=tolerance)


def test_standard_error__of_a_difference_is_that_of_the_jackknife() -> None:
    production = drawn_rows(600)
    candidate = Rows(production.labels, production.scores + np.random.default_rng(8).normal(size=600) / 2)
    rankings = [Ranking.of(model.scores) for model in (candidate, production)]

    def without(row: int) -> float:
        others = np.arange(600) != row
        first, second = (average_precision(r.subset(others).labelled(production.labels[others])) for r in rankings)
        assert first is not None
        assert second is not None
        return first.value - second.value

    influence = candidate.estimate(average_precision).influence - production.estimate(average_precision).influence
    assert influence.std() / math.sqrt(600) == pytest.approx(jackknife([without(row) for row in range(600)]), rel=0.02)


def test_average_precision__of_a_model_without_skill_is_too_high_by_its_bias() -> None:
    # All orders of 3 positives among 7 rows. Bestgen (2015) has the mean of the average precision over them, and a
    # positive has precision 2/6 among the others.
    estimates = []
    for chosen in itertools.combinations(range(7), 3):
        estimate = average_precision(Ranking.of(np.arange(7.0)).labelled(np.isin(np.arange(7), chosen)))
        assert estimate is not None
        estimates.append(estimate)
    harmonic = sum(1 / place for place in range(1, 8))

    assert np.mean([each.value for each in estimates]) == pytest.approx(2 / 6 + 4 * harmonic / (7 * 6), abs=1e-12)
    assert np.mean([each.value - each.bias for each in estimates]) == pytest.approx(2 / 6, abs=1e-12)


def test_average_precision__is_too_high_by_its_bias_in_samples() -> None:
    # 2,000 samples of 150 rows from a population whose average precision is known.
    generator = np.random.default_rng(12)
    labels = generator.random(50_000) < 0.4
    scores = generator.normal(size=50_000) + 0.5 * labels
    above = []
    for _ in range(2_000):
        drawn = generator.integers(50_000, size=150)
        estimate = average_precision(Ranking.of(scores[drawn]).labelled(labels[drawn]))
        assert estimate is not None
        above.append((estimate.value, estimate.bias))
    mean, bias = np.mean(above, axis=0)
    truth = average_precision_score(labels, scores)

    assert mean - truth > 0.01
    assert mean - bias == pytest.approx(truth, abs=(mean - truth) / 3)


def test_average_precision__of_rows_that_count_twice_is_as_biased_as_of_half_of_them() -> None:
    once = drawn_rows(300)
    twice = Rows(once.labels, once.scores, np.full(300, 2.0))
    assert twice.estimate(average_precision).bias == pytest.approx(once.estimate(average_precision).bias, rel=1e-12)
    assert once.estimate(average_precision).bias > 0


def test_average_precision__of_a_perfect_ranking_has_no_bias() -> None:
    perfect = Rows(np.arange(40) >= 20, np.arange(40.0))
    assert perfect.estimate(average_precision).bias == 0.0


@given(given_rows=rows())
def test_roc_auc__has_the_placements_of_delong(given_rows: Rows) -> None:
    unweighted = Rows(given_rows.labels, given_rows.scores)
    positives, negatives = placements(given_rows.labels, given_rows.scores)
    estimate = unweighted.estimate(roc_auc)
    share = given_rows.labels.mean()

    assert estimate.value == pytest.approx(positives.mean(), abs=1e-15)
    np.testing.assert_allclose(
        estimate.influence[given_rows.labels] * share + estimate.value, positives, rtol=0, atol=1e-14
    )
    np.testing.assert_allclose(
        estimate.influence[~given_rows.labels] * (1 - share) + estimate.value, negatives, rtol=0, atol=1e-14
    )


def test_roc_auc__has_the_variance_of_delong_but_for_the_denominators() -> None:
    given_rows = drawn_rows(500)
    candidate = given_rows.scores + np.random.default_rng(8).normal(size=500)
    squares = np.square(Rows(given_rows.labels, candidate).estimate(roc_auc).influence) / 500**2
    n_positives = np.count_nonzero(given_rows.labels)
    exact = squares[given_rows.labels].sum() * n_positives / (n_positives - 1) + squares[~given_rows.labels].sum() * (
        500 - n_positives
    ) / (499 - n_positives)

    expected = auc_alone(given_rows.labels, candidate, 0.95).standard_error

    assert expected is not None
    assert math.sqrt(exact) == pytest.approx(expected, rel=1e-12)
    assert math.sqrt(squares.sum()) == pytest.approx(expected, rel=2 / n_positives)


def test_roc_auc__difference_has_the_standard_error_of_delong() -> None:
    given_rows = drawn_rows(20_000)
    candidate = given_rows.scores + np.random.default_rng(8).normal(size=20_000) / 3
    changes = Rows(given_rows.labels, candidate).estimate(roc_auc).influence - given_rows.estimate(roc_auc).influence
    expected = auc_difference(given_rows.labels, candidate, given_rows.scores, 0.95)

    assert changes.std() / math.sqrt(20_000) == pytest.approx(expected.standard_error, rel=1e-3)


@EITHER
@given(given_rows=rows(), data=st.data())
def test_weights__of_whole_numbers_are_repeated_rows(metric: Metric, given_rows: Rows, data: st.DataObject) -> None:
    times = data.draw(hnp.arrays(np.int64, given_rows.labels.size, elements=st.integers(0, 4)))
    labels = np.repeat(given_rows.labels, times)
    assume(labels.any() and not labels.all())
    weighted = Rows(given_rows.labels, given_rows.scores, times.astype(np.float64)).estimate(metric)
    repeated = Rows(labels, np.repeat(given_rows.scores, times)).estimate(metric)

    assert weighted.value == pytest.approx(repeated.value, rel=0, abs=1e-14)
    np.testing.assert_allclose(
        np.repeat(weighted.influence, times), repeated.influence, rtol=0, atol=1e-12 * labels.size**2
    )


@given(given_rows=rows(), data=st.data())
def test_subset__is_the_ranking_of_those_rows(given_rows: Rows, data: st.DataObject) -> None:
    mask = data.draw(hnp.arrays(np.bool_, given_rows.scores.size))
    ranking = Ranking.of(given_rows.scores).subset(mask)
    alone = given_rows.scores[mask]

    np.testing.assert_array_equal(np.sort(ranking.order), np.arange(alone.size))
    np.testing.assert_array_equal(alone[ranking.order], np.sort(alone))
    np.testing.assert_array_equal(ranking.run, np.unique(np.sort(alone), return_inverse=True)[1])
    np.testing.assert_array_equal(ranking.order[ranking.place], np.arange(alone.size))


@pytest.mark.parametrize("decimals", [0, 1, 12])
@pytest.mark.parametrize("share", [0.01, 0.06, 0.07, 0.5, 1.0])
def test_subset__of_few_rows_and_of_many_is_alike(share: float, decimals: int) -> None:
    given_rows = drawn_rows(5000, decimals=decimals)
    mask = np.random.default_rng(1).random(5000) < share
    alone = given_rows.scores[mask]

    ranking = Ranking.of(given_rows.scores).subset(mask)
    nested = ranking.subset(given_rows.labels[mask])

    np.testing.assert_array_equal(alone[ranking.order], np.sort(alone))
    np.testing.assert_array_equal(ranking.run, np.unique(np.sort(alone), return_inverse=True)[1])
    np.testing.assert_array_equal(ranking.order[ranking.place], np.arange(alone.size))
    np.testing.assert_array_equal(alone[given_rows.labels[mask]][nested.order], np.sort(alone[given_rows.labels[mask]]))


@EITHER
@given(given_rows=rows(), data=st.data())
def test_subset__has_the_metric_of_those_rows(metric: Metric, given_rows: Rows, data: st.DataObject) -> None:
    mask = data.draw(hnp.arrays(np.bool_, given_rows.scores.size))
    assume(given_rows.labels[mask].any() and not given_rows.labels[mask].all())
    labels, weights = given_rows.labels[mask], None if given_rows.weights is None else given_rows.weights[mask]
    alone = Rows(labels, given_rows.scores[mask], weights).estimate(metric)
    subset = metric(Ranking.of(given_rows.scores).subset(mask).labelled(labels, weights))

    assert subset is not None
    assert subset.value == pytest.approx(alone.value, rel=0, abs=1e-14)
    np.testing.assert_allclose(subset.influence, alone.influence, rtol=1e-9, atol=1e-9)


@EITHER
def test_inputs__are_left_as_they_are(metric: Metric) -> None:
    given_rows = drawn_rows(30, weighted=True)
    ranked = Ranking.of(given_rows.scores).labelled(given_rows.labels, given_rows.weights)
    for values in (ranked.ranking.order, ranked.ranking.run, ranked.labels, ranked.positives, ranked.negatives):
        values.flags.writeable = False

    first, second = metric(ranked), metric(ranked)
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.influence, second.influence)


@BOTH
def test_constant_scores__tell_nothing(metric: Metric, score: Score) -> None:
    constant = Rows(np.array([True, False, False, False]), np.full(4, 0.5))

    assert constant.estimate(metric).value == score(constant.labels, constant.scores)
    np.testing.assert_allclose(constant.estimate(roc_auc).influence, np.zeros(4), atol=1e-16)
    # The average precision of no order is the share of the positives, and its influence that of a mean.
    np.testing.assert_allclose(constant.estimate(average_precision).influence, [0.75, -0.25, -0.25, -0.25], atol=1e-15)


@BOTH
def test_perfect_ranking__is_one_without_influence(metric: Metric, score: Score) -> None:
    perfect = Rows(np.arange(7) >= 4, np.arange(7.0), np.array([0.1, 0.2, 0.3, 0.7, 0.1, 0.3, 0.9]))

    assert score(perfect.labels, perfect.scores) == 1
    assert perfect.estimate(metric).value == 1
    np.testing.assert_allclose(perfect.estimate(metric).influence, np.zeros(7), atol=1e-15)


@BOTH
def test_reversed_ranking__has_its_known_value(metric: Metric, score: Score) -> None:
    reversed_rows = Rows(np.array([True, False, False]), np.array([0.0, 1.0, 2.0]))

    assert reversed_rows.estimate(metric).value == score(reversed_rows.labels, reversed_rows.scores)


def test_infinite_scores__have_their_place() -> None:
    infinite = Rows(np.array([True, True, False, False]), np.array([math.inf, math.inf, math.inf, -math.inf]))

    assert infinite.estimate(roc_auc).value == 0.75


@BOTH
def test_rows_without_weight_on_top__count_for_nothing(metric: Metric, score: Score) -> None:
    labels = np.array([True, False, False, True])
    unweighted_top = Rows(labels, np.array([1.0, 2.0, 9.0, 9.0]), np.array([1.0, 2.0, 0.0, 0.0]))
    estimate = unweighted_top.estimate(metric)

    assert estimate.value == score(labels, unweighted_top.scores, sample_weight=unweighted_top.weights)
    assert np.isfinite(estimate.influence).all()


@pytest.mark.parametrize(
    ("labels", "weights"),
    [
        pytest.param([], None, id="no rows"),
        pytest.param([], [], id="no rows and no weights"),
        pytest.param([False, False], None, id="no positive"),
        pytest.param([True, False], [0.0, 1.0], id="no positive of weight"),
        pytest.param([True, False], [0.0, 0.0], id="no weight"),
    ],
)
@EITHER
def test_no_positive__has_no_value(metric: Metric, labels: list[bool], weights: list[float] | None) -> None:
    ranking = Ranking.of(np.arange(float(len(labels))))
    ranked = ranking.labelled(np.array(labels, dtype=np.bool_), None if weights is None else np.array(weights))

    assert metric(ranked) is None


def test_no_negative__has_no_roc_and_an_average_precision_of_one() -> None:
    ranked = Ranking.of(np.array([0.2, 0.1])).labelled(np.array([True, True]))
    estimate = average_precision(ranked)

    assert roc_auc(ranked) is None
    assert estimate is not None
    assert estimate.value == 1
    np.testing.assert_array_equal(estimate.influence, [0, 0])


def test_empty_subset__has_no_value() -> None:
    nothing = Ranking.of(np.arange(3.0)).subset(np.zeros(3, dtype=np.bool_)).labelled(np.zeros(0, dtype=np.bool_))

    assert roc_auc(nothing) is None
    assert average_precision(nothing) is None


def test_ranking__refuses_scores_that_cannot_be_ordered() -> None:
    with pytest.raises(ValueError, match="NaN cannot"):
        Ranking.of(np.array([0.1, math.nan]))
    with pytest.raises(ValueError, match=r"one number a row, not of shape \(1, 2\)"):
        Ranking.of(np.array([[0.1, 0.2]]))


@pytest.mark.parametrize("labels", [np.array([0, 1, 1]), np.array([True, False]), np.array([[True, False, True]])])
def test_labelled__refuses_labels_that_are_not_one_boolean_a_row(labels: NDArray[np.bool_]) -> None:
    with pytest.raises(ValueError, match="a ranking of 3 rows needs as many boolean labels"):
        Ranking.of(np.arange(3.0)).labelled(labels)


def test_labelled__refuses_negative_weights() -> None:
    with pytest.raises(ValueError, match="weights are not negative"):
        Ranking.of(np.arange(2.0)).labelled(np.array([True, False]), np.array([1.0, -1.0]))


@pytest.mark.parametrize("rows", [np.array([0, 2]), np.array([True, False])])
def test_subset__refuses_what_is_no_mask_of_the_rows(rows: NDArray[np.bool_]) -> None:
    with pytest.raises(ValueError, match="a subset of 3 rows is a mask of them"):
        Ranking.of(np.arange(3.0)).subset(rows)


@pytest.mark.parametrize("average", ["macro", "weighted"])
@settings(max_examples=40)
@given(given_rows=rows_of_classes())
def test_one_vs_rest__is_that_of_scikit_learn(
    average: OverClasses, given_rows: tuple[NDArray[np.int64], Floats, Floats]
) -> None:
    labels, scores, weights = given_rows
    rankings = [Ranking.of(column) for column in scores.T]
    area = one_vs_rest(roc_auc, rankings, labels, average=average)
    precision = one_vs_rest(average_precision, rankings, labels, weights, average=average)

    assert area is not None
    assert precision is not None
    assert area.value == pytest.approx(roc_auc_score(labels, scores, multi_class="ovr", average=average), abs=1e-12)
    expected = average_precision_score(
        label_binarize(labels, classes=range(CLASSES)), scores, average=average, sample_weight=weights
    )
    assert precision.value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("average", ["macro", "weighted"])
@pytest.mark.parametrize("metric", [roc_auc, average_precision])
def test_one_vs_rest__influence_is_the_derivative_in_the_weight_of_a_row(metric: Metric, average: OverClasses) -> None:
    random = np.random.default_rng(4)
    labels, weights = random.integers(0, CLASSES, 30), random.uniform(0.5, 2.0, 30)
    rankings = [Ranking.of(random.integers(0, 9, 30) + 3.0 * (labels == code)) for code in range(CLASSES)]
    step = 1e-5

    def moved(row: int, by: float) -> float:
        changed = weights.copy()
        changed[row] += by
        estimate = one_vs_rest(metric, rankings, labels, changed, average)
        assert estimate is not None
        return estimate.value

    estimate = one_vs_rest(metric, rankings, labels, weights, average)
    slopes = [(moved(row, step) - moved(row, -step)) / (2 * step) for row in range(30)]

    assert estimate is not None
    np.testing.assert_allclose(estimate.influence, np.array(slopes) * weights.sum(), rtol=0, atol=1e-7)


def test_one_vs_rest__has_no_value_without_rows_of_a_class() -> None:
    rankings = [Ranking.of(np.arange(4.0))] * CLASSES

    assert one_vs_rest(roc_auc, rankings, np.array([0, 1, 0, 1])) is None
    assert one_vs_rest(average_precision, [Ranking.of(np.zeros(0))] * CLASSES, np.zeros(0, dtype=np.int64)) is None


@pytest.mark.parametrize("label", [-1, CLASSES])
def test_one_vs_rest__refuses_codes_without_scores(label: int) -> None:
    with pytest.raises(ValueError, match="labels are codes from 0 to 2"):
        one_vs_rest(roc_auc, [Ranking.of(np.arange(2.0))] * CLASSES, np.array([0, label]))
