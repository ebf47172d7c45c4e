"""A data set as arrays, some rows at a time, in the order of its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import duckdb
import numpy as np

from mlci.adapters.duckdb_connection import engine_errors_told, locked_connection
from mlci.adapters.duckdb_table import columns_of, demand_columns, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from mlci.adapters.ahead import Ahead
    from mlci.adapters.reading import Reading
    from mlci.core.contract.model import ColumnSpec
    from mlci.core.data_files import DataFiles
    from mlci.core.table import Table

VECTORS: Final = 32
"""How many of DuckDB's vectors, of 2,048 rows each, are fetched at once."""
AHEAD_BYTES: Final = 64 * 1024**2
"""What DuckDB's threads read meanwhile, two batches; its own 10 MB let them wait for who takes the first."""


class BatchReading:
    """An open data set whose rows are read in batches: memory holds two of them, however many rows there are."""

    def __init__(self, reading: Reading, files: DataFiles, ahead: Ahead) -> None:
        """Read READING, the open FILES; AHEAD takes the batch after the one that is in use."""
        self._reading, self._files, self._ahead = reading, files, ahead
        self.names = reading.names
        self.rows = reading.rows
        self.sha256 = reading.sha256

    def batches(self, columns: Sequence[ColumnSpec], size: int, skipped: int = 0) -> Iterator[Table]:
        """Yield COLUMNS of the rows after the first SKIPPED, SIZE at a time, as `read_table` returns them.

        Raises what `read_table` raises, when it comes to the row.
        """
        return self._ahead.taken(self._read(columns, size, skipped))

    def _read(self, columns: Sequence[ColumnSpec], size: int, skipped: int) -> Iterator[Table]:
        reading, read = self._reading, skipped
        demand_columns(self._files, reading, columns)
        sources = reading.sources
        with locked_connection(sources, ahead_bytes=AHEAD_BYTES) as connection, engine_errors_told(reading):
            declared = reading.declared({reading.names.index(column.name): column.type for column in columns})
            if declared is not None:
                try:
                    for table in _tables(connection, declared, columns, size, read):
                        yield table
                        read += table.rows
                except (duckdb.ConversionException, duckdb.InvalidInputException, duckdb.OutOfRangeException):
                    # A text is no number: the rows that are left are read as text, of which one is told.
                    declared = None
            if declared is None:
                for table in _tables(connection, reading, columns, size, read):
                    yield table
                    read += table.rows
        if read != reading.rows:
            raise reading.refusal(f"DuckDB reads {read:,} rows, the file has {reading.rows:,}")


def _tables(
    connection: duckdb.DuckDBPyConnection, reading: Reading, columns: Sequence[ColumnSpec], size: int, skipped: int
) -> Iterator[Table]:
    sql, parameters = columns_of(reading, columns)
    connection.execute(f"{sql} OFFSET {int(skipped)}", parameters)
    for arrays in _parts(connection, size):
        yield table_of(reading, columns, arrays, skipped)
        skipped += len(arrays["value0"])


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
