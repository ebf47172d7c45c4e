"""What each requirement says at each outcome, as one page to read: `tests/golden/gates.txt`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.core.config import StatisticsSection
from mlci.core.evidence import Evidence, Slice
from mlci.core.gates import judge
from mlci.core.requirement import Gate
from mlci.core.rules import OwnedGate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.conftest import Golden

ROWS = np.arange(400)
LABELS = ROWS % 2 == 0


def a_model(wrong_percent: int, shift: int = 0, *, only_at: int | None = None) -> NDArray[np.float64]:
    """Return probabilities that decide WRONG_PERCENT of the rows wrong; 12 % at other sites than ONLY_AT."""
    percent = np.where((only_at == ROWS // 200) | (only_at is None), wrong_percent, 12)
    return np.where(((ROWS * 37 + shift) % 100 >= percent) == LABELS, 0.8, 0.2)


EVIDENCE = Evidence(
    [str(row) for row in ROWS],
    LABELS,
    a_model(12),
    a_model(12, 4),
    slices=tuple(Slice("site", np.equal(ROWS // 200, site), name, site + 1) for site, name in enumerate("AB")),
)
SAME = replace(EVIDENCE, is_same_model=True)
FIRST = replace(EVIDENCE, production=None)
LOST = replace(FIRST, not_comparable="production reads the column site_code, which the evaluation set lacks")
MUCH_BETTER = replace(EVIDENCE, candidate=a_model(2))
MUCH_WORSE = replace(EVIDENCE, candidate=a_model(40))
WORSE_AT_B = replace(EVIDENCE, candidate=a_model(40, only_at=1), production=a_model(12))
FEW = replace(EVIDENCE, slices=(Slice("site", ROWS < 10, "A", 1), Slice("site", ROWS >= 390, "B", 2)))
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
