from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, ndcg_score

from mlci.core.statistics.ranking_metrics import (
    RankedQueries,
    average_precision,
    hit_rate,
    ndcg,
    rank_queries,
    reciprocal_rank,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SEEDS = st.integers(0, 2**32 - 1)


def lists(seed: int, n_queries: int = 12, longest: int = 8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return relevance 0 to 3, scores with many ties, and queries of 2 items or more, in no order."""
    rng = np.random.default_rng(seed)
    queries = rng.permutation(np.repeat(np.arange(n_queries), rng.integers(2, longest, n_queries)))
    return (
        np.maximum(rng.integers(-3, 4, queries.size), 0).astype(float),
        rng.integers(0, 4, queries.size) / 4,
        queries,
    )


def a_ranking(*items: tuple[float, float]) -> RankedQueries:
    """Return one query of items, each a score and a relevance."""
    scores, relevance = np.array(items, dtype=float).T
    return rank_queries(relevance, scores, np.zeros(len(items), dtype=np.intp))


def orders(scores: np.ndarray) -> Iterator[list[int]]:
    """Yield every order of the items that their scores allow."""
    for order in itertools.permutations(range(scores.size)):
        if (np.diff(scores[list(order)]) <= 0).all():
            yield list(order)


def over_all_orders(relevance: np.ndarray, scores: np.ndarray, value: Callable[[np.ndarray], float]) -> float:
    return float(np.mean([value(relevance[order]) for order in orders(scores)]))


def by_query(relevance: np.ndarray, scores: np.ndarray, queries: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for query in range(int(queries.max()) + 1):
        yield relevance[queries == query], scores[queries == query]


def first_place(relevance: np.ndarray) -> float:
    """Return the place of the first relevant item, infinite without one."""
    return float(np.append(np.flatnonzero(relevance > 0) + 1.0, np.inf)[0])


# --- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 3, 100, None])
@given(seed=SEEDS)
@settings(max_examples=15)
def test_ndcg__is_that_of_scikit_learn_query_by_query(k: int | None, seed: int) -> None:
    items = lists(seed)

    theirs = [ndcg_score([relevance], [scores], k=k) for relevance, scores in by_query(*items)]

    assert ndcg(rank_queries(*items), k) == pytest.approx(theirs, rel=1e-12, abs=1e-12)


@given(seed=SEEDS)
@settings(max_examples=15)
def test_average_precision__is_that_of_scikit_learn_query_by_query(seed: int) -> None:
    relevance, scores, queries = lists(seed)
    # scikit-learn warns about a query without a relevant item; ours is tested below.
    relevance[np.unique(queries, return_index=True)[1]] = 1.0

    theirs = [average_precision_score(gains > 0, given) for gains, given in by_query(relevance, scores, queries)]

    assert average_precision(rank_queries(relevance, scores, queries)) == pytest.approx(theirs, rel=1e-12)


@given(seed=SEEDS)
@settings(max_examples=30)
def test_reciprocal_rank__is_the_mean_over_all_orders_of_tied_items(seed: int) -> None:
    items = lists(seed, n_queries=3, longest=6)

    expected = [
        over_all_orders(relevance, scores, lambda ordered: 1 / first_place(ordered))
        for relevance, scores in by_query(*items)
    ]

    assert reciprocal_rank(rank_queries(*items)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("k", [1, 2, 3, 10])
@given(seed=SEEDS)
@settings(max_examples=30)
def test_hit_rate__is_the_mean_over_all_orders_of_tied_items(k: int, seed: int) -> None:
    items = lists(seed, n_queries=3, longest=6)

    expected = [
        over_all_orders(relevance, scores, lambda ordered: float((ordered[:k] > 0).any()))
        for relevance, scores in by_query(*items)
    ]

    assert hit_rate(rank_queries(*items), k) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(seed=SEEDS)
@settings(max_examples=15)
def test_ndcg__is_the_mean_over_all_orders_of_tied_items(seed: int) -> None:
    items = lists(seed, n_queries=3, longest=6)

    expected = [
        over_all_orders(
            relevance, scores, lambda ordered: ndcg_score([ordered], [-np.arange(ordered.size)], k=3, ignore_ties=True)
        )
        for relevance, scores in by_query(*items)
    ]

    assert ndcg(rank_queries(*items), 3) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_metrics__of_a_list_by_hand() -> None:
    ranked = a_ranking((0.9, 0), (0.8, 1), (0.7, 0), (0.6, 1))

    assert reciprocal_rank(ranked).tolist() == [0.5]
    assert average_precision(ranked).tolist() == [(1 / 2 + 2 / 4) / 2]
    assert [hit_rate(ranked, k)[0] for k in (1, 2, 3)] == [0, 1, 1]
    assert ndcg(ranked)[0] == pytest.approx((1 / np.log2(3) + 1 / np.log2(5)) / (1 + 1 / np.log2(3)))


def test_metrics__of_a_query_without_a_relevant_item_are_0() -> None:
    ranked = a_ranking((0.9, 0), (0.8, 0))

    assert [
        float(values[0])
        for values in (ndcg(ranked), average_precision(ranked), reciprocal_rank(ranked), hit_rate(ranked, 1))
    ] == [0, 0, 0, 0]


def test_metrics__of_one_item_are_1() -> None:
    ranked = a_ranking((0.9, 2))

    assert [
        float(values[0])
        for values in (ndcg(ranked), average_precision(ranked), reciprocal_rank(ranked), hit_rate(ranked, 1))
    ] == [1, 1, 1, 1]


def test_reciprocal_rank__of_a_constant_score_is_what_chance_earns() -> None:
    # One relevant of n, each place as likely: the mean of 1/1 … 1/n.
    n = 2000
    ranked = rank_queries(np.eye(1, n, 7)[0], np.zeros(n), np.zeros(n, dtype=np.intp))

    assert reciprocal_rank(ranked)[0] == pytest.approx((1 / np.arange(1, n + 1)).mean())


@given(seed=SEEDS)
def test_metrics__do_not_depend_on_the_order_of_items(seed: int) -> None:
    relevance, scores, queries = lists(seed)
    order = np.random.default_rng(seed).permutation(queries.size)

    ranked, shuffled = (
        rank_queries(relevance, scores, queries),
        rank_queries(relevance[order], scores[order], queries[order]),
    )

    assert ndcg(shuffled, 3) == pytest.approx(ndcg(ranked, 3), rel=1e-12)
    assert average_precision(shuffled).tolist() == average_precision(ranked).tolist()
    assert reciprocal_rank(shuffled).tolist() == reciprocal_rank(ranked).tolist()
    assert hit_rate(shuffled, 2).tolist() == hit_rate(ranked, 2).tolist()


@given(seed=SEEDS)
def test_metrics__lie_between_0_and_1(seed: int) -> None:
    ranked = rank_queries(*lists(seed))

    for values in (ndcg(ranked), average_precision(ranked), reciprocal_rank(ranked), hit_rate(ranked, 2)):
        assert (values >= 0).all()
        assert (values <= 1 + 1e-12).all()


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("relevance", "scores", "queries", "problem"),
    [
        ([], [], [], "needs items"),
        ([1.0], [1.0, 2.0], [0, 0], "needs items"),
        ([1.0, -1.0], [1.0, 2.0], [0, 0], "not negative"),
        ([1.0, 1.0], [1.0, np.nan], [0, 0], "finite scores"),
        ([1.0, np.inf], [1.0, 2.0], [0, 0], "finite relevance"),
        ([1.0, 1.0], [1.0, 2.0], [0, 2], "numbered from 0"),
        ([1.0, 1.0], [1.0, 2.0], [-1, 0], "numbered from 0"),
        ([1.0, 1.0], [1.0, 2.0], [1, 1], "at least one item"),
    ],
)
def test_rank_queries__refuses_items_that_are_none(
    relevance: list[float], scores: list[float], queries: list[int], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        rank_queries(np.array(relevance), np.array(scores), np.array(queries, dtype=np.intp))


@pytest.mark.parametrize("k", [0, -1])
def test_metrics__refuse_lists_of_no_place(k: int) -> None:
    ranked = a_ranking((0.9, 1))

    with pytest.raises(ValueError, match="first place"):
        ndcg(ranked, k)
    with pytest.raises(ValueError, match="first place"):
        hit_rate(ranked, k)
