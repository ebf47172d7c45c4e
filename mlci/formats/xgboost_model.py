"""Loading an XGBoost document that nobody vouches for, and asking the model; runs in the child only."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .description import ModelDescription
from .refusal import RefusalError
from .xgboost_json import BINARY, XgboostDocument, read_document

if TYPE_CHECKING:
    from .zip_members import ZipLimits

LIBRARIES: Final = ("pandas", "xgboost")
"""What the child imports before it confines itself."""

UNUSED: Final = ("sklearn", "matplotlib")
"""What those libraries would import as well if it were there, and predicting does not need."""

LATER: Final[tuple[str, ...]] = ()
"""What it imports afterwards."""


@dataclass(frozen=True, slots=True)
class XgboostModel:
    """A checked document, and what XGBoost made of it."""

    booster: Any
    checked: XgboostDocument


def load(path: str, limits: ZipLimits) -> XgboostModel:  # noqa: ARG001 - as the other formats; a document has its own
    """Return the model in the file at `path`; raises RefusalError where `read_document` does."""
    checked = read_document(Path(path).read_bytes())
    library = importlib.import_module("xgboost")
    booster = library.Booster({"nthread": 1, "verbosity": 0})
    booster.load_model(bytearray(checked.text.encode()))
    return XgboostModel(booster, checked)


def describe(model: XgboostModel) -> ModelDescription:
    """Return what the model says about itself; its classes are numbers from 0, XGBoost keeps no others."""
    document = model.checked
    return ModelDescription(
        estimator=f"XGBoost {document.objective}",
        feature_names=document.feature_names,
        n_features=document.n_features,
        classes=tuple(range(document.n_classes)) or None,
        has_probabilities=document.n_classes > 0 or is_of_labels(document),
        labels=document.n_targets if is_of_labels(document) else None,
    )


def is_of_labels(document: XgboostDocument) -> bool:
    """Return whether a model answers with the probability of each of several labels."""
    return document.objective in BINARY and document.n_targets > 1


def predict(model: XgboostModel, rows: Any) -> tuple[str, np.ndarray[Any, Any]]:  # noqa: ANN401 - a data frame
    """Return the kind of answer and the answers as float64, (n_rows, n_answers), or `labels` (n_rows,)."""
    texts = [name for name in rows.columns if rows[name].dtype.kind not in "biuf"]
    if texts:
        raise RefusalError("model-cannot-predict", f"it reads numbers only, and {texts[0]!r} holds text")
    document, library = model.checked, importlib.import_module("xgboost")
    names = list(rows.columns) if document.feature_names is not None else None
    matrix = library.DMatrix(rows.to_numpy(dtype=np.float32), feature_names=names, nthread=1)
    rounds = (0, document.rounds) if document.rounds else (0, 0)
    is_label = document.objective == "multi:softmax"
    values = model.booster.predict(matrix, iteration_range=rounds, output_margin=is_label, strict_shape=True)
    values = np.asarray(values, dtype=np.float64).reshape(len(rows), -1)
    if is_label:
        values = np.exp(values - values.max(axis=1, keepdims=True))
    if document.n_classes == 0:
        if values.shape[1] != document.n_targets:
            raise RefusalError("model-answers-wrong-shape", f"it answers with {values.shape[1]} numbers a row")
        if document.n_targets > 1:
            return "multilabel" if is_of_labels(document) else "numbers", np.ascontiguousarray(values, dtype="<f8")
        return "labels", np.ascontiguousarray(values[:, 0], dtype="<f8")
    if document.n_classes == 2 and values.shape[1] == 1:  # noqa: PLR2004 - one probability says both
        values = np.column_stack([1 - values, values])
    # Single precision sums to one only nearly.
    return "probabilities", np.ascontiguousarray(values / values.sum(axis=1, keepdims=True), dtype="<f8")
