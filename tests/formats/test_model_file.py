from __future__ import annotations

import pickle
from typing import get_args

import pytest

from mlci.core.evidence_level import LEVELS
from mlci.core.package import MODEL_FILES, ModelFormat
from mlci.errors import IntegrityError
from mlci.formats.child import MODULES
from mlci.formats.model_file import read_model
from mlci.formats.recognition import FORMATS, recognised
from tests.formats.native_models import library, lightgbm_text, onnx_model, xgboost_model


def skops() -> bytes:
    data: bytes = library("skops.io").dumps(
        library("sklearn.linear_model").LinearRegression().fit([[0.0], [1.0]], [0, 1])
    )
    return data


def test_formats__are_the_same_everywhere() -> None:
    assert set(get_args(ModelFormat)) == set(MODEL_FILES)
    # A program is started, a pickle as one, and what stands in the place of a model is loaded by nobody.
    assert set(FORMATS) == set(MODULES) == set(MODEL_FILES) - {*LEVELS, "program", "pickle"}


@pytest.mark.parametrize("model_format", FORMATS)
def test_recognised__what_each_library_writes(model_format: str) -> None:
    files = {"skops": [skops()], "onnx": [onnx_model()], "lightgbm": [lightgbm_text()]}
    files["xgboost"] = [xgboost_model(form="json"), xgboost_model(form="ubj")]
    assert {recognised(data) for data in files[model_format]} == {model_format}


@pytest.mark.parametrize("model_format", FORMATS)
def test_read_model__its_form_is_the_form_of_itself(model_format: str) -> None:
    files = {"skops": skops(), "onnx": onnx_model(), "lightgbm": lightgbm_text(), "xgboost": xgboost_model(form="ubj")}
    found = read_model(files[model_format])
    assert found.format == model_format
    assert read_model(found.content) == found


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (pickle.dumps({}), "pickle-refused"),
        (b"anything", "not-skops"),
        (b"{}", "model-unreadable"),
        (b"tree\n", "model-unreadable"),
        (b"\x08\x0a", "model-unreadable"),
    ],
)
def test_read_model__refuses(data: bytes, code: str) -> None:
    with pytest.raises(IntegrityError) as caught:
        read_model(data)
    assert caught.value.code == code


def test_read_model__names_what_is_not_allowed() -> None:
    with pytest.raises(IntegrityError) as caught:
        read_model(lightgbm_text("regression", linear_tree=True))
    assert (caught.value.code, caught.value.problem) == (
        "model-forbidden-type",
        "the model holds what is not allowed: linear trees of LightGBM (train with linear_tree=false)",
    )
