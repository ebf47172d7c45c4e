"""Writing a model of scikit-learn in ONNX; runs in the child only."""

from __future__ import annotations

import importlib
from typing import Any

from .refusal import RefusalError


def to_onnx(model: Any, rows: Any) -> bytes:  # noqa: ANN401 - an estimator and a data frame
    """Return a graph that answers as MODEL does, in single precision, for columns called and typed as those of ROWS.

    An estimator that reads one matrix gets a step before it that puts the columns together.
    Raises RefusalError `model-not-convertible` with what has no operator.
    """
    try:
        library = importlib.import_module("skl2onnx")
    except ImportError as error:
        raise RefusalError("missing-library", str(error)) from error
    first = rows[:1].copy()
    for name in first.columns:
        first[name] = first[name].astype("float32" if first[name].dtype.kind in "iufb" else object)
    try:
        try:
            graph = library.to_onnx(model, first, name="model")
        except Exception:  # noqa: BLE001 - of many kinds; what fails for another reason fails again
            graph = library.to_onnx(_together(model, rows), first, name="model")
    except Exception as error:
        raise RefusalError("model-not-convertible", str(error).strip().partition("\n")[0]) from error
    graph.opset_import.sort(key=lambda each: each.domain)  # the only part whose order is left to chance
    content: bytes = graph.SerializeToString(deterministic=True)
    return content


def _together(model: Any, rows: Any) -> Any:  # noqa: ANN401 - estimators
    compose, pipeline = (importlib.import_module(f"sklearn.{name}") for name in ("compose", "pipeline"))
    columns = compose.ColumnTransformer([("columns", "passthrough", list(rows.columns))]).fit(rows)
    return pipeline.Pipeline([("columns", columns), ("model", model)])
