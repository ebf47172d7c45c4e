"""Ranking: values held against scikit-learn, intervals against Student's of the queries and a brute-force jackknife."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.stats
from pydantic import ValidationError
from sklearn.metrics import average_precision_score, ndcg_score

from mlci.core.answers import QueryAnswers
from mlci.core.evidence import Evidence, Slice
from mlci.core.gates import GateResult, Outcome
from mlci.core.gates.judge import judge
from mlci.core.judging_sections import StatisticsSection
from mlci.core.metrics import metric_of, names_of
from mlci.core.owned_gates import OwnedGate
from mlci.core.requirement import Gate
from mlci.core.statistics.sampling import Clusters

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

RANDOM = np.random.default_rng(5)
QUERIES = RANDOM.permutation(np.repeat(np.arange(120), RANDOM.integers(2, 9, 120)))
ROWS = QUERIES.size
RELEVANCE = np.maximum(RANDOM.integers(-2, 4, ROWS), 0).astype(np.float64)
NOW = RELEVANCE + RANDOM.normal(0, 1.5, ROWS)
BEFORE = RELEVANCE + RANDOM.normal(0, 1.7, ROWS)
WEIGHTS = RANDOM.integers(1, 5, 120).astype(np.float64)[QUERIES]
OF_MEANS = ("ndcg", "ndcg@3", "map", "mrr")
METRICS = (*OF_MEANS, "hit_rate@2")


def lists(candidate: Floats = NOW, production: Floats | None = BEFORE, **more: Any) -> Evidence:  # noqa: ANN401 - fields of any kind
    ids = [str(row) for row in range(ROWS)]
    return Evidence(ids, RELEVANCE, candidate, production, sampling=Clusters(QUERIES), task="ranking", **more)


def judged(metric: str, require: str, number: float, evidence: Evidence, **more: object) -> GateResult:
    key = "value" if require in {"floor", "ceiling"} else "margin"
    gate = Gate.model_validate({"metric": metric, "require": require, key: number, **more})
    return judge([OwnedGate(gate, "base")], evidence, StatisticsSection()).results[0]


def place_of_first(relevance: Floats, scores: Floats) -> float:
    """Return the place, from 1, of the first relevant item; infinite where there is none."""
    found = np.flatnonzero(relevance[np.argsort(-scores)] > 0)
    return float(found[0]) + 1 if found.size else float("inf")


def precision_of_list(relevance: Floats, scores: Floats) -> float:
    return float(average_precision_score(relevance > 0, scores)) if relevance.any() else 0.0


OTHERS: dict[str, Callable[[Floats, Floats], float]] = {
    "ndcg": lambda relevance, scores: float(ndcg_score([relevance], [scores])),
    "ndcg@3": lambda relevance, scores: float(ndcg_score([relevance], [scores], k=3)),
    "map": precision_of_list,
    "mrr": lambda relevance, scores: 1 / place_of_first(relevance, scores),
    "hit_rate@2": lambda relevance, scores: float(place_of_first(relevance, scores) <= 2),
}


def of_queries(metric: str, scores: Floats) -> Floats:
    lists_of_rows = [np.flatnonzero(np.equal(QUERIES, query)) for query in np.unique(QUERIES)]
    return np.array([OTHERS[metric](RELEVANCE[rows], scores[rows]) for rows in lists_of_rows])


@pytest.mark.parametrize("metric", METRICS)
def test_ranking__is_the_mean_over_queries_of_scikit_learns(metric: str) -> None:
    result = judged(metric, "not_worse", 0.5, lists())
    assert result.candidate == pytest.approx(of_queries(metric, NOW).mean(), abs=1e-12)
    assert result.production == pytest.approx(of_queries(metric, BEFORE).mean(), abs=1e-12)
    assert result.rows == 120


def test_ranking__every_metric_is_held_against_another_source() -> None:
    assert {name.partition("@")[0] for name in names_of("ranking")} == {name.partition("@")[0] for name in OTHERS}


@pytest.mark.parametrize("metric", OF_MEANS)
def test_ranking__error_of_the_difference_is_students_over_queries(metric: str) -> None:
    interval = judged(metric, "not_worse", 0.5, lists()).interval
    differences = of_queries(metric, NOW) - of_queries(metric, BEFORE)
    expected = scipy.stats.ttest_1samp(differences, 0.0).confidence_interval(0.9)
    assert interval is not None
    assert interval.standard_error == pytest.approx(scipy.stats.sem(differences), rel=1e-9)
    # Each bound is Student's, or beyond it on the side of the longer tail.
    assert interval.lower <= expected.low + 1e-12
    assert interval.upper >= expected.high - 1e-12
    moved = [interval.lower != pytest.approx(expected.low), interval.upper != pytest.approx(expected.high)]
    assert moved.count(True) <= 1


@pytest.mark.parametrize("metric", OF_MEANS)
def test_ranking__error_of_the_difference_is_that_of_leaving_out_queries(metric: str) -> None:
    values = []
    for query in range(120):
        both = lists().view.cut(np.not_equal(QUERIES, query)).on(metric)
        now, before = both.candidate.value(metric), both.compared.value(metric)
        assert now is not None
        assert before is not None
        values.append(now - before)
    interval = judged(metric, "not_worse", 0.5, lists()).interval
    assert interval is not None
    assert interval.standard_error == pytest.approx(np.sqrt(119 * np.var(values)), rel=1e-9)


@pytest.mark.parametrize("metric", METRICS)
def test_ranking__a_query_counts_its_weight_whatever_its_number_of_items(metric: str) -> None:
    _, firsts = np.unique(QUERIES, return_index=True)
    found = judged(metric, "floor", 0.1, lists(weights=WEIGHTS)).candidate
    assert found == pytest.approx(np.average(of_queries(metric, NOW), weights=WEIGHTS[firsts]), abs=1e-12)


def test_ranking__a_worse_model_fails_and_a_better_one_passes() -> None:
    noise = RANDOM.normal(0, 9, ROWS)
    assert judged("ndcg", "not_worse", 0.01, lists(noise)).outcome is Outcome.FAIL
    assert judged("ndcg", "better", 0.01, lists(production=noise)).outcome is Outcome.PASS
    assert judged("map", "floor", 0.5, lists()).outcome is Outcome.PASS


def test_ranking__few_lists_that_changed_are_bounded_by_the_worst_case() -> None:
    alike = np.where(QUERIES < 3, -BEFORE, BEFORE)  # of three lists that are turned round, one begins otherwise
    gate = judged("mrr", "not_worse", 0.1, lists(alike))
    assert (gate.outcome, gate.sentence) == (
        Outcome.PASS,
        "so few rows changed that it is −0.039 at worst, the margin is 0.1",
    )
    assert judged("mrr", "not_worse", 0.03, lists(alike)).outcome is Outcome.INCONCLUSIVE


def test_ranking__scores_that_order_alike_change_nothing() -> None:
    result = judged("ndcg", "not_worse", 0.05, lists(2 * BEFORE + 1))
    assert result.interval is None or result.interval.estimate == 0
    assert result.outcome is Outcome.PASS


def test_ranking__of_29_queries_is_undecided() -> None:
    few = QUERIES < 29
    evidence = lists(slices=(Slice("few", few),))
    slices = judged("ndcg", "not_worse", 0.5, evidence, slices=["few"]).slices
    assert slices[0].sentence == "29 queries are fewer than statistics.min_rows (30)"


def test_ranking__a_slice_holds_the_items_of_its_queries() -> None:
    half = QUERIES < 60
    found = judged("ndcg", "not_worse", 0.5, lists(slices=(Slice("half", half),)), slices=["half"]).slices[0]
    assert found.rows == 60
    assert found.candidate == pytest.approx(of_queries("ndcg", NOW)[:60].mean(), abs=1e-12)


def test_ranking__no_item_changes_sides() -> None:
    gate = OwnedGate(Gate.model_validate({"metric": "map", "require": "not_worse", "margin": 0.1}), "base")
    verdict = judge([gate], lists(), StatisticsSection())
    assert (verdict.flips, verdict.positives, verdict.rows) == (None, None, ROWS)


def test_ranking__without_a_row_is_undecided() -> None:
    empty = lists(slices=(Slice("none", np.zeros(ROWS, dtype=np.bool_)),))
    assert judged("map", "floor", 0.5, empty, slices=["none"]).slices[0].sentence == (
        "0 queries are fewer than statistics.min_rows (30)"
    )


def test_ranking__a_gap_is_between_rows() -> None:
    with pytest.raises(ValidationError, match="ndcg is a mean over queries, and a gap lies between rows"):
        Gate.model_validate({"metric": "ndcg", "require": "gap_not_wider", "margin": 0.1, "slices": ["half"]})


@pytest.mark.parametrize("name", ["ndcg@0", "ndcg@-1", "ndcg@x", "ndcg@", "ndcg@1.5", "ndcg@٣", "hit_rate", "map@3"])
def test_metric__of_places_that_are_none(name: str) -> None:
    with pytest.raises(KeyError):
        metric_of(name)


def test_queries__are_not_cut_themselves() -> None:
    answers = lists().view.on("map").candidate
    assert isinstance(answers, QueryAnswers)
    with pytest.raises(TypeError, match="items of a slice"):
        answers.cut(np.ones(120, dtype=np.bool_))


def test_ranking__items_without_queries_are_none() -> None:
    alone = Evidence([], RELEVANCE, NOW, None, task="ranking")
    with pytest.raises(TypeError, match="of one query"):
        alone.view.on("map")
