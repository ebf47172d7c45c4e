"""Reading a pickle to convert it; runs in the child only, and only in the job that runs the training code anyway.

A pickle runs what it names. So it may name the libraries of models and nothing else, the child is confined as always,
and what travels is never the pickle.
"""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING, Any, Final

from .refusal import RefusalError
from .skops_model import LATER, LIBRARIES, UNUSED, describe, predict

if TYPE_CHECKING:
    from .zip_members import ZipLimits

__all__ = ["LATER", "LIBRARIES", "UNUSED", "convert", "describe", "load", "predict"]

PACKAGES: Final = frozenset(
    {"_codecs", "collections", "copyreg", "joblib", "lightgbm", "numpy", "scipy", "sklearn", "xgboost"}
)
"""Packages whose names a pickle may hold."""

BUILTINS: Final = frozenset(
    {"bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object", "range", "set",
     "slice", "str", "tuple"}
)  # fmt: skip


def load(path: str, limits: ZipLimits) -> Any:  # noqa: ANN401, ARG001  # an estimator; limits as the other formats
    """Return what the pickle or joblib file at `path` holds.

    Raises RefusalError `model-forbidden-type` with the first name that is not allowed, or `model-unreadable` where
    another version of scikit-learn wrote it.
    """
    reader = importlib.import_module("joblib.numpy_pickle")
    reader.NumpyUnpickler.find_class = _found  # how joblib reads every form of its files
    mismatch = importlib.import_module("sklearn.exceptions").InconsistentVersionWarning
    with warnings.catch_warnings():
        warnings.simplefilter("error", mismatch)
        try:
            return reader.load(path)
        except mismatch as error:
            raise RefusalError("model-unreadable", str(error).partition(". This might")[0]) from error


def convert(model: Any) -> bytes:  # noqa: ANN401  # an estimator, which has no common type
    """Return the model in a format that is no pickle: its library's own where it has one, else skops."""
    if hasattr(model, "get_booster"):
        return bytes(model.get_booster().save_raw("json"))
    if hasattr(model, "booster_"):
        text: str = model.booster_.model_to_string()
        return text.encode()
    data: bytes = importlib.import_module("skops.io").dumps(model)
    return data


def _found(_: object, module: str, name: str) -> Any:  # noqa: ANN401  # what the pickle asks for
    root = module.partition(".")[0]
    if not (root in PACKAGES or (module == "builtins" and name in BUILTINS)):
        raise RefusalError("model-forbidden-type", f"{module}.{name}")
    value = importlib.import_module(module)
    for part in name.split("."):
        value = getattr(value, part)
    return value
