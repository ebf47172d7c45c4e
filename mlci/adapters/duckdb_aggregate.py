"""Aggregates computed by DuckDB: those of all rows in the pass that counts, those of groups in one more for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.adapters.duckdb_check import CheckSql
from mlci.core.contract.model import value_type
from mlci.core.expression import Truth, resolved, truth
from mlci.core.expression.tree import columns_of, text_of
from mlci.core.findings import MASK, MOST_EXAMPLES
from mlci.core.plain_text import one_line
from mlci.core.words import written

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

    from mlci.adapters.duckdb_query import Query
    from mlci.core.contract.model import ColumnSpec
    from mlci.core.contract.rule import AggregateDemand
    from mlci.core.expression import Measure, Node
    from mlci.core.expression.truth import Value

LONGEST_GROUP = 80
"""Characters of a group's name that a report shows."""
_COUNTING = frozenset({"count", "distinct", "share"})
"""Measures that tell nothing about a single row."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a rule says of a data set."""

    failing: int
    """Rows, groups or classes that break it; 1 where there is one group of all rows."""
    checked: int
    """Rows, groups or classes that could break it; 0 where no row has a value."""
    measured: tuple[str, ...] = ()
    """What was computed, for the first failing groups or classes."""
    first: tuple[int, ...] = ()
    """The first of the rows that break it, counted from 1, where they were looked for."""


def measures(query: Query, demand: AggregateDemand, columns: Sequence[ColumnSpec]) -> list[str]:
    """Return an aggregate expression for each measure of a rule, which reads COLUMNS."""
    return [_measure(query, each, columns) for each in demand.rule.aggregate.measures]


def told_of_all(
    demand: AggregateDemand, columns: Sequence[ColumnSpec], values: Sequence[Value], masked: set[str]
) -> Told:
    """Return what a rule without groups says, given what its measures are."""
    check = demand.rule.aggregate
    row = {text_of(each): value for each, value in zip(check.measures, values, strict=True)}
    found = truth(_resolved(demand, columns), row)
    fails = _fails(demand, found)
    shown = (_shown(demand, values, masked),) if fails else ()
    return Told(int(fails), int(found is not Truth.UNKNOWN), shown)


def told_of_groups(
    connection: duckdb.DuckDBPyConnection,
    query: Query,
    demand: AggregateDemand,
    columns: Sequence[ColumnSpec],
    masked: set[str],
) -> Told:
    """Return what a rule says of the groups of its column `by`, the last of COLUMNS that it names."""
    by = next(column for column in columns if column.name == demand.rule.by)
    check = demand.rule.aggregate
    group = query.value(by)
    computed = measures(query, demand, columns)
    names = {text_of(each): f"m{place}" for place, each in enumerate(check.measures)}
    says = CheckSql(names.__getitem__, query.parameter).truth(_resolved(demand, columns))
    failing = [Truth.FALSE, Truth.ERROR, *([Truth.UNKNOWN] if demand.fails_without_values else [])]
    fails = f"says IN ({', '.join(str(int(each)) for each in failing)})"
    listed = ", ".join(f"{sql} AS m{place}" for place, sql in enumerate(computed))
    values = ", ".join(f"'{name}': {name}" for name in names.values())
    example = f"{{'name': left(CAST(name AS VARCHAR), {LONGEST_GROUP + 1}), {values}}}"
    sql = f"""
        WITH {query.tables()},
        groups AS (SELECT {group} AS name, {listed} FROM {query.name} WHERE {group} IS NOT NULL GROUP BY {group}),
        told AS (SELECT *, {says} AS says FROM groups)
        SELECT count(*) FILTER (WHERE {fails}), count(*) FILTER (WHERE {fails} OR says <> {Truth.UNKNOWN}),
               min({example}, {MOST_EXAMPLES}) FILTER (WHERE {fails})
        FROM told"""  # noqa: S608 - positions and parameters only
    found = connection.execute(sql, query.parameters).fetchone() or (0, 0, None)
    count, checked, examples = found
    shown = tuple(
        f"{by.name} = {MASK if by.name in masked else one_line(each['name'], LONGEST_GROUP)}: "
        f"{_shown(demand, [each[name] for name in names.values()], masked)}"
        for each in examples or ()
    )
    return Told(count, checked, shown)


def _fails(demand: AggregateDemand, found: Truth) -> bool:
    if found is Truth.UNKNOWN:
        return demand.fails_without_values
    return found is not Truth.TRUE


def _measure(query: Query, measure: Measure, columns: Sequence[ColumnSpec]) -> str:
    operand = measure.operand
    if operand is None:
        return "count(*)"
    if measure.function == "share":
        says = query.truth(operand, columns)
        holding = f"CAST(count(*) FILTER (WHERE {says} = {Truth.TRUE}) AS DOUBLE)"
        return f"{holding} / nullif(count(*) FILTER (WHERE {says} <> {Truth.UNKNOWN}), 0)"
    column = next(each for each in columns if each.name == columns_of(operand)[0])
    value = query.value(column)
    match measure.function:
        case "distinct":
            return f"count(DISTINCT {value})"
        case "sum" | "mean":
            # By way of the text, since a division by a power of ten may be rounded twice.
            exact = f"CAST({value} AS VARCHAR)" if column.digits else value
            return f"{'fsum' if measure.function == 'sum' else 'favg'}(CAST({exact} AS DOUBLE))"
        case plain:
            return f"{plain}({value})"


def _resolved(demand: AggregateDemand, columns: Sequence[ColumnSpec]) -> Node:
    return resolved(demand.rule.aggregate.tree, {column.name: value_type(column) for column in columns})


def _shown(demand: AggregateDemand, values: Sequence[Value], masked: set[str]) -> str:
    """Return what was computed, without what tells about people."""
    parts = [
        f"{one_line(text_of(measure))} = {_value(measure, value, masked)}"
        for measure, value in zip(demand.rule.aggregate.measures, values, strict=True)
    ]
    return ", ".join(parts)


def _value(measure: Measure, value: Value, masked: set[str]) -> str:
    if value is None:
        return "no value"
    if measure.operand is not None and measure.function not in _COUNTING and masked & {*columns_of(measure.operand)}:
        return MASK
    return written(float(f"{value:.6g}") if isinstance(value, float) else value)
