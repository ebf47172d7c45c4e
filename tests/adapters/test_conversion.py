from __future__ import annotations

import io
import pickle
from typing import Any

import numpy as np
import pytest
import sklearn

from mlci.adapters.prediction import ChildPredictor
from mlci.core.table import Column
from mlci.errors import IntegrityError
from mlci.formats.model_file import read_model
from tests.formats.native_models import LABELS, ROWS, library

COLUMNS = {name: Column(ROWS[name].to_numpy()) for name in ROWS}


class Ratio:
    """A class of the training code."""

    def fit(self) -> None:
        """Do nothing."""


def a_forest() -> Any:  # noqa: ANN401 - an estimator
    return library("sklearn.ensemble").RandomForestClassifier(5, random_state=0).fit(ROWS, LABELS)


def joblib_file(model: object, **options: Any) -> bytes:  # noqa: ANN401 - joblib's own
    buffer = io.BytesIO()
    library("joblib").dump(model, buffer, **options)
    return buffer.getvalue()


def refusal(data: bytes) -> IntegrityError:
    with pytest.raises(IntegrityError) as caught:
        ChildPredictor().convert(data)
    return caught.value


@pytest.mark.parametrize("options", [{"compress": 3}, pytest.param({}, marks=pytest.mark.slow)])
def test_convert__a_model_of_joblib_answers_as_before(options: dict[str, Any]) -> None:
    forest, predictor = a_forest(), ChildPredictor()
    data = joblib_file(forest, **options)
    content, said = predictor.convert(data)
    file = read_model(content)
    assert (file.format, said.classes, said.feature_names) == ("skops", (0, 1), ("a", "b", "größe"))
    before = predictor.predict_pickled(data, COLUMNS)
    np.testing.assert_array_equal(before.values, forest.predict_proba(ROWS))
    np.testing.assert_array_equal(predictor.predict("d", file.content, file.format, COLUMNS).values, before.values)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lightgbm", "xgboost"])
def test_convert__a_model_of_another_library_takes_its_own_format(kind: str) -> None:
    made = {
        "lightgbm": lambda: library("lightgbm").LGBMClassifier(n_estimators=2, verbose=-1, n_jobs=1),
        "xgboost": lambda: library("xgboost").XGBClassifier(n_estimators=2, n_jobs=1),
    }
    content, said = ChildPredictor().convert(pickle.dumps(made[kind]().fit(ROWS, LABELS)))
    assert (read_model(content).format, said.classes) == (kind, (0, 1))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        pytest.param(pickle.dumps(Ratio()), "tests.adapters.test_conversion.Ratio", marks=pytest.mark.slow),
        (b"\x80\x04cos\nsystem\n(S'true'\ntR.", "os.system"),
        pytest.param(b"\x80\x04cbuiltins\neval\n(S'1'\ntR.", "builtins.eval", marks=pytest.mark.slow),
    ],
)
def test_convert__what_a_pickle_names_and_may_not_is_named(content: bytes, named: str) -> None:
    error = refusal(content)
    assert (error.code, named in error.problem) == ("model-forbidden-type", True)


@pytest.mark.slow
def test_convert__a_model_of_another_version_of_scikit_learn() -> None:
    version = sklearn.__version__
    other = f"{version[:-1]}{(int(version[-1]) + 1) % 10}"
    error = refusal(pickle.dumps(a_forest()).replace(version.encode(), other.encode()))
    assert error.code == "model-unreadable"
    assert f"from version {other} when using version {version}" in error.problem


@pytest.mark.slow
def test_describe__no_caller_gets_a_pickle_read() -> None:
    with pytest.raises(IntegrityError) as caught:
        ChildPredictor().describe(pickle.dumps(a_forest()), "skops")
    assert caught.value.code == "model-unreadable"
