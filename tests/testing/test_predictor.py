"""One contract for predictors: the fake keeps it with functions, and the real one with models in children."""

from __future__ import annotations

import importlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mlci.adapters.prediction import ChildPredictor
from mlci.core.costs import Asked
from mlci.core.metric_function import MeasuredRows, MetricFunction
from mlci.core.table import Column
from mlci.errors import IntegrityError, RejectedError, UsageError
from mlci.formats.canonical import canonical_skops
from mlci.formats.description import ModelDescription
from mlci.testing import Question, ScriptedModel, ScriptedPredictor, model_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlci.commands.ports import Predictor

A, B = np.linspace(-2, 2, 20), np.tile([0.5, -0.5], 10)
COLUMNS = {"a": Column(A), "b": Column(B)}
SLOPES, OFFSET = np.array([1.5, -2.0]), 0.25
PROBABILITIES = 1 / (1 + np.exp(-(A * SLOPES[0] + B * SLOPES[1] + OFFSET)))


@dataclass(frozen=True)
class World:
    """A predictor, and the files of equal models in the form that it reads."""

    predictor: Predictor
    files: Mapping[str, bytes]


def real_models() -> dict[str, bytes]:
    """Return files of models whose parameters are those of the fakes."""
    linear, frames, io = (importlib.import_module(name) for name in ("sklearn.linear_model", "pandas", "skops.io"))
    frame = frames.DataFrame({"a": A, "b": B})

    def fitted(estimator: Any, rows: Any, slopes: np.ndarray[Any, Any]) -> bytes:  # noqa: ANN401 - estimators and frames have no types here
        model = estimator.fit(rows, PROBABILITIES >= 0.5)
        model.classes_ = np.array([0, 1])
        model.coef_, model.intercept_ = slopes[np.newaxis], np.array([OFFSET])
        dumped: bytes = io.dumps(model)
        return dumped

    return {
        "logistic": fitted(linear.LogisticRegression(), frame, SLOPES),
        "unnamed": fitted(linear.LogisticRegression(), frame.to_numpy(), SLOPES),
        "ridge": fitted(linear.RidgeClassifier(), frame, SLOPES),
        "diverged": fitted(linear.LogisticRegression(), frame, SLOPES * np.nan),
    }


def scripted_models() -> dict[str, ScriptedModel]:
    logistic = ScriptedModel(
        ("a", "b"),
        lambda columns: 1 / (1 + np.exp(-(columns["a"] * SLOPES[0] + columns["b"] * SLOPES[1] + OFFSET))),
        classes=(0, 1),
    )
    return {
        "logistic": logistic,
        "unnamed": replace(logistic, knows_names=False),
        "ridge": replace(logistic, has_probabilities=False, estimator="RidgeClassifier"),
        "diverged": replace(logistic, probability=lambda columns: columns["a"] * np.nan),
    }


@pytest.fixture(scope="module")
def scripted() -> World:
    models = scripted_models()
    return World(ScriptedPredictor(models), {name: model_file(name) for name in models})


@pytest.fixture(scope="module")
def in_a_child() -> World:
    return World(ChildPredictor(), real_models())


@pytest.fixture(params=["scripted", "in_a_child"])
def world(request: pytest.FixtureRequest) -> World:
    made: World = request.getfixturevalue(request.param)
    return made


def test_describe__names_features_and_classes(world: World) -> None:
    assert world.predictor.describe(world.files["logistic"], "skops") == ModelDescription(
        estimator="LogisticRegression", feature_names=("a", "b"), n_features=2, classes=(0, 1), has_probabilities=True
    )


def test_describe__a_model_that_knows_only_how_many(world: World) -> None:
    description = world.predictor.describe(world.files["unnamed"], "skops")
    assert (description.feature_names, description.n_features) == (None, 2)


def test_predict__answers_row_by_row(world: World) -> None:
    prediction = world.predictor.predict("a" * 64, world.files["logistic"], "skops", COLUMNS)
    assert (prediction.kind, prediction.classes, prediction.values.dtype) == ("probabilities", (0, 1), np.float64)
    np.testing.assert_allclose(prediction.values, np.column_stack([1 - PROBABILITIES, PROBABILITIES]), rtol=1e-12)


def test_predict__without_probabilities_answers_with_places_of_classes(world: World) -> None:
    prediction = world.predictor.predict("b" * 64, world.files["ridge"], "skops", COLUMNS)
    assert (prediction.kind, prediction.classes) == ("labels", (0, 1))
    np.testing.assert_array_equal(prediction.values, (PROBABILITIES >= 0.5).astype(float))


def test_time__of_a_model_that_answers_as_it_was_judged(world: World) -> None:
    (found,) = world.predictor.time([Asked("a" * 64, world.files["logistic"], "skops", COLUMNS, {})], 1)
    assert (len(found.seconds), found.seconds[0] > 0) == (1, True)
    assert found.peak_bytes is not None
    assert found.peak_bytes > 2**20


@pytest.mark.parametrize("names", [["a"], ["b", "a"], ["a", "b", "c"]])
def test_predict__reads_its_own_columns_in_its_own_order(world: World, names: list[str]) -> None:
    columns = {name: Column(A) for name in names}
    with pytest.raises(IntegrityError) as caught:
        world.predictor.predict("c" * 64, world.files["logistic"], "skops", columns)
    assert caught.value.code == "model-cannot-predict"


def test_predict__believes_no_nan(world: World) -> None:
    with pytest.raises(IntegrityError) as caught:
        world.predictor.predict("d" * 64, world.files["diverged"], "skops", COLUMNS)
    assert caught.value.code == "model-answers-nan"


def test_answering__answers_each_table_in_its_order(world: World) -> None:
    parts = [
        {name: Column(column.values[rows]) for name, column in COLUMNS.items()} for rows in (slice(7), slice(7, 20))
    ]
    with world.predictor.answering("a" * 64, world.files["logistic"], "skops") as answer_each:
        found = list(answer_each(parts))
    np.testing.assert_allclose(np.concatenate([each.values[:, 1] for each in found]), PROBABILITIES, rtol=1e-12)


def test_answering__tells_what_goes_wrong_once_the_tables_before_are_answered(world: World) -> None:
    def tables() -> Iterator[dict[str, Column]]:
        yield COLUMNS
        raise RejectedError("data-ill-typed", "the second cannot be read")

    with world.predictor.answering("a" * 64, world.files["logistic"], "skops") as answer_each:
        answers = answer_each(tables())
        assert next(answers).values.shape == (20, 2)
        with pytest.raises(RejectedError, match="the second cannot be read"):
            next(answers)


def test_answering__refuses_as_a_single_question_does(world: World) -> None:
    wrong = {name: Column(A) for name in ("b", "a")}
    with world.predictor.answering("a" * 64, world.files["logistic"], "skops") as answer_each:
        answers = answer_each([COLUMNS, wrong, COLUMNS])
        assert next(answers).values.shape == (20, 2)
        with pytest.raises(IntegrityError) as caught:
            next(answers)
    assert caught.value.code == "model-cannot-predict"


@pytest.mark.parametrize(("content", "model_format"), [(b"", "skops"), (b"nonsense", "skops"), (None, "onnx")])
def test_a_file__that_cannot_be_read(world: World, content: bytes | None, model_format: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        world.predictor.describe(world.files["logistic"] if content is None else content, model_format)
    assert caught.value.code == "model-unreadable"


def test_requirements__are_exact_versions_by_distribution(world: World) -> None:
    requirements = world.predictor.requirements("skops")
    assert {"numpy", "scikit-learn", "skops"} <= requirements.keys()
    assert all(version[0].isdigit() for version in requirements.values())


def test_confinement__says_what_it_is_in_words(world: World) -> None:
    confinement = world.predictor.confinement
    assert confinement.is_complete == confinement.sentence.startswith("confined")


def test_model_file__is_in_the_one_form_that_training_keeps() -> None:
    assert canonical_skops(model_file("logistic")) == model_file("logistic")
    assert model_file("logistic") != model_file("ridge")


def test_asked__tells_what_each_model_was_given() -> None:
    predictor = ScriptedPredictor(scripted_models())
    predictor.predict("a" * 64, model_file("logistic"), "skops", COLUMNS)
    assert predictor.asked == [Question("a" * 64, ("a", "b"), 20)]


def test_models__that_the_test_does_not_know() -> None:
    with pytest.raises(IntegrityError) as caught:
        ScriptedPredictor({}).describe(model_file("logistic"), "skops")
    assert caught.value.code == "model-unreadable"


def test_measure__computes_functions_of_both_models(world: World) -> None:
    code = b"def profit(labels, predictions):\n    return (labels * predictions).mean()\n"
    labels, said, sets = np.arange(120) % 2 == 0, np.arange(120) / 120, np.arange(120) % 3
    rows = MeasuredRows(labels, said, said[::-1], None, sets)
    found = world.predictor.measure([MetricFunction("profit", "metrics.py", "profit", code)], rows)["profit"]
    kept = [np.ones(120, dtype=np.bool_), *(sets != one for one in range(3))]
    np.testing.assert_allclose(found.candidate, [(labels * said)[each].mean() for each in kept], rtol=1e-14)
    assert found.production is not None
    np.testing.assert_allclose(found.production, [(labels * said[::-1])[each].mean() for each in kept], rtol=1e-14)


def test_measure__refuses_what_is_no_number(world: World) -> None:
    rows = MeasuredRows(np.zeros(5), np.zeros(5), None, None, None)
    with pytest.raises(UsageError) as caught:
        world.predictor.measure([MetricFunction("f", "m.py", "f", b"def f(labels, predictions): return 'x'")], rows)
    assert caught.value.code == "metric-no-number"
