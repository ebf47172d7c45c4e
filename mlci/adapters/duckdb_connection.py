"""A connection to DuckDB that can reach nothing but the files at hand."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

import duckdb

from mlci.core.data_files import short
from mlci.core.plain_text import one_line
from mlci.errors import OutsideError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlci.adapters.duckdb_query import Query
    from mlci.adapters.reading import Reading

_SETTINGS = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "temp_directory": "",
}


MOST_TOGETHER: Final = 500
"""Columns that one query looks at: the time to plan it grows faster than what it computes."""
_Item = TypeVar("_Item")


def parted(items: Sequence[_Item], most: int = MOST_TOGETHER) -> Iterator[Sequence[_Item]]:
    """Yield ITEMS, each about a column, in their order, at most so many at a time; once nothing of none."""
    for start in range(0, max(len(items), 1), most):
        yield items[start : start + most]


@contextmanager
def locked_connection(sources: Sequence[str], *, ahead_bytes: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection that can read SOURCES and nothing else: no other path, extension, network or setting.

    AHEAD_BYTES: how much of an answer that is taken in parts the engine's threads have ready, if not what it chooses.
    """
    with duckdb.connect(":memory:", config=dict(_SETTINGS)) as connection:
        if ahead_bytes is not None:
            connection.execute(f"SET streaming_buffer_size = '{int(ahead_bytes)}B'")
        connection.execute("SET allowed_paths = $sources", {"sources": list(sources)})
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
        yield connection


@contextmanager
def engine_errors_told(reading: Reading) -> Iterator[None]:
    """Turn an engine's refusal to read READING into an error that a user can act on."""
    try:
        yield
    except (duckdb.InvalidInputException, duckdb.IOException) as error:
        problem = one_line(str(error).partition("\n")[0], 200)
        raise reading.refusal(f"DuckDB cannot read it: {problem}", "The file changed while it was read.") from error
    except duckdb.OutOfMemoryException as error:
        raise OutsideError(
            "out-of-memory",
            f"{short(reading.name)} does not fit into memory",
            where=reading.name,
            hint="Run it on a machine with more memory.",
        ) from error


def select(
    connection: duckdb.DuckDBPyConnection, query: Query, reading: Reading, expressions: Sequence[str], *, numbered: bool
) -> tuple[Any, ...]:
    """Return one row of aggregates over READING, after making sure that the engine saw every row that we saw."""
    listed = ", ".join(["count(*)", *expressions])
    sql = f"WITH {query.tables(numbered=numbered)} SELECT {listed} FROM {query.name}"  # noqa: S608 - positions and parameters only
    return _checked(connection.execute(sql, query.parameters).fetchone(), reading)


def scan(
    connection: duckdb.DuckDBPyConnection, query: Query, reading: Reading, expressions: Sequence[str], sample: str
) -> tuple[Any, ...]:
    """Return what `select` does of numbered rows; the table `sample` gets the rows that the list SAMPLE holds."""
    listed = ", ".join(f"{sql} AS e{place}" for place, sql in enumerate(["count(*)", *expressions]))
    sql = f"WITH {query.tables(numbered=True)} SELECT {listed}, {sample} AS rows FROM {query.name}"  # noqa: S608 - as above
    connection.execute(f"CREATE OR REPLACE TEMP TABLE scan AS {sql}", query.parameters)
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE sample AS SELECT unnest(row) FROM (SELECT unnest(rows) AS row FROM scan)"
    )
    return _checked(connection.execute("SELECT * EXCLUDE (rows) FROM scan").fetchone(), reading)


def _checked(found: tuple[Any, ...] | None, reading: Reading) -> tuple[Any, ...]:
    """Return a row of aggregates without its first, which must be the number of rows that we saw."""
    rows, *values = found or (0,)
    if rows != reading.rows:
        problem = f"DuckDB reads {rows:,} rows, the file has {reading.rows:,}"
        raise reading.refusal(problem, "The file changed meanwhile.")
    return tuple(values)
