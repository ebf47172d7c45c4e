"""A contract taken apart: one atomic constraint for everything that can hold or fail on its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from mlci.core.contract.data_set_rule import Conflicts, Freshness, Reference
from mlci.core.contract.formats import FORMATS
from mlci.core.contract.pattern import Pattern
from mlci.core.contract.rule import AggregateDemand, CrossRule
from mlci.core.contract.scalar import TEMPORAL, Scalar, type_words
from mlci.core.contract.share import Share, tolerated
from mlci.core.digits import Digits
from mlci.core.duration import write_duration
from mlci.core.words import code, codes, counted, listed, measured

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from mlci.core.contract.model import ColumnRule, ColumnSpec, Contract, RowBounds
    from mlci.core.contract.part import Severity
    from mlci.core.contract.rule import AggregateRule

ConstraintKind = Literal[
    "present", "type", "required", "enum", "min", "max", "length_min", "length_max", "pattern", "format", "unique",
    "extra", "rows_min", "rows_max", "key", "rule", "aggregate",
    "rows_change", "reference", "freshness", "balance_min", "balance_max", "balance_change", "conflicts",
    "leak",
]  # fmt: skip
Origin = Literal["base", "head"]
Scalars = tuple[Scalar, ...]


@dataclass(frozen=True, slots=True)
class Classes:
    """A bound on the share of each class, and the classes that a contract lists."""

    share: Share
    listed: Scalars


Value = (
    Scalar
    | Scalars
    | Digits
    | Reference
    | Freshness
    | Classes
    | Conflicts
    | Share
    | Pattern
    | CrossRule
    | AggregateDemand
)

OF_THE_DATA_SET: Final[frozenset[ConstraintKind]] = frozenset(
    {"rows_change", "reference", "freshness", "balance_min", "balance_max", "balance_change", "conflicts"}
)
"""What is told by more than the rows one by one: by other data sets, by base, by the clock, by rows together."""
OF_THE_FILE: Final[frozenset[ConstraintKind]] = frozenset(
    {
        *("present", "extra", "rows_min", "rows_max", "aggregate"),
        *("rows_change", "freshness", "balance_min", "balance_max", "balance_change"),
    }
)
"""What no single row is at fault for."""


@dataclass(frozen=True, slots=True)
class Constraint:
    """One thing that must hold; it knows all that an engine needs to check it."""

    key: tuple[str, ...]
    """Where the contract says it: `("columns", "mean_radius", "max")`, `("rows", "min")`, `("rules", "name")`."""
    columns: tuple[ColumnSpec, ...]
    """The columns that it reads; none for bounds on rows."""
    kind: ConstraintKind
    value: Value
    """The bound, the allowed values or columns, the name of type or format, what is tolerated, True, or the rule."""
    sentence: str
    """What must hold, in plain words: "`mean_radius` is at most 60 µm". Text, not Markdown: a renderer escapes it."""
    origin: Origin = "base"
    """Whose rule it is."""
    severity: Severity = "error"
    owner: str | None = None
    """Who answers for it."""
    where: str | None = field(default=None, compare=False)
    """`file:line` of the contract that says it, where that is known."""


def constraints(contract: Contract) -> tuple[Constraint, ...]:
    """Return everything that CONTRACT demands, in the order of the file."""
    found = [constraint for name in contract.columns for constraint in _of_column(contract, name)]
    if not contract.extra:
        listed_columns = tuple(contract.columns)
        says = "the file has no column that the contract does not list"
        found.append(Constraint(("extra",), (), "extra", listed_columns, says))
    if contract.rows is not None:
        found += _of_rows(contract.rows)
    found += [_of_key(contract, key) for key in contract.keys]
    found += [_of_rule(contract, rule) for rule in contract.rules]
    found += [_of_aggregate(contract, rule) for rule in contract.aggregates]
    found += [each for part in (_references, _freshness, _balance, _conflicts) for each in part(contract)]
    return tuple(found)


def row_key(wanted: str | None, names: Collection[str], demands: Iterable[Constraint]) -> str | None:
    """Return the column that names a row: WANTED where the file has it, else the first that must be unique.

    NAMES are the file's columns.
    """
    if wanted in names:
        return wanted
    return next(
        (each.columns[0].name for each in demands if each.kind == "unique" and each.columns[0].name in names), None
    )


def _of_column(contract: Contract, name: str) -> Iterator[Constraint]:
    rule, column = contract.columns[name], (contract.column(name),)
    for kind, value, says in _demands(rule):
        sentence = f"{code(name)} {says}"
        yield Constraint(
            ("columns", name, kind), column, kind, value, sentence, severity=rule.severity, owner=rule.owner
        )


def _demands(rule: ColumnRule) -> Iterator[tuple[ConstraintKind, Value, str]]:
    """Yield what a column demands, and what that says of it."""
    if not rule.optional:
        yield "present", True, "is a column of the file"
    yield "type", rule.digits or rule.type, f"is {type_words(rule.type, rule.digits)}"
    if rule.tolerated_null is not None:
        but = tolerated(rule.tolerated_null)
        yield "required", rule.tolerated_null, f"has a value in {f'all but {but}' if but else 'every row'}"
    if rule.enum is not None:
        allowed = tuple(map(rule.value, rule.enum))
        yield "enum", allowed, f"is one of {listed(allowed)}"
    if rule.min is not None:
        least = rule.value(rule.min)
        yield "min", least, f"is {'not before' if rule.type in TEMPORAL else 'at least'} {measured(least, rule.unit)}"
    if rule.max is not None:
        most = rule.value(rule.max)
        yield "max", most, f"is {'not after' if rule.type in TEMPORAL else 'at most'} {measured(most, rule.unit)}"
    yield from _demands_on_text(rule)
    if rule.unique:
        yield "unique", True, "is different in every row"


def _demands_on_text(rule: ColumnRule) -> Iterator[tuple[ConstraintKind, Value, str]]:
    if rule.length is not None and rule.length.min is not None:
        yield "length_min", rule.length.min, f"has at least {counted(rule.length.min, 'character')}"
    if rule.length is not None and rule.length.max is not None:
        yield "length_max", rule.length.max, f"has at most {counted(rule.length.max, 'character')}"
    if rule.pattern is not None:
        yield "pattern", rule.pattern, f"matches {code(rule.pattern.text)} as a whole"
    if rule.format is not None:
        yield "format", rule.format, f"is {FORMATS[rule.format].words}"


def _of_rows(rows: RowBounds) -> Iterator[Constraint]:
    if rows.min is not None:
        yield Constraint(("rows", "min"), (), "rows_min", rows.min, f"there are at least {rows.min:,} rows")
    if rows.max is not None:
        yield Constraint(("rows", "max"), (), "rows_max", rows.max, f"there are at most {rows.max:,} rows")

    if rows.change is not None:
        within, change = rows.change.within, rows.change
        sentence = f"there are at most {within.text} more or fewer rows than at base"
        place = ("rows", "change")
        yield Constraint(place, (), "rows_change", within, sentence, severity=change.severity, owner=change.owner)


def _references(contract: Contract) -> Iterator[Constraint]:
    for name, rule in contract.references.items():
        place, columns = ("references", name), (contract.column(name),)
        but = tolerated(rule.tolerance)
        sentence = f"{code(name)} is one of {code(rule.to)} in {f'all but {but}' if but else 'every row'}"
        yield Constraint(place, columns, "reference", rule, sentence, severity=rule.severity, owner=rule.owner)


def _freshness(contract: Contract) -> Iterator[Constraint]:
    for name, rule in contract.freshness.items():
        place, columns = ("freshness", name), (contract.column(name),)
        sentence = f"the newest {code(name)} is at most {write_duration(rule.max_age)} old"
        yield Constraint(place, columns, "freshness", rule, sentence, severity=rule.severity, owner=rule.owner)


def _balance(contract: Contract) -> Iterator[Constraint]:
    for name, rule in contract.balance.items():
        column = contract.columns[name]
        listed_classes = tuple(map(column.value, column.enum or ()))
        within = rule.change.within if rule.change else None
        demands: list[tuple[ConstraintKind, Share | None, str]] = [
            ("balance_min", rule.min, "at least {share} of the rows"),
            ("balance_max", rule.max, "at most {share} of the rows"),
            ("balance_change", within, "a share that differs from base's by at most {share}"),
        ]
        for kind, share, says in demands:
            if share is not None:
                place = ("balance", name, kind.removeprefix("balance_"))
                sentence = f"each class of {code(name)} has {says.format(share=share.text)}"
                value, columns = Classes(share, listed_classes), (contract.column(name),)
                yield Constraint(place, columns, kind, value, sentence, severity=rule.severity, owner=rule.owner)


def _conflicts(contract: Contract) -> Iterator[Constraint]:
    for name, rule in contract.conflicts.items():
        columns = tuple(contract.column(each) for each in (name, *contract.features(name)))
        but = tolerated(rule.tolerance)
        sentence = f"rows with equal features have the same {code(name)}" + (f", but for {but}" if but else "")
        place = ("conflicts", name)
        yield Constraint(place, columns, "conflicts", rule, sentence, severity=rule.severity, owner=rule.owner)


def _of_key(contract: Contract, key: tuple[str, ...]) -> Constraint:
    columns = tuple(contract.column(name) for name in key)
    # The order of the columns says nothing, so it is no part of the name.
    place = ("keys", *sorted(key))
    return Constraint(place, columns, "key", value=True, sentence=f"{codes(key)} together are different in every row")


def _of_rule(contract: Contract, rule: CrossRule) -> Constraint:
    columns = tuple(contract.column(name) for name in rule.columns)
    but = tolerated(rule.tolerance)
    where = f" where {code(rule.when.text)}" if rule.when else ""
    holds = f"may fail in {but}{where}" if but else f"holds in every row{where}"
    return Constraint(
        ("rules", rule.name),
        columns,
        "rule",
        rule,
        f"{code(rule.check.text)} {holds}",
        severity=rule.severity,
        owner=rule.owner,
    )


def _of_aggregate(contract: Contract, rule: AggregateRule) -> Constraint:
    columns = tuple(contract.column(name) for name in rule.columns)
    each = f" for each {code(rule.by)}" if rule.by else ""
    return Constraint(
        ("aggregates", rule.name),
        columns,
        "aggregate",
        AggregateDemand(rule, contract.rows is not None and bool(contract.rows.min)),
        f"{code(rule.aggregate.text)} holds{each}",
        severity=rule.severity,
        owner=rule.owner,
    )
