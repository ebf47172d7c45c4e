"""The pass that counts: how many rows break each rule, and the figures of a profile, in one query over a data set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import duckdb

from mlci.adapters.duckdb_aggregate import Told, measures, told_of_all, told_of_groups
from mlci.adapters.duckdb_connection import MOST_TOGETHER, scan, select
from mlci.adapters.duckdb_marks import marks
from mlci.adapters.duckdb_profile import ProfileScan
from mlci.adapters.duckdb_query import Query
from mlci.core.contract.rule import AggregateDemand, AggregateRule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlci.adapters.reading import Reading
    from mlci.core.contract.constraints import Constraint, ConstraintKind
    from mlci.core.contract.model import ColumnSpec
    from mlci.core.contract.scalar import ColumnType
    from mlci.core.profile import Profile

BETWEEN_ROWS: Final[frozenset[ConstraintKind]] = frozenset({"unique", "key"})
"""Constraints that no row breaks on its own."""
MEASURED: Final[frozenset[ConstraintKind]] = frozenset({"freshness", "balance_min", "balance_max", "balance_change"})
"""Constraints of which the pass that counts tells figures, and who knows the clock and base what they mean."""
TOLD_HERE: Final[frozenset[ConstraintKind]] = MEASURED | {"aggregate", "reference"}
"""Constraints on a data set as a whole that the pass that counts tells nevertheless."""
MOST_CLASSES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Counted:
    """What the pass over a data set told."""

    told: dict[int, Told]
    """By the id of a constraint, but for those `MEASURED`."""
    measured: dict[int, tuple[Any, ...]]
    """Of those: the newest value and how many there are, or the classes with their counts, the first of too many."""
    profile: Profile | None


def counted(
    connection: duckdb.DuckDBPyConnection,
    reading: Reading,
    constraints: Sequence[Constraint],
    masked: set[str],
    *,
    columns: Sequence[ColumnSpec] | None,
    dataset: str,
    others: Mapping[str, Reading] = MappingProxyType({}),
) -> Counted:
    """Return how many rows fail and how many were checked, for each constraint, and the profile of COLUMNS if given.

    Of what is told by age and classes, the newest value and the counts are returned in place of that. Of a bound that
    some row breaks it is told that one does; `failing_rows` counts them. References lead to OTHERS, read in the same
    query. A rule about groups takes a pass of its own,
    and so do keys of which the first pass does not prove that they are all different.
    """
    scanned = partial(_scanned, connection, constraints, masked=masked, columns=columns, dataset=dataset, others=others)
    declared = reading.declared(_types(reading, constraints, columns or ()))
    try:
        found = scanned(declared or reading, marked=True)
    except (duckdb.OutOfRangeException, duckdb.ConversionException, duckdb.InvalidInputException):
        # A file says of itself what is not so, or a text is no value of its type: then it is counted how many are not.
        found = scanned(reading, marked=False)
    open_keys = [each for each in constraints if id(each) not in found.told | found.measured]
    return replace(found, told=found.told | _repeated(connection, reading, open_keys))


def _types(reading: Reading, constraints: Sequence[Constraint], columns: Sequence[ColumnSpec]) -> dict[int, ColumnType]:
    """Return the type of each column that is read as one type only."""
    listed = [*columns, *(column for each in constraints for column in each.columns)]
    types: dict[str, set[ColumnType]] = {}
    for column in listed:
        types.setdefault(column.name, set()).add(column.type)
    places = {name: place for place, name in enumerate(reading.names)}
    return {places[name]: next(iter(kinds)) for name, kinds in types.items() if len(kinds) == 1}


def _scanned(
    connection: duckdb.DuckDBPyConnection,
    constraints: Sequence[Constraint],
    reading: Reading,
    *,
    masked: set[str],
    columns: Sequence[ColumnSpec] | None,
    dataset: str,
    others: Mapping[str, Reading],
    marked: bool,
) -> Counted:
    """Return what `counted` does, but for keys that are not proven to be all different."""
    told: dict[int, Told] = {}
    measured: dict[int, tuple[Any, ...]] = {}
    profile = None
    parts = [*_parts(constraints)] or [()]
    for place, part in enumerate(parts):
        query = Query(reading, others=others)
        expressions = [_expressions(query, reading, each, marked=marked) for each in part]
        listed = [each for some in expressions for each in some]
        if columns is None or place:
            values = iter(select(connection, query, reading, listed, numbered=False))
        else:
            profiled = ProfileScan(query, columns, reading.rows)
            wanted = profiled.expressions
            found = scan(connection, query, reading, [*wanted, *listed], profiled.sample)
            values, figured = iter(found[len(wanted) :]), found[: len(wanted)]
            private = frozenset(masked | {column.name for column in columns if column.pii})
            profile = profiled.profile(connection, figured, dataset=dataset, reading=reading, private=private)
        for constraint, some in zip(part, expressions, strict=True):
            figures = tuple(islice(values, len(some)))
            if constraint.kind in MEASURED:
                measured[id(constraint)] = figures
                continue
            says = _told(connection, reading, constraint, figures, masked)
            if says is not None:
                told[id(constraint)] = says
    return Counted(told, measured, profile)


def _parts(constraints: Sequence[Constraint]) -> Iterator[Sequence[Constraint]]:
    """Yield CONSTRAINTS in their order, those about so many columns at a time that planning takes no time to speak of.

    Few data sets have more than one part, and of those that have, each part is read on its own.
    """
    part: list[Constraint] = []
    names: set[str] = set()
    for each in constraints:
        more = {column.name for column in each.columns}
        if part and len(names | more) > MOST_TOGETHER:
            yield part
            part, names = [], set()
        part.append(each)
        names |= more
    if part:
        yield part


def _expressions(query: Query, reading: Reading, constraint: Constraint, *, marked: bool) -> list[str]:
    """Return what to compute over all rows: for most constraints how many fail and how many are checked."""
    match constraint.value:
        case AggregateDemand(rule=AggregateRule(by=None)) as demand:
            return measures(query, demand, constraint.columns)
        case AggregateDemand():
            return []
        case _ if constraint.kind == "freshness":
            value = query.value(constraint.columns[0])
            return [f"max({value})", f"count({value})"]
        case _ if constraint.kind in MEASURED:
            return [f"map_entries(histogram({query.value(constraint.columns[0])}))[:{MOST_CLASSES + 1}]"]
        case _ if constraint.kind in BETWEEN_ROWS:
            return marks(query, reading, constraint.columns) if marked else []
        case _:
            return [*query.counts(constraint)]


def _told(
    connection: duckdb.DuckDBPyConnection,
    reading: Reading,
    constraint: Constraint,
    values: tuple[Any, ...],
    masked: set[str],
) -> Told | None:
    """Return what a constraint says, given what its expressions are; None where they prove nothing."""
    match constraint.value:
        case AggregateDemand(rule=AggregateRule(by=None)) as demand:
            return told_of_all(demand, constraint.columns, values, masked)
        case AggregateDemand() as demand:
            return told_of_groups(connection, Query(reading), demand, constraint.columns, masked)
        case _ if constraint.kind in BETWEEN_ROWS:
            different, checked = values or (None, 0)
            return Told(0, checked) if different == checked else None
        case _:
            return Told(*values)


def _repeated(
    connection: duckdb.DuckDBPyConnection, reading: Reading, constraints: Sequence[Constraint]
) -> dict[int, Told]:
    """Return what repeats, for each constraint between rows."""
    if not constraints:
        return {}
    from mlci.adapters.duckdb_repeats import find_repeats  # noqa: PLC0415 - numpy is loaded only where it is needed

    repeats = find_repeats(connection, reading, [each.columns for each in constraints])
    return {
        id(constraint): Told(found.failing, found.checked, first=found.first)
        for constraint, found in zip(constraints, repeats, strict=True)
    }
