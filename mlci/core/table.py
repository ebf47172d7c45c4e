"""Rows as columns of arrays, and a digest of them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS: Final = "biufU"
"""Kinds of numpy types that a column may have: truth values, whole numbers, floating point, text of fixed width."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column: `values` (n_rows,) and, where some are missing, the mask `missing` (n_rows,) of bool.

    What `values` holds where `missing` is true means nothing. Raises ValueError for other shapes and types.
    """

    values: np.ndarray[Any, Any]
    missing: np.ndarray[Any, Any] | None = None

    def __post_init__(self) -> None:
        """Refuse shapes and types that no column has."""
        if self.values.ndim != 1 or self.values.dtype.kind not in KINDS:
            raise ValueError(f"a column is no array of shape {self.values.shape} and type {self.values.dtype}")
        if self.missing is not None and (self.missing.shape != self.values.shape or self.missing.dtype.kind != "b"):
            raise ValueError("the mask of missing values does not fit the values")


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Columns of equal length, by name and in order. Compare tables by their `digest`."""

    columns: dict[str, Column]

    def __post_init__(self) -> None:
        """Refuse columns of different lengths."""
        if len({len(column.values) for column in self.columns.values()}) > 1:
            raise ValueError("the columns of a table have different lengths")

    @property
    def rows(self) -> int:
        """The number of rows; 0 if there is no column."""
        return next((len(column.values) for column in self.columns.values()), 0)

    def select(self, names: Iterable[str]) -> Table:
        """Return the table of these columns in this order; raises KeyError for a name that it lacks."""
        return Table({name: self.columns[name] for name in names})

    def digest(self) -> str:
        """Return the sha256, in hexadecimal, over names, types, values and missing values.

        Equal on every machine: byte order, the width of text, and what lies under `missing` make no difference.
        The order of columns does.
        """
        state = hashlib.sha256()
        for name, column in self.columns.items():
            kind, values, missing = _canonical(column)
            head = json.dumps([name, kind, len(column.values), missing is not None]).encode()
            # Every part is preceded by its length or has one that the head gives, so no two tables read alike.
            state.update(len(head).to_bytes(8, "big") + head)
            state.update(values)
            if missing is not None:
                state.update(missing)
        return state.hexdigest()


def _canonical(column: Column) -> tuple[str, memoryview, memoryview | None]:
    """Return the type, the bytes of the values and the bytes of the mask, in the one form that is hashed."""
    missing = column.missing if column.missing is not None and column.missing.any() else None
    values = column.values
    if missing is not None:
        values = values.copy()
        values[missing] = np.zeros((), values.dtype)
    if values.dtype.kind == "U":
        width = int(np.strings.str_len(values).max(initial=1))
        values = values.astype(f"<U{max(width, 1)}")
    else:
        values = values.astype(values.dtype.newbyteorder("<"))
    return values.dtype.str, _as_bytes(values), None if missing is None else _as_bytes(missing)


def _as_bytes(values: np.ndarray[Any, Any]) -> memoryview:
    return np.ascontiguousarray(values).view(np.uint8).data
