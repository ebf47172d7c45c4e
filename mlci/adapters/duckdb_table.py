"""A data set as arrays, in the order of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.adapters.data_reader import opened
from mlci.adapters.duckdb_connection import engine_errors_told, locked_connection
from mlci.adapters.duckdb_query import Query
from mlci.core.contract.scalar import TYPE_WORDS
from mlci.core.data_files import short
from mlci.core.expression import Truth
from mlci.core.table import Column, Table
from mlci.core.words import code
from mlci.errors import RejectedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from mlci.adapters.duckdb_query import Parameter
    from mlci.adapters.reading import Reading
    from mlci.core.contract.model import ColumnSpec
    from mlci.core.contract.scalar import ColumnType
    from mlci.core.data_files import DataFiles
    from mlci.core.expression import Check

LARGEST_TEXT_COLUMN = 1 << 31
"""Bytes of one column of text, in which every value takes the room of the longest."""

_FILLERS: Mapping[ColumnType, str] = {"integer": "0", "number": "0.0", "string": "''", "boolean": "false"}
_MISSING, _WRONG = 1, 2


def read_table(files: DataFiles, columns: Sequence[ColumnSpec]) -> Table:
    """Return COLUMNS of FILES, one array of shape (n_rows,) each, in the order of the rows.

    number is float64 (NaN where missing), integer int64 (float64 with NaN where values are missing), string
    fixed-width unicode ("" where missing), boolean bool (False where missing); `missing` is None where nothing is.

    Raises `RejectedError("data-ill-typed")` with the line of the first value that is not of its type,
    `RejectedError("data-column-missing")`, and what `opened` raises.
    """
    with opened(files) as reading:
        demand_columns(files, reading, columns)
        for column in columns:
            if column.type not in _FILLERS:
                raise RejectedError(
                    "data-not-an-array",
                    f"{short(files.name)}: {code(column.name)} is {TYPE_WORDS[column.type]}, which no array holds",
                    where=f"{files.name}:1",
                    hint="Read it as a string or a number, or leave the column out.",
                )
        if not columns:
            return Table({})
        sql, parameters = columns_of(reading, columns)
        with locked_connection(reading.sources) as connection, engine_errors_told(reading):
            arrays = connection.execute(sql, parameters).fetchnumpy()
        if len(arrays["value0"]) != reading.rows:
            raise reading.refusal(f"DuckDB reads {len(arrays['value0']):,} rows, the file has {reading.rows:,}")
        return table_of(reading, columns, arrays)


def matching(files: DataFiles, check: Check, columns: Sequence[ColumnSpec]) -> NDArray[np.bool_]:
    """Return which rows of FILES CHECK is true for, (n_rows,), in the order of the rows.

    COLUMNS are those that it reads, with their types, which fit. A row without a value, or where it cannot be computed,
    is not among them. Raises `RejectedError("data-column-missing")`, and what `opened` raises.
    """
    with opened(files) as reading:
        demand_columns(files, reading, columns)
        query = Query(reading)
        says = query.truth(check.tree, columns)
        sql = f"WITH {query.tables()} SELECT {says} = {Truth.TRUE.value} AS holds FROM {query.name}"  # noqa: S608 - as above
        with locked_connection(reading.sources) as connection, engine_errors_told(reading):
            holds = np.asarray(connection.execute(sql, query.parameters).fetchnumpy()["holds"], dtype=np.bool_)
        if len(holds) != reading.rows:
            raise reading.refusal(f"DuckDB reads {len(holds):,} rows, the file has {reading.rows:,}")
        return holds


def demand_columns(files: DataFiles, reading: Reading, columns: Sequence[ColumnSpec]) -> None:
    """Raise where the data set lacks one of COLUMNS."""
    for column in columns:
        if column.name not in reading.names:
            raise RejectedError(
                "data-column-missing",
                f"{short(files.name)} has no column {code(column.name)}",
                where=f"{files.name}:1",
                hint=f"It has: {', '.join(map(code, reading.names[:20]))}.",
            )


def columns_of(reading: Reading, columns: Sequence[ColumnSpec]) -> tuple[str, dict[str, Parameter]]:
    """Return the SELECT of COLUMNS, as `table_of` takes what it answers, and its parameters.

    A number that is missing is NaN and one that is ill-typed infinite, which no number is; of other types a second
    column tells it.
    """
    query = Query(reading)
    selected = ", ".join(_selected(query, place, column) for place, column in enumerate(columns))
    return f"WITH {query.tables()} SELECT {selected} FROM {query.name}", query.parameters  # noqa: S608 - positions and parameters only


def table_of(reading: Reading, columns: Sequence[ColumnSpec], arrays: Mapping[str, Any], before: int = 0) -> Table:
    """Return what a SELECT of COLUMNS answered, of rows that BEFORE others precede.

    Raises `RejectedError("data-ill-typed")` with the line of the first value that is not of its type.
    """
    return Table({column.name: _column(reading, place, column, arrays, before) for place, column in enumerate(columns)})


def _selected(query: Query, place: int, column: ColumnSpec) -> str:
    stored = query.stored(column.name)
    if column.type == "string" and column.is_name:
        raw = query.raw(column.name)
        return f"coalesce({raw}, '') AS value{place}, CASE WHEN {raw} IS NULL THEN 1 ELSE 0 END AS state{place}"
    typed = query.typed(column.name, column.type)
    if column.type == "number":
        return (
            f"CASE WHEN {typed} IS NOT NULL THEN {typed} WHEN {stored} IS NULL THEN 'nan'::DOUBLE "
            f"ELSE 'infinity'::DOUBLE END AS value{place}"
        )
    return (
        f"coalesce({typed}, {_FILLERS[column.type]}) AS value{place}, "
        f"CASE WHEN {typed} IS NOT NULL THEN 0 WHEN {stored} IS NULL THEN 1 ELSE 2 END AS state{place}"
    )


def _column(reading: Reading, place: int, column: ColumnSpec, arrays: Mapping[str, Any], before: int) -> Column:
    values = np.asarray(arrays[f"value{place}"])
    if column.type == "number":
        if np.isfinite(values).all():
            return Column(values)
        missing, wrong = np.isnan(values), np.isinf(values)
    else:
        state = np.asarray(arrays[f"state{place}"])
        missing, wrong = state == _MISSING, state == _WRONG
    if wrong.any():
        row = before + int(np.argmax(wrong)) + 1
        raise RejectedError(
            "data-ill-typed",
            f"{short(reading.name)}: {code(column.name)} is not {TYPE_WORDS[column.type]} in row {row:,}",
            where=reading.places([row])[row].text,
            hint="Correct the value, or the type of the column in the contract.",
        )
    gaps = missing if missing.any() else None
    if column.type == "string":
        values = _text(reading, column, values)
    elif gaps is not None and column.type == "integer":
        values = np.where(gaps, np.nan, values.astype(np.float64))
    return Column(values, gaps)


def _text(
    reading: Reading, column: ColumnSpec, values: np.ndarray[Any, np.dtype[Any]]
) -> np.ndarray[Any, np.dtype[Any]]:
    longest = max(map(len, values), default=0)
    if longest * len(values) * 4 > LARGEST_TEXT_COLUMN:
        raise RejectedError(
            "data-too-wide",
            f"{short(reading.name)}: {code(column.name)} holds a text of {longest:,} characters, too long for an array",
            where=reading.name,
            hint="Leave the column out of what is read.",
        )
    return values.astype(f"<U{max(longest, 1)}")
