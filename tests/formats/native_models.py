"""Small models of the libraries that have a format of their own, fitted here, as their libraries write them."""

from __future__ import annotations

import functools
import importlib
from typing import Any

import numpy as np
import pandas as pd

GENERATOR = np.random.default_rng(0)
ROWS = pd.DataFrame(GENERATOR.normal(size=(200, 3)), columns=["a", "b", "größe"])
TEXTS = GENERATOR.choice(["small", "medium", "large"], 200)
LABELS = (ROWS["a"] + ROWS["b"] + (TEXTS == "large") > 0).astype(int).to_numpy()
TARGETS = (2 * ROWS["a"] - ROWS["b"] + 3 * (TEXTS == "large")).to_numpy()
THREE = np.digitize(TARGETS, [-1, 1])


def with_categories() -> pd.DataFrame:
    return ROWS.assign(size=pd.Categorical(TEXTS))


def library(name: str) -> Any:  # noqa: ANN401 - a module without types
    return importlib.import_module(name)


@functools.cache
def lightgbm_text(objective: str = "binary", **parameters: Any) -> bytes:  # noqa: ANN401 - LightGBM's own
    lightgbm = library("lightgbm")
    labels = {"binary": LABELS, "multiclass": THREE}.get(objective, TARGETS)
    rows = with_categories() if parameters.pop("categories", False) else ROWS
    if parameters.pop("as_array", False):
        rows = rows.to_numpy()
    settings = {"objective": objective, "verbose": -1, "num_leaves": 5, "num_threads": 1, **parameters}
    text: str = lightgbm.train(settings, lightgbm.Dataset(rows, labels), 3).model_to_string()
    return text.encode()


@functools.cache
def xgboost_model(objective: str = "binary:logistic", *, form: str = "json", **parameters: Any) -> bytes:  # noqa: ANN401 - XGBoost's own
    xgboost = library("xgboost")
    labels = LABELS if objective.startswith("binary") else THREE if objective.startswith("multi") else TARGETS
    rows = with_categories() if parameters.pop("categories", False) else ROWS
    matrix = xgboost.DMatrix(rows, labels, enable_categorical=True, nthread=1)
    settings = {"objective": objective, "max_depth": 2, "nthread": 1, **parameters}
    return bytes(xgboost.train(settings, matrix, 3).save_raw(form))


@functools.cache
def onnx_model(name: str = "ensemble.RandomForestClassifier", *, as_array: bool = False, zipmap: bool = False) -> bytes:
    module, _, kind = name.rpartition(".")
    estimator = getattr(library(f"sklearn.{module}"), kind)()
    known = {"n_estimators": 5, "random_state": 0}
    estimator.set_params(**{key: value for key, value in known.items() if key in estimator.get_params()})
    is_classifier = hasattr(estimator, "predict_proba")
    steps = library("sklearn.pipeline").make_pipeline(library("sklearn.preprocessing").StandardScaler(), estimator)
    rows = ROWS.astype("float32")
    steps.fit(rows, np.where(LABELS, "yes", "no") if is_classifier else TARGETS)
    sample = rows.to_numpy()[:1] if as_array else rows[:1]
    options = {"zipmap": zipmap} if is_classifier else None
    data: bytes = library("skl2onnx").to_onnx(steps, sample, options=options).SerializeToString()
    return data
