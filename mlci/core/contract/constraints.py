"""A contract taken apart: one atomic constraint for everything that can hold or fail on its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlci.core.contract.model import ColumnSpec, Contract, CrossRule
from mlci.core.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

ConstraintKind = Literal["present", "type", "required", "enum", "min", "max", "unique", "rows_min", "rows_max", "rule"]
Origin = Literal["base", "head"]
Value = int | float | str | bool | tuple[int | float | str | bool, ...] | CrossRule

MOST_SHOWN = 10
"""Values of an enumeration that a sentence lists."""

TYPE_WORDS = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
}


@dataclass(frozen=True, slots=True)
class Constraint:
    """One thing that must hold; it knows all that an engine needs to check it."""

    key: tuple[str, ...]
    """Where the contract says it: `("columns", "mean_radius", "max")`, `("rows", "min")`, `("rules", "name")`."""
    columns: tuple[ColumnSpec, ...]
    """The columns that it reads; none for bounds on rows."""
    kind: ConstraintKind
    value: Value
    """The bound, the allowed values, the type's name, True, or the cross-column rule."""
    sentence: str
    """What must hold, in plain words: "`mean_radius` is at most 60 µm". Text, not Markdown: a renderer escapes it."""
    origin: Origin = "base"
    """Whose rule it is."""


def constraints(contract: Contract) -> tuple[Constraint, ...]:
    """Return everything that CONTRACT demands, in the order of the file."""
    found = [constraint for name in contract.columns for constraint in _of_column(contract, name)]
    if contract.rows is not None:
        found += _of_rows(contract.rows.min, contract.rows.max)
    found += [_of_rule(contract, rule) for rule in contract.rules]
    return tuple(found)


def code(text: str) -> str:
    """Return TEXT between backticks, as one line that cannot close them."""
    return "`" + one_line(text.replace("`", "'")) + "`"


def written(value: object) -> str:
    """Return a single value as a contract says it: no needless `.0`, no quotes, YAML's true and false.

    >>> written(60.0), written(0.1), written(True), written("small")
    ('60', '0.1', 'true', 'small')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004 - beyond it 1e+15 reads better
        return str(int(value))
    return one_line(str(value), 60)


def listed(values: tuple[int | float | str | bool, ...]) -> str:
    """Return the values of an enumeration for a sentence, not more than a reader takes in."""
    shown = ", ".join(written(value) for value in values[:MOST_SHOWN])
    more = len(values) - MOST_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def measured(value: object, unit: str | None) -> str:
    """Return VALUE with its unit, if it has one."""
    return f"{written(value)} {unit}" if unit else written(value)


def _of_column(contract: Contract, name: str) -> Iterator[Constraint]:
    rule, column = contract.columns[name], (contract.column(name),)

    def constraint(kind: ConstraintKind, value: Value, says: str) -> Constraint:
        return Constraint(("columns", name, kind), column, kind, value, f"{code(name)} {says}")

    yield constraint("present", value=True, says="is a column of the file")
    yield constraint("type", rule.type, f"is {TYPE_WORDS[rule.type]}")
    if rule.required:
        yield constraint("required", value=True, says="has a value in every row")
    if rule.enum is not None:
        yield constraint("enum", rule.enum, f"is one of {listed(rule.enum)}")
    if rule.min is not None:
        yield constraint("min", rule.min, f"is at least {measured(rule.min, rule.unit)}")
    if rule.max is not None:
        yield constraint("max", rule.max, f"is at most {measured(rule.max, rule.unit)}")
    if rule.unique:
        yield constraint("unique", value=True, says="is different in every row")


def _of_rows(least: int | None, most: int | None) -> Iterator[Constraint]:
    if least is not None:
        yield Constraint(("rows", "min"), (), "rows_min", least, f"there are at least {least:,} rows")
    if most is not None:
        yield Constraint(("rows", "max"), (), "rows_max", most, f"there are at most {most:,} rows")


def _of_rule(contract: Contract, rule: CrossRule) -> Constraint:
    columns = tuple(contract.column(name) for name in rule.check.columns)
    tolerance = f"may fail in {rule.max_share.text} of the rows" if rule.max_share.percent else "holds in every row"
    return Constraint(("rules", rule.name), columns, "rule", rule, f"{code(rule.check.text)} {tolerance}")
