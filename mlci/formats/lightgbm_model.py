"""Loading a LightGBM text that nobody vouches for, and asking the model; runs in the child only."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .description import ModelDescription
from .lightgbm_text import LightgbmText, read_text
from .refusal import RefusalError

if TYPE_CHECKING:
    from .zip_members import ZipLimits

LIBRARIES: Final = ("pandas", "lightgbm")
"""What the child imports before it confines itself."""

UNUSED: Final = ("sklearn", "matplotlib")
"""What those libraries would import as well if it were there, and predicting does not need."""

LATER: Final[tuple[str, ...]] = ()
"""What it imports afterwards."""


@dataclass(frozen=True, slots=True)
class LightgbmModel:
    """A checked text, and what LightGBM made of it."""

    booster: Any
    checked: LightgbmText


def load(path: str, limits: ZipLimits) -> LightgbmModel:  # noqa: ARG001 - as the other formats; the text has its own
    """Return the model in the file at `path`; raises RefusalError where `read_text` does."""
    checked = read_text(Path(path).read_bytes())
    booster = importlib.import_module("lightgbm").Booster(model_str=checked.text)
    return LightgbmModel(booster, checked)


def describe(model: LightgbmModel) -> ModelDescription:
    """Return what the model says about itself; its classes are numbers from 0, LightGBM keeps no others."""
    text = model.checked
    return ModelDescription(
        estimator=f"LightGBM {text.objective}",
        feature_names=None if text.has_own_names else text.feature_names,
        n_features=len(text.feature_names),
        classes=tuple(range(text.n_classes)) or None,
        has_probabilities=text.n_classes > 0,
    )


def predict(model: LightgbmModel, rows: Any) -> tuple[str, np.ndarray[Any, Any]]:  # noqa: ANN401 - a data frame
    """Return the kind of answer and the answers as float64: `probabilities` (n_rows, n_classes) or `labels`."""
    texts = [name for name in rows.columns if rows[name].dtype.kind not in "biuf"]
    if len(texts) != len(model.checked.categories):
        raise RefusalError(
            "model-cannot-predict",
            f"it knows categories of {len(model.checked.categories)} columns, and {len(texts)} columns hold text",
        )
    frame = rows.astype(dict.fromkeys(texts, "category")) if texts else rows
    values = np.asarray(model.booster.predict(frame, num_threads=1), dtype=np.float64)
    if model.checked.n_classes == 0:
        return "labels", np.ascontiguousarray(values, dtype="<f8")
    if values.ndim == 1:
        values = np.column_stack([1 - values, values])
    return "probabilities", np.ascontiguousarray(values, dtype="<f8")
