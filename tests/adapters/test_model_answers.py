"""What a child says that a model of several labels answered: believed only as far as it was measured."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mlci.adapters.model_answers import npy_head, validated
from mlci.errors import IntegrityError

VALUES = np.array([[0.9, 0.8], [0.0, 1.0], [0.25, 0.5]])


def an_answer(values: np.ndarray[Any, Any] = VALUES, **edits: object) -> tuple[dict[str, Any], bytes]:
    described = {"kind": "multilabel", "shape": list(values.shape), "classes": None} | edits
    return {"prediction": described}, npy_head(values.shape) + values.astype("<f8").tobytes()


def test_validated__several_labels_need_not_be_one_together() -> None:
    kind, classes, values = validated(*an_answer(), 3)
    assert (kind, classes, values.tolist()) == ("multilabel", None, VALUES.tolist())


def test_validated__several_numbers_need_not_be_probabilities() -> None:
    kind, classes, values = validated(*an_answer(VALUES - 7, kind="numbers"), 3)
    assert (kind, classes, values.tolist()) == ("numbers", None, (VALUES - 7).tolist())


def test_validated__numbers_beyond_all_measure_are_counted_by_rows_and_none_may_be_asked() -> None:
    values = np.array([[1e200, -1e200], [1.0, 2.0]])
    with pytest.raises(IntegrityError) as caught:
        validated(*an_answer(values, kind="numbers"), 2)
    assert (caught.value.code, " for 1 of 2 rows" in caught.value.problem) == ("model-answers-beyond", True)
    assert validated(*an_answer(np.zeros((0, 3)), kind="numbers"), 0)[2].shape == (0, 3)
    assert validated(*an_answer(np.zeros(0), kind="labels"), 0)[2].shape == (0,)


def test_validated__several_numbers_are_finite_and_as_many_as_their_shape_says() -> None:
    values = VALUES.copy()
    values[2, 0] = np.inf
    with pytest.raises(IntegrityError) as caught:
        validated(*an_answer(values, kind="numbers"), 3)
    assert caught.value.code == "model-answers-nan"
    for edits in ({"shape": [3, 3]}, {"shape": [6, 1]}, {"classes": ["a", "b"]}):
        with pytest.raises(IntegrityError) as caught:
            validated(*an_answer(kind="numbers", **edits), 3)
        assert caught.value.code == "model-answers-wrong-shape"


@pytest.mark.parametrize(
    ("edits", "code"),
    [
        ({"shape": [3, 3]}, "model-answers-wrong-shape"),
        ({"shape": [3, 0]}, "model-answers-wrong-shape"),
        ({"shape": [3, -1]}, "model-answers-wrong-shape"),
        ({"shape": [3, 10**12]}, "model-answers-wrong-shape"),
        ({"shape": [3, True]}, "model-answers-wrong-shape"),
        ({"shape": [3]}, "model-answers-wrong-shape"),
        ({"shape": "ab"}, "model-answers-wrong-shape"),
        ({"shape": [2, 2]}, "model-answers-wrong-shape"),
        ({"classes": ["a", "b"]}, "model-answers-wrong-shape"),
    ],
)
def test_validated__a_shape_that_is_a_lie(edits: dict[str, Any], code: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        validated(*an_answer(**edits), 3)
    assert caught.value.code == code


def test_validated__numbers_of_which_no_loss_can_be_computed() -> None:
    values = np.array([1e30, -1.1e30, 0.0])
    payload = npy_head((3,)) + values.astype("<f8").tobytes()
    with pytest.raises(IntegrityError) as caught:
        validated({"prediction": {"kind": "labels", "shape": [3], "classes": None}}, payload, 3)
    assert (caught.value.code, caught.value.problem) == (
        "model-answers-beyond",
        "the model answers with numbers beyond 1e+30 for 1 of 3 rows",
    )


@pytest.mark.parametrize(
    ("wrong", "code"),
    [(1.5, "model-answers-no-probabilities"), (-0.1, "model-answers-no-probabilities"), (np.nan, "model-answers-nan")],
)
def test_validated__what_is_no_probability_of_a_label(wrong: float, code: str) -> None:
    values = VALUES.copy()
    values[1, 1] = wrong
    with pytest.raises(IntegrityError) as caught:
        validated(*an_answer(values), 3)
    assert caught.value.code == code
