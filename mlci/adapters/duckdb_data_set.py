"""Rules about a data set as a whole, told by DuckDB: change against base, age, classes, contradictions."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mlci.adapters.data_reader import opened
from mlci.adapters.duckdb_aggregate import Told
from mlci.adapters.duckdb_conflicts import contradictions
from mlci.adapters.duckdb_query import Query
from mlci.adapters.duckdb_scan import MOST_CLASSES
from mlci.core.age import is_stale
from mlci.core.class_shares import moved, outside
from mlci.core.contract.constraints import Classes
from mlci.core.contract.data_set_rule import Freshness, Reference
from mlci.core.contract.share import Share
from mlci.core.data_files import short
from mlci.core.findings import MASK, MOST_EXAMPLES
from mlci.core.nearest import did_you_mean
from mlci.core.words import code, written
from mlci.errors import MlciError, RejectedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    import duckdb

    from mlci.adapters.reading import Reading
    from mlci.core.class_shares import Counts
    from mlci.core.contract.constraints import Constraint
    from mlci.core.contract.model import ColumnSpec
    from mlci.core.data_files import DataFiles

_AGAINST_BASE: Final = frozenset({"rows_change", "balance_change"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a data set is held against."""

    base: Reading | None
    """The same data set at base, where it is there, can be read and matters."""
    others: Mapping[str, Reading]
    """The data sets that it refers to."""
    now: Callable[[], datetime] | None

    @property
    def sources(self) -> tuple[str, ...]:
        """The paths that an engine has to open."""
        readings = (*self.others.values(), *([self.base] if self.base else []))
        return tuple(source for each in readings for source in each.sources)


@contextmanager
def surroundings(
    constraints: Sequence[Constraint],
    base: DataFiles | None,
    others: Mapping[str, DataFiles],
    now: Callable[[], datetime] | None,
) -> Iterator[Surroundings]:
    """Yield what CONSTRAINTS hold a data set against, open; a base that cannot be read is none."""
    with ExitStack() as stack:
        before: Reading | None = None
        if base is not None and any(each.kind in _AGAINST_BASE for each in constraints):
            try:
                before = stack.enter_context(opened(base))
            except MlciError:
                before = None
        names = dict.fromkeys(each.value.data_set for each in constraints if isinstance(each.value, Reference))
        readings = {name: stack.enter_context(opened(others[name])) for name in names if name in others}
        for each in constraints:
            if isinstance(each.value, Reference):
                _refuse_missing(each.columns[0].name, each.value, readings)
        yield Surroundings(before, readings, now)


def _refuse_missing(name: str, rule: Reference, others: Mapping[str, Reading]) -> None:
    """Raise where the data set that the column NAME refers to by RULE has no such column."""
    other = others[rule.data_set]
    if rule.column not in other.names:
        raise UsageError(
            "reference-column-missing",
            f"{code(name)} refers to {code(rule.to)}, and {short(other.name)} has no column {code(rule.column)}",
            where=other.name,
            hint=did_you_mean(rule.column, other.names, "Correct `references:` in the contract."),
        )


def told_of_data_set(
    connection: duckdb.DuckDBPyConnection,
    reading: Reading,
    constraints: Sequence[Constraint],
    around: Surroundings,
    *,
    masked: set[str],
    measured: Mapping[int, tuple[Any, ...]],
) -> dict[int, Told]:
    """Return what CONSTRAINTS say of a data set, those left out that need a base which is not there.

    They must be of the kinds `OF_THE_DATA_SET`, and their columns be there. MEASURED is what the pass that counts told.
    """
    asked = _Asked(connection, reading, around, masked, measured)
    found = {id(each): asked.told(each) for each in constraints}
    return {name: told for name, told in found.items() if told is not None}


@dataclass(frozen=True, slots=True)
class _Asked:
    connection: duckdb.DuckDBPyConnection
    reading: Reading
    around: Surroundings
    masked: set[str]
    measured: Mapping[int, tuple[Any, ...]]

    def told(self, constraint: Constraint) -> Told | None:
        match constraint.value:
            case Share() as within:
                return self.change_of_rows(within)
            case Freshness() as rule:
                return self.age(constraint, rule)
            case Classes() as classes:
                return self.classes(constraint, classes)
            case _:
                label, *features = constraint.columns
                return contradictions(self.connection, self.reading, label, features)

    def change_of_rows(self, within: Share) -> Told | None:
        if self.around.base is None:
            return None
        before = self.around.base.rows
        off = abs(self.reading.rows - before)
        return Told(off if off * 100 > within.percent * before else 0, before)

    def age(self, constraint: Constraint, rule: Freshness) -> Told:
        if self.around.now is None:
            msg = "the age of data is told by a clock, and there is none"
            raise TypeError(msg)
        (column,), (newest, count) = constraint.columns, self.measured[id(constraint)]
        if newest is None:
            return Told(1, 0)
        shown = MASK if column.name in self.masked else written(newest)
        return Told(int(is_stale(newest, self.around.now(), rule.max_age)), count, (f"newest {column.name} = {shown}",))

    def classes(self, constraint: Constraint, classes: Classes) -> Told | None:
        (column,) = constraint.columns
        (classified,) = self.measured[id(constraint)]
        found = self.few(self.reading, column, [tuple(each.values()) for each in classified or ()])
        counts: Counts = {**dict.fromkeys(classes.listed, 0), **found}
        if constraint.kind == "balance_change":
            base = self.around.base
            if base is None or column.name not in base.names:
                return None
            counts = found
            broken = moved(counts, self.counts(base, column), classes.share)
        else:
            broken = outside(counts, "min" if constraint.kind == "balance_min" else "max", classes.share)
        shown = tuple(
            f"{column.name} = {MASK if column.name in self.masked else each.name}: {each.text}"
            for each in broken[:MOST_EXAMPLES]
        )
        return Told(len(broken), max(len(counts), len(broken)), shown)

    def counts(self, reading: Reading, column: ColumnSpec) -> Counts:
        query = Query(reading)
        value = query.value(column)
        sql = f"""
            WITH {query.tables()} SELECT {value}, count(*) FROM {query.name} WHERE {value} IS NOT NULL
            GROUP BY ALL ORDER BY 1 LIMIT {MOST_CLASSES + 1}"""  # noqa: S608 - positions and parameters only
        return self.few(reading, column, self.connection.execute(sql, query.parameters).fetchall())

    def few(self, reading: Reading, column: ColumnSpec, found: Sequence[tuple[Any, ...]]) -> Counts:
        """Return the classes that were FOUND with the number of their rows; raises where they are too many."""
        if len(found) > MOST_CLASSES:
            raise RejectedError(
                "too-many-classes",
                f"{short(reading.name)}: {code(column.name)} has more than {MOST_CLASSES:,} classes",
                where=reading.name,
                cause="It is no label, or its values are no classes.",
                hint=f"Take {column.name} out of `balance:` in the contract.",
            )
        counts: dict[Any, int] = {}
        for each, count in sorted(found):  # zero may be there twice, with either sign
            counts[each] = counts.get(each, 0) + count
        return counts
