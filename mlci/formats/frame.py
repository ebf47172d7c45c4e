"""The rows that the child predicts, as a data frame."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np


def read_frame(folder: str) -> Any:  # noqa: ANN401  # a pandas.DataFrame, which the parent need not have
    """Return the data frame that `columns.json` and the .npy files beside it hold, columns in that order.

    Types are those that `pandas.read_csv` gives: text is pandas' own string type, missing values are NaN.
    """
    pandas = importlib.import_module("pandas")
    root = Path(folder)
    series = {}
    for column in json.loads((root / "columns.json").read_text(encoding="utf-8")):
        values = np.load(root / column["file"], allow_pickle=False)
        missing = np.load(root / column["missing"], allow_pickle=False) if column["missing"] else None
        series[column["name"]] = pandas.Series(_with_missing(values, missing))
    return pandas.DataFrame(series)


def _with_missing(values: np.ndarray[Any, Any], missing: np.ndarray[Any, Any] | None) -> Any:  # noqa: ANN401  # an array or a list
    is_number = values.dtype.kind in "iuf"
    if missing is None or not missing.any():
        # A list of texts becomes pandas' string type; an array of fixed width would become objects.
        return values.tolist() if values.dtype.kind == "U" else values
    if is_number:
        return np.where(missing, np.nan, values.astype(np.float64))
    return [np.nan if is_missing else value for value, is_missing in zip(values.tolist(), missing, strict=True)]
