"""What damaged data have in common, asked of DuckDB where something is wrong; `core.causes` decides what it means."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mlci.adapters.data_reader import opened
from mlci.adapters.duckdb_connection import engine_errors_told, locked_connection
from mlci.adapters.duckdb_query import Query
from mlci.core.causes import (
    MOST_VALUES,
    OffsetEvidence,
    RatioEvidence,
    RepeatEvidence,
    ShiftEvidence,
    TruncationEvidence,
    ValueEvidence,
    decimal_comma,
    duplicated_delivery,
    encoding_damage,
    new_category,
    shifted_columns,
    time_zone,
    truncated_delivery,
    turned_back,
    unit_change,
)
from mlci.core.contract.model import ColumnSpec
from mlci.core.contract.scalar import ORDERED, TEMPORAL
from mlci.core.units import SAME_RATIO
from mlci.core.words import written
from mlci.errors import MlciError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb
    import numpy as np

    from mlci.adapters.reading import Reading
    from mlci.core.contract.constraints import Constraint, ConstraintKind
    from mlci.core.contract.scalar import ColumnType
    from mlci.core.data_files import DataFiles
    from mlci.core.findings import Cause

    Hashes = np.ndarray[tuple[int], np.dtype[np.uint64]]

_OF_VALUES: Final[frozenset[ConstraintKind]] = frozenset({"type", "enum", "pattern", "format", "length_max"})
"""Constraints whose cause shows in the texts that fail."""
_OF_FORM: Final[frozenset[ConstraintKind]] = frozenset({"type", "enum"})
"""Constraints that tell in which column a value belongs."""

_MOMENTS: Final[frozenset[ColumnType]] = frozenset({"timestamp", "timestamp_with_zone"})


@dataclass(frozen=True, slots=True)
class Broken:
    """A constraint that does not hold."""

    constraint: Constraint
    failing: int


def likely_causes(
    reading: Reading,
    broken: Sequence[Broken],
    constraints: Sequence[Constraint],
    base_files: DataFiles | None,
    key: str | None,
) -> dict[int, Cause]:
    """Return the likely cause of each broken constraint by its id, where one is recognised.

    A base that cannot be read only costs the causes that it would show.
    """
    if not broken:
        return {}
    with ExitStack() as stack:
        base = _opened(stack, base_files)
        sources = [*reading.sources, *(base.sources if base else ())]
        connection = stack.enter_context(locked_connection(sources))
        stack.enter_context(engine_errors_told(reading))
        search = _Search(connection, reading, base, constraints, key)
        found = {id(each.constraint): search.cause(each) for each in broken}
        moved = search.shift([each.constraint for each in broken])
        if moved:
            found |= {id(each.constraint): moved for each in broken if each.constraint.kind in _OF_FORM}
    return {constraint: cause for constraint, cause in found.items() if cause is not None}


def _opened(stack: ExitStack, files: DataFiles | None) -> Reading | None:
    try:
        return stack.enter_context(opened(files)) if files else None
    except MlciError:
        return None


@dataclass(frozen=True, slots=True)
class _Search:
    """The search for causes in one data set, beside base where there is one."""

    connection: duckdb.DuckDBPyConnection
    reading: Reading
    base: Reading | None
    constraints: Sequence[Constraint]
    key: str | None
    """The column that names a row."""

    def cause(self, broken: Broken) -> Cause | None:
        """Return the cause of one broken constraint."""
        constraint = broken.constraint
        match constraint.kind:
            case "min" | "max" | "rule":
                return self._beside_base(constraint)
            case "unique" | "key":
                return duplicated_delivery(RepeatEvidence(broken.failing, self._whole_repeats()))
            case "rows_min":
                return self._truncation()
            case kind if kind in _OF_VALUES:
                return self._of_values(constraint)
            case _:
                return None

    def _beside_base(self, constraint: Constraint) -> Cause | None:
        """Return the cause that the rows of base show that have the same key."""
        if self.base is None or self.key is None or self.key not in self.base.names:
            return None
        for column in constraint.columns:
            cause = self._changed(constraint, column, self.base) if column.name in self.base.names else None
            if cause is not None:
                return cause
        return None

    def _changed(self, constraint: Constraint, column: ColumnSpec, base: Reading) -> Cause | None:
        if column.type in _MOMENTS:
            differs = "(epoch_us({ours}) - epoch_us({theirs})) / 1000000"
            offset = OffsetEvidence(*self._pairs(constraint, column, base, differs)[:4])
            return time_zone(column.name, offset)
        if column.type in ORDERED - TEMPORAL:
            differs = "CASE WHEN {theirs} <> 0 THEN CAST({ours} AS DOUBLE) / {theirs} END"
            ratio = RatioEvidence(*self._pairs(constraint, column, base, differs))
            return unit_change(column.name, column.unit, ratio)
        return None

    def _pairs(
        self, constraint: Constraint, column: ColumnSpec, base: Reading, differs: str
    ) -> tuple[int, int, float | None, float | None, int]:
        """Return how COLUMN differs from base in the rows that break CONSTRAINT and whose key base has once.

        How many fail, for how many of these there is a difference, the smallest and the largest of them, and how many
        rows pass that differ by the smallest, too.
        """
        named = (each for constraint in self.constraints for each in constraint.columns if each.name == self.key)
        key = next(named, ColumnSpec(self.key or "", "string"))
        ours = Query(self.reading, name="head")
        theirs = Query(base, ours.parameters, name="base")
        fails, same = ours.condition(constraint).fails, ours.parameter(SAME_RATIO)
        difference = differs.format(ours=ours.value(column), theirs="once.value")
        our_key, base_key, base_value = ours.value(key), theirs.value(key), theirs.value(column)
        sql = f"""
            WITH {ours.tables()}, {theirs.tables()},
            once AS (
                SELECT {base_key} AS key, any_value({base_value}) AS value FROM base GROUP BY 1 HAVING count(*) = 1),
            pairs AS (
                SELECT {fails} AS fails, CAST({difference} AS DOUBLE) AS differs
                FROM head LEFT JOIN once ON {our_key} = once.key),
            found AS (
                SELECT count(*) FILTER (WHERE fails) AS failing, count(differs) FILTER (WHERE fails) AS matched,
                       min(differs) FILTER (WHERE fails) AS smallest, max(differs) FILTER (WHERE fails) AS largest
                FROM pairs)
            SELECT failing, matched, smallest, largest,
                   (SELECT count(*) FROM pairs WHERE NOT fails AND abs(differs / found.smallest - 1) <= {same})
            FROM found"""  # noqa: S608 - positions and parameters only
        found = self.connection.execute(sql, ours.parameters).fetchone()
        failing, matched, smallest, largest, passing = found or (0, 0, None, None, 0)
        return failing, matched, smallest, largest, passing

    def _of_values(self, constraint: Constraint) -> Cause | None:
        """Return the cause that the texts show which break CONSTRAINT."""
        column = constraint.columns[0]
        evidence = self._values(constraint)
        if constraint.kind == "type":
            return decimal_comma(column.name, evidence) if column.type in {"number", "decimal"} else None
        damage = encoding_damage(column.name, evidence)
        if damage is not None or constraint.kind != "enum":
            return damage
        return new_category(column.name, evidence, shows_values=not self._is_masked(column.name))

    def _is_masked(self, name: str) -> bool:
        """Tell whether a column holds what identifies people, by base's contract or by head's."""
        return any(column.pii for each in self.constraints for column in each.columns if column.name == name)

    def _values(self, constraint: Constraint) -> ValueEvidence:
        column = constraint.columns[0]
        query = Query(self.reading)
        fails, text = query.condition(constraint).fails, query.raw(column.name)
        sql = f"""
            WITH {query.tables()} SELECT {text}, count(*) FROM {query.name} WHERE {fails}
            GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {MOST_VALUES + 1}"""  # noqa: S608 - positions and parameters only
        counts = dict(self.connection.execute(sql, query.parameters).fetchall())
        listed = constraint.value if isinstance(constraint.value, tuple) else ()
        return ValueEvidence(
            counts=counts,
            is_complete=len(counts) <= MOST_VALUES,
            allowed=frozenset(each if isinstance(each, str) else written(each) for each in listed),
            in_base=self._in_base(column.name, {*counts, *filter(None, map(turned_back, counts))}),
        )

    def _in_base(self, column: str, texts: set[str]) -> frozenset[str] | None:
        """Return which of TEXTS base's COLUMN holds; None where it cannot tell."""
        if self.base is None or column not in self.base.names:
            return None
        query = Query(self.base)
        wanted = query.parameter(sorted(texts))
        sql = f"""
            WITH {query.tables()} SELECT DISTINCT {query.raw(column)} FROM {query.name}
            WHERE {query.raw(column)} IN (SELECT unnest({wanted}::VARCHAR[]))"""  # noqa: S608 - as above
        return frozenset(text for (text,) in self.connection.execute(sql, query.parameters).fetchall())

    def _whole_repeats(self) -> int:
        """Return how many rows repeat an earlier row in all columns."""
        from numpy import unique  # noqa: PLC0415 - loaded only where a key is broken, which needed it before

        return self.reading.rows - len(unique(self._row_hashes(self.reading, self.reading.names)))

    def _row_hashes(self, reading: Reading, names: Sequence[str]) -> Hashes:
        """Return a hash of each row's texts in the columns NAMES, shape (n_rows,), in the order of the file."""
        query = Query(reading)
        listed = ", ".join(map(query.raw, names))
        sql = f"WITH {query.tables()} SELECT hash({listed}) AS hash FROM {query.name}"  # noqa: S608 - positions only
        hashes: Hashes = self.connection.execute(sql, query.parameters).fetchnumpy()["hash"]
        return hashes

    def _truncation(self) -> Cause | None:
        base, names = self.base, self.reading.names
        if base is None or base.names != names or not self.reading.rows < base.rows:
            return None
        ours, theirs = self._row_hashes(self.reading, names), self._row_hashes(base, names)
        equal = int((ours == theirs[: len(ours)]).sum())
        return truncated_delivery(TruncationEvidence(self.reading.rows, base.rows, equal))

    def shift(self, broken: Sequence[Constraint]) -> Cause | None:
        """Return the cause when all values stand in the column beside their own."""
        at_fault = [each for each in broken if each.kind in _OF_FORM]
        columns = sorted({self.reading.names.index(each.columns[0].name) for each in at_fault})
        if len(columns) < 2:  # noqa: PLR2004 - one column at fault is no shift
            return None
        query = Query(self.reading)
        fails = [query.condition(each).fails for each in at_fault]
        of_column = [
            " OR ".join(
                condition
                for condition, each in zip(fails, at_fault, strict=True)
                if self.reading.names.index(each.columns[0].name) == place
            )
            for place in columns
        ]
        row, all_of = " OR ".join(fails), [f"count(*) FILTER (WHERE {each})" for each in of_column]
        moved = [self._moved(query, step) for step in (1, -1)]
        sides = [f"count(*) FILTER (WHERE ({row}) AND {each})" for each in moved]
        sql = f"""
            WITH {query.tables()} SELECT count(*) FILTER (WHERE {row}), {", ".join([*sides, *all_of])}
            FROM {query.name}"""  # noqa: S608 - positions and parameters only
        failing, left, right, *each_column = self.connection.execute(sql, query.parameters).fetchone() or (0, 0, 0)
        everywhere = sum(count == failing for count in each_column)
        return shifted_columns(ShiftEvidence(failing, everywhere, right_by_left=left, right_by_right=right))

    def _moved(self, query: Query, step: int) -> str:
        """Return whether each value has the type and is listed in the column STEP places before the one it is in."""
        conditions: list[str] = []
        for each in self.constraints:
            if each.kind not in _OF_FORM or each.columns[0].name not in self.reading.names:
                continue
            place = self.reading.names.index(each.columns[0].name) + step
            if 0 <= place < len(self.reading.names):
                name = self.reading.names[place]
                there = replace(each, columns=(replace(each.columns[0], name=name),))
                conditions.append(f"NOT {query.condition(there).fails}")
        return " AND ".join(conditions) or "false"
