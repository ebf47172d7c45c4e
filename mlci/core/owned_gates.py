"""Gates and slices of base, with what head adds or tightens in addition."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from mlci.core.metrics import function_of, level_of, metric_of
from mlci.core.rule_changes import RuleChange, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.core.config import Config
    from mlci.core.evidence import Slice
    from mlci.core.requirement import Gate
    from mlci.core.slicing import SliceRule


@dataclass(frozen=True, slots=True)
class OwnedGate:
    """A gate, and whose it is."""

    gate: Gate
    origin: Literal["base", "head"]
    slices: tuple[str, ...] | None = None
    """What `slices: true` means for it: the slices of whose gate it is; None where that is all there are."""

    def chosen(self, slices: Sequence[Slice]) -> tuple[Slice, ...]:
        """Return those of SLICES that the gate looks at: none where it looks at all rows."""
        if self.gate.slices is False:
            return ()
        names = self.slices
        if names is None and not isinstance(self.gate.slices, bool):
            names = self.gate.slices
        return tuple(each for each in slices if names is None or each.name in names)


def merged_gates(base: Config, head: Config) -> tuple[tuple[OwnedGate, ...], tuple[RuleChange, ...]]:
    """Return base's gates and, in addition, what head adds or tightens; and the changes in words.

    What head adds for another task than base's, or by a function or quantile of its own, cannot be checked before
    that is base's.
    """
    gates = [OwnedGate(gate, "base") for gate in base.gates]
    changes: list[RuleChange] = []
    theirs, task = {gate.key: gate for gate in head.gates}, base.model.task
    for gate in base.gates:
        other = theirs.pop(gate.key, None)
        if other is None:
            changes.append(RuleChange("gates", "looser", f"removes the gate {gate.text}"))
            continue
        direction = gate_direction(gate, other)
        if direction is not None:
            verb = "tightens" if direction == "tighter" else "loosens"
            changes.append(RuleChange("gates", direction, f"{verb} {gate.subject}: {gate.limit} → {other.limit}"))
        if direction == "tighter":
            gates.append(OwnedGate(other, "head"))
    for gate in theirs.values():
        if task not in metric_of(gate.metric).tasks:
            changes.append(
                RuleChange("gates", "other", f"adds the gate {gate.text}, which a {task} task does not have")
            )
            continue
        lacking = _lacking(gate, base)
        if lacking is not None:
            changes.append(RuleChange("gates", "other", f"adds the gate {gate.text}, {lacking}"))
            continue
        changes.append(RuleChange("gates", "tighter", f"adds the gate {gate.text}"))
        gates.append(OwnedGate(gate, "head"))
    return tuple(gates), tuple(changes)


def _lacking(gate: Gate, base: Config) -> str | None:
    """Return, in words, what GATE is of that BASE, by whose rules rows are scored, does not have; None where all is."""
    levels, level = base.evaluate.quantiles, level_of(gate.metric)
    if function_of(gate.metric) not in {None, *base.evaluate.metrics}:
        return "a function that the target branch does not have"
    if levels and level not in {None, *levels}:
        return "a quantile that the target branch does not list"
    if gate.metric == "crps" and not levels:
        return "which needs several quantiles, and the target branch lists none"
    return None


def merged_slices(
    base: tuple[SliceRule, ...], head: tuple[SliceRule, ...]
) -> tuple[tuple[SliceRule, ...], tuple[RuleChange, ...]]:
    """Return base's slices with those that head adds, and the changes in words."""
    theirs = {each.key: each for each in head}
    changes: list[RuleChange] = []
    for each in base:
        other = theirs.pop(each.key, None)
        if other is None:
            changes.append(RuleChange("evaluate.slices", "looser", f"drops the slice `{shown(each.key)}`"))
        elif other != each:
            sentence = f"changes the slice `{shown(each.key)}`: {shown(each.text)} → {shown(other.text)}"
            changes.append(RuleChange("evaluate.slices", "looser", sentence))
    changes += [RuleChange("evaluate.slices", "tighter", f"adds the slice `{shown(key)}`") for key in theirs]
    return (*base, *theirs.values()), tuple(changes)


def in_slices(
    gates: tuple[OwnedGate, ...], base: tuple[SliceRule, ...], merged: tuple[SliceRule, ...]
) -> tuple[OwnedGate, ...]:
    """Return GATES with the slices that each looks at: base's gates at base's, and at head's new ones in addition."""
    ours, every = tuple(each.key for each in base), tuple(each.key for each in merged)
    found: list[OwnedGate] = []
    for owned in gates:
        if owned.gate.slices is not True:
            found.append(owned)
        elif owned.origin == "head":
            found.append(replace(owned, slices=every))
        else:
            found.append(replace(owned, slices=ours))
            if every != ours:
                found.append(OwnedGate(owned.gate, "head", every[len(ours) :]))
    return tuple(found)


def gate_direction(base: Gate, head: Gate) -> Literal["looser", "tighter"] | None:
    """Order two versions of one gate, None where they ask for the same.

    What cannot be compared (2% against 0.01) counts as looser.
    """
    if base.tolerance.relative != head.tolerance.relative or (base.severity, head.severity) == ("error", "warn"):
        return "looser"
    before, after = (gate.tolerance.value if gate.value is None else gate.value for gate in (base, head))
    if before == after:
        return None if base.severity == head.severity else "tighter"
    higher_is_tighter = base.require in {"better", "floor"}
    return "tighter" if (after > before) == higher_is_tighter else "looser"
