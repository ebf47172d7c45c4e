"""The child: reads one request, confines itself, loads a model, answers.

Request, one line of JSON on standard input:
`{"operation": "describe" | "predict" | "answer" | "convert" | "to_onnx",
  "format": "skops" | "onnx" | "xgboost" | "lightgbm" | "pickle",
  "model": PATH, "rows": FOLDER or null,
  "limits": {"memory_bytes": …, "cpu_seconds": …}, "confine": true}`.
A pickle is read only where the request says `"may_unpickle": true`.
`"measure"` computes metrics of one's own instead, see `measuring`: there is no model, and ROWS holds their code.
Answer on standard output: one line of JSON; after a prediction the bytes of one .npy file, and those of the answers
to the rows of `repeats`, asked a second time; after a conversion (`to_onnx` for columns as those of the rows) those of
the model in another format. To `answer`, each further line names a folder in ROWS as JSON, and is answered as a
prediction is, with `"bytes"`, how many follow, until standard input ends. An error is
`{"error": CODE, "message": …}` and an exit code other than zero.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import json
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from .confinement import ConfinementError, confine
from .frame import read_frame
from .measuring import answers_of_functions
from .onnx_conversion import to_onnx
from .refusal import RefusalError
from .repeats import repeats_of
from .zip_members import ZipLimits

if TYPE_CHECKING:
    from collections.abc import Iterator

REFUSED: Final = 3
"""Exit code of the child when it answers with an error."""

LONGEST_MESSAGE: Final = 2000

MODULES: Final = {
    "skops": "skops_model",
    "onnx": "onnx_model",
    "xgboost": "xgboost_model",
    "lightgbm": "lightgbm_model",
}
UNPICKLED: Final = {"pickle": "pickle_model"}
"""For each format the module with its `load`, `describe` and `predict`, and the `LIBRARIES` that these need."""


def main() -> int:
    """Serve one request; return the exit code."""
    result = _private_output()
    with os.fdopen(result, "wb") as stream:
        try:
            request = json.loads(sys.stdin.buffer.readline())
            for answer in _measure(request) if request["operation"] == "measure" else _serve(request):
                stream.write(answer)
                stream.flush()
        except RefusalError as error:
            stream.write(_line({"error": error.code, "message": error.message[:LONGEST_MESSAGE]}))
            code = REFUSED
        except MemoryError:
            stream.write(_line({"error": "model-killed", "message": "it needs more memory than it may have"}))
            code = REFUSED
        else:
            code = 0
    sys.stdout.flush()
    return code


def _private_output() -> int:
    """Return a descriptor of the real standard output; what a model prints goes to standard error from now on."""
    result = os.dup(1)
    os.dup2(2, 1)
    return result


def _serve(request: dict[str, Any]) -> Iterator[bytes]:
    kind = _format_of(request)
    # A model's warnings are its author's business.
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    if request["confine"]:
        _confine(request)
    model = _attempt("model-unreadable", lambda: kind.load(request["model"], ZipLimits()))
    match request["operation"]:
        case "describe":
            description = _attempt("model-unreadable", lambda: kind.describe(model))
            yield _line({"description": description.to_dict()})
        case "convert":
            content: bytes = _attempt("model-unreadable", lambda: kind.convert(model))
            described = _attempt("model-unreadable", lambda: kind.describe(model))
            yield _line({"description": described.to_dict()}) + content
        case "to_onnx":
            graph: bytes = _attempt("model-not-convertible", lambda: to_onnx(model, read_frame(request["rows"])))
            yield _line({}) + graph
        case "answer":
            for line in iter(sys.stdin.buffer.readline, b""):
                rows = f"{request['rows']}/{json.loads(line)}"
                header, payload = _attempt("model-cannot-predict", lambda: _predict(kind, model, rows))  # noqa: B023 - called at once
                yield _line(header | {"bytes": len(payload)}) + payload
        case _:
            header, payload = _attempt("model-cannot-predict", lambda: _predict(kind, model, request["rows"]))
            yield _line(header) + payload


def _format_of(request: dict[str, Any]) -> Any:  # noqa: ANN401  # a format's module
    """Return the module of the model's format, what it needs imported."""
    modules = MODULES | (UNPICKLED if request.get("may_unpickle") is True else {})
    if request["format"] not in modules:
        raise RefusalError("model-unreadable", f"the format {request['format']!r} is not known here")
    kind = importlib.import_module(f".{modules[request['format']]}", __package__)
    # A name that stands for nothing is as good as a library that is not installed, and saves a second.
    sys.modules.update(dict.fromkeys(kind.UNUSED))
    try:
        for name in kind.LIBRARIES:
            importlib.import_module(name)
        for name in kind.LATER:
            if importlib.util.find_spec(name) is None:
                raise ImportError(f"No module named {name!r}")  # noqa: TRY301 - as an import would have said it
    except ImportError as error:
        raise RefusalError("missing-library", str(error)) from error
    return kind


def _measure(request: dict[str, Any]) -> Iterator[bytes]:
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    _confine(request)
    yield _line({"values": answers_of_functions(Path(request["rows"]))})


def _confine(request: dict[str, Any]) -> None:
    folders = {str(Path(each).parent) for each in [request["model"]] if each}
    folders |= {request["rows"]} if request["rows"] else set()
    limits = request["limits"]
    try:
        confine(sorted(folders), memory_bytes=limits["memory_bytes"], cpu_seconds=limits["cpu_seconds"])
    except ConfinementError as error:
        raise RefusalError("not-confined", str(error)) from error


def _predict(module: Any, model: Any, rows: str) -> tuple[dict[str, Any], bytes]:  # noqa: ANN401  # a format's module, and what it loads
    frame = read_frame(rows)
    kind, values = module.predict(model, frame)
    classes = module.describe(model).classes
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    for few in repeats_of(len(frame)).batches:
        buffer.write(module.predict(model, frame.iloc[few])[1].tobytes())
    header = {"kind": kind, "shape": list(values.shape), "classes": None if classes is None else list(classes)}
    return {"prediction": header}, buffer.getvalue()


def _attempt(code: str, action: Any) -> Any:  # noqa: ANN401  # any action on a model
    try:
        return action()
    except (RefusalError, MemoryError):
        raise
    except Exception as error:
        # A model may raise anything at all, and the parent wants one sentence of it.
        raise RefusalError(code, f"{type(error).__name__}: {error}") from error


def _line(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode() + b"\n"
