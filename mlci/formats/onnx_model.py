"""Loading an ONNX file that nobody vouches for, and asking the model; runs in the child only."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .description import ModelDescription
from .onnx_graph import OnnxGraph, read_graph
from .refusal import RefusalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .zip_members import ZipLimits

LIBRARIES: Final = ("pandas",)
"""What the child imports before it confines itself."""

UNUSED: Final[tuple[str, ...]] = ()
"""What those libraries would import as well, and predicting does not need."""

LATER: Final = ("onnxruntime",)
"""What it imports afterwards: this one starts a thread at once, and a confinement must bind every thread."""

SILENT: Final = 4
"""The level of logging that is left: what ends the process."""


@dataclass(frozen=True, slots=True)
class OnnxModel:
    """A checked graph, and what the runtime made of it."""

    session: Any
    graph: OnnxGraph


def load(path: str, limits: ZipLimits) -> OnnxModel:  # noqa: ARG001 - as the other formats; a graph has its own
    """Return the model in the file at `path`; raises RefusalError where `read_graph` does."""
    data = Path(path).read_bytes()
    graph = read_graph(data)
    library = importlib.import_module("onnxruntime")
    library.set_default_logger_severity(SILENT)
    options = library.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.execution_mode = library.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = SILENT
    options.use_deterministic_compute = True
    session = library.InferenceSession(data, sess_options=options, providers=["CPUExecutionProvider"])
    return OnnxModel(session, graph)


def describe(model: OnnxModel) -> ModelDescription:
    """Return what the model says about itself."""
    graph = model.graph
    return ModelDescription(
        estimator=f"ONNX {graph.last}",
        feature_names=tuple(each.name for each in graph.inputs) if graph.has_columns else None,
        n_features=graph.n_features,
        classes=graph.classes,
        has_probabilities=graph.classes is not None,
    )


def predict(model: OnnxModel, rows: Any) -> tuple[str, np.ndarray[Any, Any]]:  # noqa: ANN401 - a data frame
    """Return the kind of answer and the answers as float64: `probabilities` and `numbers` are tables."""
    graph = model.graph
    answers = model.session.run(list(graph.outputs), _given(graph, rows))
    if graph.classes is not None:
        return "probabilities", _probabilities(answers[1], graph.classes)
    values = np.asarray(answers[-1])
    is_several = values.ndim == 2 and values.shape[1] > 1  # noqa: PLR2004 - a table, as of quantiles
    if not is_several and values.ndim > 1 and values.shape[1:] != (1,) * (values.ndim - 1):
        raise RefusalError("model-answers-wrong-shape", f"it answers with an array of the shape {values.shape}")
    if values.dtype.kind not in "biuf":
        raise RefusalError("model-answers-text", f"it answers with values of the type {values.dtype}, not with numbers")
    if is_several:
        return "numbers", np.ascontiguousarray(values, dtype="<f8")
    return "labels", np.ascontiguousarray(values.reshape(-1), dtype="<f8")


def _given(graph: OnnxGraph, rows: Any) -> dict[str, np.ndarray[Any, Any]]:  # noqa: ANN401 - a data frame
    if len(rows.columns) != graph.n_features:
        problem = f"it reads {graph.n_features} columns, and {len(rows.columns)} are given"
        raise RefusalError("model-cannot-predict", problem)
    if not graph.has_columns:
        (only,) = graph.inputs
        return {only.name: np.ascontiguousarray(rows.to_numpy(dtype=only.dtype))}
    return {
        each.name: np.ascontiguousarray(
            rows[name].to_numpy(dtype=object if each.dtype == "str" else each.dtype).reshape(-1, 1)
        )
        for each, name in zip(graph.inputs, rows.columns, strict=True)
    }


def _probabilities(answer: Any, classes: Sequence[Any]) -> np.ndarray[Any, Any]:  # noqa: ANN401 - an array, or ZipMap's dictionaries
    if isinstance(answer, list):
        answer = [[row[label] for label in classes] for row in answer]
    values = np.asarray(answer, dtype=np.float64)
    if values.ndim == 1:
        values = values.reshape(-1, 1)
    if values.shape[1] == 1 and len(classes) == 2:  # noqa: PLR2004 - one probability says both
        values = np.column_stack([1 - values[:, 0], values[:, 0]])
    total = values.sum(axis=1, keepdims=True)
    # Single precision sums to one only nearly.
    is_near = np.abs(total - 1) < 1e-3  # noqa: PLR2004 - what rounding explains
    return np.ascontiguousarray(np.where(is_near, values / total, values), dtype="<f8")
