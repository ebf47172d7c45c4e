"""The rows that the child predicts: written as arrays by who asks, read as a data frame."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    Values = np.ndarray[Any, Any]

MATRIX: Final = "numbers.npy"
"""All columns of 64-bit numbers, (n_columns, n_rows), missing values as NaN."""


def write_columns(folder: Path, columns: Mapping[str, tuple[Values, Values | None]], order: Values) -> None:
    """Write columns, each with the mask of its missing values, into a new FOLDER, their rows in ORDER."""
    folder.mkdir()
    numbers = [name for name, (values, _) in columns.items() if values.dtype == np.float64]
    matrix = np.empty((len(numbers), len(order)))
    described: list[dict[str, str | int | None]] = []
    for place, (name, (values, missing)) in enumerate(columns.items()):
        entry: dict[str, str | int | None] = {"name": name, "file": None, "missing": None, "place": None}
        gaps = None if missing is None else missing[order]
        if values.dtype == np.float64:
            entry["place"] = number = numbers.index(name)
            row = matrix[number]
            # The default of `mode` would go through a copy.
            np.take(values, order, out=row, mode="clip")
            if gaps is not None:
                row[gaps] = np.nan
        else:
            entry["file"] = f"{place}.npy"
            np.save(folder / f"{place}.npy", values[order], allow_pickle=False)
            if gaps is not None:
                entry["missing"] = f"{place}.missing.npy"
                np.save(folder / f"{place}.missing.npy", gaps, allow_pickle=False)
        described.append(entry)
    np.save(folder / MATRIX, matrix, allow_pickle=False)
    (folder / "columns.json").write_text(json.dumps(described), encoding="utf-8")


def read_frame(folder: str) -> Any:  # noqa: ANN401  # a pandas.DataFrame, which the parent need not have
    """Return the data frame that `columns.json` and the .npy files beside it hold, columns in that order.

    Types are those that `pandas.read_csv` gives: text is pandas' own string type, missing values are NaN.
    """
    pandas = importlib.import_module("pandas")
    root = Path(folder)
    columns = json.loads((root / "columns.json").read_text(encoding="utf-8"))
    matrix = np.load(root / MATRIX, allow_pickle=False)
    if columns and len(matrix) == len(columns):
        # As pandas holds numbers itself, so that none is copied.
        return pandas.DataFrame(matrix.T, columns=[column["name"] for column in columns], copy=False)
    series = {}
    for column in columns:
        if column["place"] is not None:
            series[column["name"]] = pandas.Series(matrix[column["place"]], copy=False)
            continue
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
