from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from mlci.adapters.prediction import ChildPredictor
from mlci.commands.conversion import model_of
from mlci.commands.packaging import packaged
from mlci.core.table import Column
from mlci.errors import IntegrityError, UsageError
from mlci.testing.predictor import PICKLED, model_file
from mlci.testing.runner import Script
from tests.commands.builders import COMMAND, a_configuration, a_project
from tests.core.configurations import a_config, a_contract
from tests.formats.native_models import library

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.config import Config


def test_train__converts_a_pickle_and_ships_only_the_result(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.runner.scripts[COMMAND] = Script({"model.skops": PICKLED + b"present"})
    files = project.train().candidate.package.files
    assert files["model.skops"] == model_file("present")
    assert not any(PICKLED + b"present" in content for content in files.values())


def test_train__a_conversion_that_changes_answers_is_refused(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.predictor.converted_to["present"] = "careless"
    project.runner.scripts[COMMAND] = Script({"model.skops": PICKLED + b"present"})
    with pytest.raises(IntegrityError) as caught:
        project.train()
    assert (caught.value.code, caught.value.problem) == (
        "conversion-differs",
        "the model answers golden rows otherwise once it is converted from a pickle to skops",
    )


def test_train__what_cannot_be_converted_is_named(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.runner.scripts[COMMAND] = Script({"model.skops": PICKLED + b"features.Ratio"})
    with pytest.raises(IntegrityError) as caught:
        project.train()
    assert (caught.value.code, caught.value.problem) == (
        "model-forbidden-type",
        "the pickle cannot be converted: it holds types that are not allowed: features.Ratio",
    )


def test_packaged__who_judges_reads_no_pickle(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    with pytest.raises(IntegrityError) as caught:
        packaged(PICKLED + b"present", a_config(), None, project.predictor)
    assert caught.value.code == "pickle-refused"


def test_model_of__another_format_is_read_as_it_is(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    assert model_of(model_file("present"), a_config(), None, project.predictor).content == model_file("present")
    assert project.predictor.asked == []


ONNX = a_config(("model: model.skops", "model: model.skops, convert: onnx"))


def test_model_of__only_what_scikit_learn_fitted_becomes_onnx(tmp_path: Path) -> None:
    fitted = library("lightgbm").LGBMClassifier(n_estimators=1, min_child_samples=1, verbose=-1, n_jobs=1)
    content = fitted.fit([[0.0], [1.0]], [0, 1]).booster_.model_to_string().encode()
    with pytest.raises(UsageError) as caught:
        model_of(content, ONNX, None, a_project(tmp_path).predictor)
    assert (caught.value.code, caught.value.problem) == (
        "conversion-unknown",
        "train.convert asks for onnx, and the model is one of lightgbm",
    )


def test_train__what_has_no_form_in_onnx_is_refused_and_what_was_there_stays(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    before = project.train().candidate
    train = f"{{run: {COMMAND}, data: [cells], params: params.yaml, model: model.skops, convert: onnx}}"
    project.write(mlci_yaml=a_configuration(train=train))
    with pytest.raises(IntegrityError) as caught:
        project.train()
    assert caught.value.code == "model-not-convertible"
    submission = project.work.submission()
    assert submission is not None
    assert submission.archive == before.archive


def test_train__without_a_model_there_is_nothing_to_convert() -> None:
    with pytest.raises(UsageError) as caught:
        a_config(("model: model.skops", "predictions: answers.csv, convert: onnx"))
    assert "convert: is for a model: that training leaves here" in caught.value.problem


@pytest.mark.slow
@pytest.mark.parametrize("estimator", ["matrix", "columns", "regression"])
def test_model_of__becomes_onnx_with_the_same_answers_and_bytes(estimator: str) -> None:
    fitted, config = an_estimator(estimator)
    content, predictor = library("skops.io").dumps(fitted), ChildPredictor()
    made = model_of(content, config, a_contract(), predictor)
    names = list(fitted.feature_names_in_)
    columns = {name: Column(ROWS[name].to_numpy(str if name == "size_band" else None)) for name in names}
    # Another process writes the same bytes.
    assert (made.format, made.content) == ("onnx", predictor.convert_to_onnx(content, columns))
    assert predictor.describe(made.content, "onnx").feature_names == tuple(names)
    said = predictor.predict("0" * 64, made.content, "onnx", columns)
    expected = fitted.predict(ROWS[names]) if said.classes is None else fitted.predict_proba(ROWS[names])
    np.testing.assert_allclose(said.values, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_model_of__a_graph_in_the_graph_is_no_onnx_that_mlci_reads() -> None:
    neighbours = library("sklearn.neighbors").KNeighborsClassifier(3, algorithm="brute").fit(ROWS[NUMBERS], LABELS)
    with pytest.raises(IntegrityError) as caught:
        model_of(library("skops.io").dumps(neighbours), ONNX, a_contract(), ChildPredictor())
    assert caught.value.code == "model-not-convertible"
    assert caught.value.problem.startswith("in ONNX the model would hold what mlci does not read")


GENERATOR = np.random.default_rng(0)
NUMBERS = ["mean_radius", "worst_radius"]
ROWS = pd.DataFrame(
    {
        "mean_radius": GENERATOR.uniform(5, 30, 200),
        "worst_radius": GENERATOR.uniform(5, 40, 200),
        "size_band": GENERATOR.choice(["small", "medium", "large"], 200),
    }
)
LABELS = (ROWS["mean_radius"] + ROWS["worst_radius"] > 40).astype(int)


def an_estimator(name: str) -> tuple[Any, Config]:
    """A fitted model that reads one matrix, columns of several types, or that predicts numbers; and its rules."""
    linear, preprocessing = library("sklearn.linear_model"), library("sklearn.preprocessing")
    if name == "matrix":
        return linear.LogisticRegression().fit(ROWS[NUMBERS], LABELS), ONNX
    if name == "columns":
        columns = library("sklearn.compose").make_column_transformer(
            (preprocessing.OneHotEncoder(), ["size_band"]), (preprocessing.StandardScaler(), NUMBERS)
        )
        return library("sklearn.pipeline").make_pipeline(columns, linear.LogisticRegression()).fit(ROWS, LABELS), ONNX
    config = a_config(
        ("model: model.skops", "model: model.skops, convert: onnx"),
        ("task: binary", "task: regression"),
        (", positive: 1", ""),
        ("  - {metric: roc_auc, require: not_worse, margin: 0.01}\n", ""),
        ("  - {metric: recall, require: not_worse, margin: 0.02}\n", ""),
        ("  - {metric: recall, require: floor, value: 0.70}\n", "  - {metric: mae, require: ceiling, value: 5}\n"),
    )
    return linear.Ridge().fit(ROWS[NUMBERS], ROWS["mean_radius"] * 2), config
