"""The contracts of base and head as one set of constraints, and what head changes about them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlci.core.contract.changes import combined, compare_constraints
from mlci.core.rule_changes import Direction, RuleChange
from mlci.core.side import Side

if TYPE_CHECKING:
    from mlci.core.contract.constraints import Constraint
    from mlci.core.contract.lines import Lines
    from mlci.core.side import DataSide


AT_BASE = "at base"
"""Stands behind the place of a rule that head does not have any more."""


def merged_contracts(
    base: DataSide | None, head: DataSide
) -> tuple[dict[str, tuple[Constraint, ...]], tuple[RuleChange, ...]]:
    """Return what each data set must satisfy, base's constraints and head's in addition, and the changes in words.

    Training data of a new name is held to the contracts of base, too.
    """
    constraints: dict[str, tuple[Constraint, ...]] = {}
    changes: list[RuleChange] = []
    if base is None:
        return {
            name: _located(combined(None, contract), head.lines.get(name, {}), {})
            for name, contract in head.contracts.items()
        }, ()
    for name in dict.fromkeys((*base.contracts, *head.contracts)):
        ours, theirs = base.contracts.get(name), head.contracts.get(name)
        constraints[name] = _located(combined(ours, theirs), head.lines.get(name, {}), base.lines.get(name, {}))
        subject = f"contract of {name}"
        if ours is not None and theirs is None:
            changes.append(RuleChange(subject, "looser", f"removes the contract of `{name}`"))
        elif ours is None and theirs is not None:
            changes.append(RuleChange(subject, "tighter", f"adds a contract for `{name}`"))
        elif ours is not None and theirs is not None:
            for change in compare_constraints(ours, theirs):
                tighter = change.kind in {"tightened", "added"}
                direction: Direction = "tighter" if tighter else "looser"
                changes.append(RuleChange(subject, direction, change.sentence))
    trained = base.config.train.data if isinstance(base, Side) else base.config.data
    for name in head.config.train.data if isinstance(head, Side) else ():
        if name in base.contracts or name in trained:
            continue
        covering = _covering(head.config.data[name].path, base)
        if covering:
            theirs_too = tuple(each for each in constraints.get(name, ()) if each.origin == "head")
            constraints[name] = (*(each for one in covering for each in constraints[one]), *theirs_too)
            held = " and ".join(f"`{one}`" for one in covering)
            sentence = f"trains on `{name}`, which is held to the contract of {held}"
            changes.append(RuleChange("train.data", "tighter", sentence))
    return constraints, tuple(changes)


def _located(constraints: tuple[Constraint, ...], head: Lines, base: Lines) -> tuple[Constraint, ...]:
    """Return CONSTRAINTS with where they stand: in head's contract, which is at hand, and else in base's."""
    known = {**{key: f"{where} {AT_BASE}" for key, where in base.items()}, **head}
    return tuple(replace(each, where=known.get(each.key)) for each in constraints)


def _covering(path: str, base: DataSide) -> tuple[str, ...]:
    """Return the data sets of BASE whose contracts hold for training data at PATH that base does not know.

    The same file under another name is held to the same contract; any other to those of all that base trains on, since
    a new name must not let broken data in. Data of another kind is brought with its contract first, and used then.
    """
    same = tuple(name for name in base.contracts if base.config.data[name].path == path)
    trained = base.config.train.data if isinstance(base, Side) else base.config.data
    return same or tuple(name for name in trained if name in base.contracts)
