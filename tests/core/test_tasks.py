"""Metrics of every task, held against scikit-learn, and their intervals against other ways to the same number."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.stats
from sklearn import metrics as reference
from sklearn.preprocessing import label_binarize

from mlci.core.evidence import Evidence, Slice
from mlci.core.gates import GateResult, Outcome
from mlci.core.gates.judge import judge
from mlci.core.judging_sections import StatisticsSection
from mlci.core.metrics import METRICS, metric_of, names_of
from mlci.core.owned_gates import OwnedGate
from mlci.core.requirement import Gate
from mlci.core.statistics.sampling import Blocks, Clusters
from mlci.core.statistics.tango import tango

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RANDOM = np.random.default_rng(3)
ROWS = 900
CLASSES = ("early", "late", "none")
LABELS = RANDOM.choice(3, ROWS, p=[0.5, 0.3, 0.2])
WEIGHTS = RANDOM.integers(1, 5, ROWS).astype(np.float64)
OUTCOMES = RANDOM.normal(50, 12, ROWS)


def some_probabilities(noise: float, seed: int) -> Floats:
    generator = np.random.default_rng(seed)
    scores = np.eye(3)[LABELS] * 2 + generator.normal(0, noise, (ROWS, 3))
    exponentials = np.exp(scores)
    return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True), dtype=np.float64)


NOW, BEFORE = some_probabilities(1.5, 4), some_probabilities(1.6, 5)
NUMBERS, OTHERS = OUTCOMES + RANDOM.normal(0, 3, ROWS), OUTCOMES + RANDOM.normal(0, 3.2, ROWS)


def several_classes(candidate: Floats = NOW, production: Floats | None = BEFORE, **more: Any) -> Evidence:  # noqa: ANN401 - fields of any kind
    ids = [str(row) for row in range(ROWS)]
    return Evidence(ids, LABELS, candidate, production, task="multiclass", classes=CLASSES, **more)


def a_regression(candidate: Floats = NUMBERS, production: Floats | None = OTHERS, **more: Any) -> Evidence:  # noqa: ANN401 - as above
    ids = [str(row) for row in range(ROWS)]
    return Evidence(ids, OUTCOMES, candidate, production, task="regression", **more)


def judged(metric: str, require: str, number: float | str, evidence: Evidence, **more: object) -> GateResult:
    key = "value" if require in {"floor", "ceiling"} else "margin"
    gate = Gate.model_validate({"metric": metric, "require": require, key: number, **more})
    return judge([OwnedGate(gate, "base")], evidence, StatisticsSection()).results[0]


def halved_brier(labels: NDArray[np.intp], probabilities: Floats, sample_weight: Floats | None = None) -> float:
    return float(reference.brier_score_loss(labels, probabilities, sample_weight=sample_weight, scale_by_half=True))


def average_precision(labels: NDArray[np.intp], probabilities: Floats, sample_weight: Floats | None = None) -> float:
    one_hot = label_binarize(labels, classes=[0, 1, 2])
    return float(reference.average_precision_score(one_hot, probabilities, sample_weight=sample_weight))


BY_DECISION: dict[str, Callable[..., Any]] = {
    "accuracy": reference.accuracy_score,
    "error_rate": reference.zero_one_loss,
    "balanced_accuracy": reference.balanced_accuracy_score,
    "mcc": reference.matthews_corrcoef,
    "kappa": reference.cohen_kappa_score,
    "kappa_linear": partial(reference.cohen_kappa_score, weights="linear"),
    "kappa_quadratic": partial(reference.cohen_kappa_score, weights="quadratic"),
    "recall_macro": partial(reference.recall_score, average="macro"),
    "precision_macro": partial(reference.precision_score, average="macro"),
    "precision_weighted": partial(reference.precision_score, average="weighted"),
    "f1_macro": partial(reference.f1_score, average="macro"),
    "f1_weighted": partial(reference.f1_score, average="weighted"),
    "specificity@late": lambda y, said, **more: reference.recall_score(y != 1, said != 1, **more),
    "recall@late": lambda *rows, **more: reference.recall_score(*rows, average=None, **more)[1],
    "precision@late": lambda *rows, **more: reference.precision_score(*rows, average=None, **more)[1],
    "f1@none": lambda *rows, **more: reference.f1_score(*rows, average=None, **more)[2],
}
BY_PROBABILITY: dict[str, Callable[..., Any]] = {
    "log_loss": reference.log_loss,
    "brier": halved_brier,
    "roc_auc_ovr": partial(reference.roc_auc_score, multi_class="ovr", average="macro"),
    "roc_auc_ovr_weighted": partial(reference.roc_auc_score, multi_class="ovr", average="weighted"),
    "average_precision_macro": average_precision,
}
OF_NUMBERS: dict[str, Callable[..., Any]] = {
    "mae": reference.mean_absolute_error,
    "mse": reference.mean_squared_error,
    "rmse": reference.root_mean_squared_error,
    "r2": reference.r2_score,
    "mape": reference.mean_absolute_percentage_error,
    "pinball@0.9": partial(reference.mean_pinball_loss, alpha=0.9),
}


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("metric", BY_DECISION)
def test_multiclass__of_decisions_is_scikit_learns(metric: str, weights: Floats | None) -> None:
    found = several_classes(weights=weights).view.on(metric).candidate.value(metric)
    assert found == pytest.approx(BY_DECISION[metric](LABELS, NOW.argmax(axis=1), sample_weight=weights), abs=1e-12)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("metric", BY_PROBABILITY)
def test_multiclass__of_probabilities_is_scikit_learns(metric: str, weights: Floats | None) -> None:
    found = several_classes(weights=weights).view.on(metric).candidate.value(metric)
    assert found == pytest.approx(BY_PROBABILITY[metric](LABELS, NOW, sample_weight=weights), abs=1e-12)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("metric", OF_NUMBERS)
def test_regression__is_scikit_learns(metric: str, weights: Floats | None) -> None:
    found = a_regression(weights=weights).view.on(metric).candidate.value(metric)
    assert found == pytest.approx(OF_NUMBERS[metric](OUTCOMES, NUMBERS, sample_weight=weights), rel=1e-12)


def test_tasks__every_metric_of_a_task_is_held_against_another_source() -> None:
    several = {metric.partition("@")[0] for metric in (*BY_DECISION, *BY_PROBABILITY)} | {"churn", "recall"}
    assert {name.partition("@")[0] for name in names_of("multiclass")} == several
    assert {name.partition("@")[0] for name in names_of("regression")} == {
        *(metric.partition("@")[0] for metric in OF_NUMBERS),
        "wape",
    }


def brute_force(metric: str, evidence: Evidence) -> float:
    """Return the standard error of the difference by leaving out each row: Efron and Tibshirani (1993), section 11."""
    values = []
    for row in range(len(evidence.labels)):
        both = evidence.view.cut(np.arange(len(evidence.labels)) != row).on(metric)
        now, before = both.candidate.value(metric), both.compared.value(metric)
        assert now is not None
        assert before is not None
        values.append(now - before)
    left = np.array(values)
    return float(np.sqrt((len(left) - 1) * left.var()))


@pytest.mark.parametrize(
    "metric",
    ["f1_macro", "precision_weighted", "kappa_quadratic", "mcc", "roc_auc_ovr", "roc_auc_ovr_weighted", "log_loss"],
)
def test_multiclass__error_of_the_difference_is_that_of_a_jackknife(metric: str) -> None:
    interval = judged(metric, "not_worse", 0.05, several_classes()).interval
    assert interval is not None
    assert interval.standard_error == pytest.approx(brute_force(metric, several_classes()), rel=0.02)


@pytest.mark.parametrize("metric", ["mae", "rmse", "r2", "wape", "mape", "pinball@0.1"])
def test_regression__error_of_the_difference_is_that_of_a_jackknife(metric: str) -> None:
    interval = judged(metric, "not_worse", 0.5, a_regression()).interval
    assert interval is not None
    assert interval.standard_error == pytest.approx(brute_force(metric, a_regression()), rel=0.03)


def test_multiclass__recall_of_a_class_is_a_share_of_its_rows() -> None:
    result = judged("recall@late", "not_worse", 0.05, several_classes())
    late = LABELS == 1
    now, before = (said.argmax(axis=1)[late] == 1 for said in (NOW, BEFORE))
    assert result.interval == tango(int((now & ~before).sum()), int((before & ~now).sum()), int(late.sum()), 0.95)
    assert result.rows == late.sum()


def test_multiclass__specificity_of_a_class_is_a_share_of_the_rows_of_others() -> None:
    result = judged("specificity@late", "not_worse", 0.05, several_classes())
    others = LABELS != 1
    now, before = (said.argmax(axis=1)[others] != 1 for said in (NOW, BEFORE))
    assert result.interval == tango(int((now & ~before).sum()), int((before & ~now).sum()), int(others.sum()), 0.95)
    assert result.rows == others.sum()


@pytest.mark.parametrize("metric", ["f1@never", "recall@never", "specificity@never"])
def test_multiclass__a_class_that_nobody_knows(metric: str) -> None:
    result = judged(metric, "floor", 0.5, several_classes())
    assert (result.outcome, result.candidate) == (Outcome.INCONCLUSIVE, None)


def test_multiclass__a_class_that_nobody_knows_is_named() -> None:
    result = judged("f1@never", "floor", 0.5, several_classes())
    assert result.sentence == "no row and no model has the class of f1@never"


def test_multiclass__a_class_that_only_a_model_knows_is_decided_wrongly() -> None:
    wider = np.column_stack([NOW * 0.4, np.full(ROWS, 0.6)])
    before = np.column_stack([BEFORE, np.zeros(ROWS)])
    evidence = Evidence(
        [str(row) for row in range(ROWS)], LABELS, wider, before, task="multiclass", classes=(*CLASSES, "odd")
    )
    assert judged("accuracy", "floor", 0.5, evidence).candidate == 0.0
    assert judged("roc_auc_ovr", "floor", 0.5, evidence).candidate == pytest.approx(
        reference.roc_auc_score(LABELS, NOW, multi_class="ovr")
    )


def test_multiclass__rows_that_changed_sides_have_no_positive_class() -> None:
    gate = OwnedGate(Gate.model_validate({"metric": "accuracy", "require": "not_worse", "margin": 0.1}), "base")
    verdict = judge([gate], several_classes(), StatisticsSection())
    assert verdict.positives is None
    assert verdict.flips is not None
    assert (verdict.flips.has_positives, verdict.flips.positive_right_to_wrong) == (False, 0)


def test_multiclass__a_slice_without_one_of_the_classes() -> None:
    sliced = several_classes(slices=(Slice("two", LABELS != 2),))
    result = judged("roc_auc_ovr", "not_worse", 0.1, sliced, slices=True)
    assert result.slices[0].sentence == "roc_auc_ovr needs rows of every class; one has none"
    assert judged("accuracy", "not_worse", 0.1, sliced, slices=True).slices[0].rows == (LABELS != 2).sum()


def test_multiclass__few_rows_of_a_class() -> None:
    few = np.concatenate((np.flatnonzero(LABELS != 2), np.flatnonzero(LABELS == 2)[:20]))
    rows = np.isin(np.arange(ROWS), few)
    sliced = several_classes(slices=(Slice("few", rows),))
    result = judged("roc_auc_ovr", "floor", 0.5, sliced, slices=True)
    assert result.slices[0].sentence == "20 rows of the rarest class are too few to judge roc_auc_ovr; 50 are wanted"


def test_regression__worse_better_and_a_ceiling() -> None:
    worse = OUTCOMES + RANDOM.normal(0, 6, ROWS)
    assert judged("rmse", "not_worse", 0.1, a_regression(worse)).outcome is Outcome.FAIL
    assert judged("rmse", "better", 0.1, a_regression(NUMBERS, worse)).outcome is Outcome.PASS
    assert judged("mae", "not_worse", "5%", a_regression(NUMBERS, NUMBERS + 0.001)).outcome is Outcome.PASS
    assert judged("mae", "ceiling", 3.0, a_regression()).outcome is Outcome.PASS
    assert judged("r2", "floor", 0.5, a_regression()).outcome is Outcome.PASS


def test_regression__no_row_is_decided_right_or_wrong() -> None:
    gate = OwnedGate(Gate.model_validate({"metric": "mae", "require": "not_worse", "margin": 0.1}), "base")
    assert judge([gate], a_regression(), StatisticsSection()).flips is None


def test_regression__outcomes_that_are_all_equal_explain_nothing() -> None:
    equal = Evidence([], np.full(ROWS, 7.0), NUMBERS, None, task="regression")
    assert judged("r2", "floor", 0.5, equal).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("name", ["recal", "recall@", "pinball", "pinball@2", "pinball@x", "f1@", "auc@late", ""])
def test_metric__unknown(name: str) -> None:
    with pytest.raises(KeyError):
        metric_of(name)


def test_metric__each_belongs_to_a_task() -> None:
    assert [name for name, metric in METRICS.items() if not metric.tasks] == []


def test_forecast__is_diebold_and_mariano_with_block_sums() -> None:
    order = np.random.default_rng(8).permutation(ROWS)
    evidence = replace(a_regression(sampling=Blocks(order)), task="forecast")
    interval = judged("mae", "not_worse", 0.5, evidence).interval
    lost = np.abs(OTHERS - OUTCOMES) - np.abs(NUMBERS - OUTCOMES)
    blocks = lost[order].reshape(20, ROWS // 20).mean(axis=1)
    expected = scipy.stats.ttest_1samp(blocks, 0.0).confidence_interval(0.9)
    assert interval is not None
    assert (interval.lower, interval.upper) == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_forecast__of_few_rows_is_undecided() -> None:
    short = Evidence(
        [str(row) for row in range(400)], OUTCOMES[:400], NUMBERS[:400], OTHERS[:400],
        sampling=Blocks(np.arange(400)), task="forecast",
    )  # fmt: skip
    result = judged("mae", "not_worse", 0.5, short)
    assert result.sentence == "a time series needs at least 500 rows, there are 400"


def test_quantile__is_judged_by_the_loss_of_its_quantile() -> None:
    high, middle = NUMBERS + 4.0, NUMBERS
    evidence = replace(a_regression(high, middle), task="quantile")
    assert judged("pinball@0.9", "better", 0.0, evidence).outcome is Outcome.PASS
    assert judged("pinball@0.5", "not_worse", 0.1, evidence).outcome is Outcome.FAIL


def shifted(rows: int, now: float, before: float) -> Evidence:
    """Return models that are wrong by NOW, and by BEFORE, on each of so many rows."""
    ids, outcomes = [str(row) for row in range(rows)], np.arange(rows) % 7 / 4 + 1.0
    return Evidence(ids, outcomes, outcomes + now, outcomes + before, task="regression")


@pytest.mark.parametrize(
    ("require", "margin", "models", "expected"),
    [
        ("better", 0.0, (100, 0.5, 1.5), ("pass", "at least +0.926, wanted more than 0")),
        ("not_worse", 0.0, (100, 0.5, 1.5), ("pass", "at worst +0.926, the margin is 0")),
        ("not_worse", 0.1, (100, 1.5, 0.5), ("fail", "proven worse: at best −0.926, at worst −1.015")),
        ("not_worse", 1.2, (100, 1.5, 0.5), ("pass", "at worst −1.015, the margin is 1.2")),
        (
            "not_worse",
            0.0,
            (40, 1.49, 1.5),
            ("inconclusive", "could be as bad as −0.099, the margin is 0; could be as good as +0.118"),
        ),
    ],
)
def test_judge__a_loss_that_changes_alike_in_every_row_decides(
    require: str, margin: float, models: tuple[int, float, float], expected: tuple[str, str]
) -> None:
    result = judged("mae", require, margin, shifted(*models))
    assert (str(result.outcome), result.sentence) == expected


def test_judge__a_loss_that_changes_alike_in_a_few_rows_alone_does_not_decide() -> None:
    evidence = shifted(100, 0.5, 0.5)
    changed = np.where(np.arange(100) < 5, evidence.candidate + 1.0, evidence.candidate)
    result = judged("mae", "not_worse", 0.01, replace(evidence, candidate=changed))
    assert (result.outcome, result.sentence) == (
        Outcome.INCONCLUSIVE,
        "too few rows changed for an interval to be trusted (5.0 effectively, 10 wanted)",
    )


def test_judge__of_groups_that_change_alike_counts_groups() -> None:
    rows, groups = shifted(100, 0.5, 1.5), Clusters(np.arange(100) // 4)
    grouped = judged("mae", "better", 0.0, replace(rows, sampling=groups)).interval
    alone = judged("mae", "better", 0.0, rows).interval
    assert grouped is not None
    assert alone is not None
    assert 0 < grouped.lower < alone.lower
