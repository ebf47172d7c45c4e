"""Several labels at once: values held against scikit-learn, intervals against a jackknife, and what bad rows become."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from mlci.core.answers import MultilabelAnswers, Sample
from mlci.core.bounds import alone, difference
from mlci.core.evidence import Evidence, Slice
from mlci.core.gates import GateResult, Outcome
from mlci.core.gates.judge import judge
from mlci.core.judging_sections import StatisticsSection
from mlci.core.metrics import metric_of, names_of
from mlci.core.owned_gates import OwnedGate
from mlci.core.requirement import Gate
from mlci.core.statistics.interval import Interval
from mlci.core.statistics.label_sets import proven_micro, ratio
from mlci.core.statistics.logit import proven_share
from mlci.core.statistics.sampling import Blocks, Clusters, NotTrusted
from mlci.core.statistics.tango import tango

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

ROWS = 700
NAMES = ("news", "sport", "arts")
RANDOM = np.random.default_rng(11)
LABELS = RANDOM.random((ROWS, 3)) < (0.5, 0.3, 0.22)
WEIGHTS = RANDOM.integers(1, 5, ROWS).astype(np.float64)


def some_probabilities(noise: float, seed: int) -> Floats:
    generator = np.random.default_rng(seed)
    return np.asarray(1 / (1 + np.exp(-(LABELS * 3 - 1.5 + generator.normal(0, noise, (ROWS, 3))))), dtype=np.float64)


NOW, BEFORE = some_probabilities(1.5, 4), some_probabilities(1.7, 5)


def several_labels(candidate: Floats = NOW, production: Floats | None = BEFORE, **more: Any) -> Evidence:  # noqa: ANN401 - fields of any kind
    ids = [str(row) for row in range(len(candidate))]
    return Evidence(ids, **{"labels": LABELS, "task": "multilabel", "classes": NAMES, "candidate": candidate,
                            "production": production, **more})  # fmt: skip


def answers(labels: Booleans = LABELS, said: Floats = NOW, weights: Floats | None = None) -> MultilabelAnswers:
    return MultilabelAnswers(Sample(labels, weights, classes=NAMES), said, 0.5)


def judged(metric: str, require: str, number: float | str, evidence: Evidence, **more: object) -> GateResult:
    key = "value" if require in {"floor", "ceiling"} else "margin"
    gate = Gate.model_validate({"metric": metric, "require": require, key: number, **more})
    return judge([OwnedGate(gate, "base")], evidence, StatisticsSection()).results[0]


def mean_over_labels(of_one: Callable[..., float], labels: Booleans, said: Floats, **more: Any) -> float:  # noqa: ANN401 - of scikit-learn
    return float(np.mean([of_one(labels[:, place], said[:, place], **more) for place in range(labels.shape[1])]))


BY_DECISION: dict[str, Callable[..., Any]] = {
    "exact_match": reference.accuracy_score,
    "hamming_loss": reference.hamming_loss,
    "recall_micro": partial(reference.recall_score, average="micro"),
    "precision_micro": partial(reference.precision_score, average="micro"),
    "f1_micro": partial(reference.f1_score, average="micro"),
    "recall_macro": partial(reference.recall_score, average="macro"),
    "precision_macro": partial(reference.precision_score, average="macro"),
    "f1_macro": partial(reference.f1_score, average="macro"),
    "specificity@sport": lambda y, said, **more: reference.recall_score(~y[:, 1], ~said[:, 1], **more),
    "recall@sport": lambda *rows, **more: reference.recall_score(*rows, average=None, **more)[1],
    "precision@sport": lambda *rows, **more: reference.precision_score(*rows, average=None, **more)[1],
    "f1@arts": lambda *rows, **more: reference.f1_score(*rows, average=None, **more)[2],
}
BY_PROBABILITY: dict[str, Callable[..., Any]] = {
    "log_loss": partial(mean_over_labels, reference.log_loss),
    "brier": partial(mean_over_labels, reference.brier_score_loss),
    "roc_auc_macro": partial(reference.roc_auc_score, average="macro"),
    "average_precision_macro": partial(reference.average_precision_score, average="macro"),
}
SHARES = frozenset({"exact_match", "recall@sport", "specificity@sport"})
SMOOTH = [name for name in (*BY_DECISION, *BY_PROBABILITY) if name not in SHARES]


def test_names__every_metric_of_the_task_is_held_against_something() -> None:
    by_label = {"recall@LABEL", "specificity@LABEL", "precision@LABEL", "f1@LABEL"}
    held = {name for name in (*BY_DECISION, *BY_PROBABILITY) if "@" not in name}
    assert set(names_of("multilabel")) == held | by_label | {"churn"}


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("metric", BY_DECISION)
def test_value__of_decisions_is_scikit_learns(metric: str, weights: Floats | None) -> None:
    found = several_labels(weights=weights).view.on(metric).candidate.value(metric)
    assert found == pytest.approx(BY_DECISION[metric](LABELS, NOW >= 0.5, sample_weight=weights), abs=1e-12)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
@pytest.mark.parametrize("metric", BY_PROBABILITY)
def test_value__of_probabilities_is_scikit_learns(metric: str, weights: Floats | None) -> None:
    found = several_labels(weights=weights).view.on(metric).candidate.value(metric)
    assert found == pytest.approx(BY_PROBABILITY[metric](LABELS, NOW, sample_weight=weights), abs=1e-12)


@pytest.mark.parametrize("metric", SMOOTH)
def test_difference__has_the_standard_error_of_a_jackknife(metric: str) -> None:
    rows = 400
    both = [answers(LABELS[:rows], said[:rows]).on(metric) for said in (NOW, BEFORE)]
    found = difference(metric, both[0], both[1], 0.95, 10)
    assert not isinstance(found, NotTrusted)

    def without(row: int) -> float:
        kept = np.arange(rows) != row
        both = (answers(LABELS[:rows][kept], said[:rows][kept]) for said in (NOW, BEFORE))
        now, before = (float(each.on(metric).value(metric) or 0) for each in both)
        return now - before

    left = np.array([without(row) for row in range(rows)])
    by_jackknife = float(np.sqrt((rows - 1) / rows * np.square(left - left.mean()).sum()))
    # Second-order terms of a ratio, and of ranks, are of the order 1/n.
    assert found.interval.standard_error == pytest.approx(by_jackknife, rel=0.02)


@pytest.mark.parametrize("metric", SMOOTH)
def test_influence__is_the_derivative_by_the_weight_of_a_row(metric: str) -> None:
    rows, step = 200, 1e-6
    labels, said = LABELS[:rows], NOW[:rows]
    estimate = answers(labels, said, np.ones(rows)).seen_by(metric).estimate(metric)
    assert estimate is not None
    for row in (0, 7, 111):
        heavier = np.ones(rows)
        heavier[row] += step
        moved = answers(labels, said, heavier).seen_by(metric).value(metric)
        assert moved is not None
        assert (moved - estimate.value) / step == pytest.approx(estimate.influence[row] / rows, abs=1e-5)


def test_exact_match__is_a_paired_share() -> None:
    evidence = several_labels()
    now, before = evidence.whole.candidate.right, evidence.whole.compared.right
    gains, losses = int((now & ~before).sum()), int((before & ~now).sum())
    expected = tango(gains, losses, ROWS, 0.95)
    found = judged("exact_match", "not_worse", 0.5, evidence).interval
    assert found is not None
    assert (found.lower, found.upper) == (expected.lower, expected.upper)


def test_recall__of_a_label_looks_at_its_rows_and_no_other() -> None:
    found = judged("recall@sport", "not_worse", 0.5, several_labels())
    has = LABELS[:, 1]
    now, before = NOW[has, 1] >= 0.5, BEFORE[has, 1] >= 0.5
    assert found.rows == int(has.sum())
    expected = tango(int((now & ~before).sum()), int((before & ~now).sum()), int(has.sum()), 0.95)
    assert found.interval == expected


def test_flips__of_a_label_are_those_of_its_decisions() -> None:
    worse = np.where(LABELS[:, [0, 1, 2]] & np.array([False, True, False]), 0.1, np.where(LABELS, 0.9, 0.1))
    right = np.where(LABELS, 0.9, 0.1)
    found = judged("recall@sport", "not_worse", 0.01, several_labels(worse, right))
    assert (found.outcome, found.flipped) == (Outcome.FAIL, (int(LABELS[:, 1].sum()), 0))
    other = judged("precision@news", "not_worse", 0.01, several_labels(right, worse))
    assert other.candidate == 1.0


def test_churn__is_the_share_of_rows_with_another_decision() -> None:
    found = judged("churn", "ceiling", 0.9, several_labels())
    assert found.candidate == pytest.approx(float(((NOW >= 0.5) != (BEFORE >= 0.5)).any(axis=1).mean()), abs=1e-12)


def test_slices__sorts_once_and_is_the_same_as_on_the_rows_alone() -> None:
    rows = np.arange(ROWS) % 2 == 0
    evidence = several_labels(slices=(Slice("even", rows),))
    found = judged("roc_auc_macro", "no_proven_regression", 0.01, evidence, slices=True)
    apart = judged("roc_auc_macro", "not_worse", 0.01, several_labels(NOW[rows], BEFORE[rows], labels=LABELS[rows]))
    assert found.slices[0].candidate == apart.candidate
    assert found.slices[0].interval is not None
    assert apart.interval is not None
    assert found.slices[0].interval.upper == pytest.approx(apart.interval.upper, abs=1e-12)


@pytest.mark.parametrize("metric", ["f1_micro", "f1_macro", "hamming_loss", "roc_auc_macro", "f1@news"])
@pytest.mark.parametrize("along", ["groups", "time", "weights"])
def test_sampling__every_metric_takes_groups_time_and_weights(metric: str, along: str) -> None:
    ways: dict[str, dict[str, Any]] = {
        "groups": {"sampling": Clusters(np.arange(ROWS, dtype=np.intp) % 70)},
        "time": {"sampling": Blocks(np.arange(ROWS, dtype=np.intp))},
        "weights": {"weights": WEIGHTS},
    }
    found = judged(metric, "not_worse", 0.5, several_labels(**ways[along]))
    assert found.outcome is Outcome.PASS
    assert found.interval is not None


def test_groups__whose_rows_are_alike_count_once() -> None:
    few = several_labels(NOW[:100], BEFORE[:100], labels=LABELS[:100])
    ten_fold = several_labels(
        np.repeat(NOW[:100], 7, axis=0), np.repeat(BEFORE[:100], 7, axis=0), labels=np.repeat(LABELS[:100], 7, axis=0),
        sampling=Clusters(np.repeat(np.arange(100), 7).astype(np.intp)),
    )  # fmt: skip
    one, other = (judged("f1_micro", "not_worse", 0.9, each).interval for each in (few, ten_fold))
    assert one is not None
    assert other is not None
    assert one.standard_error == pytest.approx(other.standard_error, rel=0.02)


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        (np.zeros(ROWS), "roc_auc_macro needs rows with and without every label; no row has sport"),
        (np.ones(ROWS), "roc_auc_macro needs rows with and without every label; every row has sport"),
        (np.arange(ROWS) < 49, "49 rows with sport are too few to judge roc_auc_macro; 50 are wanted"),
        (np.arange(ROWS) >= 20, "20 rows without sport are too few to judge roc_auc_macro; 50 are wanted"),
    ],
    ids=["all zero", "all one", "rare", "nearly all"],
)
def test_ranks__of_a_label_that_is_too_rare(column: Floats, sentence: str) -> None:
    labels = LABELS.copy()
    labels[:, 1] = column
    found = judged("roc_auc_macro", "not_worse", 0.01, several_labels(labels=labels))
    assert (found.outcome, found.sentence, found.interval) == (Outcome.INCONCLUSIVE, sentence, None)


def test_macro__of_a_label_that_nobody_has_is_open() -> None:
    labels, said = LABELS.copy(), NOW.copy()
    labels[:, 1], said[:, 1] = False, 0.1
    evidence = several_labels(said, said * 0.9, labels=labels)
    found = judged("f1_macro", "not_worse", 0.01, evidence)
    assert (found.outcome, found.candidate) == (Outcome.INCONCLUSIVE, None)
    assert judged("f1_micro", "not_worse", 0.5, evidence).outcome is Outcome.PASS
    of_label = judged("recall@sport", "floor", 0.1, evidence)
    assert (of_label.outcome, of_label.rows) == (Outcome.INCONCLUSIVE, 0)


@pytest.mark.parametrize("metric", ["recall@gossip", "specificity@gossip", "precision@gossip", "f1@gossip"])
def test_label__that_base_does_not_know_is_open(metric: str) -> None:
    found = judged(metric, "floor", 0.1, several_labels())
    assert (found.outcome, found.candidate) == (Outcome.INCONCLUSIVE, None)


@pytest.mark.parametrize("metric", sorted({*BY_DECISION, *BY_PROBABILITY}))
def test_alone__of_a_perfect_model_is_no_point(metric: str) -> None:
    perfect = answers(said=LABELS.astype(np.float64)).on(metric)
    found = alone(metric, perfect, 0.95)
    assert isinstance(found, Interval)
    if metric_of(metric).higher_is_better:
        assert 0.5 < found.lower < found.estimate == 1.0
    else:
        assert found.estimate == pytest.approx(0, abs=1e-12)


def test_micro__what_a_perfect_result_proves_allows_for_wrong_rows_with_many_labels() -> None:
    share = proven_share(100, 0.95)
    assert proven_micro(100, 3.0, 3, 0.95) == pytest.approx(share, abs=1e-12)
    # Where right rows have one label each, a wrong one may have three: its weight is threefold.
    assert proven_micro(100, 1.0, 3, 0.95) == pytest.approx(share / (share + 3 * (1 - share)), abs=1e-12)


@given(st.lists(st.tuples(*[st.booleans()] * 4), min_size=1, max_size=30))
def test_ratio__has_influences_of_mean_0_and_stays_within_0_and_1(rows: list[tuple[bool, ...]]) -> None:
    table = np.array(rows, dtype=np.bool_)
    for which in ("precision", "recall", "f1"):
        for average in ("micro", "macro"):
            found = ratio(which, table[:, :2], table[:, 2:], average)
            assert found is None or (0 <= found.value <= 1 and abs(found.influence.sum()) < 1e-9)


@pytest.mark.parametrize(
    ("labels", "decisions"),
    [
        (np.ones((3, 2)), np.ones((3, 2), dtype=np.bool_)),
        (np.ones((3, 2), dtype=np.bool_), np.ones((3, 3), dtype=np.bool_)),
        (np.ones(3, dtype=np.bool_), np.ones(3, dtype=np.bool_)),
        (np.ones((3, 0), dtype=np.bool_), np.ones((3, 0), dtype=np.bool_)),
    ],
)
def test_ratio__of_what_are_no_sets_of_labels(labels: Any, decisions: Any) -> None:  # noqa: ANN401 - what is wrong on purpose
    with pytest.raises(ValueError, match="sets of labels"):
        ratio("f1", labels, decisions, "micro")


def test_same_model__passes() -> None:
    found = judged("f1_macro", "not_worse", 0.0, several_labels(NOW, NOW, is_same_model=True))
    assert found.outcome is Outcome.PASS


def test_gap__between_groups_of_a_label() -> None:
    rows = np.arange(ROWS) % 2 == 0
    slices = (Slice("even", rows, "yes", 1), Slice("even", ~rows, "no", 2))
    found = judged("recall@news", "gap_not_wider", 0.5, several_labels(slices=slices), slices=["even"])
    assert found.outcome is Outcome.PASS
