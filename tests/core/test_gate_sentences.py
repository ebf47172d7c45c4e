"""What each requirement says at each outcome, as one page to read: `tests/golden/gates.txt`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlci.core.gates.judge import judge
from mlci.core.judging_sections import StatisticsSection
from mlci.core.owned_gates import OwnedGate
from mlci.core.requirement import Gate
from tests.core.gate_evidence import EVIDENCE, FEW, FIRST, LOST, MUCH_BETTER, MUCH_WORSE, SAME, WORSE_AT_B

if TYPE_CHECKING:
    from mlci.core.evidence import Evidence
    from tests.conftest import Golden

CASES: list[tuple[dict[str, Any], tuple[Evidence, ...]]] = [
    ({"metric": "accuracy", "require": "not_worse", "margin": 0.02}, (MUCH_BETTER, MUCH_WORSE, EVIDENCE)),
    ({"metric": "accuracy", "require": "not_worse", "margin": 0.02}, (SAME, FIRST, LOST)),
    ({"metric": "accuracy", "require": "better", "margin": 0.01}, (MUCH_BETTER, MUCH_WORSE, EVIDENCE, SAME)),
    ({"metric": "accuracy", "require": "floor", "value": 0.86}, (MUCH_BETTER, MUCH_WORSE, EVIDENCE, FIRST, LOST)),
    ({"metric": "log_loss", "require": "ceiling", "value": 0.4}, (MUCH_BETTER, MUCH_WORSE, EVIDENCE)),
    (
        {"metric": "accuracy", "require": "floor", "value": 0.84, "slices": True},
        (MUCH_BETTER, WORSE_AT_B, EVIDENCE, FEW),
    ),
    ({"metric": "accuracy", "require": "no_proven_regression", "slices": True}, (MUCH_BETTER, WORSE_AT_B, FEW)),
    (
        {"metric": "accuracy", "require": "gap_not_wider", "margin": 0.1, "slices": True},
        (MUCH_BETTER, WORSE_AT_B, FEW),
    ),
]


def told(gate: dict[str, Any], evidence: Evidence) -> str:
    """Return what a gate comes to, in a line; with what would decide it where that is known."""
    result = judge([OwnedGate(Gate.model_validate(gate), "base")], evidence, StatisticsSection()).results[0]
    needed = f"; {result.rows_needed:,} rows would decide it" if result.rows_needed else ""
    return f"  {result.outcome}: {result.sentence}{needed}"


def test_gates__every_requirement_at_every_outcome_reads_as_it_stands(golden: Golden) -> None:
    lines = []
    for gate, seen in CASES:
        written = ", ".join(f"{key}: {value}" for key, value in gate.items())
        lines += [f"{{{written}}}", *(told(gate, evidence) for evidence in seen), ""]
    golden("gates.txt", "\n".join(lines))
