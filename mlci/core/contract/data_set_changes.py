"""Changes of rules about a data set as a whole: what two versions demand, which of them is tighter, and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from mlci.core.contract.constraints import Classes
from mlci.core.contract.data_set_rule import Conflicts, Freshness, Reference
from mlci.core.contract.share import Share, tolerated
from mlci.core.duration import write_duration
from mlci.core.words import code, codes

if TYPE_CHECKING:
    from mlci.core.contract.constraints import Constraint

Direction = Literal["tightened", "loosened", "unclear"]


def demand_of_data_set(constraint: Constraint) -> object:
    """Return what two versions of a rule are compared by."""
    match constraint.value:
        case Reference() as rule:
            return rule.to, rule.tolerance
        case Conflicts() as rule:
            return _features(constraint), rule.tolerance
        case Freshness() as rule:
            return rule.max_age
        case Classes(share, _):
            return share
        case other:
            return other


def direction_of_data_set(base: Constraint, head: Constraint) -> Direction:
    """Return whether HEAD's version of a rule, which demands another thing, is tighter than BASE's."""
    match base.value, head.value:
        case (Reference() | Conflicts()) as before, (Reference() | Conflicts()) as after if is_same_demand(base, head):
            return direction_of_tolerances(before.tolerance, after.tolerance)
        case Freshness() as before, Freshness() as after:
            return "tightened" if after.max_age < before.max_age else "loosened"
        case Classes() as before, Classes() as after:
            return "tightened" if (after.share > before.share) == (base.kind == "balance_min") else "loosened"
        case _:
            return "unclear"


def direction_of_tolerances(before: Share | int, after: Share | int) -> Direction:
    """Return whether less may fail AFTER than BEFORE; a share and a number have no order."""
    match before, after:
        case int(), int():
            return "tightened" if after < before else "loosened"
        case Share(), Share():
            return "tightened" if after.percent < before.percent else "loosened"
        case _ if not tolerated(before):
            return "loosened"
        case _:
            return "unclear" if tolerated(after) else "tightened"


def is_same_demand(base: Constraint, head: Constraint) -> bool:
    """Tell whether two versions of a rule look at the same thing, so that only what they tolerate differs."""
    match base.value, head.value:
        case Reference(to=before), Reference(to=after):
            return before == after
        case _:
            return _features(base) == _features(head)


def text_of_data_set(constraint: Constraint) -> str:
    """Return what a rule demands, in words."""
    match constraint.value:
        case Reference() as rule:
            but = tolerated(rule.tolerance)
            return code(rule.to) + (f" in all but {but}" if but else "")
        case Conflicts() as rule:
            return f"at most {tolerated_rows(rule.tolerance)} with equal {codes(sorted(_features(constraint)))}"
        case Freshness() as rule:
            return write_duration(rule.max_age)
        case Classes(share, _):
            return share.text
        case other:
            msg = f"{other} is no rule about a data set as a whole"
            raise TypeError(msg)


def tolerated_rows(tolerance: Share | int) -> str:
    """Return how many rows may break a rule: "5% of the rows", "no row"."""
    return tolerated(tolerance) or "no row"


def _features(constraint: Constraint) -> frozenset[str]:
    """Return what rows with contradicting labels have in common."""
    return frozenset(column.name for column in constraint.columns[1:])
