"""Rows with equal features and another label: found by hashes of eight bytes a row, confirmed by the values themselves.

Grouping all rows by all features would hold most of a large data set in memory. Equal features have equal hashes, so
where no hash goes with two labels, no features do; where some do, only the rows that have them are grouped.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mlci.adapters.duckdb_aggregate import Told
from mlci.adapters.duckdb_marks import FEW_ROWS
from mlci.adapters.duckdb_query import Query, within
from mlci.core.findings import MOST_EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb
    import numpy as np

    from mlci.adapters.reading import Reading
    from mlci.core.contract.model import ColumnSpec

    Hashes = np.ndarray[Any, np.dtype[np.uint64]]

SPARE: Final = 64
"""First rows under suspicion, of which the examples are taken."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is done at the same time; tests make it little."""

    rows: int = FEW_ROWS
    """Rows that are grouped as they are."""
    few: int = 100_000
    """Hashes that are looked up one by one; of more, ranges are looked through."""
    at_once: int = 1_000_000
    """Rows that are grouped at the same time, if as many may contradict each other."""
    bits: int = 64
    """Of a hash."""


def contradictions(
    connection: duckdb.DuckDBPyConnection,
    reading: Reading,
    label: ColumnSpec,
    features: Sequence[ColumnSpec],
    limits: Limits = Limits(),
) -> Told:
    """Return how many rows of READING that have a LABEL contradict another one with equal FEATURES, and the first.

    What is ill-typed is equal to what is written alike; what is missing, to what is missing.
    """
    return _Search(connection, reading, label, features, limits).told()


@dataclass(frozen=True, slots=True)
class _Search:
    connection: duckdb.DuckDBPyConnection
    reading: Reading
    label: ColumnSpec
    features: Sequence[ColumnSpec]
    limits: Limits

    def told(self) -> Told:
        if self.reading.rows <= self.limits.rows:
            failing, checked = self.counted(None)
            return Told(failing, checked, first=self.first(None) if failing else ())
        import numpy as np  # noqa: PLC0415 - loaded only where rows are many

        query = Query(self.reading)
        said = query.value(self.label)
        sql = f"SELECT {self.hash(query)} AS alike, hash({said}) AS said FROM {query.name} WHERE {said} IS NOT NULL"  # noqa: S608 - positions and parameters only
        found = self.connection.execute(f"WITH {query.tables()} {sql}", query.parameters).fetchnumpy()
        alike: Hashes = np.asarray(found["alike"])
        order = np.argsort(alike)
        ordered, labels = alike[order], np.asarray(found.pop("said"))[order]
        # Where not all labels of a group are the same, two neighbours differ, whatever their order.
        differ = (ordered[1:] == ordered[:-1]) & (labels[1:] != labels[:-1])
        suspected = np.unique(ordered[1:][differ])
        if not suspected.size:
            return Told(0, len(alike))
        failing = sum(self.counted(part)[0] for part in self._parts(ordered, suspected))
        if not failing:
            return Told(0, len(alike))
        first = alike[np.flatnonzero(np.isin(alike, suspected))[:SPARE]]
        return Told(failing, len(alike), first=self.first(np.unique(first).tolist()))

    def _parts(self, ordered: Hashes, suspected: Hashes) -> Iterator[list[int] | tuple[int, int]]:
        """Yield the hashes to look at, each once: those suspected, or where these are many, ranges of all."""
        if len(suspected) <= self.limits.few:
            yield suspected.tolist()
            return
        bounds = sorted(set(ordered[:: self.limits.at_once].tolist()))
        yield from zip(bounds, [*(bound - 1 for bound in bounds[1:]), int(ordered[-1])], strict=True)

    def counted(self, part: list[int] | tuple[int, int] | None) -> tuple[int, int]:
        """Return how many rows with a hash in PART (None: all) contradict another, and how many have a label."""
        query = Query(self.reading)
        said = query.value(self.label)
        groups = f"""
            SELECT count({said}) AS n, min({said}) <> max({said}) AS differ FROM {query.name}
            WHERE {self.chosen(query, part)} GROUP BY {self.alike(query)}"""  # noqa: S608 - positions and parameters only
        sql = f"SELECT coalesce(sum(n) FILTER (WHERE differ), 0), coalesce(sum(n), 0) FROM ({groups})"  # noqa: S608 - as above
        found = self.connection.execute(f"WITH {query.tables()} {sql}", query.parameters).fetchone() or (0, 0)
        return int(found[0]), int(found[1])

    def first(self, part: list[int] | None) -> tuple[int, ...]:
        """Return the first rows with a hash in PART that contradict another."""
        query = Query(self.reading)
        said, alike, chosen = query.value(self.label), self.alike(query), self.chosen(query, part)
        marked = f"""
            SELECT row, {said} AS said, min({said}) OVER alike <> max({said}) OVER alike AS differ FROM {query.name}
            WHERE {chosen} WINDOW alike AS (PARTITION BY {alike})"""  # noqa: S608 - as above
        sql = f"SELECT row FROM ({marked}) WHERE differ AND said IS NOT NULL ORDER BY row LIMIT {MOST_EXAMPLES}"  # noqa: S608 - as above
        found = self.connection.execute(f"WITH {query.tables(numbered=True)} {sql}", query.parameters).fetchall()
        return tuple(row for (row,) in found)

    def chosen(self, query: Query, part: list[int] | tuple[int, int] | None) -> str:
        """Return the condition on a row that its hash is in PART."""
        return "true" if part is None else f"{self.hash(query)} {within(query, part)}"

    def hash(self, query: Query) -> str:
        """Return the hash of a row's features."""
        return f"(hash({self.alike(query)}) >> {64 - self.limits.bits})"

    def alike(self, query: Query) -> str:
        """Return what rows with equal features have in common."""
        parts = [(query.value(each), query.raw(each.name)) for each in self.features]
        return ", ".join(f"{value}, CASE WHEN {value} IS NULL THEN {raw} END" for value, raw in parts)
