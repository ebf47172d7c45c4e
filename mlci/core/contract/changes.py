"""Changes between two contracts, ordered as tighter, looser or unclear, and what counts of both.

A pull request is judged by base's contract. What head adds or tightens is checked in addition; what it loosens,
removes or changes in an unclear way is named and takes effect after the merge.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mlci.core.contract.constraints import Constraint, Origin, code, constraints, listed, written
from mlci.core.contract.model import ColumnSpec, Contract, CrossRule

if TYPE_CHECKING:
    from collections.abc import Iterator

ChangeKind = Literal["tightened", "loosened", "added", "removed", "unclear"]

_NARROWER_TYPES = {("number", "integer"), ("string", "integer"), ("string", "number"), ("string", "boolean")}
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

    A column that appears or vanishes is one change, not one for each of its rules. Descriptions and units are no
    rules: a bound that moves with its unit is still a bound that moves.
    """
    ours, theirs = _by_key(base), _by_key(head)
    changes = [_changed(ours[key], theirs[key]) for key in ours if key in theirs]
    changes += [_one_sided(ours[key], "removed") for key in ours if key not in theirs]
    changes += [_one_sided(theirs[key], "added") for key in theirs if key not in ours]
    vanished = {change.key[1] for change in changes if change and _whole_column(change)}
    kept = [
        change
        for change in changes
        if change and (_whole_column(change) or change.key[0] != "columns" or change.key[1] not in vanished)
    ]
    order = {key: place for place, key in enumerate((*ours, *theirs))}
    kept += _masking(base, head)
    return tuple(sorted(kept, key=lambda change: order.get(change.key, len(order))))


def combined(base: Contract | None, head: Contract | None) -> tuple[Constraint, ...]:
    """Return what is checked: all of BASE, and in addition what HEAD adds or tightens (its origin is "head").

    Without a base, head's contract serves as it is. A column is masked when either of them says `pii`.
    """
    ours = _by_key(base) if base else {}
    theirs = _by_key(head) if head else {}
    checked = [_owned(constraint, "base") for constraint in ours.values()]
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


def _whole_column(change: ConstraintChange) -> bool:
    return change.key[0] == "columns" and change.key[-1] == "present"


def _one_sided(constraint: Constraint, kind: Literal["added", "removed"]) -> ConstraintChange:
    """Return the change for a constraint that only one side has."""
    verb, key = _VERBS[kind], constraint.key
    match constraint.kind:
        case "present":
            sentence = f"{verb} the column {code(key[1])}" + (" and all its rules" if kind == "removed" else "")
        case "required":
            sentence = f"{'demands a value' if kind == 'added' else 'allows missing values'} in {code(key[1])}"
        case "unique":
            sentence = f"{'forbids' if kind == 'added' else 'allows'} repeated values in {code(key[1])}"
        case "rule":
            sentence = f"{verb} the rule `{key[1]}`: {_value(constraint)}"
        case _:
            sentence = f"{verb} {_subject(constraint)}: {_value(constraint)}"
    return ConstraintChange(key, kind, sentence)


def _changed(base: Constraint, head: Constraint) -> ConstraintChange | None:
    """Return the change between two versions of one constraint; None when they demand the same."""
    if _demand(base) == _demand(head):
        return None
    kind = _direction(base, head)
    subject = f"the rule `{base.key[1]}`" if base.kind == "rule" else _subject(base)
    return ConstraintChange(base.key, kind, f"{_VERBS[kind]} {subject}: {_difference(base, head)}")


def _demand(constraint: Constraint) -> object:
    """Return what two versions are compared by: the order of an enumeration says nothing."""
    return set(constraint.value) if isinstance(constraint.value, tuple) else constraint.value


def _direction(base: Constraint, head: Constraint) -> ChangeKind:
    match base.value, head.value:
        case tuple() as before, tuple() as after:
            if set(after) < set(before):
                return "tightened"
            return "loosened" if set(after) > set(before) else "unclear"
        case CrossRule() as before, CrossRule() as after:
            if before.check != after.check:
                return "unclear"
            return "tightened" if after.max_share < before.max_share else "loosened"
        case str() as before, str() as after:
            if (before, after) in _NARROWER_TYPES:
                return "tightened"
            return "loosened" if (after, before) in _NARROWER_TYPES else "unclear"
        case (int() | float()) as before, (int() | float()) as after:
            higher_is_tighter = base.kind in {"min", "rows_min"}
            return "tightened" if (after > before) == higher_is_tighter else "loosened"
        case _:
            return "unclear"


def _difference(base: Constraint, head: Constraint) -> str:
    match base.value, head.value:
        case tuple() as before, tuple() as after:
            gone = tuple(value for value in before if value not in after)
            new = tuple(value for value in after if value not in before)
            parts = [f"without {listed(gone)}"] * bool(gone) + [f"with {listed(new)}"] * bool(new)
            return ", ".join(parts)
        case CrossRule() as before, CrossRule() as after if before.check == after.check:
            return f"at most {before.max_share.text} → {after.max_share.text} of the rows"
        case _:
            return f"{_value(base)} → {_value(head)}"


def _subject(constraint: Constraint) -> str:
    if constraint.key[0] == "rows":
        return f"rows {constraint.key[1]}"
    return f"{code(constraint.key[1])} {constraint.key[2]}"


def _value(constraint: Constraint) -> str:
    if isinstance(constraint.value, CrossRule):
        share = constraint.value.max_share
        return code(constraint.value.check.text) + (f" in all but {share.text} of the rows" if share.percent else "")
    if isinstance(constraint.value, tuple):
        return listed(constraint.value)
    return written(constraint.value)


def _masking(base: Contract, head: Contract) -> Iterator[ConstraintChange]:
    """Yield the changes of `pii`: no constraint on the data, and yet a rule about what reports may show."""
    for name, rule in base.columns.items():
        if name in head.columns and head.columns[name].pii != rule.pii:
            key = ("columns", name, "pii")
            if rule.pii:
                yield ConstraintChange(key, "loosened", f"lets reports show values of {code(name)} (pii: true → false)")
            else:
                yield ConstraintChange(key, "tightened", f"hides values of {code(name)} in reports (pii: false → true)")
