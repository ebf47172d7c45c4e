"""What the program of a raw pickle answers, by the kind of model; asked in this process."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from mlci.formats.pickle_answers import answers_of

ROWS: list[dict[str, Any]] = [{"row": 1, "a": 1.0, "b": "x"}, {"row": 2, "a": None, "b": "y"}]


class Numbers:
    """A model of numbers, which remembers what it was asked."""

    def predict(self, rows: Any) -> Any:  # noqa: ANN401 - as models are
        self.asked = rows
        return np.arange(len(rows)) + 0.5


class Named(Numbers):
    feature_names_in_ = np.array(["b"])


class Classes:
    def __init__(self, *classes: object) -> None:
        self.classes_ = np.array(classes)

    def predict_proba(self, rows: Any) -> Any:  # noqa: ANN401 - as models are
        return np.tile(np.arange(1, len(self.classes_) + 1) / 10, (len(rows), 1))


def test_answers__of_numbers() -> None:
    assert answers_of(Numbers(), ROWS, {"task": "regression"}) == [{"prediction": 0.5}, {"prediction": 1.5}]


class Table:
    def predict(self, rows: Any) -> Any:  # noqa: ANN401 - as models are
        return np.arange(2.0 * len(rows)).reshape(-1, 2)


class Frame:
    def predict(self, rows: Any) -> Any:  # noqa: ANN401 - as models are
        return pd.DataFrame(Table().predict(rows), columns=["low", "high"])


OF_QUANTILES = {"task": "quantile", "columns": ["quantile_0.1", "quantile_0.9"]}


@pytest.mark.parametrize("model", [Table(), Frame()])
def test_answers__of_several_quantiles(model: object) -> None:
    assert answers_of(model, ROWS, OF_QUANTILES) == [
        {"quantile_0.1": 0.0, "quantile_0.9": 1.0},
        {"quantile_0.1": 2.0, "quantile_0.9": 3.0},
    ]


@pytest.mark.parametrize(
    ("model", "columns", "problem"),
    [
        (Table(), ["quantile_0.1"], r"in the shape \(2, 2\), and 2 rows of 1 quantiles have \(2, 1\)"),
        (Numbers(), OF_QUANTILES["columns"], r"in the shape \(2,\), and 2 rows of 2 quantiles have \(2, 2\)"),
    ],
)
def test_answers__of_another_number_of_quantiles(model: object, columns: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        answers_of(model, ROWS, OF_QUANTILES | {"columns": columns})


def test_answers__a_model_is_given_the_columns_that_it_knows() -> None:
    for model, names in ((Numbers(), ["a", "b"]), (Named(), ["b"])):
        answers_of(model, ROWS, {"task": "regression"})
        assert list(model.asked.columns) == names


def test_answers__a_gap_is_one_to_the_model() -> None:
    model = Numbers()
    answers_of(model, ROWS, {"task": "forecast"})
    assert np.isnan(model.asked["a"].iloc[1])


def test_answers__of_two_classes_are_of_the_positive_one() -> None:
    found = answers_of(Classes(0, 1), ROWS, {"task": "binary", "positive": 1})
    assert found == [{"probability": 0.2}, {"probability": 0.2}]
    assert answers_of(Classes("no", "yes"), ROWS[:1], {"task": "binary", "positive": "no"}) == [{"probability": 0.1}]


def test_answers__of_several_classes() -> None:
    found = answers_of(Classes("x", "y", "z"), ROWS[:1], {"task": "multiclass", "positive": None})
    assert found == [{"probability_x": 0.1, "probability_y": 0.2, "probability_z": 0.3}]


@pytest.mark.parametrize(
    ("model", "about", "problem"),
    [
        (Numbers(), {"task": "binary", "positive": 1}, "the model has no predict_proba"),
        (Classes(2, 3), {"task": "binary", "positive": 1}, r"the model knows the classes \[2, 3\], and not 1"),
    ],
)
def test_answers__what_a_model_lacks_is_named(model: object, about: dict[str, Any], problem: str) -> None:
    with pytest.raises((TypeError, ValueError), match=problem):
        answers_of(model, ROWS, about)


def test_answers__a_column_that_nobody_gives_is_named() -> None:
    with pytest.raises(ValueError, match="the model reads b, which the contract"):
        answers_of(Named(), [{"row": 1, "a": 1.0}], {"task": "regression"})
