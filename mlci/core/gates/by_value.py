"""Gates on numbers as they were handed in: there are no rows, so there is no interval, and no gate is inconclusive.

| requirement    | pass          | fail          |
|----------------|---------------|---------------|
| `not_worse` m  | Δ ≥ −m        | Δ < −m        |
| `better` m     | Δ > m         | Δ ≤ m         |
| `floor` v      | value > v     | value ≤ v     |
| `ceiling` v    | value < v     | value ≥ v     |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.core.gates.decision import margin_of, without_rows
from mlci.core.gates.result import Decision, GateResult, Outcome
from mlci.core.gates.wording import number, signed
from mlci.core.metrics import metric_of, stated_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.core.evidence import Evidence, Numbers
    from mlci.core.owned_gates import OwnedGate
    from mlci.core.requirement import Gate

UNSURE: Final = "by value alone: nothing tells how sure that is"


def by_value(gates: Sequence[OwnedGate], evidence: Evidence, numbers: Numbers) -> tuple[GateResult, ...]:
    """Return what each gate comes to by the NUMBERS of both models."""
    return tuple(_result(owned, evidence, numbers) for owned in gates)


def _result(owned: OwnedGate, evidence: Evidence, numbers: Numbers) -> GateResult:
    gate, name = owned.gate, stated_name(owned.gate.metric)
    now, before = numbers.candidate[name], None if numbers.production is None else numbers.production[name]
    decision = without_rows(gate, evidence) or (_alone(gate, now) if before is None or gate.is_alone else None)
    decision = decision or _comparison(gate, now, before or 0.0)
    return GateResult.of(owned, decision, candidate=now, production=before, rows=0)


def _alone(gate: Gate, now: float) -> Decision:
    limit = gate.value or 0.0
    passes = now < limit if gate.require == "ceiling" else now > limit
    sentence = f"{number(now, limit)}, the {gate.require} is {gate.limit}; {UNSURE}"
    return Decision(Outcome.PASS if passes else Outcome.FAIL, sentence)


def _comparison(gate: Gate, now: float, before: float) -> Decision:
    margin, written = margin_of(gate, before)
    gained = now - before if metric_of(gate.metric).higher_is_better else before - now
    if gate.require == "better":
        outcome = Outcome.PASS if gained > margin else Outcome.FAIL
        return Decision(outcome, f"{signed(gained, margin)}, wanted more than {written}; {UNSURE}")
    outcome = Outcome.PASS if gained >= -margin else Outcome.FAIL
    return Decision(outcome, f"{signed(gained, -margin)}, the margin is {written}; {UNSURE}")
