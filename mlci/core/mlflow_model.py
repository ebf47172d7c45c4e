"""`MLmodel`: the package as a model of MLflow, so that `mlflow.pyfunc.load_model(folder)` and what builds on it works.

The format is https://mlflow.org/docs/latest/ml/model/#model-format. MLflow reads it as YAML, of which this is the part
that is JSON, too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mlci.core.signature import Signature

MLMODEL_FILE: Final = "MLmodel"
LOADER: Final = "mlci_model"
LOADER_FILE: Final = f"{LOADER}.py"

_TYPES: Final = {"integer": "long", "number": "double", "string": "string", "boolean": "boolean"}


def mlmodel(signature: Signature) -> bytes:
    """Return the file for a package with this signature."""
    inputs = [{"type": _TYPES[item.type], "name": item.name, "required": True} for item in signature.inputs]
    outputs = [{"type": _TYPES[item.type], "name": item.name, "required": True} for item in signature.outputs]
    content: dict[str, Any] = {
        "flavors": {"python_function": {"loader_module": LOADER, "code": ".", "data": "."}},
        "signature": {"inputs": json.dumps(inputs), "outputs": json.dumps(outputs), "params": None},
    }
    return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode()
