"""The pass that counts: how many rows break each rule, and the figures of a profile, in one query over a data set."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import duckdb

from mlci.adapters.duckdb_aggregate import Told, measures, told_of_all, told_of_groups
from mlci.adapters.duckdb_connection import scan, select
from mlci.adapters.duckdb_marks import marks
from mlci.adapters.duckdb_profile import ProfileScan
from mlci.adapters.duckdb_query import Query
from mlci.core.contract.rule import AggregateDemand, AggregateRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.adapters.reading import Reading
    from mlci.core.contract.constraints import Constraint, ConstraintKind
    from mlci.core.contract.model import ColumnSpec
    from mlci.core.contract.scalar import ColumnType
    from mlci.core.profile import Profile

BETWEEN_ROWS: Final[frozenset[ConstraintKind]] = frozenset({"unique", "key"})
"""Constraints that no row breaks on its own."""


def counted(
    connection: duckdb.DuckDBPyConnection,
    reading: Reading,
    constraints: Sequence[Constraint],
    masked: set[str],
    *,
    columns: Sequence[ColumnSpec] | None,
    dataset: str,
) -> tuple[dict[int, Told], Profile | None]:
    """Return how many rows fail and how many were checked, for each constraint, and the profile of COLUMNS if given.

    Of a bound that some row breaks it is told that one does; `failing_rows` counts them. A rule about groups takes a
    pass of its own, and so do keys of which the first pass does not prove that they are all different.
    """
    scanned = partial(_scanned, connection, constraints, masked=masked, columns=columns, dataset=dataset)
    declared = reading.declared(_types(reading, constraints, columns or ()))
    try:
        told, profile = scanned(declared or reading, marked=True)
    except (duckdb.OutOfRangeException, duckdb.ConversionException, duckdb.InvalidInputException):
        # A file says of itself what is not so, or a text is no value of its type: then it is counted how many are not.
        told, profile = scanned(reading, marked=False)
    return told | _repeated(connection, reading, [each for each in constraints if id(each) not in told]), profile


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
    marked: bool,
) -> tuple[dict[int, Told], Profile | None]:
    """Return what `counted` does, but for keys that are not proven to be all different."""
    query = Query(reading)
    expressions = [_expressions(query, reading, each, marked=marked) for each in constraints]
    listed = [each for part in expressions for each in part]
    profile = None
    if columns is None:
        values = iter(select(connection, query, reading, listed, numbered=False))
    else:
        profiled = ProfileScan(query, columns, reading.rows)
        figures = profiled.expressions
        found = scan(connection, query, reading, [*figures, *listed], profiled.sample)
        values = iter(found[len(figures) :])
        private = frozenset(masked | {column.name for column in columns if column.pii})
        profile = profiled.profile(connection, found[: len(figures)], dataset=dataset, reading=reading, private=private)
    told: dict[int, Told] = {}
    for constraint, part in zip(constraints, expressions, strict=True):
        says = _told(connection, reading, constraint, tuple(islice(values, len(part))), masked)
        if says is not None:
            told[id(constraint)] = says
    return told, profile


def _expressions(query: Query, reading: Reading, constraint: Constraint, *, marked: bool) -> list[str]:
    """Return what to compute over all rows: for most constraints how many fail and how many are checked."""
    match constraint.value:
        case AggregateDemand(rule=AggregateRule(by=None)) as demand:
            return measures(query, demand, constraint.columns)
        case AggregateDemand():
            return []
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
