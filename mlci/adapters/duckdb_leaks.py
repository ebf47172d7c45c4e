"""Leaks between data sets, found by DuckDB: each set is read once for all its rows, and again only where they meet.

Rows are compared by hashes of eight bytes: one of the values, and one for each of two grids that numbers are rounded
to, half a step apart, so that two numbers close to each other meet on one of them. Those of the smaller set are kept,
those of the larger one pass by. Rows whose hashes meet are then compared by 128 bits of all their values as text.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mlci.adapters.data_reader import opened
from mlci.adapters.duckdb_connection import engine_errors_told, locked_connection
from mlci.adapters.duckdb_label_leaks import label_evidence
from mlci.adapters.duckdb_query import Query
from mlci.core.contract.scalar import NUMERIC, TEMPORAL
from mlci.core.findings import MOST_EXAMPLES, ExampleRow
from mlci.core.leaks import LeakEvidence, PairEvidence, Shared, nothing_to_compare
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb

    from mlci.adapters.reading import Reading
    from mlci.core.contract.model import ColumnSpec
    from mlci.core.data_files import DataFiles
    from mlci.core.leak_rule import LeakRule

STEPS: Final = 1_000
"""Into how many steps the range of a column of numbers is parted by each grid."""
_MOST: Final = 0.5
"""Share of rows from which on it is worth to look for rows in two steps."""
_NO_ROWS: Final = Shared(0)


def find_leaks(rule: LeakRule, sets: Mapping[str, DataFiles], columns: Mapping[str, ColumnSpec]) -> LeakEvidence:
    """Return what was found by RULE in SETS, whose COLUMNS the contracts know.

    Raises what opening data raises, and `UsageError`: "leak-column-unknown", "nothing-to-compare".
    """
    with ExitStack() as stack:
        readings = {name: stack.enter_context(opened(files)) for name, files in sets.items()}
        _refuse_unknown(rule, readings)
        sources = [source for reading in readings.values() for source in reading.sources]
        connection = stack.enter_context(locked_connection(sources))
        for reading in readings.values():
            stack.enter_context(engine_errors_told(reading))
        pairs = [
            _Pair(connection, rule, (one, readings[one]), (other, readings[other]), columns).evidence()
            for one, other in rule.pairs
        ]
        first = rule.sets[0]
        label = label_evidence(connection, rule, first, readings[first], columns) if rule.label else None
        return LeakEvidence(tuple(pairs), label)


def _refuse_unknown(rule: LeakRule, readings: Mapping[str, Reading]) -> None:
    """Raise where a column that RULE names is not in a set."""
    for key, column in (("group", rule.group), ("time", rule.time), ("label", rule.label)):
        for name, reading in readings.items():
            if column is not None and column not in reading.names and (key != "label" or name == rule.sets[0]):
                raise UsageError(
                    "leak-column-unknown",
                    f"`leaks` names the {key} `{column}`, which `{name}` does not have",
                    where="mlci.yaml",
                    cause="The column was renamed, or its name is mistyped.",
                    hint=f"One of: {', '.join(reading.names[:20])}",
                )


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two sets, the earlier one first."""

    connection: duckdb.DuckDBPyConnection
    rule: LeakRule
    earlier: tuple[str, Reading]
    later: tuple[str, Reading]
    columns: Mapping[str, ColumnSpec]

    def evidence(self) -> PairEvidence:
        """Return all that the two have in common."""
        names = self._compared()
        exact, rounded, collapsed = self._rows(names)
        return PairEvidence(
            earlier=self.earlier[0],
            later=self.later[0],
            rows=self.later[1].rows,
            columns=names,
            exact=exact,
            rounded=rounded,
            collapsed=collapsed,
            groups=self._groups() if self.rule.group else None,
            times=self._times() if self.rule.time else None,
        )

    def _compared(self) -> tuple[str, ...]:
        """Return the columns that rows are compared by."""
        left_out = {*self.rule.ignore, self.rule.label}
        theirs = set(self.later[1].names) - left_out
        names = tuple(name for name in self.earlier[1].names if name in theirs)
        if not names:
            raise UsageError(
                "nothing-to-compare",
                nothing_to_compare((self.earlier[0], self.later[0])),
                where="mlci.yaml",
                hint="Shorten `ignore:` of this entry of `leaks:`, or take one of the sets out.",
            )
        return names

    def _query(self, side: tuple[str, Reading], parameters: dict[str, Any], name: str) -> Query:
        return Query(side[1], parameters, name)

    def _value(self, query: Query, name: str) -> str:
        """Return the value of a column, in one type for all formats."""
        spec = self.columns.get(name)
        if spec is None:
            return query.raw(name)
        kind = {"integer": "BIGINT", "number": "DOUBLE"}.get(spec.type, "VARCHAR")
        return f"CAST({query.value(spec)} AS {kind})"

    def _rows(self, names: Sequence[str]) -> tuple[Shared, Shared, float]:
        """Return the rows of the later set that the earlier one has: exactly, rounded, and how rounding collapses."""
        if not (self.earlier[1].rows and self.later[1].rows):
            return _NO_ROWS, _NO_ROWS, 0.0
        small, large = sorted((self.earlier, self.later), key=lambda side: side[1].rows)
        steps = self._steps(small, names)
        hashes = ["h0", "h1", "h2"] if steps else ["h0"]
        self._keep("few", small, names, steps)
        met = " OR ".join(_stands_in("few", each) for each in hashes)
        # Rows that meet at all have equal values in what is not rounded; where these tell rows apart, little is left.
        begun = f"WHERE {_stands_in('few', 'whole')}" if self._tells_apart("whole") else ""
        self._keep("met", large, names, steps, begun=begun, where=f"WHERE {met}")
        later, earlier = ("few", "met") if small is self.later else ("met", "few")
        is_exact = _stands_in(earlier, "h0")
        is_rounded = " OR ".join(_stands_in(earlier, each) for each in hashes[1:]) or "false"
        counted = f"""SELECT count(*) FILTER (WHERE {is_exact}),
            count(*) FILTER (WHERE NOT ({is_exact}) AND ({is_rounded})) FROM {later}"""  # noqa: S608 - names of our own
        exact, rounded = self.connection.execute(counted).fetchone() or (0, 0)
        collapsed = self._collapsed() if rounded else 0.0
        shared = self._confirmed(names, small) if exact else _NO_ROWS
        self.connection.execute("DROP TABLE few")
        self.connection.execute("DROP TABLE met")
        return shared, Shared(rounded), collapsed

    def _steps(self, side: tuple[str, Reading], names: Sequence[str]) -> dict[str, float]:
        """Return the step of the grid for each column of numbers."""
        numbers = [name for name in names if name in self.columns and self.columns[name].type == "number"]
        if not numbers:
            return {}
        query = self._query(side, {}, "side")
        ranges = ", ".join(f"max({value}) - min({value})" for value in (self._value(query, name) for name in numbers))
        sql = f"WITH {query.tables()} SELECT {ranges} FROM side"  # noqa: S608 - positions and parameters only
        found = self.connection.execute(sql, query.parameters).fetchone() or ()
        return {name: span / STEPS for name, span in zip(numbers, found, strict=True) if span}

    def _keep(
        self,
        table: str,
        side: tuple[str, Reading],
        names: Sequence[str],
        steps: Mapping[str, float],
        *,
        begun: str = "",
        where: str = "",
    ) -> None:
        """Keep the hashes of the rows of one SIDE in a table, numbered; of some of the rows also a digest.

        Those are left over by the clauses BEGUN, by what is not rounded, and WHERE, by all.
        """
        query = self._query(side, {}, "side")
        values = {name: self._value(query, name) for name in names}
        rest = [value for name, value in values.items() if name not in steps]
        cells = [f"{values[name]} / {query.parameter(step)}" for name, step in steps.items()]
        numbers = [values[name] for name in steps]
        # What is not rounded is hashed once for all three.
        whole = f"hash({', '.join(rest)})" if rest else "0"
        listed = [f"{_hash('whole', *numbers)} AS h0"]
        if steps:
            listed.append(f"{_hash('whole', *(f'floor({cell})' for cell in cells))} AS h1")
            listed.append(f"{_hash('whole', *(f'floor({cell} + 0.5)' for cell in cells))} AS h2")
        told = f"{_digest(values.values())} AS digest, " if where else ""
        sql = f"""CREATE TEMP TABLE {table} AS WITH {query.tables(numbered=True)},
            begun AS (SELECT *, {whole} AS whole FROM side),
            left_over AS (SELECT * FROM begun {begun}),
            hashed AS (SELECT *, {", ".join(listed)} FROM left_over)
            SELECT row, whole, {told}{", ".join(each.split(" AS ")[-1] for each in listed)} FROM hashed {where}"""  # noqa: S608 - as above
        self.connection.execute(sql, query.parameters)

    def _tells_apart(self, hashed: str) -> bool:
        """Tell whether most rows of the smaller set have a hash of their own, by an estimate."""
        sql = f"SELECT approx_count_distinct({hashed}), count(*) FROM few"  # noqa: S608 - a name of our own
        different, rows = self.connection.execute(sql).fetchone() or (0, 0)
        return bool(different > _MOST * rows)

    def _collapsed(self) -> float:
        """Return the share of different rows of the smaller set that rounding makes equal."""
        every = "SELECT count(DISTINCT h0), count(DISTINCT h1) FROM few"
        different, apart = self.connection.execute(every).fetchone() or (0, 0)
        return 1 - apart / different if different else 0.0

    def _confirmed(self, names: Sequence[str], small: tuple[str, Reading]) -> Shared:
        """Return the rows of the later set that the earlier one has by a digest of their values, where hashes meet."""
        query = self._query(small, {}, "side")
        values = [self._value(query, name) for name in names]
        later, earlier = ("again", "met") if small is self.later else ("met", "again")
        sql = f"""WITH {query.tables(numbered=True)},
            again AS (SELECT row, {_digest(values)} AS digest FROM side
                      WHERE row IN (SELECT row FROM few WHERE {_stands_in("met", "h0")}))
            SELECT count(*), min(row, {MOST_EXAMPLES}) FROM {later}
            WHERE digest IN (SELECT digest FROM {earlier})"""  # noqa: S608 - as above
        failing, rows = self.connection.execute(sql, query.parameters).fetchone() or (0, None)
        return Shared(failing, examples=self._examples(rows))

    def _examples(self, rows: Sequence[int] | None) -> tuple[ExampleRow, ...]:
        places = self.later[1].places(rows or [])
        return tuple(ExampleRow(line=places[row].line, key=None, value=None) for row in rows or [])

    def _groups(self) -> Shared:
        """Return the rows of the later set whose group the earlier one has."""
        ours, theirs = self._both()
        our, their = (self._value(query, str(self.rule.group)) for query in (ours, theirs))
        sql = f"""WITH {ours.tables(numbered=True)}, {theirs.tables()}
            SELECT count(*), count(DISTINCT {our}), min(row, {MOST_EXAMPLES}) FROM ours
            WHERE {our} IN (SELECT {their} FROM theirs WHERE {their} IS NOT NULL)"""  # noqa: S608 - as above
        failing, groups, rows = self.connection.execute(sql, ours.parameters).fetchone() or (0, 0, None)
        return Shared(failing, groups, self._examples(rows))

    def _times(self) -> Shared:
        """Return the rows of the later set that are not after the last one of the earlier set."""
        ours, theirs = self._both()
        our, their = (self._moment(query, str(self.rule.time)) for query in (ours, theirs))
        sql = f"""WITH {ours.tables(numbered=True)}, {theirs.tables()}
            SELECT count(*), min(row, {MOST_EXAMPLES}) FROM ours
            WHERE {our} <= (SELECT max({their}) FROM theirs)"""  # noqa: S608 - as above
        failing, rows = self.connection.execute(sql, ours.parameters).fetchone() or (0, None)
        return Shared(failing, examples=self._examples(rows))

    def _moment(self, query: Query, name: str) -> str:
        """Return what orders rows in time: the typed value of numbers, days and times, else the text."""
        spec = self.columns.get(name)
        return query.value(spec) if spec and spec.type in NUMERIC | TEMPORAL else query.raw(name)

    def _both(self) -> tuple[Query, Query]:
        ours = self._query(self.later, {}, "ours")
        return ours, self._query(self.earlier, ours.parameters, "theirs")


def _stands_in(table: str, hashed: str) -> str:
    """Return the condition that a hash is in a TABLE of ours."""
    return f"{hashed} IN (SELECT {hashed} FROM {table})"  # noqa: S608 - names of our own


def _hash(*values: str) -> str:
    return f"hash({', '.join(values)})"


def _digest(values: Iterable[str]) -> str:
    """Return 128 bits of the values as text."""
    return f"md5_number(CAST(row({', '.join(values)}) AS VARCHAR))"
