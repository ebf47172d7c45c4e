"""Gates on what a model costs: amounts decide by value, times that were measured by their interval.

| requirement    | amounts (size, memory, training) | latency, r the ratio to production in [L, U] |
|----------------|----------------------------------|----------------------------------------------|
| `not_worse` m  | pass: grew by ≤ m, else fail     | pass: U < 1 + m; fail: L > 1                  |
| `better` m     | pass: fell by > m, else fail     | pass: U < 1 - m; fail: L > 1 - m              |
| `ceiling` v    | pass: below v, else fail         | pass: upper end of the median < v; fail: lower end > v |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.core.amount import shown_amount
from mlci.core.gates.result import Decision, GateResult, Outcome
from mlci.core.metrics import MEASURED, metric_of
from mlci.core.statistics.interval import Interval
from mlci.core.statistics.repeats import median_interval, ratio_interval

if TYPE_CHECKING:
    from mlci.core.costs import Cost, Timing
    from mlci.core.evidence import Evidence
    from mlci.core.owned_gates import OwnedGate
    from mlci.core.requirement import Gate

NOT_KNOWN: Final = {
    "train_seconds": "no record of its training came along",
    "memory": "this machine does not tell how much memory a process took",
    "latency": "it was not measured",
}


def of_cost(owned: OwnedGate, evidence: Evidence, confidence: float) -> GateResult:
    """Return what a gate on a cost comes to."""
    gate, costs = owned.gate, evidence.costs
    if costs is None:
        return GateResult.of(
            owned, _not_applicable("costs are not measured here"), candidate=None, production=None, rows=0
        )
    now, before = costs.candidate, costs.production
    return GateResult.of(
        owned,
        _decision(gate, now, before, evidence, confidence),
        candidate=now.amount(gate.metric),
        production=None if before is None else before.amount(gate.metric),
        rows=costs.rows if gate.metric in MEASURED else 0,
    )


def _not_applicable(why: str) -> Decision:
    return Decision("not applicable", why)


def _decision(gate: Gate, now: Cost, before: Cost | None, evidence: Evidence, confidence: float) -> Decision:
    amount = now.amount(gate.metric)
    if gate.require != "ceiling" and before is None:
        return _not_applicable("no production yet to compare with")
    if gate.metric in MEASURED and evidence.is_same_model and gate.require != "ceiling":
        outcome = Outcome.FAIL if gate.require == "better" else Outcome.PASS
        return Decision(outcome, "the same bytes as production")
    if amount is None:
        return Decision(Outcome.INCONCLUSIVE, NOT_KNOWN[gate.metric])
    if gate.require == "ceiling" or before is None:
        if now.timing is not None and gate.metric == "latency":
            return _median(gate, now.timing, confidence)
        return _below(gate, amount)
    if gate.metric == "latency" and now.timing is not None and before.timing is not None:
        return _ratio(gate, now.timing, before.timing, confidence)
    other = before.amount(gate.metric)
    if other is not None:
        return _compared(gate, amount, other)
    if gate.metric in MEASURED and evidence.not_comparable is not None:
        return Decision(Outcome.NOT_COMPARABLE, evidence.not_comparable)
    if gate.metric == "train_seconds":
        return _not_applicable("the report that production was promoted on does not say how long it trained")
    return Decision(Outcome.INCONCLUSIVE, f"of production: {NOT_KNOWN[gate.metric]}")


def _below(gate: Gate, amount: float) -> Decision:
    limit = gate.value or 0.0
    outcome = Outcome.PASS if amount < limit else Outcome.FAIL
    return Decision(outcome, f"{_shown(gate, amount)}, the ceiling is {gate.limit}")


def _compared(gate: Gate, now: float, before: float) -> Decision:
    allowed, gained = gate.tolerance.absolute(before), before - now
    share = f" ({abs(gained) / before:.1%})" if before else ""
    change = f"{_shown(gate, abs(gained))}{share} {'less' if gained > 0 else 'more'} than production"
    change = change if gained else "as much as production"
    written = _shown(gate, allowed) + (f" ({gate.limit})" if gate.tolerance.relative else "")
    if gate.require == "better":
        return Decision(
            Outcome.PASS if gained > allowed else Outcome.FAIL, f"{change}, wanted more than {written} less"
        )
    return Decision(Outcome.PASS if gained >= -allowed else Outcome.FAIL, f"{change}, the margin is {written}")


def _median(gate: Gate, timing: Timing, confidence: float) -> Decision:
    limit, found = gate.value or 0.0, median_interval(timing.seconds, confidence)
    turns = len(timing.seconds)
    if found is None:
        return Decision(Outcome.INCONCLUSIVE, f"{turns} turns are too few for bounds this sure")
    low, high = _shown(gate, found.lower), _shown(gate, found.upper)
    if found.upper < limit:
        return Decision(Outcome.PASS, f"at most {high} in half of all cases, the ceiling is {gate.limit}", found)
    if found.lower > limit:
        return Decision(Outcome.FAIL, f"at least {low} in half of all cases, the ceiling is {gate.limit}", found)
    sentence = f"between {low} and {high} by {turns} turns, the ceiling {gate.limit} lies inside"
    return Decision(Outcome.INCONCLUSIVE, sentence, found)


def _ratio(gate: Gate, now: Timing, before: Timing, confidence: float) -> Decision:
    found = ratio_interval(now.seconds, before.seconds, confidence)
    if found is None:
        return Decision(Outcome.INCONCLUSIVE, f"{len(now.seconds)} turns are too few to compare")
    margin = gate.tolerance.value
    # As for every comparison + is good: what of production's time is saved.
    saved = Interval(1 - found.estimate, 1 - found.upper, 1 - found.lower, found.standard_error)
    low, high = _times(found.lower), _times(found.upper)
    if gate.require == "better":
        wanted = f"wanted below {_times(1 - margin)}"
        if found.upper < 1 - margin:
            return Decision(Outcome.PASS, f"takes at most {high} times as long as production, {wanted}", saved)
        if found.lower > 1 - margin:
            return Decision(Outcome.FAIL, f"takes at least {low} times as long as production, {wanted}", saved)
        return Decision(Outcome.INCONCLUSIVE, f"takes {low} to {high} times as long as production, {wanted}", saved)
    allowed = f"the margin is {gate.limit}"
    if found.upper < 1 + margin:
        return Decision(Outcome.PASS, f"takes at most {high} times as long as production, {allowed}", saved)
    if found.lower > 1:
        sentence = f"proven slower: takes {low} to {high} times as long as production, {allowed}"
        return Decision(Outcome.FAIL, sentence, saved)
    return Decision(Outcome.INCONCLUSIVE, f"takes {low} to {high} times as long as production, {allowed}", saved)


def _times(ratio: float) -> str:
    return f"{ratio:.3f}"


def _shown(gate: Gate, amount: float) -> str:
    unit = metric_of(gate.metric).unit
    if unit is None:
        raise AssertionError("what a model costs has a unit")
    return shown_amount(amount, unit)
