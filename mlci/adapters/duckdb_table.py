"""A CSV file as arrays, in the order of the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.adapters.csv_file import CsvFile
from mlci.adapters.duckdb_connection import engine_errors_told, locked_connection
from mlci.adapters.duckdb_query import Query
from mlci.core.contract.constraints import TYPE_WORDS, code
from mlci.core.table import Column, Table
from mlci.errors import RejectedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mlci.core.contract import ColumnSpec, ColumnType

LARGEST_TEXT_COLUMN = 1 << 31
"""Bytes of one column of text, in which every value takes the room of the longest."""

_FILLERS: Mapping[ColumnType, str] = {"integer": "0", "number": "0.0", "string": "''", "boolean": "false"}


def read_table(path: Path, columns: Sequence[ColumnSpec]) -> Table:
    """Return COLUMNS of the file at PATH, one array of shape (n_rows,) each, in the order of the file.

    number is float64 (NaN where missing), integer int64 (float64 with NaN where values are missing), string
    fixed-width unicode ("" where missing), boolean bool (False where missing); `missing` is None where nothing is.

    Raises `RejectedError("data-ill-typed")` with the line of the first value that is not of its type,
    `RejectedError("data-column-missing")`, and what `CsvFile` raises.
    """
    with CsvFile(path) as file:
        for column in columns:
            if column.name not in file.header.names:
                raise RejectedError(
                    "data-column-missing",
                    f"{path.name} has no column {code(column.name)}",
                    where=f"{path}:1",
                    hint=f"It has: {', '.join(map(code, file.header.names[:20]))}.",
                )
        if not columns:
            return Table({})
        query = Query(file.header, file.source)
        selected = [_selected(query, place, column) for place, column in enumerate(columns)]
        sql = f"WITH {query.tables()} SELECT {', '.join(selected)} FROM {query.name}"  # noqa: S608 - positions and parameters only
        with locked_connection([file.source]) as connection, engine_errors_told(file):
            arrays = connection.execute(sql, query.parameters).fetchnumpy()
        if len(arrays["missing0"]) != file.rows:
            raise file.fault(1, f"DuckDB reads {len(arrays['missing0']):,} rows, the file has {file.rows:,}")
        return Table({column.name: _column(file, place, column, arrays) for place, column in enumerate(columns)})


def _selected(query: Query, place: int, column: ColumnSpec) -> str:
    raw, typed = query.raw(column.name), query.typed(column.name, column.type)
    return (
        f"coalesce({typed}, {_FILLERS[column.type]}) AS value{place}, {raw} IS NULL AS missing{place}, "
        f"({raw} IS NOT NULL AND {typed} IS NULL) AS wrong{place}"
    )


def _column(file: CsvFile, place: int, column: ColumnSpec, arrays: Mapping[str, Any]) -> Column:
    values, missing, wrong = (np.asarray(arrays[f"{part}{place}"]) for part in ("value", "missing", "wrong"))
    if wrong.any():
        row = int(np.argmax(wrong)) + 1
        raise RejectedError(
            "data-ill-typed",
            f"{file.path.name}: {code(column.name)} is not {TYPE_WORDS[column.type]} in row {row:,}",
            where=f"{file.path}:{file.lines_of([row])[row]}",
            hint="Correct the value, or the type of the column in the contract.",
        )
    gaps = missing if missing.any() else None
    if column.type == "string":
        values = _text(file, column, values)
    elif gaps is not None and column.type != "boolean":
        values = np.where(gaps, np.nan, values.astype(np.float64))
    return Column(values, gaps)


def _text(file: CsvFile, column: ColumnSpec, values: np.ndarray[Any, np.dtype[Any]]) -> np.ndarray[Any, np.dtype[Any]]:
    longest = max(map(len, values), default=0)
    if longest * len(values) * 4 > LARGEST_TEXT_COLUMN:
        raise RejectedError(
            "data-too-wide",
            f"{file.path.name}: {code(column.name)} holds a text of {longest:,} characters, too long for an array",
            where=str(file.path),
            hint="Leave the column out of what is read.",
        )
    return values.astype(f"<U{max(longest, 1)}")
