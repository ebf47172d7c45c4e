"""What figures draw, against scikit-learn's curves and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import auc, precision_recall_curve, roc_auc_score, roc_curve

from mlci.core import curves
from mlci.core.answers import Answers, MulticlassAnswers, Sample

LABELS = np.array([False, True, False, True, True])
SCORES = np.array([0.1, 0.4, 0.6, 0.6, 0.9])


def answers(labels: np.ndarray, scores: np.ndarray, weights: np.ndarray | None = None) -> Answers:
    return Answers(Sample(labels, weights), scores, threshold=0.5)


def test_roc_curve__is_scikit_learns() -> None:
    ours = curves.roc_curve(answers(LABELS, SCORES))
    alarms, found, _ = roc_curve(LABELS, SCORES, drop_intermediate=False)
    assert ours is not None
    np.testing.assert_allclose(ours.x, alarms)
    np.testing.assert_allclose(ours.y, found)
    assert ours.decided == (1 / 2, 2 / 3)


def test_roc_curve__with_weights_counts_rows_by_them() -> None:
    ours = curves.roc_curve(answers(LABELS, SCORES, np.array([1.0, 2.0, 3.0, 0.0, 1.0])))
    assert ours is not None
    assert ours.decided == (3 / 4, 1 / 3)


@pytest.mark.parametrize("labels", [np.zeros(5, np.bool_), np.ones(5, np.bool_)])
def test_roc_curve__of_one_class_is_none(labels: np.ndarray) -> None:
    assert curves.roc_curve(answers(labels, SCORES)) is None


def test_roc_curve__of_many_rows_is_thin_and_keeps_its_area() -> None:
    random = np.random.default_rng(3)
    labels = random.random(20_000) < 0.3
    scores = np.clip(random.normal(0.4, 0.2, 20_000) + 0.2 * labels, 0, 1)
    ours = curves.roc_curve(answers(labels, scores))
    assert ours is not None
    assert ours.x.size < 1_700
    assert auc(ours.x, ours.y) == pytest.approx(roc_auc_score(labels, scores), abs=0.003)
    assert (ours.x[-1], ours.y[-1]) == (1.0, 1.0)


def test_precision_recall_curve__by_hand() -> None:
    ours = curves.precision_recall_curve(answers(LABELS, SCORES))
    assert ours is not None
    np.testing.assert_allclose(ours.x, [0, 1 / 3, 2 / 3, 1, 1])
    np.testing.assert_allclose(ours.y, [1, 1, 2 / 3, 3 / 4, 3 / 5])
    assert ours.decided == (2 / 3, 2 / 3)


def test_precision_recall_curve__without_a_positive_is_none() -> None:
    assert curves.precision_recall_curve(answers(np.zeros(5, np.bool_), SCORES)) is None


def test_precision_recall_curve__where_nothing_is_decided_positive_decides_where_it_begins() -> None:
    ours = curves.precision_recall_curve(answers(LABELS, SCORES / 10))
    assert ours is not None
    assert ours.decided == (0.0, 1.0)


def test_reliability__by_hand() -> None:
    found = curves.reliability(answers(LABELS, SCORES), bins=2)
    np.testing.assert_allclose(found.said, [0.25, 0.7])
    np.testing.assert_allclose(found.happened, [1 / 2, 2 / 3])
    np.testing.assert_allclose(found.mass, [2 / 5, 3 / 5])


def test_distribution__has_all_of_each_class() -> None:
    found = curves.distribution(answers(LABELS, np.array([0.0, 0.04, 1.0, 0.99, 0.5])))
    assert found.positives.tolist() == pytest.approx([1 / 3, *[0] * 9, 1 / 3, *[0] * 8, 1 / 3])
    assert found.negatives.tolist() == pytest.approx([1 / 2, *[0] * 18, 1 / 2])


def test_residuals__are_truth_minus_prediction_in_order() -> None:
    predicted = np.arange(100, dtype=np.float64)[::-1]
    found = curves.residuals(predicted + 2, predicted)
    assert found.predicted[0] == 2.0
    assert found.predicted.size == curves.BINS
    assert set(found.middle.tolist()) == {2.0}


@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_residuals__of_few_rows_have_a_bin_at_least(rows: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    found = curves.residuals(random.normal(size=rows), random.normal(size=rows))
    assert 1 <= found.predicted.size <= curves.BINS
    assert (found.lower <= found.upper).all()


KINDS = np.array([0, 1, 2, 1, 0, 2, 2])
SAID = np.array(
    [
        [0.6, 0.3, 0.1],
        [0.2, 0.5, 0.3],
        [0.4, 0.35, 0.25],
        [0.1, 0.45, 0.45],
        [0.3, 0.3, 0.4],
        [0.0, 0.1, 0.9],
        [0.2, 0.2, 0.6],
    ]
)


@pytest.mark.parametrize("code", [0, 1, 2])
def test_class_against_rest__has_the_curves_of_scikit_learn(code: int) -> None:
    one, decided = curves.class_against_rest(MulticlassAnswers(Sample(KINDS), SAID, 3), code)
    ours, other = curves.roc_curve(one, decided), curves.precision_recall_curve(one, decided)
    alarms, found, _ = roc_curve(np.equal(KINDS, code), SAID[:, code], drop_intermediate=False)
    precision, recall, _ = precision_recall_curve(np.equal(KINDS, code), SAID[:, code])
    assert ours is not None
    assert other is not None
    np.testing.assert_allclose(ours.x, alarms)
    np.testing.assert_allclose(ours.y, found)
    np.testing.assert_allclose(other.x, recall[::-1])
    np.testing.assert_allclose(other.y, precision[::-1])


def test_class_against_rest__is_decided_by_the_most_probable_class_whatever_its_probability() -> None:
    one, decided = curves.class_against_rest(MulticlassAnswers(Sample(KINDS), SAID, 3), 1)
    curve = curves.roc_curve(one, decided)
    assert decided.tolist() == [False, True, False, True, False, False, False]
    assert curve is not None
    assert curve.decided == (0.0, 1.0)  # of the two rows, which have 0.5 and 0.45, a threshold of 0.5 would find one
