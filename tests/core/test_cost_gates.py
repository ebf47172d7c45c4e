"""Gates on what a model costs: how they are written, and what they come to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from mlci.core.config import read_config
from mlci.core.costs import Cost, Costs, Timing
from mlci.core.gates.judge import judge
from mlci.core.judging_sections import StatisticsSection
from mlci.core.owned_gates import OwnedGate, gate_direction
from mlci.core.requirement import Gate
from mlci.errors import UsageError
from tests.core.configurations import TUMOUR, edited
from tests.core.gate_evidence import CHEAP, COSTLY, EVIDENCE, PRODUCTION_COST, UNEVEN, timing

if TYPE_CHECKING:
    from mlci.core.evidence import Evidence
    from mlci.core.gates import GateResult

PROGRAM = ("model: model.skops", "predict: {run: ./answer, model: model.bin}")
STATED = ("model: model.skops", "metrics: numbers.json")


def a_gate(**fields: object) -> Gate:
    return Gate.model_validate(fields)


def with_gates(gates: str, edits: tuple[str, str]) -> bytes:
    head, _, rest = TUMOUR.partition("gates:\n")
    return edited(f"{head}{gates}\n{rest[rest.index('promote:') :]}", edits).encode()


def judged(evidence: Evidence, **fields: object) -> GateResult:
    statistics = StatisticsSection()
    return judge([OwnedGate(a_gate(**fields), "base")], evidence, statistics).results[0]


def refusal(**fields: object) -> str:
    with pytest.raises(ValidationError) as caught:
        a_gate(**fields)
    return caught.value.errors()[0]["msg"]


def test_gate__on_a_cost_reads_and_says_its_amount_with_its_unit() -> None:
    size = a_gate(metric="size", require="ceiling", value="20MB")
    memory = a_gate(metric="memory", require="not_worse", margin="64MiB")
    assert (size.value, size.text) == (20e6, "`size` ceiling 20MB")
    assert (memory.tolerance.value, memory.text) == (2.0**26, "`memory` not_worse margin 64MiB")
    assert a_gate(metric="latency", require="better", margin="10%").text == "`latency` better margin 10%"


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"metric": "size", "require": "ceiling", "value": 20}, "an amount of bytes has its unit, such as 20MB"),
        ({"metric": "size", "require": "ceiling", "value": "5ms"}, "an amount of bytes has its unit"),
        ({"metric": "latency", "require": "ceiling", "value": "5MB"}, "an amount of seconds has its unit"),
        ({"metric": "latency", "require": "not_worse", "margin": "5ms"}, "latency is compared as a ratio"),
        ({"metric": "size", "require": "floor", "value": "5MB"}, "better when it is lower"),
        ({"metric": "size", "require": "ceiling", "value": "5MB", "slices": True}, "a cost of the whole model"),
        ({"metric": "memory", "require": "no_proven_regression"}, "a cost of the whole model"),
        ({"metric": "size", "require": "ceiling", "value": 0}, "a model costs more than nothing"),
        ({"metric": "recall", "require": "floor", "value": "5MB"}, "valid number"),
        ({"metric": "recall", "require": "not_worse", "margin": "5MB"}, "a margin is a number"),
    ],
)
def test_gate__on_a_cost_that_means_nothing_is_refused(fields: dict[str, object], problem: str) -> None:
    assert problem in refusal(**fields)


def test_gate__on_a_cost_is_ordered_as_any_other() -> None:
    twenty, thirty = (a_gate(metric="size", require="ceiling", value=each) for each in ("20MB", "30MB"))
    assert (gate_direction(twenty, thirty), gate_direction(thirty, twenty)) == ("looser", "tighter")


@pytest.mark.parametrize(
    ("gate", "edits", "problem"),
    [
        ("{metric: size, require: ceiling, value: 5MB}", STATED, "size is a cost of the model, and train.metrics"),
        ("{metric: latency, require: ceiling, value: 5ms}", STATED, "latency is measured where the model predicts"),
        (
            "{metric: memory, require: ceiling, value: 5GB}",
            PROGRAM,
            "a program, which nobody starts to judge it",
        ),
        (
            "{metric: train_seconds, require: ceiling, value: 1h}",
            ("run: python train.py, ", ""),
            "of a model made elsewhere nobody here knows it",
        ),
    ],
)
def test_config__a_cost_that_nobody_could_tell_is_refused(gate: str, edits: tuple[str, str], problem: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_config(with_gates(f"gates: [{gate}]", edits))
    assert problem in caught.value.problem


def test_config__a_program_may_be_limited_in_size_and_training() -> None:
    limits = ("size, require: ceiling, value: 5MB", "train_seconds, require: ceiling, value: 1h")
    gates = ", ".join(f"{{metric: {each}}}" for each in limits)
    assert [gate.limit for gate in read_config(with_gates(f"gates: [{gates}]", PROGRAM)).gates] == ["5MB", "1h"]


@pytest.mark.parametrize(
    ("size", "require", "margin", "outcome"),
    [
        (20_000_000, "not_worse", None, "pass"),
        (21_000_000, "not_worse", "5%", "pass"),
        (21_000_001, "not_worse", "5%", "fail"),
        (19_000_000, "better", "1MB", "fail"),
        (18_999_999, "better", "1MB", "pass"),
    ],
)
def test_amount__decides_by_value_up_to_the_very_margin(
    size: int, require: str, margin: str | None, outcome: str
) -> None:
    evidence = replace(EVIDENCE, costs=Costs(Cost(size), PRODUCTION_COST))
    fields = {"margin": margin} if margin else {}
    assert judged(evidence, metric="size", require=require, **fields).outcome == outcome


def test_latency__bounds_decide_and_not_the_middle() -> None:
    evidence = replace(EVIDENCE, costs=Costs(Cost(1, timing=timing(10.5)), PRODUCTION_COST, 400))
    assert judged(evidence, metric="latency", require="not_worse", margin="10%").outcome == "pass"
    assert judged(evidence, metric="latency", require="not_worse", margin="1%").outcome == "fail"
    assert judged(UNEVEN, metric="latency", require="not_worse", margin="10%").outcome == "inconclusive"
    found = judged(COSTLY, metric="latency", require="not_worse", margin="10%").interval
    assert found is not None
    assert found.lower <= found.estimate <= found.upper < 0


def test_cost__without_production_only_ceilings_decide() -> None:
    first = replace(CHEAP, production=None, costs=Costs(PRODUCTION_COST, None, 400))
    assert judged(first, metric="size", require="ceiling", value="21MB").outcome == "pass"
    assert judged(first, metric="size", require="not_worse").outcome == "not applicable"
    assert judged(first, metric="latency", require="better").outcome == "not applicable"


def test_cost__that_is_not_known_is_said() -> None:
    unknown = replace(EVIDENCE, costs=Costs(Cost(1), replace(PRODUCTION_COST, train_seconds=None, timing=None)))
    ours = judged(unknown, metric="train_seconds", require="ceiling", value="1h")
    assert (str(ours.outcome), ours.sentence) == ("inconclusive", "no record of its training came along")
    theirs = judged(replace(unknown, costs=Costs(PRODUCTION_COST, Cost(1))), metric="train_seconds", require="better")
    assert (theirs.outcome, theirs.sentence) == (
        "not applicable",
        "the report that production was promoted on does not say how long it trained",
    )
    peak = replace(EVIDENCE, costs=Costs(replace(PRODUCTION_COST, timing=replace(timing(1), peak_bytes=None)), None))
    assert judged(peak, metric="memory", require="ceiling", value="1GB").sentence.startswith(
        "this machine does not tell"
    )


def test_cost__of_what_is_not_comparable_is_so_where_it_is_measured_and_nowhere_else() -> None:
    costs = Costs(replace(PRODUCTION_COST, timing=timing(9)), replace(PRODUCTION_COST, timing=None), 400)
    lost = replace(EVIDENCE, production=None, not_comparable="production reads a lost column", costs=costs)
    assert judged(lost, metric="latency", require="not_worse").outcome == "not comparable"
    assert judged(lost, metric="size", require="not_worse").outcome == "pass"


def test_cost__of_the_same_bytes_is_the_same() -> None:
    same = replace(UNEVEN, is_same_model=True)
    assert judged(same, metric="latency", require="not_worse").outcome == "pass"
    assert judged(same, metric="latency", require="better").outcome == "fail"


def test_latency__by_too_few_turns_is_open() -> None:
    few = replace(PRODUCTION_COST, timing=Timing((0.01, 0.01, 0.01, 0.01), None))
    found = judged(replace(EVIDENCE, costs=Costs(few, None)), metric="latency", require="ceiling", value="1s")
    assert (str(found.outcome), found.sentence) == ("inconclusive", "4 turns are too few for bounds this sure")


def test_cost__counts_for_the_whole() -> None:
    gates = [OwnedGate(a_gate(metric="size", require="ceiling", value="1MB"), "base")]
    assert judge(gates, CHEAP, StatisticsSection()).outcome == "fail"
    warned = [OwnedGate(a_gate(metric="size", require="ceiling", value="1MB", severity="warn"), "base")]
    assert judge(warned, CHEAP, StatisticsSection()).outcome == "pass"
