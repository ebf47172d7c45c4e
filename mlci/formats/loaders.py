"""The module that a package brings for MLflow: it loads the model and answers, without anything of mlci.

Who runs it trusts the package; whoever does not uses `mlci predict`, which loads nothing outside of a confined child.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .skops_model import TRUSTED

if TYPE_CHECKING:
    from .recognition import Format

_HEAD: Final = '''\
"""Loads the model of this package: `mlflow.pyfunc.load_model(FOLDER)`, or `_load_pyfunc(FOLDER).predict(frame)`."""

import json
from pathlib import Path

import numpy as np
import pandas as pd


class Model:
    """The model; `predict` takes a data frame and returns one."""

    def __init__(self, folder):
        self.info = json.loads((folder / "package.json").read_text(encoding="utf-8"))
        self.signature = self.info["signature"]
        self.columns = [item["name"] for item in self.signature["inputs"]]
        self.model = load(str(folder / self.info["model"]))

    def predict(self, rows, params=None):
        values = np.asarray(answers(self.model, rows[self.columns]), dtype="float64")
        classes = self.signature["classes"]
        if not classes:
            return pd.DataFrame({"prediction": values.reshape(len(rows))}, index=rows.index)
        if values.ndim == 1:
            values = np.column_stack([1 - values, values])
        if self.signature["positive"] is None:
            decided = np.array(classes)[values.argmax(axis=1)]
            columns = {f"probability_{label}": values[:, place] for place, label in enumerate(classes)}
            return pd.DataFrame(columns | {"decision": decided}, index=rows.index)
        positive = values[:, classes.index(self.signature["positive"])]
        decided = positive >= self.signature["threshold"]
        yes = self.signature["positive"]
        no = next(label for label in classes if label != yes)
        return pd.DataFrame({"probability": positive, "decision": np.where(decided, yes, no)}, index=rows.index)


def _load_pyfunc(path):
    return Model(Path(path))

'''

_ONE_DECISION: Final = "        if values.ndim == 1:\n"
_EACH_DECISION: Final = """\
        said = pd.DataFrame(values, index=rows.index, columns=classes)
        decided = (said >= self.signature["threshold"]).astype("int64")
        return pd.concat([said.add_prefix("probability_"), decided.add_prefix("decision_")], axis=1)
"""
"""What stands in place of the rest of `predict` where a model answers several labels."""
_ONE_NUMBER: Final = '            return pd.DataFrame({"prediction": values.reshape(len(rows))}, index=rows.index)\n'
_EACH_QUANTILE: Final = """\
            names = [f"quantile_{level}" for level in self.signature["quantiles"]]
            return pd.DataFrame(values, index=rows.index, columns=names)
"""
"""What stands in place of one number where a model answers several quantiles."""

_SKOPS: Final = """
TRUSTED = {trusted}


def load(path):
    import skops.io

    # Our own list, never one that came with the file.
    return skops.io.load(path, trusted=sorted(TRUSTED.intersection(skops.io.get_untrusted_types(file=path))))


def answers(model, rows):
    return model.predict_proba(rows) if hasattr(model, "predict_proba") else model.predict(rows)
"""

_ANSWERS: Final = _SKOPS[_SKOPS.index("def answers") :]
_ANSWERS_OF_LABELS: Final = """\
def answers(model, rows):
    found = model.predict_proba(rows)
    if not isinstance(found, list):
        return found
    # A table for each label; what is wanted is the column of 1, which a label without a row lacks.
    return np.column_stack(
        [
            one[:, list(known).index(1)] if 1 in known else np.zeros(len(rows))
            for one, known in zip(found, model.classes_, strict=True)
        ]
    )
"""

_LIGHTGBM: Final = """
def load(path):
    import lightgbm

    return lightgbm.Booster(model_file=path)


def answers(model, rows):
    texts = [name for name in rows.columns if rows[name].dtype.kind not in "biuf"]
    return model.predict(rows.astype(dict.fromkeys(texts, "category")))
"""

_XGBOOST: Final = """
def load(path):
    import xgboost

    return xgboost.Booster(model_file=path)


def answers(model, rows):
    import xgboost

    names = list(rows.columns) if model.feature_names else None
    best = model.attr("best_iteration")
    rounds = (0, int(best) + 1) if best else (0, 0)
    return model.predict(xgboost.DMatrix(rows.to_numpy("float32"), feature_names=names), iteration_range=rounds)
"""

_ONNX: Final = """
TYPES = {"tensor(float)": "float32", "tensor(double)": "float64", "tensor(int64)": "int64", "tensor(int32)": "int32",
         "tensor(bool)": "bool", "tensor(string)": "object"}


def load(path):
    import onnxruntime

    return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])


def answers(model, rows):
    inputs = model.get_inputs()
    if len(inputs) == 1:
        given = {inputs[0].name: rows.to_numpy(TYPES[inputs[0].type])}
    else:
        given = {
            each.name: rows[name].to_numpy(TYPES[each.type]).reshape(-1, 1)
            for each, name in zip(inputs, rows.columns, strict=True)
        }
    found = model.run(None, given)[-1]
    return [list(row.values()) for row in found] if isinstance(found, list) else found
"""


_PROGRAM: Final = """
def load(path):
    # The archive is unpacked beside the system's temporary files, and stays as long as this process.
    import atexit
    import shutil
    import tarfile
    import tempfile

    place = Path(tempfile.mkdtemp(prefix="mlci-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    with tarfile.open(path) as archive:
        archive.extractall(place, filter="data")
    for file in (place / "files").rglob("*"):
        file.chmod(0o700)
    return place


def answers(place, rows):
    import os
    import subprocess
    import tempfile

    about = json.loads((place / "PROGRAM.json").read_text(encoding="utf-8"))
    command, files = about["command"], place / "files"
    if (files / command[0]).is_file():
        command = [str(files / command[0]), *command[1:]]
    with tempfile.TemporaryDirectory() as folder:
        asked, said = Path(folder) / "rows", Path(folder) / "answers.parquet"
        if about["rows"] == "parquet":
            rows.assign(row=range(1, len(rows) + 1)).to_parquet(asked)
        else:
            records = rows.astype(object).where(rows.notna(), None).to_dict("records")
            lines = [json.dumps({"row": place, **each}, ensure_ascii=False) for place, each in enumerate(records, 1)]
            asked.write_text("".join(f"{line}\\n" for line in lines), encoding="utf-8")
        with asked.open("rb") as given:
            told = os.environ | {"MLCI_ROWS": str(asked), "MLCI_ANSWERS": str(said)}
            done = subprocess.run(command, cwd=files, env=told, stdin=given, stdout=subprocess.PIPE, check=True)
        if about["rows"] == "parquet":
            found = pd.read_parquet(said)
        else:
            found = pd.DataFrame([json.loads(line) for line in done.stdout.splitlines() if line.strip()])
    found = found.set_index("row").loc[range(1, len(rows) + 1)]
    if "prediction" in found:
        return found["prediction"]
    if "probability" in found:
        yes = found["probability"]
        return np.column_stack([yes if each == about["positive"] else 1 - yes for each in about["classes"]])
    return found[[f"probability_{each}" for each in about["classes"]]]
"""


_IN_ORDER: Final = '    found = found.set_index("row").loc[range(1, len(rows) + 1)]\n'
_RENAMED: Final = """\
    names, called = about.get("labels") or about["classes"], about.get("prediction")
    if called and "*" in called:
        found = found.rename(columns={called.replace("*", str(each), 1): f"probability_{each}" for each in names})
    elif called:
        found = found.rename(columns={called: "prediction" if about["positive"] is None else "probability"})
    if about.get("labels"):
        return found[[f"probability_{each}" for each in names]]
"""
"""What a program's answers need that are called otherwise than ours, or are of several labels."""
_QUANTILES: Final = """\
    levels, called = about["quantiles"], about.get("prediction") or "quantile_*"
    return found[[called.replace("*", str(each), 1) for each in levels]]
"""
"""What they need that are of several quantiles."""


def program_loader(*, has_names: bool = False, has_labels: bool = False, has_quantiles: bool = False) -> bytes:
    """Return the module for packages whose model is a program; it starts it as it is, for who trusts the package.

    HAS_NAMES says whether answers are called otherwise than ours, HAS_LABELS and HAS_QUANTILES whether they are of
    several labels or quantiles.
    """
    more = _QUANTILES if has_quantiles else _RENAMED if has_names or has_labels else ""
    program = _PROGRAM.replace(_IN_ORDER, _IN_ORDER + more)
    return (_head(has_labels=has_labels, has_quantiles=has_quantiles) + program).encode()


def _head(*, has_labels: bool, has_quantiles: bool) -> str:
    if has_quantiles:
        return _HEAD.replace(_ONE_NUMBER, _EACH_QUANTILE)
    if not has_labels:
        return _HEAD
    before, _, rest = _HEAD.partition(_ONE_DECISION)
    _, after, loading = rest.partition("\n\ndef _load_pyfunc")
    return before + _EACH_DECISION + after + loading


def loader(model_format: Format, *, has_labels: bool = False, has_quantiles: bool = False) -> bytes:
    """Return the module for packages in this format; it imports what their requirements list, and nothing else.

    HAS_LABELS and HAS_QUANTILES say whether the model answers several labels or quantiles at once.
    """
    trusted = "frozenset(\n    {\n" + "".join(f'        "{name}",\n' for name in sorted(TRUSTED)) + "    }\n)"
    skops = _SKOPS.replace("{trusted}", trusted)
    if has_labels:
        skops = skops.replace(_ANSWERS, _ANSWERS_OF_LABELS)
    tails = {"lightgbm": _LIGHTGBM, "xgboost": _XGBOOST, "onnx": _ONNX}
    return (_head(has_labels=has_labels, has_quantiles=has_quantiles) + tails.get(model_format, skops)).encode()
