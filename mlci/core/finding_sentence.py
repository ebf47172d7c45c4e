"""The sentence of a finding: what is wrong, with its extent; names, bounds and counts, never a value of the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.contract.constraints import Classes, Constraint
from mlci.core.contract.data_set_rule import Conflicts, Freshness, Reference
from mlci.core.contract.formats import format_called
from mlci.core.contract.pattern import Pattern
from mlci.core.contract.rule import AggregateDemand, CrossRule
from mlci.core.contract.scalar import TEMPORAL, type_words
from mlci.core.contract.share import Share, tolerated
from mlci.core.duration import write_duration
from mlci.core.words import code, codes, counted, listed, measured, percent

if TYPE_CHECKING:
    from collections.abc import Sequence


def finding_sentence(constraint: Constraint, failing: int, checked: int, names: Sequence[str] = ()) -> str:
    """Return what is wrong where FAILING of CHECKED break CONSTRAINT; NAMES as for `findings.finding`."""
    match constraint.kind:
        case "present":
            meant = f"; is it called {codes(names)} now?" if names else ""
            return f"the column {code(constraint.columns[0].name)} is missing from the file{meant}"
        case "extra":
            return f"the file has {counted(failing, 'column')} that the contract does not list: {codes(names)}"
        case "rows_min":
            return f"there are {checked:,} rows, at least {constraint.value:,} are demanded"
        case "rows_max":
            return f"there are {checked:,} rows, at most {constraint.value:,} are allowed"
        case "aggregate":
            return _of_aggregate(constraint, failing, checked)
        case "rows_change" | "freshness" | "balance_min" | "balance_max" | "balance_change":
            return _of_the_data_set(constraint, failing, checked)
        case _:
            share = percent(failing / checked if checked else 0.0)
            where, may = _limits(constraint)
            return f"{_fault(constraint)} in {failing:,} of {counted(checked, 'row')}{where} ({share}{may})"


def _of_aggregate(constraint: Constraint, failing: int, checked: int) -> str:
    if not isinstance(constraint.value, AggregateDemand):
        msg = "no aggregate rule"
        raise TypeError(msg)
    rule = constraint.value.rule
    told = code(rule.aggregate.text)
    if rule.by is not None:
        return f"{told} does not hold in {failing:,} of {counted(checked, 'group')} of {code(rule.by)}"
    return f"{told} does not hold" if checked else f"{told} cannot be told, since no row has a value"


def _of_the_data_set(constraint: Constraint, failing: int, checked: int) -> str:
    """Return what is wrong with the number of rows, their age or their classes."""
    match constraint.kind, constraint.value:
        case "rows_change", Share() as within:
            off = f"there are {counted(failing, 'row')} more or fewer than at base, which has {checked:,}"
            return f"{off}; at most {within.text} are allowed"
        case "freshness", Freshness() as rule:
            name, limit = code(constraint.columns[0].name), write_duration(rule.max_age)
            if not checked:
                return f"{name} has no value in any row, so nothing tells how old the data is"
            return f"the newest {name} is not of the last {limit}"
        case kind, Classes(share, _):
            classes = f"{failing:,} of {counted(checked, 'class')} of {code(constraint.columns[0].name)}"
            has = "has" if failing == 1 else "have"
            match kind:
                case "balance_min":
                    return f"{classes} {has} less than {share.text} of the rows"
                case "balance_max":
                    return f"{classes} {has} more than {share.text} of the rows"
                case _:
                    points = share.text.removesuffix("%")
                    return f"{classes} {has} a share that differs from base's by more than {points} points"
        case kind, _:
            msg = f"{kind} is told of rows one by one"
            raise TypeError(msg)


def _limits(constraint: Constraint) -> tuple[str, str]:
    """Return where a constraint looks at, and what it tolerates."""
    match constraint.value:
        case CrossRule() as rule:
            where = f" where {code(rule.when.text)}" if rule.when else ""
            tolerance: Share | int = rule.tolerance
        case Share() as share:
            where, tolerance = "", share
        case Reference() | Conflicts() as rule:
            where, tolerance = "", rule.tolerance
        case _:
            return "", ""
    may = tolerance.text if isinstance(tolerance, Share) else f"{tolerance:,}"
    return where, f"; at most {may} may" if tolerated(tolerance) else ""


def _fault(constraint: Constraint) -> str:
    names = [column.name for column in constraint.columns]
    match constraint.kind, constraint.value:
        case _, CrossRule(check=check):
            return f"{code(check.text)} does not hold"
        case _, Reference(to=target):
            return f"{code(names[0])} is none of {code(target)}"
        case "conflicts", _:
            return f"{code(names[0])} contradicts a row with equal features"
        case "key", _:
            return f"{codes(names)} together repeat an earlier row"
        case _:
            return _fault_of_column(constraint)


def _fault_of_column(constraint: Constraint) -> str:
    column = constraint.columns[0]
    match constraint.kind, constraint.value:
        case "type", _:
            fault = f"is not {type_words(column.type, column.digits)}"
        case "required", _:
            fault = "has no value"
        case "enum", tuple() as allowed:
            fault = f"is none of {listed(allowed)}"
        case "min", bound:
            fault = f"is {'before' if column.type in TEMPORAL else 'below'} {measured(bound, column.unit)}"
        case "max", bound:
            fault = f"is {'after' if column.type in TEMPORAL else 'above'} {measured(bound, column.unit)}"
        case "unique", _:
            fault = "repeats an earlier value"
        case _:
            fault = _fault_of_text(constraint)
    return f"{code(column.name)} {fault}"


def _fault_of_text(constraint: Constraint) -> str:
    match constraint.kind, constraint.value:
        case "length_min", int(least):
            return f"has fewer than {counted(least, 'character')}"
        case "length_max", int(most):
            return f"has more than {counted(most, 'character')}"
        case "pattern", Pattern() as pattern:
            return f"does not match {code(pattern.text)}"
        case "format", name:
            return f"is not {format_called(name).words}"
        case kind, _:
            msg = f"{kind} is no constraint on the values of a column"
            raise TypeError(msg)
