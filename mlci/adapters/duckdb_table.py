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
    from collections.abc import Iterator, Mapping, Sequence

    import duckdb
    from numpy.typing import NDArray

    from mlci.adapters.reading import Reading
    from mlci.core.contract.model import ColumnSpec
    from mlci.core.contract.scalar import ColumnType
    from mlci.core.data_files import DataFiles
    from mlci.core.expression import Check

LARGEST_TEXT_COLUMN = 1 << 31
"""Bytes of one column of text, in which every value takes the room of the longest."""

VECTORS = 32
"""How many of DuckDB's vectors, of 2,048 rows each, are fetched at once."""

_FILLERS: Mapping[ColumnType, str] = {"integer": "0", "number": "0.0", "string": "''", "boolean": "false"}


def read_table(files: DataFiles, columns: Sequence[ColumnSpec]) -> Table:
    """Return COLUMNS of FILES, one array of shape (n_rows,) each, in the order of the rows.

    number is float64 (NaN where missing), integer int64 (float64 with NaN where values are missing), string
    fixed-width unicode ("" where missing), boolean bool (False where missing); `missing` is None where nothing is.

    Raises `RejectedError("data-ill-typed")` with the line of the first value that is not of its type,
    `RejectedError("data-column-missing")`, and what `opened` raises.
    """
    with opened(files) as reading:
        _demand_columns(files, reading, columns)
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
        query = Query(reading)
        selected = [_selected(query, place, column) for place, column in enumerate(columns)]
        sql = f"WITH {query.tables()} SELECT {', '.join(selected)} FROM {query.name}"  # noqa: S608 - positions and parameters only
        with locked_connection(reading.sources) as connection, engine_errors_told(reading):
            arrays = connection.execute(sql, query.parameters).fetchnumpy()
        if len(arrays["missing0"]) != reading.rows:
            raise reading.refusal(f"DuckDB reads {len(arrays['missing0']):,} rows, the file has {reading.rows:,}")
        return Table({column.name: _column(reading, place, column, arrays) for place, column in enumerate(columns)})


class BatchReading:
    """An open data set whose rows are read in batches: memory holds one of them, however many rows there are."""

    def __init__(self, reading: Reading, files: DataFiles) -> None:
        """Read READING, the open FILES."""
        self._reading, self._files = reading, files
        self.names = reading.names
        self.rows = reading.rows
        self.sha256 = reading.sha256

    def batches(self, columns: Sequence[ColumnSpec], size: int, skipped: int = 0) -> Iterator[Table]:
        """Yield COLUMNS of the rows after the first SKIPPED, SIZE at a time, as `read_table` returns them.

        Raises what `read_table` raises, when it comes to the row.
        """
        reading = self._reading
        _demand_columns(self._files, reading, columns)
        query = Query(reading)
        selected = [_selected(query, place, column) for place, column in enumerate(columns)]
        sql = f"WITH {query.tables()} SELECT {', '.join(selected)} FROM {query.name} OFFSET {int(skipped)}"  # noqa: S608 - positions, parameters and a number only
        with locked_connection(reading.sources) as connection, engine_errors_told(reading):
            connection.execute(sql, query.parameters)
            read = skipped
            for arrays in _parts(connection, size):
                taken = {
                    column.name: _column(reading, place, column, arrays, read) for place, column in enumerate(columns)
                }
                read += len(arrays["missing0"])
                yield Table(taken)
        if read != reading.rows:
            raise reading.refusal(f"DuckDB reads {read:,} rows, the file has {reading.rows:,}")


def _parts(connection: duckdb.DuckDBPyConnection, size: int) -> Iterator[dict[str, NDArray[Any]]]:
    """Yield the rows that a connection has waiting, SIZE at a time, the last part shorter.

    DuckDB gives out parts of an answer as data frames alone, so this is the one place where the parent loads pandas.
    """
    waiting: list[dict[str, NDArray[Any]]] = []
    count = 0
    while True:
        frame = connection.fetch_df_chunk(VECTORS)
        if len(frame):
            waiting.append({name: frame[name].to_numpy() for name in frame.columns})
            count += len(frame)
        while count >= size or (count and not len(frame)):
            joined = {name: np.concatenate([each[name] for each in waiting]) for name in waiting[0]}
            yield {name: values[:size] for name, values in joined.items()}
            count = max(count - size, 0)
            waiting = [{name: values[size:] for name, values in joined.items()}] if count else []
        if not len(frame):
            return


def matching(files: DataFiles, check: Check, columns: Sequence[ColumnSpec]) -> NDArray[np.bool_]:
    """Return which rows of FILES CHECK is true for, (n_rows,), in the order of the rows.

    COLUMNS are those that it reads, with their types, which fit. A row without a value, or where it cannot be computed,
    is not among them. Raises `RejectedError("data-column-missing")`, and what `opened` raises.
    """
    with opened(files) as reading:
        _demand_columns(files, reading, columns)
        query = Query(reading)
        says = query.truth(check.tree, columns)
        sql = f"WITH {query.tables()} SELECT {says} = {Truth.TRUE.value} AS holds FROM {query.name}"  # noqa: S608 - as above
        with locked_connection(reading.sources) as connection, engine_errors_told(reading):
            holds = np.asarray(connection.execute(sql, query.parameters).fetchnumpy()["holds"], dtype=np.bool_)
        if len(holds) != reading.rows:
            raise reading.refusal(f"DuckDB reads {len(holds):,} rows, the file has {reading.rows:,}")
        return holds


def _demand_columns(files: DataFiles, reading: Reading, columns: Sequence[ColumnSpec]) -> None:
    """Raise where the data set lacks one of COLUMNS."""
    for column in columns:
        if column.name not in reading.names:
            raise RejectedError(
                "data-column-missing",
                f"{short(files.name)} has no column {code(column.name)}",
                where=f"{files.name}:1",
                hint=f"It has: {', '.join(map(code, reading.names[:20]))}.",
            )


def _selected(query: Query, place: int, column: ColumnSpec) -> str:
    raw = query.raw(column.name)
    typed = raw if column.is_name and column.type == "string" else query.typed(column.name, column.type)
    return (
        f"coalesce({typed}, {_FILLERS[column.type]}) AS value{place}, {raw} IS NULL AS missing{place}, "
        f"({raw} IS NOT NULL AND {typed} IS NULL) AS wrong{place}"
    )


def _column(reading: Reading, place: int, column: ColumnSpec, arrays: Mapping[str, Any], before: int = 0) -> Column:
    """Return one column of rows that BEFORE others precede."""
    values, missing, wrong = (np.asarray(arrays[f"{part}{place}"]) for part in ("value", "missing", "wrong"))
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
    elif gaps is not None and column.type != "boolean":
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
