"""A profile from the pass that counts: figures of all rows, and a sample of whole rows that is looked at afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mlci.adapters.duckdb_connection import select
from mlci.adapters.duckdb_query import Query
from mlci.core.contract.model import ColumnSpec
from mlci.core.contract.scalar import ORDERED, TEMPORAL
from mlci.core.profile import BARS, LARGEST_SAMPLE, MOST_FREQUENT, STEPS, ColumnProfile, Profile

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import duckdb

    from mlci.adapters.reading import Reading
    from mlci.core.contract.scalar import ColumnType, Scalar

GUESSED: Final[tuple[ColumnType, ...]] = ("integer", "number", "boolean", "date", "timestamp", "timestamp_with_zone")
LEADING_ZERO: Final = "[+-]?0[0-9]+"
MOST_COLUMNS: Final = 500
"""Columns of a data set that has a profile."""
_SPREAD: Final = 2_654_435_761
"""2^32 divided by the golden ratio: its multiples lie evenly, whatever period the rows have (Knuth, volume 3, 6.4)."""


class ProfileScan:
    """What a pass over a data set computes for a profile of some columns."""

    def __init__(self, query: Query, columns: Sequence[ColumnSpec], rows: int) -> None:
        """Begin with COLUMNS, which the data set has, of a query that numbers its ROWS."""
        self._columns = columns
        self._values = [query.value(column) for column in columns]
        self._stored = [query.stored(column.name) for column in columns]
        self._step = max(1, -(-rows // LARGEST_SAMPLE))

    @property
    def expressions(self) -> list[str]:
        """The aggregates, each with one value."""
        found: list[str] = []
        for column, value, stored in zip(self._columns, self._values, self._stored, strict=True):
            is_ordered, is_number = column.type in ORDERED, column.type in ORDERED - TEMPORAL
            found += [
                f"count(*) - count({stored})",
                f"approx_count_distinct({value})",
                f"min({value})" if is_ordered else "NULL",
                f"max({value})" if is_ordered else "NULL",
                f"avg({value if column.type == 'integer' else f'CAST({value} AS DOUBLE)'})" if is_number else "NULL",
            ]
        return found

    @property
    def sample(self) -> str:
        """The aggregate that is the sample: a list of rows."""
        fields = ", ".join(f"'v{place}': {value}" for place, value in enumerate(self._values))
        chosen = f"((row * {_SPREAD}) % 4294967296) % {self._step} = 0"
        return f"list({{{fields}}}) FILTER (WHERE {chosen})" if fields else "NULL"

    def profile(
        self,
        connection: duckdb.DuckDBPyConnection,
        found: Sequence[Any],
        *,
        dataset: str,
        reading: Reading,
        private: frozenset[str],
    ) -> Profile:
        """Return the profile, given what the `expressions` are; the table `sample` has the rows of the sample."""
        (sampled,) = connection.execute("SELECT count(*) FROM sample").fetchone() or (0,)
        columns = []
        for place, column in enumerate(self._columns):
            missing, distinct, smallest, largest, mean = found[5 * place : 5 * place + 5]
            detail = _detail(connection, place, column)
            profile = ColumnProfile(
                name=column.name,
                type=column.type,
                missing=missing,
                distinct=detail.distinct if sampled == reading.rows else distinct,
                smallest=smallest,
                largest=largest,
                # Threads may add in another order each time, which shows in the last digits.
                mean=None if mean is None else float(f"{mean:.9g}"),
                quantiles=detail.quantiles,
                bars=detail.bars,
                frequent=detail.frequent,
                sampled=detail.sampled,
            )
            columns.append(profile.bare() if column.name in private else profile)
        return Profile(dataset, reading.name, reading.rows, sampled, tuple(columns))


@dataclass(frozen=True, slots=True)
class _Detail:
    """What the sample says of one column."""

    sampled: int
    distinct: int
    quantiles: tuple[Scalar, ...] = ()
    bars: tuple[int, ...] = ()
    frequent: tuple[tuple[str, int], ...] = ()


def _detail(connection: duckdb.DuckDBPyConnection, place: int, column: ColumnSpec) -> _Detail:
    """Return what the sample says of a column; one at a time, so that memory has a bound."""
    value = f"v{place}"
    if column.type not in ORDERED:
        sampled, distinct = _one(connection, f"SELECT count({value}), count(DISTINCT {value}) FROM sample")  # noqa: S608 - positions only
        return _Detail(sampled, distinct, frequent=_frequent(connection, value))
    number = f"CAST({f'epoch_us({value})' if column.type in TEMPORAL else value} AS DOUBLE)"
    # By whole numbers, since a share such as 0.29 of a hundred values is not exactly 29 of them.
    ranks = f"[greatest(1, (sampled * step + {STEPS - 1}) // {STEPS}) FOR step IN range({STEPS + 1})]"
    part = f"least({BARS - 1}, floor((number - low) / (high - low) * {BARS}))"
    sql = f"""
        WITH present AS (SELECT {value} AS value, {number} AS number FROM sample WHERE {value} IS NOT NULL),
        figures AS (
            SELECT count(*) AS sampled, count(DISTINCT value) AS different, list_sort(list(value)) AS ordered,
                   min(number) AS low, max(number) AS high FROM present),
        parts AS (
            SELECT histogram(CAST(CASE WHEN high > low THEN {part} ELSE 0 END AS INTEGER)) AS counts
            FROM present, (SELECT low, high FROM figures))
        SELECT sampled, different, list_select(ordered, {ranks}), counts FROM figures, parts"""  # noqa: S608 - positions only
    sampled, distinct, quantiles, counts = _one(connection, sql)
    bars = tuple(counts.get(part, 0) for part in range(BARS)) if counts else ()
    return _Detail(sampled, distinct, tuple(quantiles or ()), bars)


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    return connection.execute(sql).fetchone() or ()


def _frequent(connection: duckdb.DuckDBPyConnection, value: str) -> tuple[tuple[str, int], ...]:
    """Return the most frequent values, as a contract writes them."""
    sql = f"""
        SELECT CAST({value} AS VARCHAR), count(*) FROM sample WHERE {value} IS NOT NULL
        GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MOST_FREQUENT}"""  # noqa: S608 - positions only
    return tuple((text, count) for text, count in connection.execute(sql).fetchall())


def read_columns(connection: duckdb.DuckDBPyConnection, reading: Reading) -> list[ColumnSpec]:
    """Return the first `MOST_COLUMNS` columns, each of the first type of `GUESSED` that all its values have, else text.

    Numbers with a zero in front, as postcodes have, are text.
    """
    names = reading.names[:MOST_COLUMNS]
    query = Query(reading)
    zero = query.parameter(LEADING_ZERO)
    expressions: list[str] = []
    for name in names:
        raw = query.raw(name)
        plain = f"count(*) FILTER (WHERE regexp_full_match({raw}, {zero}))"
        expressions += [f"count({raw})", plain, *(f"count({query.typed(name, type_)})" for type_ in GUESSED)]
    found = select(connection, query, reading, expressions, numbered=False)
    width = 2 + len(GUESSED)
    columns: list[ColumnSpec] = []
    for place, name in enumerate(names):
        present, zeros, *typed = found[place * width : (place + 1) * width]
        fitting: Iterator[ColumnType] = (type_ for type_, count in zip(GUESSED, typed, strict=True) if count == present)
        type_: ColumnType = next(fitting, "string") if present and not zeros else "string"
        columns.append(ColumnSpec(name, type_))
    return columns
