"""Values that stand in several rows: found by hashes of eight bytes a row, confirmed by the values themselves.

Equal values have equal hashes, so where no hash repeats, no value does, and that is a proof. Where some do, only the
rows that have them are read again and compared value by value, since different values may share a hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mlci.adapters.duckdb_query import Query, within
from mlci.core.findings import MOST_EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb

    from mlci.adapters.reading import Reading
    from mlci.core.contract.model import ColumnSpec

    Hashes = np.ndarray[Any, np.dtype[np.uint64]]

_SPARE: Final = 64
"""First rows with a hash that was there before, of which the examples are taken."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is done at the same time; tests make it little."""

    few: int = 100_000
    """Hashes that are looked up one by one; of more, ranges are looked through."""
    at_once: int = 2_000_000
    """Rows that are compared value by value at the same time, so that memory has a bound."""
    bits: int = 64
    """Of a hash."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """How often some columns repeat what they held together in an earlier row."""

    failing: int
    """Rows that repeat."""
    checked: int
    """Rows that have a value in each of the columns."""
    first: tuple[int, ...]
    """The first of the rows that repeat, counted from 1."""


def find_repeats(
    connection: duckdb.DuckDBPyConnection,
    reading: Reading,
    keys: Sequence[Sequence[ColumnSpec]],
    limits: Limits = Limits(),
) -> list[Repeats]:
    """Return for each of KEYS, which are columns of READING, what repeats; one pass where nothing does."""
    query = Query(reading)
    listed = ", ".join(f"{_hash(query, columns, limits)} AS h{place}" for place, columns in enumerate(keys))
    sql = f"WITH {query.tables()} SELECT {listed} FROM {query.name}"  # noqa: S608 - positions and parameters only
    arrays = connection.execute(sql, query.parameters).fetchnumpy()
    return [
        _Search(connection, reading, columns, limits).repeats(arrays.pop(f"h{place}"))
        for place, columns in enumerate(keys)
    ]


def _hash(query: Query, columns: Sequence[ColumnSpec], limits: Limits) -> str:
    """Return the hash of the values of COLUMNS, NULL where one of them is missing."""
    values = [query.value(column) for column in columns]
    there = " AND ".join(f"{value} IS NOT NULL" for value in values)
    return f"CASE WHEN {there} THEN hash({', '.join(values)}) >> {64 - limits.bits} END"


@dataclass(frozen=True, slots=True)
class _Search:
    """The search for what repeats in some columns of a data set."""

    connection: duckdb.DuckDBPyConnection
    reading: Reading
    columns: Sequence[ColumnSpec]
    limits: Limits

    def repeats(self, hashes: Hashes) -> Repeats:
        """Return what repeats, given the hash of each row in the order of the file, masked where a value is missing."""
        ordered: Hashes = np.sort(np.ma.compressed(hashes))
        again = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
        if not again.size:
            return Repeats(0, len(ordered), ())
        failing = sum(self._exactly(part) for part in self._parts(ordered, again))
        return Repeats(failing, len(ordered), self._first(hashes) if failing else ())

    def _parts(self, ordered: Hashes, repeated: Hashes) -> Iterator[list[int] | tuple[int, int]]:
        """Yield the hashes to look at, each once: those that repeat, or where these are many, ranges of all."""
        if len(repeated) <= self.limits.few:
            yield repeated.tolist()
            return
        bounds = np.unique(ordered[:: self.limits.at_once]).tolist()
        yield from zip(bounds, [*(bound - 1 for bound in bounds[1:]), int(ordered[-1])], strict=True)

    def _exactly(self, part: list[int] | tuple[int, int]) -> int:
        """Return how many of the rows whose hash is in PART repeat an earlier one, compared value by value."""
        query = Query(self.reading)
        value, hashed = query.together(self.columns), _hash(query, self.columns, self.limits)
        sql = f"""
            WITH {query.tables()} SELECT count({value}) - count(DISTINCT {value}) FROM {query.name}
            WHERE {hashed} {within(query, part)}"""  # noqa: S608 - positions and parameters only
        (failing,) = self.connection.execute(sql, query.parameters).fetchone() or (0,)
        return int(failing)

    def _first(self, hashes: Hashes) -> tuple[int, ...]:
        """Return the first rows that repeat an earlier one."""
        present: Hashes = np.ma.compressed(hashes)
        order = np.argsort(present, kind="stable")
        ordered = present[order]
        later = np.sort(order[1:][ordered[1:] == ordered[:-1]])[:_SPARE]
        last = int(np.flatnonzero(~np.ma.getmaskarray(hashes))[later[-1]]) + 1
        query = Query(self.reading)
        value, hashed = query.together(self.columns), _hash(query, self.columns, self.limits)
        looked_at = within(query, np.unique(present[later]).tolist())
        sql = f"""
            WITH {query.tables(numbered=True)},
            found AS (SELECT row, row_number() OVER (PARTITION BY {value} ORDER BY row) AS nth
                      FROM {query.name} WHERE row <= {query.parameter(last)} AND {hashed} {looked_at})
            SELECT row FROM found WHERE nth > 1 ORDER BY row LIMIT {MOST_EXAMPLES}"""  # noqa: S608 - as above
        return tuple(row for (row,) in self.connection.execute(sql, query.parameters).fetchall())
