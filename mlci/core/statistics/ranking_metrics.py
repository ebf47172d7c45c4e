"""Metrics of ranked lists, query by query: NDCG, average precision, reciprocal rank, hit rate.

Items with equal scores have no order, so none is invented for them: NDCG, the reciprocal rank and the hit rate are the
mean over all orders of tied items (McSherry and Najork 2008, ECIR, 414-421), so that a constant score earns what
chance earns; average precision takes tied items as one step, as scikit-learn does. A query without a relevant item
scores 0 everywhere, as in scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class RankedQueries:
    """The items of every query in the order of their scores, as runs of equal scores; made once for all metrics."""

    n_queries: int
    size: NDArray[np.intp]
    """(n_runs,) items in the run."""
    before: NDArray[np.intp]
    """(n_runs,) items of the same query in earlier runs, that is with higher scores."""
    first_run: NDArray[np.intp]
    """(n_queries,) where the query's runs begin."""
    gain: NDArray[np.float64]
    """(n_runs,) the relevance of the run's items, added up."""
    relevant: NDArray[np.intp]
    """(n_runs,) items of the run that are relevant at all."""
    ideal: NDArray[np.float64]
    """(n_items,) relevance, within each query from the highest to the lowest."""
    place: NDArray[np.intp]
    """(n_items,) the place of an item of `ideal` in its query, from 0."""
    first_item: NDArray[np.intp]
    """(n_queries,) where the query's items begin in `ideal`."""


def rank_queries(
    relevance: NDArray[np.float64], scores: NDArray[np.float64], queries: NDArray[np.intp]
) -> RankedQueries:
    """Return the items by query and score; all three arrays have the shape `(n_items,)`, in any order.

    `queries` are the numbers 0 to n_queries - 1, all of which occur; relevance is a gain, 0 for irrelevant. Raises
    ValueError for arrays of unequal length, no item, a query without items, negative relevance, or numbers that are
    not finite.
    """
    n_queries = _check_items(relevance, scores, queries)
    order = np.lexsort((-scores, queries))
    ordered_queries, ordered_scores, ordered_relevance = queries[order], scores[order], relevance[order]
    new_query = np.diff(ordered_queries, prepend=-1) != 0
    new_run = new_query | np.concatenate(([True], ordered_scores[1:] != ordered_scores[:-1]))
    run_starts, first_item = np.flatnonzero(new_run), np.flatnonzero(new_query)
    ideal_order = np.lexsort((-relevance, queries))
    return RankedQueries(
        n_queries=n_queries,
        size=np.diff(run_starts, append=scores.size),
        before=run_starts - first_item[ordered_queries[run_starts]],
        first_run=np.flatnonzero(new_query[run_starts]),
        gain=np.add.reduceat(ordered_relevance, run_starts),
        relevant=np.add.reduceat((ordered_relevance > 0).astype(np.intp), run_starts),
        ideal=relevance[ideal_order],
        place=np.arange(scores.size) - first_item[ordered_queries],
        first_item=first_item,
    )


def ndcg(ranked: RankedQueries, k: int | None = None) -> NDArray[np.float64]:
    """Return the normalised discounted cumulative gain of every query, shape `(n_queries,)`, in [0, 1].

    Gains are the relevance itself, discounts 1/log₂(place + 2), none beyond the first `k` places (None: all). Equal to
    `sklearn.metrics.ndcg_score` of each query. Raises ValueError unless k is positive. Järvelin and Kekäläinen (2002),
    ACM Transactions on Information Systems 20, 422-446.
    """
    longest = int(ranked.place.max()) + 1
    discounts = 1 / np.log2(np.arange(longest) + 2)
    discounts[_check_places(k, longest) :] = 0
    summed = np.concatenate(([0.0], np.cumsum(discounts)))
    of_run = ranked.gain / ranked.size * (summed[ranked.before + ranked.size] - summed[ranked.before])
    reached = np.add.reduceat(of_run, ranked.first_run)
    ideal = np.add.reduceat(ranked.ideal * discounts[ranked.place], ranked.first_item)
    return np.divide(reached, ideal, out=np.zeros(ranked.n_queries), where=ideal > 0)


def average_precision(ranked: RankedQueries) -> NDArray[np.float64]:
    """Return the average precision of every query, shape `(n_queries,)`; its mean is MAP.

    Equal to `sklearn.metrics.average_precision_score` of each query, relevant being whatever has a positive gain.
    """
    total = np.add.reduceat(ranked.relevant, ranked.first_run)
    found = np.cumsum(ranked.relevant)
    # What was found in earlier queries does not count.
    found -= np.repeat(np.concatenate(([0], np.cumsum(total)[:-1])), _runs_per_query(ranked))
    precision = found / (ranked.before + ranked.size)
    summed = np.add.reduceat(ranked.relevant * precision, ranked.first_run)
    return np.divide(summed, total, out=np.zeros(ranked.n_queries), where=total > 0)


def reciprocal_rank(ranked: RankedQueries) -> NDArray[np.float64]:
    """Return 1 / the place of the first relevant item, from 1, of every query, shape `(n_queries,)`; its mean is MRR.

    Voorhees (1999), TREC-8, 77-82.
    """
    queries, runs = _first_relevant_run(ranked)
    expected = np.zeros(ranked.n_queries)
    expected[queries] = 1 / (ranked.before[runs] + 1)
    for query, run in _tied(ranked, queries, runs):
        beyond = _still_none(int(ranked.size[run]), int(ranked.relevant[run]))
        places = ranked.before[run] + np.arange(1, beyond.size + 1)
        expected[query] = ((beyond - np.append(beyond[1:], 0.0)) / places).sum()
    return expected


def hit_rate(ranked: RankedQueries, k: int) -> NDArray[np.float64]:
    """Return the chance of a relevant item among the first `k`, of every query, shape `(n_queries,)`; 0 or 1 untied.

    Raises ValueError unless k is positive.
    """
    places = _check_places(k, k)
    queries, runs = _first_relevant_run(ranked)
    expected = np.zeros(ranked.n_queries)
    expected[queries] = ranked.before[runs] < places
    for query, run in _tied(ranked, queries, runs):
        beyond = np.append(_still_none(int(ranked.size[run]), int(ranked.relevant[run])), 0.0)
        drawn = min(max(places - int(ranked.before[run]), 0), beyond.size - 1)
        expected[query] = 1 - beyond[drawn]
    return expected


def _first_relevant_run(ranked: RankedQueries) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the queries with a relevant item, and the run where the first of it is."""
    runs = np.flatnonzero(ranked.relevant)
    query_of_run = np.repeat(np.arange(ranked.n_queries), _runs_per_query(ranked))[runs]
    queries, first = np.unique(query_of_run, return_index=True)
    return queries, runs[first]


def _tied(
    ranked: RankedQueries, queries: NDArray[np.intp], runs: NDArray[np.intp]
) -> Iterator[tuple[np.intp, np.intp]]:
    """Return the queries and runs of more than one item: few, so that a loop over them does no harm."""
    several = ranked.size[runs] > 1
    return zip(queries[several], runs[several], strict=True)


def _runs_per_query(ranked: RankedQueries) -> NDArray[np.intp]:
    return np.diff(ranked.first_run, append=ranked.size.size)


def _still_none(size: int, relevant: int) -> NDArray[np.float64]:
    """Return the chance that the first j items of a shuffled run hold no relevant one, for j = 0 to size - relevant."""
    left = np.arange(size - relevant)
    return np.concatenate(([1.0], np.cumprod((size - relevant - left) / (size - left))))


def _check_places(k: int | None, every: int) -> int:
    if k is None:
        return every
    if k < 1:
        raise ValueError(f"a list is looked at from its first place on, not for {k}")
    return k


def _check_items(relevance: NDArray[np.float64], scores: NDArray[np.float64], queries: NDArray[np.intp]) -> int:
    if relevance.ndim != 1 or relevance.size == 0 or not relevance.shape == scores.shape == queries.shape:
        raise ValueError("ranking needs items, and one relevance, score and query for each")
    if not (np.isfinite(relevance).all() and np.isfinite(scores).all() and (relevance >= 0).all()):
        raise ValueError("ranking needs finite scores, and finite relevance that is not negative")
    if not np.issubdtype(queries.dtype, np.integer) or queries.min() < 0 or queries.max() >= queries.size:
        raise ValueError("queries are numbered from 0 to n_queries - 1")
    if not np.bincount(queries).all():
        raise ValueError("every query has at least one item")
    return int(queries.max()) + 1
