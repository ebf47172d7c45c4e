"""Answers that order the items of each query: a score for each item."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from typing_extensions import override

from mlci.core.answers.numbers import NumberAnswers
from mlci.core.answers.sample import Sample
from mlci.core.answers.task import TaskAnswers
from mlci.core.statistics import ranking_metrics
from mlci.core.statistics.ranking_metrics import RankedQueries, rank_queries
from mlci.core.statistics.row_losses import mean_estimate
from mlci.core.statistics.sampling import Clusters

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from mlci.core.statistics.estimate import Estimate

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]


def differs_within(queries: NDArray[np.intp], weights: Floats) -> NDArray[np.intp]:
    """Return the rows whose weight is another than that of their query, which counts as a whole.

    >>> differs_within(np.array([0, 1, 0, 1]), np.array([1.0, 3.0, 1.0, 2.0]))
    array([1])
    """
    of_query = np.zeros(int(queries.max(initial=-1)) + 1)
    of_query[queries] = weights
    return np.flatnonzero(of_query[queries] != weights)


@dataclass(frozen=True, eq=False)
class RankingAnswers(NumberAnswers):
    """One model's scores of items; the sample's labels are their relevance, its clusters the queries.

    No metric is computed on items: see `on`.
    """

    @override
    def on(self, metric: str) -> TaskAnswers:
        """Return the answers query by query: what was drawn, and what every metric of rankings is a mean over."""
        return self._queries

    @cached_property
    def _queries(self) -> QueryAnswers:
        if not isinstance(self.sample.sampling, Clusters):
            raise TypeError("a ranking needs to know which items are of one query")
        _, firsts, codes = np.unique(self.sample.sampling.codes, return_index=True, return_inverse=True)
        weights = None if self.sample.weights is None else self.sample.weights[firsts]
        relevance = self.sample.labels.astype(np.float64)
        ranked = rank_queries(relevance, self.predictions, codes) if codes.size else None
        return QueryAnswers(Sample(np.bincount(codes, relevance > 0), weights), ranked)


@dataclass(frozen=True, eq=False)
class QueryAnswers(TaskAnswers):
    """One model's lists, a row each; the sample's labels are how many relevant items a query has."""

    ranked: RankedQueries | None
    """The items of every query in their order; None where there is no query."""

    @property
    @override
    def right(self) -> Booleans:
        """(n_queries,) whether the list begins with a relevant item, for certain."""
        return np.asarray(self.of_queries("mrr") == 1, dtype=np.bool_)

    @property
    @override
    def decisions(self) -> Floats:
        """(n_queries,) the reciprocal rank of the first relevant item."""
        return self.of_queries("mrr")

    @property
    @override
    def said(self) -> Floats:
        """(n_queries,) the gain of the whole list."""
        return self.of_queries("ndcg")

    @override
    def losses(self, metric: str) -> Floats:
        """Return how far each query is from the best value of METRIC, which is 1, (n_queries,)."""
        return 1 - self.of_queries(metric)

    @override
    def cut(self, rows: Booleans) -> Self:
        """Raise `TypeError`: slices are cut out of the items."""
        raise TypeError("queries are made of the items of a slice, and not cut themselves")

    @override
    def smooth(self, metric: str) -> Estimate | None:
        """Return the mean of METRIC over the queries, with the influence of each."""
        return mean_estimate(self.of_queries(metric), self.sample.weights)

    @override
    def differs(self, metric: str, other: TaskAnswers) -> Booleans:
        """Return which queries have another value of METRIC than in the OTHER, (n_queries,)."""
        return np.asarray(self.losses(metric) != other.losses(metric), dtype=np.bool_)

    def of_queries(self, metric: str) -> Floats:
        """Return METRIC of each query, (n_queries,)."""
        if metric not in self._known:
            name, _, places = metric.partition("@")
            found = None if self.ranked is None else _OF_LISTS[name](self.ranked, int(places) if places else None)
            self._known[metric] = np.zeros(0) if found is None else found
        return self._known[metric]

    @cached_property
    def _known(self) -> dict[str, Floats]:
        """What was computed already: a gate asks for values, differences and losses."""
        return {}


_OF_LISTS: Final[Mapping[str, Callable[[RankedQueries, int | None], Floats]]] = {
    "ndcg": ranking_metrics.ndcg,
    "map": lambda ranked, _: ranking_metrics.average_precision(ranked),
    "mrr": lambda ranked, _: ranking_metrics.reciprocal_rank(ranked),
    "hit_rate": lambda ranked, places: ranking_metrics.hit_rate(ranked, places or 1),
}
