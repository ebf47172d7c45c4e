"""The comment on a pull request, whole, for each requirement at each outcome: `tests/golden/gates/*.md`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mlci.core.gates import Outcome
from mlci.core.gates.judge import judge
from mlci.core.judging_sections import StatisticsSection
from mlci.core.owned_gates import OwnedGate
from mlci.core.report import Conclusion
from mlci.core.requirement import Gate
from mlci.render.markdown import comment
from tests.core.gate_evidence import (
    CHEAP,
    COSTLY,
    EVIDENCE,
    FEW,
    MEASURED,
    MUCH_BETTER,
    MUCH_WORSE,
    NUMBERS,
    SAME,
    SEVERAL,
    UNEVEN,
    WORSE_AT_B,
)
from tests.core.reports import a_report

if TYPE_CHECKING:
    from mlci.core.evidence import Evidence
    from tests.conftest import Golden

NOT_WORSE = {"metric": "accuracy", "require": "not_worse", "margin": 0.02}
BETTER = {"metric": "accuracy", "require": "better", "margin": 0.01}
FLOOR = {"metric": "accuracy", "require": "floor", "value": 0.86}
CEILING = {"metric": "log_loss", "require": "ceiling", "value": 0.4}
IN_SLICES = {"metric": "accuracy", "require": "no_proven_regression", "slices": True}
GAP = {"metric": "recall", "require": "gap_not_wider", "margin": 0.1, "slices": ["site"]}
CHURN = {"require": "d < 0.1"}
FORMULA = {"metric": "accuracy", "require": "n - o > -0.02"}
OF_CLASS = {"metric": "recall@B", "require": "not_worse", "margin": 0.02}
OF_FUNCTION = {"metric": "higher@profit", "require": "not_worse", "margin": 0.25}
OF_NUMBERS = {"metric": "mae", "require": "not_worse", "margin": "2%"}
SIZE = {"metric": "size", "require": "ceiling", "value": "20MB"}
MEMORY = {"metric": "memory", "require": "not_worse", "margin": "10%"}
TRAINING = {"metric": "train_seconds", "require": "better", "margin": "10s"}
LATENCY = {"metric": "latency", "require": "not_worse", "margin": "20%"}
TIME = {"metric": "latency", "require": "ceiling", "value": "12ms"}
CASES: dict[str, tuple[dict[str, Any], Evidence]] = {
    "not-worse-pass": (NOT_WORSE, MUCH_BETTER),
    "not-worse-fail": (NOT_WORSE, MUCH_WORSE),
    "not-worse-inconclusive": (NOT_WORSE, EVIDENCE),
    "not-worse-same-model": (NOT_WORSE, SAME),
    "not-worse-of-a-class-fail": (OF_CLASS, SEVERAL),
    "not-worse-of-numbers-fail": (OF_NUMBERS, NUMBERS),
    "better-pass": (BETTER, MUCH_BETTER),
    "better-fail": (BETTER, MUCH_WORSE),
    "better-inconclusive": (BETTER, EVIDENCE),
    "floor-pass": (FLOOR, MUCH_BETTER),
    "floor-fail": (FLOOR, MUCH_WORSE),
    "floor-inconclusive": (FLOOR, EVIDENCE),
    "floor-in-slices-fail": (FLOOR | {"slices": True}, WORSE_AT_B),
    "floor-in-slices-inconclusive": (FLOOR | {"slices": True}, EVIDENCE),
    "ceiling-pass": (CEILING, MUCH_BETTER),
    "ceiling-fail": (CEILING, MUCH_WORSE),
    "ceiling-inconclusive": (CEILING, EVIDENCE),
    "no-proven-regression-pass": (IN_SLICES, MUCH_BETTER),
    "no-proven-regression-fail": (IN_SLICES, WORSE_AT_B),
    "no-proven-regression-small-slices": (IN_SLICES, FEW),
    "gap-not-wider-pass": (GAP, MUCH_BETTER),
    "gap-not-wider-fail": (GAP | {"margin": 0.05}, WORSE_AT_B),
    "gap-not-wider-inconclusive": (GAP | {"margin": 0.05}, EVIDENCE),
    "gap-not-wider-small-groups": (GAP, FEW),
    "churn-pass": (CHURN | {"require": "d < 0.2"}, EVIDENCE),
    "churn-fail": (CHURN, MUCH_WORSE),
    "churn-inconclusive": (CHURN, EVIDENCE),
    "function-fail": (OF_FUNCTION, MEASURED),
    "function-inconclusive": ({"metric": "higher@profit", "require": "floor", "value": 3.57}, MEASURED),
    "size-pass": (SIZE, CHEAP),
    "size-fail": (SIZE, COSTLY),
    "memory-pass": (MEMORY, CHEAP),
    "memory-fail": (MEMORY, COSTLY),
    "train-seconds-pass": (TRAINING, CHEAP),
    "train-seconds-fail": (TRAINING, COSTLY),
    "train-seconds-unknown": (TRAINING, UNEVEN),
    "latency-pass": (LATENCY, CHEAP),
    "latency-fail": (LATENCY, COSTLY),
    "latency-inconclusive": (LATENCY, UNEVEN),
    "latency-better-pass": (LATENCY | {"require": "better"}, CHEAP),
    "latency-better-fail": (LATENCY | {"require": "better"}, COSTLY),
    "latency-better-inconclusive": (LATENCY | {"require": "better"}, UNEVEN),
    "latency-ceiling-pass": (TIME, CHEAP),
    "latency-ceiling-fail": (TIME, COSTLY),
    "latency-ceiling-inconclusive": (TIME, UNEVEN),
    "formula-pass": (FORMULA, MUCH_BETTER),
    "formula-fail": (FORMULA, MUCH_WORSE),
    "formula-inconclusive": (FORMULA, EVIDENCE),
}
"""By the name of the golden file: the gate as mlci.yaml has it, and what both models said."""


@pytest.mark.parametrize("name", CASES)
def test_report__of_each_requirement_at_each_outcome(name: str, golden: Golden) -> None:
    gate, evidence = CASES[name]
    verdict = judge([OwnedGate(Gate.model_validate(gate), "base")], evidence, StatisticsSection())
    golden(f"gates/{name}.md", comment(a_report(Conclusion(verdict.outcome), verdict=verdict)))


def test_reports__hold_every_requirement_at_every_outcome_that_it_has() -> None:
    seen = set()
    for gate, evidence in CASES.values():
        result = judge([OwnedGate(Gate.model_validate(gate), "base")], evidence, StatisticsSection()).results[0]
        seen.add((result.require, result.outcome))
    three = ("not_worse", "better", "floor", "ceiling", "gap_not_wider")
    wanted = {(require, outcome) for require in three for outcome in (Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE)}
    assert seen == wanted | {("no_proven_regression", outcome) for outcome in (Outcome.PASS, Outcome.FAIL)}
