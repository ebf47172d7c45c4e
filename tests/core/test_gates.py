from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    brier_score_loss,
    cohen_kappa_score,
    f1_score,
    log_loss,
    matthews_corrcoef,
    precision_score,
    recall_score,
    roc_auc_score,
)

import mlci.core.gates
from mlci.core.evidence import Evidence
from mlci.core.gates import RULES, Outcome, Verdict
from mlci.core.gates.judge import judge
from mlci.core.judging_sections import StatisticsSection
from mlci.core.metrics import METRICS
from mlci.core.owned_gates import OwnedGate
from mlci.core.requirement import Gate
from mlci.core.statistics.delong import auc_alone, auc_difference
from mlci.core.statistics.interval import Interval
from mlci.core.statistics.losses import paired_t
from mlci.core.statistics.mcnemar import mcnemar_mid_p
from mlci.core.statistics.paired import paired_difference
from mlci.core.statistics.ranks import Ranking, roc_auc
from mlci.core.statistics.sampling import Blocks, Clusters
from mlci.core.statistics.skewness import skewness, widened_for_skewness
from mlci.core.statistics.tango import tango
from mlci.core.statistics.wilson import wilson
from tests.core import gate_evidence

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlci.core.gates import GateResult

BINARY = {name: metric for name, metric in METRICS.items() if "binary" in metric.tasks}
COMPARED = tuple(name for name, metric in BINARY.items() if metric.kind not in {"calibration", "churn", "rate"})
ROWS = np.arange(400)
LABELS = ROWS % 2 == 0
STATISTICS = StatisticsSection()


def a_model(wrong_percent: int, shift: int = 0) -> NDArray[np.float64]:
    """Return probabilities that decide WRONG_PERCENT of the rows wrong, the same rows for the same SHIFT."""
    confidence = 0.5 + 0.49 * ((ROWS * 61) % 97 + 1) / 98
    right = (ROWS * 37 + shift) % 100 >= wrong_percent
    return np.where(right == LABELS, confidence, 1 - confidence)


def some_evidence(
    candidate: NDArray[np.float64], production: NDArray[np.float64] | None = None, *, labels: NDArray[np.bool_] = LABELS
) -> Evidence:
    return Evidence([f"row-{row}" for row in range(len(labels))], labels, candidate, production, threshold=0.5)


def first_rows(evidence: Evidence, number: int) -> Evidence:
    return replace(
        evidence,
        ids=evidence.ids[:number],
        labels=evidence.labels[:number],
        candidate=evidence.candidate[:number],
        production=None if evidence.production is None else evidence.production[:number],
    )


def a_gate(metric: str, require: str, number: float | str | None = None) -> OwnedGate:
    name = "value" if require in {"floor", "ceiling"} else "margin"
    fields: dict[str, Any] = {"metric": metric, "require": require} | ({name: number} if number is not None else {})
    return OwnedGate(Gate.model_validate(fields), "base")


def judged(gate: OwnedGate, evidence: Evidence, statistics: StatisticsSection = STATISTICS) -> GateResult:
    return judge([gate], evidence, statistics).results[0]


GOOD, WORSE, MUCH_WORSE, COIN = a_model(10), a_model(11), a_model(30), a_model(50)
SLIGHTLY, SOMEWHAT = a_model(14), a_model(16)
ONE, ANOTHER = a_model(12), a_model(12, shift=4)

FEW = "too few rows changed for an interval to be trusted ({} effectively, 10 wanted)"
KNOWN: list[Any] = [
    ("accuracy", "not_worse", 0.05, WORSE, GOOD, ("pass", "at worst −0.023, the margin is 0.05")),
    ("accuracy", "not_worse", "5%", WORSE, GOOD, ("pass", "at worst −0.023, the margin is 0.0450 (5%)")),
    ("accuracy", "not_worse", "1%", WORSE, GOOD, ("fail", "proven worse: at best −0.003, at worst −0.023")),
    ("accuracy", "not_worse", 0.01, MUCH_WORSE, GOOD, ("fail", "proven worse: at best −0.169, at worst −0.235")),
    (
        "accuracy",
        "not_worse",
        0.01,
        ONE,
        ANOTHER,
        ("inconclusive", "could be as bad as −0.024, the margin is 0.01; could be as good as +0.024"),
    ),
    ("accuracy", "better", 0.02, GOOD, MUCH_WORSE, ("pass", "at least +0.169, wanted more than 0.02")),
    ("accuracy", "better", 0.02, MUCH_WORSE, GOOD, ("fail", "at best −0.169, wanted more than 0.02")),
    ("accuracy", "better", 0.01, ONE, ANOTHER, ("inconclusive", "between −0.024 and +0.024, wanted more than 0.01")),
    ("accuracy", "floor", 0.7, GOOD, None, ("pass", "at least 0.873, the floor is 0.7")),
    ("accuracy", "floor", 0.7, COIN, None, ("fail", "at most 0.541, the floor is 0.7")),
    ("accuracy", "floor", 0.88, GOOD, None, ("inconclusive", "between 0.873 and 0.922, the floor 0.88 lies inside")),
    ("error_rate", "not_worse", 0.05, WORSE, GOOD, ("pass", "at worst −0.023, the margin is 0.05")),
    ("error_rate", "not_worse", "1%", WORSE, GOOD, ("fail", "proven worse: at best −0.003, at worst −0.023")),
    ("error_rate", "ceiling", 0.3, GOOD, None, ("pass", "at most 0.127, the ceiling is 0.3")),
    ("error_rate", "ceiling", 0.3, COIN, None, ("fail", "at least 0.459, the ceiling is 0.3")),
    (
        "error_rate",
        "ceiling",
        0.12,
        GOOD,
        None,
        ("inconclusive", "between 0.078 and 0.127, the ceiling 0.12 lies inside"),
    ),
    ("recall", "not_worse", 0.05, WORSE, GOOD, ("pass", "at worst −0.045, the margin is 0.05")),
    ("recall", "not_worse", 0.01, MUCH_WORSE, GOOD, ("fail", "proven worse: at best −0.158, at worst −0.250")),
    (
        "recall",
        "not_worse",
        0.01,
        ONE,
        ANOTHER,
        ("inconclusive", "could be as bad as −0.035, the margin is 0.01; could be as good as +0.035"),
    ),
    ("recall", "better", 0.02, GOOD, MUCH_WORSE, ("pass", "at least +0.158, wanted more than 0.02")),
    ("recall", "better", 0.02, MUCH_WORSE, GOOD, ("fail", "at best −0.158, wanted more than 0.02")),
    ("recall", "better", None, ONE, ANOTHER, ("inconclusive", "between −0.035 and +0.035, wanted more than 0")),
    ("recall", "floor", 0.7, GOOD, None, ("pass", "at least 0.860, the floor is 0.7")),
    ("recall", "floor", 0.7, COIN, None, ("fail", "at most 0.558, the floor is 0.7")),
    ("recall", "floor", 0.88, GOOD, None, ("inconclusive", "between 0.860 and 0.930, the floor 0.88 lies inside")),
    ("roc_auc", "not_worse", 0.08, SLIGHTLY, GOOD, ("pass", "at worst −0.0799, the margin is 0.08")),
    ("roc_auc", "not_worse", 0.05, WORSE, GOOD, ("inconclusive", FEW.format("3.5"))),
    ("roc_auc", "not_worse", 0.01, MUCH_WORSE, GOOD, ("fail", "proven worse: at best −0.195, at worst −0.277")),
    (
        "roc_auc",
        "not_worse",
        0.01,
        ONE,
        ANOTHER,
        ("inconclusive", "could be as bad as −0.030, the margin is 0.01; could be as good as +0.040"),
    ),
    ("roc_auc", "better", 0.02, GOOD, MUCH_WORSE, ("pass", "at least +0.195, wanted more than 0.02")),
    ("roc_auc", "better", 0.02, MUCH_WORSE, GOOD, ("fail", "at best −0.195, wanted more than 0.02")),
    ("roc_auc", "better", 0.01, ONE, ANOTHER, ("inconclusive", "between −0.030 and +0.040, wanted more than 0.01")),
    ("roc_auc", "floor", 0.7, GOOD, None, ("pass", "at least 0.819, the floor is 0.7")),
    ("roc_auc", "floor", 0.7, COIN, None, ("fail", "at most 0.518, the floor is 0.7")),
    ("roc_auc", "floor", 0.88, GOOD, None, ("inconclusive", "between 0.819 and 0.890, the floor 0.88 lies inside")),
    ("log_loss", "not_worse", 0.11, SLIGHTLY, GOOD, ("pass", "at worst −0.100, the margin is 0.11")),
    ("log_loss", "not_worse", "25%", SLIGHTLY, GOOD, ("pass", "at worst −0.103, the margin is 0.1246 (25%)")),
    ("log_loss", "not_worse", 0.05, WORSE, GOOD, ("inconclusive", FEW.format("3.0"))),
    ("log_loss", "ceiling", 0.9, GOOD, None, ("pass", "at most 0.545, the ceiling is 0.9")),
    ("log_loss", "ceiling", 0.3, GOOD, None, ("fail", "at least 0.451, the ceiling is 0.3")),
    ("log_loss", "ceiling", 0.5, GOOD, None, ("inconclusive", "between 0.451 and 0.545, the ceiling 0.5 lies inside")),
    ("log_loss", "not_worse", 0.01, MUCH_WORSE, GOOD, ("fail", "proven worse: at best −0.224, at worst −0.324")),
    (
        "log_loss",
        "not_worse",
        0.01,
        ONE,
        ANOTHER,
        ("inconclusive", "could be as bad as −0.032, the margin is 0.01; could be as good as +0.068"),
    ),
    ("log_loss", "better", 0.02, GOOD, MUCH_WORSE, ("pass", "at least +0.224, wanted more than 0.02")),
    ("log_loss", "better", 0.02, MUCH_WORSE, GOOD, ("fail", "at best −0.224, wanted more than 0.02")),
    ("log_loss", "better", 0.01, ONE, ANOTHER, ("inconclusive", "between −0.032 and +0.068, wanted more than 0.01")),
    ("brier", "not_worse", 0.05, SLIGHTLY, GOOD, ("pass", "at worst −0.039, the margin is 0.05")),
    (
        "brier",
        "not_worse",
        0.05,
        WORSE,
        GOOD,
        ("pass", "so few rows changed that it is −0.023 at worst, the margin is 0.05"),
    ),
    ("brier", "not_worse", 0.01, WORSE, GOOD, ("inconclusive", FEW.format("4.0"))),
    ("brier", "better", None, WORSE, GOOD, ("inconclusive", FEW.format("4.0"))),
    ("brier", "ceiling", 0.3, SLIGHTLY, None, ("pass", "at most 0.200, the ceiling is 0.3")),
    ("specificity", "not_worse", 0.05, SLIGHTLY, GOOD, ("fail", "proven worse: at best −0.023, at worst −0.071")),
    ("precision", "not_worse", 0.05, SLIGHTLY, GOOD, ("fail", "proven worse: at best −0.019, at worst −0.065")),
    ("precision", "floor", 0.95, SLIGHTLY, None, ("fail", "at most 0.896, the floor is 0.95")),
    ("lift", "not_worse", 0.1, SLIGHTLY, GOOD, ("fail", "proven worse: at best −0.036, at worst −0.133")),
    ("lift", "floor", 1.5, SLIGHTLY, None, ("pass", "at least 1.571, the floor is 1.5")),
    ("lift", "floor", 1.75, SLIGHTLY, None, ("inconclusive", "between 1.571 and 1.823, the floor 1.75 lies inside")),
    ("f1", "not_worse", 0.06, SLIGHTLY, GOOD, ("pass", "at worst −0.059, the margin is 0.06")),
    ("f1", "floor", 0.7, SLIGHTLY, None, ("pass", "at least 0.827, the floor is 0.7")),
    ("balanced_accuracy", "not_worse", 0.06, SLIGHTLY, GOOD, ("pass", "at worst −0.059, the margin is 0.06")),
    ("mcc", "not_worse", 0.1, SLIGHTLY, GOOD, ("fail", "proven worse: at best −0.048, at worst −0.118")),
    ("mcc", "floor", 0.7, SLIGHTLY, None, ("inconclusive", "between 0.658 and 0.773, the floor 0.7 lies inside")),
    ("kappa", "floor", 0.9, SLIGHTLY, None, ("fail", "at most 0.773, the floor is 0.9")),
    ("average_precision", "not_worse", 0.15, SOMEWHAT, GOOD, ("pass", "at worst −0.110, the margin is 0.15")),
    ("average_precision", "floor", 0.7, SLIGHTLY, None, ("pass", "at least 0.708, the floor is 0.7")),
    ("calibration_error", "ceiling", 0.3, SLIGHTLY, None, ("pass", "at most 0.241, the ceiling is 0.3")),
]


@pytest.mark.parametrize(
    ("metric", "require", "number", "models", "expected"),
    [(metric, require, number, models, expected) for metric, require, number, *models, expected in KNOWN],
    ids=[f"{row[0]}-{row[1]}-{row[2]}-{row[5][0]}" for row in KNOWN],
)
def test_judge__known_answers(
    metric: str,
    require: str,
    number: float | str | None,
    models: list[NDArray[np.float64]],
    expected: tuple[str, str],
) -> None:
    result = judged(a_gate(metric, require, number), some_evidence(*models))
    assert (str(result.outcome), result.sentence) == expected


@pytest.mark.parametrize(
    ("metric", "reference"),
    [
        ("accuracy", lambda labels, scores: accuracy_score(labels, scores >= 0.5)),
        ("error_rate", lambda labels, scores: 1 - accuracy_score(labels, scores >= 0.5)),
        ("recall", lambda labels, scores: recall_score(labels, scores >= 0.5)),
        ("roc_auc", roc_auc_score),
        ("log_loss", log_loss),
        ("specificity", lambda labels, scores: recall_score(~labels, scores < 0.5)),
        ("precision", lambda labels, scores: precision_score(labels, scores >= 0.5)),
        ("lift", lambda labels, scores: precision_score(labels, scores >= 0.5) / np.mean(labels)),
        ("f1", lambda labels, scores: f1_score(labels, scores >= 0.5)),
        ("balanced_accuracy", lambda labels, scores: balanced_accuracy_score(labels, scores >= 0.5)),
        ("mcc", lambda labels, scores: matthews_corrcoef(labels, scores >= 0.5)),
        ("kappa", lambda labels, scores: cohen_kappa_score(labels, scores >= 0.5)),
        ("average_precision", average_precision_score),
        ("brier", brier_score_loss),
    ],
)
@pytest.mark.parametrize("scores", [GOOD, COIN, np.round(a_model(25), 1), np.where(ROWS % 7, LABELS, ~LABELS) * 1.0])
def test_judge__point_values_are_those_of_scikit_learn(
    metric: str, reference: Callable[[NDArray[np.bool_], NDArray[np.float64]], float], scores: NDArray[np.float64]
) -> None:
    result = judged(a_gate(metric, "not_worse"), some_evidence(scores, GOOD))
    assert result.candidate == pytest.approx(reference(LABELS, scores), abs=1e-12, rel=0)
    assert result.production == pytest.approx(reference(LABELS, GOOD), abs=1e-12, rel=0)


def test_judge__each_metric_has_the_interval_of_its_method() -> None:
    evidence = some_evidence(ONE, ANOTHER)
    losses = -np.log(np.where(LABELS, ANOTHER, 1 - ANOTHER)) + np.log(np.where(LABELS, ONE, 1 - ONE))
    area, other_area = (roc_auc(Ranking.of(scores).labelled(LABELS)) for scores in (ONE, ANOTHER))
    assert area is not None
    assert other_area is not None
    moved = np.where(ONE != ANOTHER, paired_difference(area, other_area).influence, 0.0)
    expected = {
        ("accuracy", "better"): tango(16, 16, 400, 0.95),
        ("recall", "better"): tango(8, 8, 200, 0.95),
        ("roc_auc", "better"): widened_for_skewness(auc_difference(LABELS, ONE, ANOTHER, 0.95), skewness(moved), 0.95),
        ("log_loss", "better"): widened_for_skewness(
            paired_t(losses, 0.95), skewness(np.where(losses, losses - losses.mean(), 0.0)), 0.95
        ),
        ("accuracy", "floor"): wilson(352, 400, 0.95),
        ("recall", "floor"): wilson(176, 200, 0.95),
        ("roc_auc", "floor"): auc_alone(LABELS, ONE, 0.95),
    }
    for (metric, require), interval in expected.items():
        found = judged(a_gate(metric, require, 0.01), evidence).interval
        assert found is not None
        assert (found.estimate, found.lower, found.upper) == pytest.approx(
            (interval.estimate, interval.lower, interval.upper), abs=1e-12
        )


def test_judge__a_gate_is_as_confident_as_the_rules_say() -> None:
    result = judged(
        a_gate("accuracy", "floor", 0.5), some_evidence(GOOD), StatisticsSection(confidence=0.99, min_rows=2)
    )
    assert result.interval == wilson(360, 400, 0.99)


def test_judge__the_threshold_of_the_rules_decides_and_is_itself_positive() -> None:
    evidence = replace(some_evidence(np.full(400, 0.3)), threshold=0.3)
    assert judged(a_gate("recall", "floor", 0.7), evidence).candidate == 1.0
    assert judged(a_gate("recall", "floor", 0.7), replace(evidence, threshold=0.31)).candidate == 0.0


def test_floor__a_bound_on_the_floor_itself_is_not_beyond_it() -> None:
    lower = wilson(360, 400, 0.95).lower
    below, exact = (judged(a_gate("accuracy", "floor", floor), some_evidence(GOOD)) for floor in (lower - 1e-9, lower))
    assert (below.outcome, exact.outcome) == (Outcome.PASS, Outcome.INCONCLUSIVE)
    upper = wilson(200, 400, 0.95).upper
    exact, above = (judged(a_gate("accuracy", "floor", floor), some_evidence(COIN)) for floor in (upper, upper + 1e-9))
    assert (exact.outcome, above.outcome) == (Outcome.INCONCLUSIVE, Outcome.FAIL)


def test_not_worse__a_bound_on_the_margin_itself_is_not_within_it() -> None:
    worst = -tango(16, 16, 400, 0.95).lower
    evidence = some_evidence(ONE, ANOTHER)
    assert judged(a_gate("accuracy", "not_worse", worst), evidence).outcome is Outcome.INCONCLUSIVE
    assert judged(a_gate("accuracy", "not_worse", worst + 1e-9), evidence).outcome is Outcome.PASS


def test_not_worse__within_the_margin_passes_though_it_is_proven_to_be_a_little_worse() -> None:
    result = judged(a_gate("accuracy", "not_worse", 0.05), some_evidence(WORSE, GOOD))
    assert result.interval is not None
    assert result.interval.upper < 0
    assert result.outcome is Outcome.PASS


def test_better__a_bound_on_the_margin_itself_is_not_beyond_it() -> None:
    interval = tango(80, 0, 400, 0.95)
    evidence = some_evidence(GOOD, MUCH_WORSE)
    outcomes = [
        judged(a_gate("accuracy", "better", margin), evidence).outcome
        for margin in (interval.lower - 1e-9, interval.lower, interval.upper, interval.upper + 1e-9)
    ]
    assert outcomes == [Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.INCONCLUSIVE, Outcome.FAIL]


def test_sentence__has_enough_digits_to_tell_a_bound_from_its_limit() -> None:
    lower = wilson(360, 400, 0.95).lower
    assert f"{lower:.6f}" == "0.872576"
    result = judged(a_gate("accuracy", "floor", 0.87251), some_evidence(GOOD))
    assert result.sentence == "at least 0.8726, the floor is 0.87251"


@pytest.mark.parametrize(
    ("metric", "margin", "outcome", "sentence"),
    [
        ("accuracy", 0.01, Outcome.PASS, "at worst −0.007, the margin is 0.01"),
        ("roc_auc", 0.02, Outcome.PASS, "at worst −0.015, the margin is 0.02"),
        ("brier", 0.01, Outcome.PASS, "so few rows changed that it is −0.007 at worst, the margin is 0.01"),
        (
            "log_loss",
            0.01,
            Outcome.INCONCLUSIVE,
            "too few rows changed for an interval to be trusted (0.0 effectively, 10 wanted)",
        ),
    ],
)
def test_no_change__proves_what_so_many_equal_rows_prove(
    metric: str, margin: float, outcome: Outcome, sentence: str
) -> None:
    result = judged(a_gate(metric, "not_worse", margin), some_evidence(GOOD, GOOD.copy()))
    assert (result.outcome, result.sentence) == (outcome, sentence)


def test_few_changes__that_are_gains_hide_no_loss() -> None:
    """One row that the candidate gets right at last makes the interval wide, and the lower bound no less true."""
    probabilities = np.where(LABELS, 0.9, 0.1) + 0.05 * np.sin(ROWS)
    outlier = np.where(ROWS == 0, 0.001, probabilities)
    slightly_better = probabilities + np.where(LABELS, 0.02, -0.02) * np.cos(ROWS)
    gained = judged(a_gate("brier", "not_worse", 0.01), some_evidence(slightly_better, outlier))
    lost = judged(a_gate("brier", "not_worse", 0.01), some_evidence(outlier, slightly_better))
    assert (gained.outcome, lost.outcome, lost.interval) == (Outcome.PASS, Outcome.INCONCLUSIVE, None)


def test_min_changed__is_what_the_rules_say() -> None:
    gate, evidence = a_gate("roc_auc", "not_worse", 0.05), some_evidence(WORSE, GOOD)
    assert judged(gate, evidence, StatisticsSection(min_changed=3)).sentence == "at worst −0.029, the margin is 0.05"


def test_warn__is_shown_and_does_not_count() -> None:
    strict = a_gate("recall", "floor", 0.99)
    lenient = replace(strict, gate=strict.gate.model_copy(update={"severity": "warn"}))
    verdict = judge([a_gate("accuracy", "floor", 0.7), lenient], some_evidence(GOOD), STATISTICS)
    assert [(str(result.outcome), result.severity) for result in verdict.results] == [
        ("pass", "error"),
        ("fail", "warn"),
    ]
    assert verdict.outcome is Outcome.FIRST


def test_weights__of_whole_numbers_count_as_so_many_rows() -> None:
    weights = np.where(ROWS % 3 == 0, 2.0, 1.0)
    repeated = np.repeat(ROWS, weights.astype(int))
    evidence = replace(some_evidence(ONE, ANOTHER), weights=weights)
    for metric in COMPARED:
        found = judged(a_gate(metric, "not_worse", 0.01), evidence)
        many = judged(
            a_gate(metric, "not_worse", 0.01), some_evidence(ONE[repeated], ANOTHER[repeated], labels=LABELS[repeated])
        )
        assert (found.candidate, found.production) == pytest.approx((many.candidate, many.production), abs=1e-12)


def test_equal_weights__say_what_none_say() -> None:
    evidence = some_evidence(SOMEWHAT, GOOD)
    for metric in ("log_loss", "brier", "f1", "mcc", "average_precision"):
        plain = judged(a_gate(metric, "not_worse", 0.2), evidence).interval
        weighted = judged(a_gate(metric, "not_worse", 0.2), replace(evidence, weights=np.full(400, 3.0))).interval
        assert plain is not None
        assert weighted is not None
        assert (weighted.lower, weighted.upper) == pytest.approx((plain.lower, plain.upper), abs=1e-12)


@pytest.mark.parametrize("metric", COMPARED)
def test_groups__that_are_copies_widen_the_interval(metric: str) -> None:
    copies = np.tile(np.arange(400), 4)
    evidence = some_evidence(SLIGHTLY[copies], COIN[copies], labels=LABELS[copies])
    alone = judged(a_gate(metric, "better"), evidence).interval
    grouped = judged(a_gate(metric, "better"), replace(evidence, sampling=Clusters(copies))).interval
    assert alone is not None
    assert grouped is not None
    assert (grouped.upper - grouped.lower) / (alone.upper - alone.lower) == pytest.approx(2, rel=0.05)


def test_groups__that_are_too_few_decide_nothing() -> None:
    evidence = replace(some_evidence(SLIGHTLY, COIN), sampling=Clusters(ROWS % 19))
    result = judged(a_gate("accuracy", "better"), evidence)
    assert (result.outcome, result.sentence) == (
        Outcome.INCONCLUSIVE,
        "at least 20 groups are needed, there are 19",
    )


def test_time__needs_500_rows() -> None:
    evidence = replace(some_evidence(SLIGHTLY, COIN), sampling=Blocks(ROWS))
    assert judged(a_gate("accuracy", "better"), evidence).sentence == (
        "a time series needs at least 500 rows, there are 400"
    )


def test_inconclusive__says_what_would_decide_it() -> None:
    evidence = some_evidence(ONE, ANOTHER)
    result = judged(a_gate("recall", "not_worse", 0.01), evidence)
    assert (result.rows, result.rows_needed) == (200, 4989)
    assert result.smallest_visible == pytest.approx(0.05305, abs=1e-5)
    hopeless = judged(a_gate("recall", "better", 0.01), evidence)
    assert hopeless.rows_needed is None
    floor = judged(a_gate("accuracy", "floor", 0.88), some_evidence(GOOD))
    assert floor.rows_needed == 1549
    assert floor.smallest_visible == pytest.approx(0.03739, abs=1e-5)
    ranks = judged(a_gate("roc_auc", "floor", 0.85), some_evidence(GOOD))
    assert (ranks.outcome, ranks.rows_needed) == (Outcome.INCONCLUSIVE, 18_244)


@pytest.mark.parametrize("metric", ["accuracy", "recall", "roc_auc", "log_loss"])
def test_decided__needs_no_more_rows(metric: str) -> None:
    result = judged(a_gate(metric, "not_worse", 0.05), some_evidence(WORSE, GOOD))
    assert (result.rows_needed, result.smallest_visible) == (None, None)


@pytest.mark.parametrize(
    ("metric", "rows", "sentence"),
    [
        ("accuracy", 29, "29 rows are fewer than statistics.min_rows (30)"),
        ("roc_auc", 29, "29 rows are fewer than statistics.min_rows (30)"),
        ("log_loss", 29, "29 rows are fewer than statistics.min_rows (30)"),
        ("recall", 58, "29 positive rows are fewer than statistics.min_rows (30)"),
    ],
)
def test_too_few_rows__leave_a_gate_inconclusive(metric: str, rows: int, sentence: str) -> None:
    enough = first_rows(some_evidence(GOOD, MUCH_WORSE), rows + 2)
    assert judged(a_gate(metric, "better"), enough).sentence != sentence
    result = judged(a_gate(metric, "better"), first_rows(enough, rows))
    assert (result.outcome, result.sentence, result.rows, result.rows_needed, result.interval) == (
        Outcome.INCONCLUSIVE,
        sentence,
        29,
        30,
        None,
    )
    assert result.candidate is not None


@pytest.mark.parametrize("positive", [True, False])
def test_one_class_only__leaves_ranks_inconclusive(positive: bool) -> None:  # noqa: FBT001 - an argument of the table
    evidence = some_evidence(GOOD, MUCH_WORSE, labels=np.full(400, positive))
    result = judged(a_gate("roc_auc", "better"), evidence)
    assert (result.outcome, result.candidate, result.sentence) == (
        Outcome.INCONCLUSIVE,
        None,
        "roc_auc needs rows of both classes; there is only one",
    )
    assert result.has_no_interval
    decided = judged(a_gate("log_loss", "better"), evidence)
    assert (decided.interval is None, decided.has_no_interval) == (False, False)


@pytest.mark.parametrize(("lonely", "word"), [(True, "positive"), (False, "negative")])
def test_one_row_of_a_class__leaves_ranks_inconclusive(lonely: bool, word: str) -> None:  # noqa: FBT001 - as above
    labels = np.where(ROWS == 0, lonely, not lonely)
    result = judged(a_gate("roc_auc", "floor", 0.7), some_evidence(GOOD, labels=labels))
    assert (result.outcome, result.sentence) == (
        Outcome.INCONCLUSIVE,
        f"1 {word} rows are too few to judge roc_auc; 50 are wanted",
    )
    assert result.candidate == pytest.approx(roc_auc_score(labels, GOOD), abs=1e-12)


def test_no_positive_rows__leave_recall_without_a_value() -> None:
    result = judged(a_gate("recall", "floor", 0.7), some_evidence(GOOD, labels=np.zeros(400, dtype=np.bool_)))
    assert (result.outcome, result.candidate, result.rows, result.sentence) == (
        Outcome.INCONCLUSIVE,
        None,
        0,
        "0 positive rows are fewer than statistics.min_rows (30)",
    )


def test_first__without_production_only_floors_apply() -> None:
    verdict = judge([a_gate("recall", "not_worse"), a_gate("recall", "floor", 0.7)], some_evidence(GOOD), STATISTICS)
    assert verdict.outcome is Outcome.FIRST
    assert [(str(result.outcome), result.sentence) for result in verdict.results] == [
        ("not applicable", "no production yet to compare with"),
        ("pass", "at least 0.860, the floor is 0.7"),
    ]
    assert (verdict.flips, verdict.results[0].production) == (None, None)


def test_first__a_failed_floor_fails_and_an_open_one_is_inconclusive() -> None:
    failed = judge([a_gate("recall", "floor", 0.7)], some_evidence(COIN), STATISTICS)
    opened = judge([a_gate("recall", "floor", 0.88)], some_evidence(GOOD), STATISTICS)
    assert (failed.outcome, opened.outcome) == (Outcome.FAIL, Outcome.INCONCLUSIVE)


def not_comparable(candidate: NDArray[np.float64]) -> Evidence:
    return replace(some_evidence(candidate), not_comparable="production v1.0.0 reads `area`")


@pytest.mark.parametrize("require", ["not_worse", "better"])
@pytest.mark.parametrize("metric", COMPARED)
def test_not_comparable__is_what_compares_with_production(metric: str, require: str) -> None:
    result = judged(a_gate(metric, require), not_comparable(GOOD))
    assert (result.outcome, result.sentence) == (Outcome.NOT_COMPARABLE, "production v1.0.0 reads `area`")
    assert (result.candidate is None, result.production, result.interval) == (False, None, None)
    assert (result.rows_needed, result.smallest_visible, result.to_dict()["outcome"]) == (None, None, "not comparable")


@pytest.mark.parametrize(
    ("candidate", "gates", "outcome"),
    [
        (GOOD, [a_gate("recall", "not_worse"), a_gate("recall", "floor", 0.7)], Outcome.NOT_COMPARABLE),
        (COIN, [a_gate("recall", "not_worse"), a_gate("recall", "floor", 0.7)], Outcome.FAIL),
        (GOOD, [a_gate("recall", "not_worse"), a_gate("recall", "floor", 0.88)], Outcome.NOT_COMPARABLE),
        (GOOD, [a_gate("recall", "floor", 0.7)], Outcome.NOT_COMPARABLE),
        (GOOD, [], Outcome.NOT_COMPARABLE),
    ],
)
def test_not_comparable__only_a_floor_that_fails_decides(
    candidate: NDArray[np.float64], gates: list[OwnedGate], outcome: Outcome
) -> None:
    verdict = judge(gates, not_comparable(candidate), STATISTICS)
    assert (verdict.outcome, verdict.not_comparable) == (outcome, "production v1.0.0 reads `area`")
    assert verdict.flips is None


@pytest.mark.parametrize("rows", [400, 3])
@pytest.mark.parametrize("metric", COMPARED)
def test_same_bytes__are_not_worse_and_not_better_whatever_the_rows(metric: str, rows: int) -> None:
    evidence = replace(first_rows(some_evidence(GOOD, GOOD), rows), is_same_model=True)
    kept, wanted = judged(a_gate(metric, "not_worse"), evidence), judged(a_gate(metric, "better"), evidence)
    assert (kept.outcome, kept.sentence) == (Outcome.PASS, "the same bytes as production")
    assert (wanted.outcome, wanted.sentence) == (Outcome.FAIL, "the same bytes as production")
    assert kept.interval == wanted.interval == Interval(0.0, 0.0, 0.0, 0.0)


def test_same_bytes__a_floor_is_judged_all_the_same() -> None:
    evidence = replace(some_evidence(COIN, COIN), is_same_model=True)
    assert judged(a_gate("accuracy", "floor", 0.7), evidence).outcome is Outcome.FAIL


@pytest.mark.parametrize(
    ("gates", "outcome"),
    [
        ([], Outcome.PASS),
        ([a_gate("accuracy", "floor", 0.7)], Outcome.PASS),
        ([a_gate("accuracy", "floor", 0.7), a_gate("accuracy", "better", 0.01)], Outcome.INCONCLUSIVE),
        (
            [a_gate("accuracy", "floor", 0.7), a_gate("accuracy", "better", 0.01), a_gate("recall", "floor", 0.99)],
            Outcome.FAIL,
        ),
    ],
)
def test_verdict__is_that_of_the_worst_gate(gates: list[OwnedGate], outcome: Outcome) -> None:
    verdict = judge(gates, some_evidence(ONE, ANOTHER), STATISTICS)
    assert verdict.outcome is outcome
    assert (verdict.rows, verdict.positives) == (400, 200)


def test_verdict__gives_the_gates_of_one_outcome_with_their_origin() -> None:
    gates = [a_gate("accuracy", "floor", 0.7), replace(a_gate("recall", "floor", 0.99), origin="head")]
    verdict = judge(gates, some_evidence(GOOD), STATISTICS)
    assert [(result.name, result.origin) for result in verdict.with_outcome(Outcome.FAIL)] == [("recall floor", "head")]
    assert [result.name for result in verdict.with_outcome(Outcome.PASS)] == ["accuracy floor"]


def test_flips__name_the_rows_that_changed_sides() -> None:
    labels = np.array([True, True, True, False, False, False])
    production = np.array([0.9, 0.9, 0.1, 0.1, 0.9, 0.1])
    candidate = np.array([0.9, 0.1, 0.9, 0.9, 0.1, 0.2])
    flips = judge([], some_evidence(candidate, production, labels=labels), STATISTICS).flips
    assert flips is not None
    assert (flips.right_to_wrong, flips.wrong_to_right) == (("row-1", "row-3"), ("row-2", "row-4"))
    assert flips.to_dict() == {
        "right_to_wrong": 2,
        "wrong_to_right": 2,
        "positive_right_to_wrong": 1,
        "positive_wrong_to_right": 1,
    }


def test_result__is_json_and_names_no_row() -> None:
    result = judged(a_gate("recall", "not_worse", 0.05), some_evidence(WORSE, GOOD))
    written = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert written == {
        "metric": "recall",
        "require": "not_worse",
        "limit": "0.05",
        "origin": "base",
        "outcome": "pass",
        "production": 0.9,
        "candidate": 0.88,
        "difference": pytest.approx(-0.02),
        "lower": pytest.approx(-0.04518, abs=1e-5),
        "upper": pytest.approx(-0.00639, abs=1e-5),
        "rows": 200,
        "sentence": "at worst −0.045, the margin is 0.05",
        "rows_needed": None,
        "smallest_visible": None,
        "right_to_wrong": None,
        "wrong_to_right": None,
        "mcnemar_mid_p": pytest.approx(mcnemar_mid_p(0, 4), abs=1e-12),
        "rule": RULES["not_worse"],
        "severity": "error",
        "scope": "",
        "slices": [],
    }


def test_result__of_a_failed_gate_counts_the_rows_that_changed_sides() -> None:
    result = judged(a_gate("accuracy", "not_worse", 0.02), gate_evidence.MUCH_WORSE)
    assert (result.outcome, result.flipped) == (Outcome.FAIL, (128, 16))
    assert [result.to_dict()[key] for key in ("right_to_wrong", "wrong_to_right")] == [128, 16]
    assert result.mid_p == mcnemar_mid_p(16, 128)


def test_result__of_a_class_or_a_slice_counts_the_rows_that_it_looks_at() -> None:
    of_class = judged(a_gate("recall@B", "not_worse", 0.02), gate_evidence.SEVERAL)
    assert (of_class.rows, of_class.flipped) == (133, (32, 6))
    in_slices = Gate.model_validate({"metric": "recall", "require": "no_proven_regression", "slices": True})
    worst = judged(OwnedGate(in_slices, "base"), gate_evidence.WORSE_AT_B)
    assert (worst.slices[0].value, worst.rows, worst.flipped) == ("B", 100, (28, 0))


def test_result__of_what_is_no_share_has_no_mid_p() -> None:
    found = [
        judged(a_gate(*gate), gate_evidence.EVIDENCE).mid_p
        for gate in (("f1", "not_worse"), ("accuracy", "floor", 0.1))
    ]
    assert found == [None, None]


def test_churn__open_below_its_ceiling_says_how_many_rows_decide() -> None:
    result = judged(a_gate("churn", "ceiling", 0.1), gate_evidence.EVIDENCE)
    assert (result.outcome, result.rows_needed) == (Outcome.INCONCLUSIVE, 1303)


def test_result__of_a_floor_has_bounds_and_no_difference() -> None:
    written = judged(a_gate("recall", "floor", 0.70), some_evidence(GOOD)).to_dict()
    assert (written["limit"], written["difference"], written["production"]) == ("0.7", None, None)
    assert written["lower"] == wilson(180, 200, 0.95).lower


def test_table__of_the_module_agrees_with_the_decisions() -> None:
    documented = mlci.core.gates.__doc__ or ""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in documented.splitlines() if "|" in line]
    assert rows[2:] == [
        ["`not_worse` m", "L > −m (tried first)", "U < 0", "inconclusive"],
        ["`better` m", "L > m", "U < m", "inconclusive"],
        ["`floor` v", "L > v", "U < v", "inconclusive"],
        ["`ceiling` v", "U < v", "L > v", "inconclusive"],
        ["`no_proven_regression` m", "no adjusted U < −m", "any adjusted U < −m", "see below"],
        ["`gap_not_wider` m", "the gap's growth < m", "its growth > m", "inconclusive"],
    ]


def test_compared__without_production_there_is_nothing_to_compare() -> None:
    with pytest.raises(ValueError, match="a comparison needs production's predictions"):
        _ = some_evidence(GOOD).whole.compared


ALL_GATES = [
    *(a_gate(metric, require, 0.02) for metric in COMPARED for require in ("not_worse", "better")),
    *(a_gate(metric, "floor", 0.6) for metric in COMPARED if METRICS[metric].higher_is_better),
    *(a_gate(metric, "ceiling", 0.6) for metric in ("log_loss", "brier", "calibration_error")),
]
LIMITS = {"not_worse": (-0.02, 0.0), "better": (0.02, 0.02), "floor": (0.6, 0.6), "ceiling": (-0.6, -0.6)}
PROBABILITIES = st.sampled_from([0.0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0])


@st.composite
def any_evidence(draw: st.DrawFn) -> Evidence:
    rows = draw(st.integers(1, 40))
    labels = np.array(draw(st.lists(st.booleans(), min_size=rows, max_size=rows)))
    candidate, production = (
        np.array(draw(st.lists(PROBABILITIES, min_size=rows, max_size=rows))) for _ in ("candidate", "production")
    )
    return some_evidence(candidate, production if draw(st.booleans()) else None, labels=labels)


def written(verdict: Verdict) -> str:
    return json.dumps([result.to_dict() for result in verdict.results], allow_nan=False)


@given(any_evidence())
def test_judge__always_answers_the_same_and_in_json(evidence: Evidence) -> None:
    statistics = StatisticsSection(min_rows=2)
    assert written(judge(ALL_GATES, evidence, statistics)) == written(judge(ALL_GATES, evidence, statistics))


@given(any_evidence())
def test_judge__bounds_hold_the_estimate_and_decide_as_the_table_says(evidence: Evidence) -> None:
    results = judge(ALL_GATES, evidence, StatisticsSection(min_rows=2)).results
    measured = [(gate.gate, result) for gate, result in zip(ALL_GATES, results, strict=True) if result.interval]
    for gate, result in measured:
        assert result.interval is not None
        lower, upper = result.interval.lower, result.interval.upper
        assert lower <= result.interval.estimate + 1e-12 <= upper + 2e-12
        if gate.require == "ceiling":
            lower, upper = -upper, -lower
        passes_above, fails_below = LIMITS[gate.require]
        assert (result.outcome is Outcome.PASS) == (lower > passes_above)
        assert (result.outcome is Outcome.FAIL) == (lower <= passes_above and upper < fails_below)


@given(any_evidence())
def test_value__does_not_depend_on_the_order_of_the_rows(evidence: Evidence) -> None:
    backwards = replace(evidence, labels=evidence.labels[::-1], production=None)
    for metric in BINARY:
        one = evidence.view.on(metric).candidate.value(metric)
        other = replace(backwards, candidate=evidence.candidate[::-1]).view.on(metric).candidate.value(metric)
        assert one == (None if other is None else pytest.approx(other, abs=1e-12))
