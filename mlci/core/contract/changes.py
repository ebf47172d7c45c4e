"""Changes between two contracts, ordered as tighter, looser or unclear, and what counts of both.

A pull request is judged by base's contract. What head adds or tightens is checked in addition; what it loosens,
removes or changes in an unclear way is named and takes effect after the merge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from mlci.core.contract.constraints import OF_THE_DATA_SET, Classes, Constraint, Origin, constraints
from mlci.core.contract.data_set_changes import (
    Direction,
    demand_of_data_set,
    direction_of_data_set,
    direction_of_tolerances,
    is_same_demand,
    text_of_data_set,
    tolerated_rows,
)
from mlci.core.contract.data_set_rule import Conflicts, Freshness, Reference
from mlci.core.contract.pattern import Pattern
from mlci.core.contract.rule import AggregateDemand, CrossRule
from mlci.core.contract.scalar import TEMPORAL
from mlci.core.contract.share import Share, tolerated
from mlci.core.digits import Digits
from mlci.core.words import code, codes, listed, written

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from mlci.core.contract.model import ColumnSpec, Contract
    from mlci.core.contract.part import Severity

ChangeKind = Direction | Literal["added", "removed"]

_NARROWER_TYPES = {
    ("number", "integer"),
    *(("string", narrow) for narrow in ("integer", "number", "boolean", *TEMPORAL)),
}
"""(wide, narrow): every value of the narrow type is one of the wide type."""

_VERBS: dict[ChangeKind, str] = {
    "tightened": "tightens",
    "loosened": "loosens",
    "added": "adds",
    "removed": "removes",
    "unclear": "changes",
}


@dataclass(frozen=True, slots=True)
class ConstraintChange:
    """One difference between base's contract and head's."""

    key: tuple[str, ...]
    kind: ChangeKind
    sentence: str
    """What head does, beginning with a verb: "loosens `mean_radius` max: 60 → 600"."""


def compare_constraints(base: Contract, head: Contract) -> tuple[ConstraintChange, ...]:
    """Return what HEAD changes about BASE, in the order of base's file, then what head adds.

    A column that appears or vanishes is one change, not one for each of its rules, nor one of the features that
    contradicting rows have in common. Descriptions and units are no rules: a bound that moves with its unit is still a
    bound that moves.
    """
    ours, theirs = _by_key(base), _by_key(head)
    both = base.columns.keys() & head.columns.keys()
    changes = [_changed(_among(ours[key], both), _among(theirs[key], both)) for key in ours if key in theirs]
    changes += [_one_sided(ours[key], "removed") for key in ours if key not in theirs and _is_in(head, key)]
    changes += [_one_sided(theirs[key], "added") for key in theirs if key not in ours and _is_in(base, key)]
    found = [change for change in changes if change]
    found += [_whole_column(name, "removed") for name in base.columns if name not in head.columns]
    found += [_whole_column(name, "added") for name in head.columns if name not in base.columns]
    order = {key: place for place, key in enumerate(dict.fromkeys((*ours, *theirs)))}
    found += [*_masking(base, head), *_severities(base, head)]
    return tuple(sorted(found, key=lambda change: order.get(change.key, len(order))))


def _among(constraint: Constraint, names: AbstractSet[str]) -> Constraint:
    """Return a rule about contradictions as it is for the columns NAMES alone, any other as it is."""
    if constraint.kind != "conflicts":
        return constraint
    label, *features = constraint.columns
    return replace(constraint, columns=(label, *(each for each in features if each.name in names)))


def _is_in(contract: Contract, key: tuple[str, ...]) -> bool:
    """Tell whether a constraint is on a column that CONTRACT has, or on no single column."""
    return key[0] != "columns" or key[1] in contract.columns


def _whole_column(name: str, kind: Literal["added", "removed"]) -> ConstraintChange:
    rules = " and all its rules" if kind == "removed" else ""
    return ConstraintChange(("columns", name, "type"), kind, f"{_VERBS[kind]} the column {code(name)}{rules}")


def combined(base: Contract | None, head: Contract | None) -> tuple[Constraint, ...]:
    """Return what is checked: all of BASE, and in addition what HEAD adds or tightens (its origin is "head").

    Without a base, head's contract serves as it is. A column is masked when either of them says `pii`. Where head
    takes for an error what base only warns of, the same demand is checked once, as head's.
    """
    ours = _by_key(base) if base else {}
    theirs = _by_key(head) if head else {}
    checked = [
        _owned(theirs[key], "head") if _is_raised(constraint, theirs.get(key)) else _owned(constraint, "base")
        for key, constraint in ours.items()
    ]
    for key, constraint in theirs.items():
        change = _changed(ours[key], constraint) if key in ours else None
        if key not in ours or (change is not None and change.kind == "tightened"):
            checked.append(_owned(constraint, "head"))
    masked = {name for side in (base, head) if side for name, rule in side.columns.items() if rule.pii}
    return tuple(_masked(constraint, masked) for constraint in checked)


def _by_key(contract: Contract) -> dict[tuple[str, ...], Constraint]:
    return {constraint.key: constraint for constraint in constraints(contract)}


def _owned(constraint: Constraint, origin: Origin) -> Constraint:
    return replace(constraint, origin=origin)


def _masked(constraint: Constraint, names: set[str]) -> Constraint:
    columns: tuple[ColumnSpec, ...] = tuple(replace(column, pii=column.name in names) for column in constraint.columns)
    return replace(constraint, columns=columns)


def _is_raised(base: Constraint, head: Constraint | None) -> bool:
    """Tell whether head demands the same, and takes it for worse."""
    if head is None or _demand(base) != _demand(head):
        return False
    return (base.severity, head.severity) == ("warn", "error")


def _one_sided(constraint: Constraint, kind: Literal["added", "removed"]) -> ConstraintChange:
    """Return the change for a constraint that only one side has."""
    verb, key, is_added = _VERBS[kind], constraint.key, kind == "added"
    match constraint.kind, constraint.value:
        case "present", _:
            sentence = f"{'demands' if is_added else 'lets the file leave out'} the column {code(key[1])}"
        case "required", Share() as share if is_added and share.percent:
            sentence = f"adds {code(key[1])} max_null: {share.text}"
        case "required", _:
            sentence = f"{'demands a value' if is_added else 'allows missing values'} in {code(key[1])}"
        case "unique", _:
            sentence = f"{'forbids' if is_added else 'allows'} repeated values in {code(key[1])}"
        case "key", _:
            columns = codes([column.name for column in constraint.columns])
            sentence = f"{'forbids' if is_added else 'allows'} rows that have the same {columns}"
        case "extra", _:
            sentence = f"{'forbids' if is_added else 'allows'} columns that the contract does not list"
        case (("rule" | "aggregate"), _):
            sentence = f"{verb} the rule `{key[1]}`: {_value(constraint)}"
        case _:
            sentence = f"{verb} {_subject(constraint)}: {_value(constraint)}"
    return ConstraintChange(key, kind, sentence)


def _changed(base: Constraint, head: Constraint) -> ConstraintChange | None:
    """Return the change between two versions of one constraint; None when they demand the same."""
    if _demand(base) == _demand(head):
        return None
    kind = _direction(base, head)
    return ConstraintChange(base.key, kind, f"{_VERBS[kind]} {_subject(base)}: {_difference(base, head)}")


def _demand(constraint: Constraint) -> object:
    """Return what two versions are compared by: the order of a list says nothing, nor does who answers for a rule."""
    match constraint.value:
        case tuple() as values:
            return set(values)
        case CrossRule() as rule:
            return rule.check, rule.when, rule.tolerance
        case AggregateDemand(rule=aggregate):
            return aggregate.aggregate, aggregate.by
        case Reference() | Conflicts() | Freshness() | Classes():
            return demand_of_data_set(constraint)
        case value:
            return value


def _direction(base: Constraint, head: Constraint) -> ChangeKind:
    match base.value, head.value:
        case tuple() as before, tuple() as after:
            if set(after) < set(before):
                return "tightened"
            return "loosened" if set(after) > set(before) else "unclear"
        case CrossRule() as before, CrossRule() as after:
            return _direction_of_rules(before, after)
        case ((Reference() | Conflicts() | Freshness() | Classes()), _):
            return direction_of_data_set(base, head)
        case Share() as before, Share() as after:
            return "tightened" if after < before else "loosened"
        case (str() | Digits()) as before, (str() | Digits()) as after:
            if _is_narrower(before, after):
                return "tightened"
            return "loosened" if _is_narrower(after, before) else "unclear"
        case (int() | float() | Decimal() | date() | time()) as before, after if _are_comparable(before, after):
            higher_is_tighter = base.kind in {"min", "length_min", "rows_min"}
            return "tightened" if (after > before) == higher_is_tighter else "loosened"  # type: ignore[operator]  # they are
        case _:
            return "unclear"


def _are_comparable(before: object, after: object) -> bool:
    """Tell whether two bounds have an order: two numbers, or two of one type."""
    numbers = int | float | Decimal
    return type(before) is type(after) or (isinstance(before, numbers) and isinstance(after, numbers))


def _is_narrower(wide: str | Digits, narrow: str | Digits) -> bool:
    """Tell whether every value of one type (or format) is one of the other, as it is written."""
    match wide, narrow:
        case Digits(), Digits():
            before, after = (wide.precision - wide.scale, wide.scale), (narrow.precision - narrow.scale, narrow.scale)
            return after[0] <= before[0] and after[1] <= before[1]
        case (("string" | "number"), Digits()):
            return True
        case _:
            return (wide, narrow) in _NARROWER_TYPES


def _direction_of_rules(before: CrossRule, after: CrossRule) -> ChangeKind:
    if before.check != after.check:
        return "unclear"
    if before.when == after.when:
        return direction_of_tolerances(before.tolerance, after.tolerance)
    # Of fewer rows no more can fail, but a greater share of them can.
    is_counted = isinstance(before.tolerance, int) or not before.tolerance.percent
    if before.tolerance != after.tolerance or not is_counted:
        return "unclear"
    if before.when is None:
        return "loosened"
    return "tightened" if after.when is None else "unclear"


def _difference(base: Constraint, head: Constraint) -> str:
    match base.value, head.value:
        case tuple() as before, tuple() as after:
            gone = tuple(value for value in before if value not in after)
            new = tuple(value for value in after if value not in before)
            parts = [f"without {listed(gone)}"] * bool(gone) + [f"with {listed(new)}"] * bool(new)
            return ", ".join(parts)
        case CrossRule() as before, CrossRule() as after if (before.check, before.when) == (after.check, after.when):
            return f"at most {tolerated_rows(before.tolerance)} → {tolerated_rows(after.tolerance)}"
        case (Reference() | Conflicts()) as before, (Reference() | Conflicts()) as after if is_same_demand(base, head):
            return f"at most {tolerated_rows(before.tolerance)} → {tolerated_rows(after.tolerance)}"
        case _:
            return f"{_value(base)} → {_value(head)}"


def _subject(constraint: Constraint) -> str:
    match constraint.key:
        case ("rows", bound):
            return f"rows {bound}"
        case (("rules" | "aggregates"), name):
            return f"the rule `{name}`"
        case ("extra",):
            return "the list of columns"
        case ("references", name):
            return f"what {code(name)} refers to"
        case ("freshness", name):
            return f"the age of {code(name)}"
        case ("balance", name, bound):
            return f"the balance of {code(name)} ({bound})"
        case ("conflicts", name):
            return f"contradictions in {code(name)}"
        case ("columns", name, "required"):
            return f"{code(name)} max_null"
        case (_, name, kind):
            return f"{code(name)} {kind.replace('_', ' ')}"
        case other:
            return " ".join(other)


def _value(constraint: Constraint) -> str:
    match constraint.value:
        case CrossRule() as rule:
            but = tolerated(rule.tolerance)
            where = f" where {code(rule.when.text)}" if rule.when else ""
            return code(rule.check.text) + (f" in all but {but}" if but else "") + where
        case AggregateDemand(rule=aggregate):
            return code(aggregate.aggregate.text) + (f" for each {code(aggregate.by)}" if aggregate.by else "")
        case tuple() as values:
            return listed(values)
        case Share() as share:
            return share.text
        case Pattern() as pattern:
            return code(pattern.text)
        case Reference() | Conflicts() | Freshness() | Classes():
            return text_of_data_set(constraint)
        case Digits() as digits:
            return f"decimal of precision {digits.precision} and scale {digits.scale}"
        case value:
            return written(value)


def _severities(base: Contract, head: Contract) -> Iterator[ConstraintChange]:
    """Yield where head takes a broken rule for worse, or for less bad, than base."""
    ours, theirs = _graded(base), _graded(head)
    for key, (subject, before) in ours.items():
        after = theirs[key][1] if key in theirs else before
        if (before, after) == ("error", "warn"):
            yield ConstraintChange(key, "loosened", f"lets {subject} only warn (severity: error → warn)")
        elif (before, after) == ("warn", "error"):
            yield ConstraintChange(key, "tightened", f"lets {subject} reject the data (severity: warn → error)")


def _graded(contract: Contract) -> dict[tuple[str, ...], tuple[str, Severity]]:
    """Return what is called what, and how bad it is where it does not hold."""
    graded: dict[tuple[str, ...], tuple[str, Severity]] = {}
    for name, column in contract.columns.items():
        graded["columns", name, "severity"] = (code(name), column.severity)
    for section, rules in (("rules", contract.rules), ("aggregates", contract.aggregates)):
        for rule in rules:
            graded[section, rule.name, "severity"] = (f"the rule `{rule.name}`", rule.severity)
    for constraint in constraints(contract):
        if constraint.kind in OF_THE_DATA_SET:
            graded[*constraint.key, "severity"] = (_subject(constraint), constraint.severity)
    return graded


def _masking(base: Contract, head: Contract) -> Iterator[ConstraintChange]:
    """Yield the changes of `pii`: no constraint on the data, and yet a rule about what reports may show."""
    for name, rule in base.columns.items():
        if name in head.columns and head.columns[name].pii != rule.pii:
            key = ("columns", name, "pii")
            if rule.pii:
                yield ConstraintChange(key, "loosened", f"lets reports show values of {code(name)} (pii: true → false)")
            else:
                yield ConstraintChange(key, "tightened", f"hides values of {code(name)} in reports (pii: false → true)")
