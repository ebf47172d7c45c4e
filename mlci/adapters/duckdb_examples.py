"""The rows that break something: the first of each rule, in one pass that reads only where they may stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.adapters.duckdb_aggregate import Told
from mlci.adapters.duckdb_query import Query
from mlci.core.findings import MASK, MOST_EXAMPLES, ExampleRow
from mlci.core.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from mlci.adapters.reading import Reading
    from mlci.core.contract.constraints import Constraint, ConstraintKind
    from mlci.core.contract.model import ColumnSpec

LONGEST_SHOWN = 80
"""Characters of a value in an example."""
LOOKED_FOR: Final[frozenset[ConstraintKind]] = frozenset({"unique", "key", "conflicts"})
"""Constraints whose failing rows are found before examples are shown."""
_BOUNDS: Final[frozenset[ConstraintKind]] = frozenset({"min", "max"})


def failing_rows(
    connection: duckdb.DuckDBPyConnection,
    reading: Reading,
    broken: Sequence[Constraint],
    told: Mapping[int, Told],
    *,
    key: str | None,
    masked: set[str],
    others: Mapping[str, Reading],
) -> tuple[dict[int, Told], dict[int, tuple[ExampleRow, ...]]]:
    """Return TOLD, bounds counted, and the first failing rows of each BROKEN constraint; references lead to OTHERS."""
    if not broken:
        return {**told}, {}
    query = Query(reading, others=others)
    fails = [_fails(query, each, told[id(each)]) for each in broken]
    expressions: list[str] = []
    for constraint, condition in zip(broken, fails, strict=True):
        values = ", ".join(_start(query.raw(column.name)) for column in constraint.columns)
        name = _start(query.raw(key)) if key else "NULL"
        row = f"{{'row': row, 'key': {name}, 'values': [{values}]}}"
        expressions += [f"min({row}, {MOST_EXAMPLES}) FILTER (WHERE {condition})"]
        expressions += [f"count(*) FILTER (WHERE {condition})"]
    # Without the condition on all of it, every part of a file would be read.
    sql = f"""
        WITH {query.tables(numbered=True)} SELECT {", ".join(expressions)} FROM {query.name}
        WHERE {" OR ".join(fails)}"""  # noqa: S608 - positions and parameters only
    found = connection.execute(sql, query.parameters).fetchone() or ()
    rows, counts = found[::2], found[1::2]
    bounds = {id(each): int(count) for each, count in zip(broken, counts, strict=True) if each.kind in _BOUNDS}
    places = reading.places([example["row"] for examples in rows for example in examples or ()])
    shown = {
        id(constraint): tuple(
            ExampleRow(
                line=places[example["row"]].line,
                file=places[example["row"]].file,
                key=_shown(example["key"], key in masked) if key else None,
                value=_values(constraint.columns, example["values"], masked),
            )
            for example in examples or ()
        )
        for constraint, examples in zip(broken, rows, strict=True)
    }
    return {**told, **{each: Told(count, told[each].checked) for each, count in bounds.items()}}, shown


def _fails(query: Query, constraint: Constraint, told: Told) -> str:
    """Return the condition on a row that is to be shown; never NULL."""
    if constraint.kind not in LOOKED_FOR:
        return query.condition(constraint).fails
    listed = ", ".join(map(query.parameter, told.first))
    return f"row IN ({listed})" if listed else "false"


def _start(column: str) -> str:
    return f"left({column}, {LONGEST_SHOWN + 1})"


def _shown(value: str | None, masked: bool) -> str | None:  # noqa: FBT001 - a private function with two arguments
    if masked:
        return MASK
    if value is None:
        return None
    # Blanks at the ends and hidden characters are often the fault, so they are made visible.
    visible = value if value.isprintable() and value == value.strip() else repr(value)
    return one_line(visible, LONGEST_SHOWN)


def _values(columns: Sequence[ColumnSpec], values: Sequence[str | None], masked: set[str]) -> str | None:
    shown = [_shown(value, column.name in masked) for column, value in zip(columns, values, strict=True)]
    if len(columns) == 1:
        return shown[0]
    return ", ".join(f"{column.name} = {value}" for column, value in zip(columns, shown, strict=True))
