"""SQL for DuckDB, written from constraints.

No text of a user's reaches it: columns are called by their position (`c0`, `c1`), every value is a parameter, and a
check arrives as a tree. So there is nothing to quote and nothing to forget.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from mlci.adapters.duckdb_check import CheckSql
from mlci.adapters.duckdb_types import typed_text
from mlci.core.contract.data_set_rule import Reference
from mlci.core.contract.formats import format_called
from mlci.core.contract.model import ColumnSpec, value_type
from mlci.core.contract.pattern import Pattern
from mlci.core.contract.rule import CrossRule
from mlci.core.expression import Truth, resolved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlci.adapters.reading import Reading
    from mlci.core.contract.constraints import Constraint
    from mlci.core.contract.scalar import ColumnType
    from mlci.core.digits import Digits
    from mlci.core.expression import Node

Parameter = int | float | str | bool | Decimal | date | time | list[int] | list[str] | list[str | None]

_MOST_LOOKED_THROUGH: Final = 64
"""Texts that are allowed: of more, a table of hashes is made."""


@dataclass(frozen=True, slots=True)
class Condition:
    """How a constraint looks at a row: two SQL expressions, neither of which is ever NULL."""

    fails: str
    checked: str


class Query:
    """The columns, typed values and parameters of one SELECT over one data set."""

    def __init__(
        self,
        reading: Reading,
        parameters: dict[str, Parameter] | None = None,
        name: str = "data",
        others: Mapping[str, Reading] = MappingProxyType({}),
    ) -> None:
        """Begin a query over READING, which refers to OTHERS; two queries may share PARAMETERS to become parts of one.

        Every data set that a constraint given to it refers to must be among OTHERS, and have the column.
        """
        self.parameters: dict[str, Parameter] = {} if parameters is None else parameters
        self.name = name
        self._places = {column: place for place, column in enumerate(reading.names)}
        self._typed: dict[str, str] = {}
        self._reading = reading
        self._table = reading.table(self.parameter)
        self._others = others
        self._known: dict[tuple[str, str], Query] = {}
        """What is referred to: each other column, by the type that it is read as."""

    def parameter(self, value: Parameter) -> str:
        """Return the placeholder of VALUE."""
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f"${name}"

    def raw(self, column: str) -> str:
        """Return the text of COLUMN, NULL where the field is empty."""
        return f"c{self._places[column]}"

    def stored(self, column: str) -> str:
        """Return COLUMN as the files hold it, NULL where a row has no value."""
        return self._reading.stored(self._places[column])

    def typed(self, column: str, type_: ColumnType, digits: Digits | None = None) -> str:
        """Return the value of COLUMN, NULL where it is empty or not written as its type is."""
        alias = f"{self.raw(column)}_{type_}" + (f"_{digits.precision}_{digits.scale}" if digits else "")
        known = self._reading.typed(self._places[column], type_, digits)
        self._typed[alias] = typed_text(self.raw(column), type_, digits) if known is None else known
        return alias

    def value(self, column: ColumnSpec) -> str:
        """Return the value of COLUMN as `typed` does."""
        return self.typed(column.name, column.type, column.digits)

    def together(self, columns: Sequence[ColumnSpec]) -> str:
        """Return the values of COLUMNS as one, NULL where any of them is."""
        values = [self.value(column) for column in columns]
        if len(values) == 1:
            return values[0]
        alias = "_and_".join(values)
        there = " AND ".join(f"{value} IS NOT NULL" for value in values)
        self._typed[alias] = f"CASE WHEN {there} THEN row({', '.join(values)}) END"
        return alias

    def tables(self, *, numbered: bool = False) -> str:
        """Return what follows WITH: the data set as a table of typed values, if NUMBERED with `row`, counted from 1."""
        row = f"{self._reading.numbering} AS row, " if numbered else ""
        typed = "".join(f", {expression} AS {alias}" for alias, expression in self._typed.items())
        known = "".join(f"{other.tables()}, " for other in self._known.values())
        text = f"{self.name}_text AS (SELECT {row}* FROM {self._table}), "  # noqa: S608 - positions and parameters only
        return f"{known}{text}{self.name} AS (SELECT *{typed} FROM {self.name}_text)"  # noqa: S608 - as above

    def condition(self, constraint: Constraint) -> Condition:
        """Return how CONSTRAINT looks at a row; for those that a row can break on its own."""
        if isinstance(constraint.value, CrossRule):
            return self._rule(constraint.value, constraint.columns)
        column = constraint.columns[0]
        stored = self.stored(column.name)
        if constraint.kind == "required":
            return Condition(f"{stored} IS NULL", "true")
        value = self.value(column)
        there = f"{value} IS NOT NULL"
        if constraint.kind == "type":
            return Condition(f"({stored} IS NOT NULL AND {value} IS NULL)", f"{stored} IS NOT NULL")
        return Condition(f"({there} AND {self._breaks(constraint, value)})", there)

    def counts(self, constraint: Constraint) -> tuple[str, str]:
        """Return aggregates for how many rows break CONSTRAINT and how many are checked, as `condition` has them.

        Of a bound, the first only tells whether any row breaks it: the smallest and the largest value prove that none
        does, and they are had for less than a count. None is written with FILTER, for which DuckDB cuts every column of
        the query to the rows that pass, once for each.
        """
        if isinstance(constraint.value, CrossRule):
            condition = self.condition(constraint)
            return _count_if(condition.fails), _count_if(condition.checked)
        stored, value = self.stored(constraint.columns[0].name), self.value(constraint.columns[0])
        match constraint.kind:
            case "required":
                return f"count(*) - count({stored})", "count(*)"
            case "type":
                return f"count({stored}) - count({value})", f"count({stored})"
            case "min" | "max" as kind:
                return f"coalesce({self._breaks(constraint, f'{kind}({value})')}, false)", f"count({value})"
            case _:
                return _count_if(self.condition(constraint).fails), f"count({value})"

    def _breaks(self, constraint: Constraint, value: str) -> str:
        """Return whether a VALUE that is there breaks CONSTRAINT."""
        column = constraint.columns[0]
        match constraint.kind, constraint.value:
            case "enum", tuple() as values if column.type == "string" and len(values) <= _MOST_LOOKED_THROUGH:
                # A function of a text is computed once for each entry of a file's dictionary; IN is not.
                return f"list_position({self.parameter([str(each) for each in values])}, {value}) IS NULL"
            case "enum", tuple() as values:
                return f"{value} NOT IN ({', '.join(self.parameter(_as(column, each)) for each in values)})"
            case "min", bound:
                return f"{value} < {self.parameter(_as(column, bound))}"
            case "max", bound:
                return f"{value} > {self.parameter(_as(column, bound))}"
            case "length_min", int(least):
                return f"length({value}) < {self.parameter(least)}"
            case "length_max", int(most):
                return f"length({value}) > {self.parameter(most)}"
            case "pattern" | "format", told:
                return self._differs(value, told if isinstance(told, Pattern) else format_called(told).pattern)
            case "reference", Reference() as rule:
                return self._refers_to_nothing(rule, column)
            case kind, _:
                msg = f"a single row cannot break {kind}"
                raise TypeError(msg)

    def _refers_to_nothing(self, rule: Reference, column: ColumnSpec) -> str:
        """Return whether the value of COLUMN, which is there, is none of those that RULE names; computed once.

        The other column is read within the same query, and kept as one table of hashes that every row is looked up in.
        """
        value = self.value(column)
        place = (rule.to, value.removeprefix(self.raw(column.name)))
        if place not in self._known:
            name = f"other{len(self._known)}"
            self._known[place] = Query(self._others[rule.data_set], self.parameters, name=name)
        other = self._known[place]
        known = other.value(ColumnSpec(rule.column, column.type, digits=column.digits))
        alias = f"{value}_in_{other.name}"
        self._typed[alias] = f"{value} IN (SELECT {known} FROM {other.name} WHERE {known} IS NOT NULL)"  # noqa: S608 - positions and parameters only
        return f"NOT {alias}"

    def _differs(self, value: str, pattern: Pattern) -> str:
        # What matches as a whole is taken out as a whole, so nothing is taken out of what does not match; this function
        # is computed once for each entry of a file's dictionary, the one that only tells is not.
        whole = rf"\A(?:{pattern.regular_expression})\z"
        taken = f"regexp_extract({value}, {self.parameter(whole)})"
        return f"({taken} = '' AND {value} <> '')" if pattern.matches("") else f"{taken} = ''"

    def _rule(self, rule: CrossRule, columns: Sequence[ColumnSpec]) -> Condition:
        says = self.truth(rule.check.tree, columns)
        fails, checked = f"({says} IN ({Truth.FALSE}, {Truth.ERROR}))", f"({says} <> {Truth.UNKNOWN})"
        if rule.when is None:
            return Condition(fails, checked)
        looks = f"({self.truth(rule.when.tree, columns)} = {Truth.TRUE})"
        return Condition(f"({looks} AND {fails})", f"({looks} AND {checked})")

    def truth(self, check: Node, columns: Sequence[ColumnSpec]) -> str:
        """Return the `Truth` of CHECK, which reads COLUMNS, for the row at hand; computed once."""
        specs = {column.name: column for column in columns}
        writer = CheckSql(lambda name: self.value(specs[name]), self.parameter)
        truth = writer.truth(resolved(check, {name: value_type(column) for name, column in specs.items()}))
        alias = f"t{len(self._typed)}"
        self._typed[alias] = truth
        return alias


def _as(column: ColumnSpec, value: object) -> Parameter:
    """Return a bound in the type that its column is compared in."""
    if column.type == "number" and isinstance(value, int | float):
        return float(value)
    if isinstance(value, Parameter):
        return value
    msg = f"a {type(value).__name__} is no single value"
    raise TypeError(msg)


def _count_if(condition: str) -> str:
    """Return how many rows a CONDITION holds for, also of none."""
    return f"coalesce(count_if({condition}), 0)"


def within(query: Query, part: list[int] | tuple[int, int]) -> str:
    """Return the condition on a hash: one of a list, or in a range whose ends belong to it."""
    if isinstance(part, tuple):
        low, high = part
        return f"BETWEEN {query.parameter(low)}::UBIGINT AND {query.parameter(high)}::UBIGINT"
    return f"IN (SELECT unnest({query.parameter(part)}::UBIGINT[]))"
