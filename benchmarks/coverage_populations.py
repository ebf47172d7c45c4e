"""Populations of 2,000 distinct rows, or queries, that production and a candidate answer: one for each task.

The candidate differs from production on a share of the rows, the churn: on all of these for the worse, or on three
quarters of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from mlci.core.answers import (
    Answers,
    MeasuredAnswers,
    MulticlassAnswers,
    MultilabelAnswers,
    NumberAnswers,
    QuantileAnswers,
    RankingAnswers,
    Sample,
)
from mlci.core.metrics import metric_of
from mlci.core.shares import is_share, right_rows
from mlci.core.statistics.jackknife import sets_of
from mlci.core.statistics.sampling import Clusters, Independent, NotTrusted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from mlci.core.answers import TaskAnswers

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]
    Rows = NDArray[np.intp]

POPULATION = 2_000
"""Distinct rows: each stands for as many of a large population as any other."""
LEVELS = ("0.1", "0.3", "0.5", "0.7", "0.9")
ITEMS = 8
"""Items of a query."""
CLASSES = 3
"""Or labels."""
THRESHOLD = 0.5


@dataclass(frozen=True, eq=False)
class Population:
    """Rows, or queries, with what both models say of them: a sample is drawn with replacement."""

    labels: NDArray[np.generic]
    """(POPULATION, …)"""
    production: Floats
    candidate: Floats
    answers: Callable[[NDArray[np.generic], Floats], TaskAnswers]
    share: Floats = field(default_factory=lambda: np.full(POPULATION, 1 / POPULATION))
    """(n_distinct,) how often each is drawn."""

    def drawn(self, rows: Rows) -> tuple[TaskAnswers, TaskAnswers]:
        """Return candidate and production on some of it."""
        labels = self.labels[rows]
        return self.answers(labels, self.candidate[rows]), self.answers(labels, self.production[rows])

    @cached_property
    def both(self) -> tuple[TaskAnswers, TaskAnswers]:
        """Candidate and production on all of it."""
        return self.drawn(np.arange(self.distinct))

    @property
    def distinct(self) -> int:
        """How many distinct rows there are."""
        return len(self.labels)

    def merged(self, metric: str) -> Population:
        """Return it with rows put together that the difference in METRIC does not tell apart, drawn as often."""
        now, before = (each.on(metric) for each in self.both)
        if is_share(metric, now, before):
            looked = self.both[0].seen_by(metric).sample.looked_at(metric)
            told = np.zeros((self.distinct, 3))
            told[slice(None) if looked is None else looked] = np.column_stack(
                [np.ones(now.sample.rows), right_rows(metric, now), right_rows(metric, before)]
            )
        elif metric_of(metric).kind == "cells":
            of_both = [each.decisions for each in self.both]
            told = np.hstack(
                [np.asarray(each, np.float64).reshape(self.distinct, -1) for each in (self.labels, *of_both)]
            )
        elif metric_of(metric).kind in {"loss", "queries"}:
            told = np.column_stack([now.losses(metric) - before.losses(metric), now.differs(metric, before)])
        else:
            return self
        _, first, kind = np.unique(told, axis=0, return_index=True, return_inverse=True)
        share = np.asarray(np.bincount(kind.ravel(), self.share), dtype=np.float64)
        return Population(self.labels[first], self.production[first], self.candidate[first], self.answers, share)

    @cached_property
    def is_of(self) -> Booleans:
        """Which rows are of each class, or have each label, (n_distinct, n_classes); one column of a binary task."""
        if self.labels.dtype == np.bool_:
            return np.asarray(self.labels.reshape(self.distinct, -1), dtype=np.bool_)
        return np.asarray(self.labels[:, None] == np.arange(CLASSES), dtype=np.bool_)

    def margin(self, metric: str) -> float:
        """Return by how much the candidate is worse in METRIC."""
        values = [each.on(metric).value(metric) for each in self.both]
        now, before = values
        if now is None or before is None:
            raise ValueError(f"{metric} is not defined")
        return before - now if metric_of(metric).higher_is_better else now - before


def two_classes(churn: float, for_the_worse: float) -> Population:
    """Return two classes; where the candidate differs, it says the complement."""
    generator = np.random.default_rng(7)
    labels = generator.random(POPULATION) < 0.4  # noqa: PLR2004 - the share of positive rows
    production = 1 / (1 + np.exp(-1.8 * (2.0 * labels - 1) - 2 * generator.standard_normal(POPULATION)))
    candidate = production.copy()
    for rows in chosen((production >= THRESHOLD) == labels, churn, for_the_worse, generator):
        candidate[rows] = 1 - production[rows]
    return Population(labels, production, candidate, _binary)


def equally_good(churn: float) -> Population:
    """Return two classes where some rows of a class have each other's scores: as good as production by any metric."""
    generator = np.random.default_rng(7)
    known = two_classes(0.0, 1.0)
    candidate = known.production.copy()
    for label in (False, True):
        rows = np.flatnonzero(known.labels == label)
        changed = generator.choice(rows, round(rows.size * churn), replace=False)
        candidate[changed] = np.roll(known.production[changed], 1)
    return replace(known, candidate=candidate)


def _binary(labels: NDArray[np.generic], said: Floats) -> TaskAnswers:
    return Answers(Sample(labels), said, THRESHOLD)


def several_classes(churn: float, for_the_worse: float) -> Population:
    """Return three classes; where the candidate differs, two of them have their probabilities exchanged."""
    generator = np.random.default_rng(7)
    labels = generator.choice(3, POPULATION, p=[0.5, 0.3, 0.2])
    scores = 1.5 * np.eye(3)[labels] + generator.standard_normal((POPULATION, 3))
    production = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    decided = production.argmax(axis=1)
    lost, won = chosen(decided == labels, churn, for_the_worse, generator)
    candidate = production.copy()
    for rows, other in ((lost, (labels + 1) % 3), (won, labels)):
        candidate[rows, decided[rows]], candidate[rows, other[rows]] = (
            production[rows, other[rows]],
            production[rows, decided[rows]],
        )
    return Population(labels, production, candidate, lambda labels, said: MulticlassAnswers(_of(labels), said, CLASSES))


def _of(labels: NDArray[np.generic]) -> Sample:
    return Sample(labels, classes=("0", "1", "2"))


def several_labels(churn: float, for_the_worse: float) -> Population:
    """Return three labels that depend on each other; where the candidate differs, one of them is said the other way."""
    generator = np.random.default_rng(7)
    common = generator.standard_normal(POPULATION)[:, None]
    labels = common + generator.standard_normal((POPULATION, 3)) > (0.0, 0.7, 1.2)
    scores = 2.0 * labels - 1 + generator.standard_normal((POPULATION, 3))
    production = 1 / (1 + np.exp(-1.5 * scores))
    place = generator.integers(3, size=POPULATION)
    every = np.arange(POPULATION)
    is_right = (production[every, place] >= THRESHOLD) == labels[every, place]
    candidate = production.copy()
    for rows in chosen(is_right, churn, for_the_worse, generator):
        candidate[rows, place[rows]] = 1 - production[rows, place[rows]]
    return Population(labels, production, candidate, _labels)


def _labels(labels: NDArray[np.generic], said: Floats) -> TaskAnswers:
    return MultilabelAnswers(_of(labels), said, THRESHOLD)


def numbers(churn: float, for_the_worse: float) -> Population:
    """Return outcomes above 0; where the candidate differs, its errors are three times as large, or a third."""
    generator = np.random.default_rng(7)
    outcomes = generator.gamma(4.0, 5.0, POPULATION) + 5
    errors = 3 * generator.standard_normal(POPULATION)
    lost, won = chosen(np.arange(POPULATION) % 2 == 0, churn, for_the_worse, generator)
    changed = errors.copy()
    changed[lost] *= 3
    changed[won] /= 3
    return Population(
        outcomes, outcomes + errors, outcomes + changed, lambda labels, said: NumberAnswers(Sample(labels), said)
    )


def spreads(churn: float, for_the_worse: float) -> Population:
    """Return the outcomes of `numbers`, of which models answer five quantiles, as wide wherever they lie."""
    found = numbers(churn, for_the_worse)
    widths = 3 * np.array([NormalDist().inv_cdf(float(level)) for level in LEVELS])
    production, candidate = (said[:, None] + widths for said in (found.production, found.candidate))
    return Population(found.labels, production, candidate, _quantiles)


def _quantiles(labels: NDArray[np.generic], said: Floats) -> TaskAnswers:
    return QuantileAnswers(Sample(labels, classes=LEVELS), said)


def lists(churn: float, for_the_worse: float) -> Population:
    """Return queries of eight items; where the candidate differs, scores are noise, or what is relevant comes first."""
    generator = np.random.default_rng(7)
    relevance = np.maximum(generator.integers(-3, 4, (POPULATION, ITEMS)), 0).astype(np.float64)
    production = relevance + 1.5 * generator.standard_normal(relevance.shape)
    lost, won = chosen(np.arange(POPULATION) % 2 == 0, churn, for_the_worse, generator)
    candidate = production.copy()
    candidate[lost] = generator.standard_normal((lost.size, ITEMS))
    candidate[won] = relevance[won] + generator.standard_normal((won.size, ITEMS)) / 2
    return Population(relevance, production, candidate, _ranking)


def _ranking(relevance: NDArray[np.generic], scores: Floats) -> TaskAnswers:
    queries = np.repeat(np.arange(len(relevance)), ITEMS)
    return RankingAnswers(Sample(relevance.ravel(), None, Clusters(queries)), scores.ravel())


def correlated(churn: float, for_the_worse: float) -> Population:
    """Return the outcomes of `numbers`, judged by how they correlate with what is predicted."""
    return replace(numbers(churn, for_the_worse), answers=_correlation)


def _correlation(labels: NDArray[np.generic], said: Floats) -> TaskAnswers:
    """Return the answers with their correlation on all rows and without each set."""
    sample = Sample(labels)
    return MeasuredAnswers(
        sample, NumberAnswers(sample, said), correlations(labels[None].astype(np.float64), said[None])[0]
    )


def correlations(outcomes: Floats, said: Floats) -> Floats:
    """Return the correlation of all rows, and without each set, (n_samples, 1 + n_sets), by the moments of the sets."""
    samples, rows = outcomes.shape
    sets = dealt(rows)
    n_sets = int(sets.max()) + 1
    places = (sets + n_sets * np.arange(samples)[:, None]).ravel()
    moments = (np.ones_like(said), outcomes, said, outcomes**2, said**2, outcomes * said)
    of_sets = np.array([np.bincount(places, each.ravel(), samples * n_sets) for each in moments])
    of_sets = of_sets.reshape(len(moments), samples, n_sets)
    whole = of_sets.sum(axis=2, keepdims=True)
    n, x, y, xx, yy, xy = np.concatenate([whole, whole - of_sets], axis=2)
    return np.asarray((xy - x * y / n) / np.sqrt((xx - x * x / n) * (yy - y * y / n)))


@cache
def dealt(rows: int) -> NDArray[np.intp]:
    """Return the sets of the jackknife for so many rows."""
    sets = sets_of(rows, Independent())
    if isinstance(sets, NotTrusted):
        raise TypeError(sets.sentence)
    return sets


def chosen(
    may_lose: NDArray[np.bool_], churn: float, for_the_worse: float, generator: np.random.Generator
) -> tuple[Rows, Rows]:
    """Return the rows that the candidate loses, and those that it wins among the others."""
    lost = round(POPULATION * churn * for_the_worse)
    won = round(POPULATION * churn) - lost
    return (
        generator.choice(np.flatnonzero(may_lose), lost, replace=False),
        generator.choice(np.flatnonzero(~may_lose), won, replace=False),
    )


POPULATIONS: Mapping[str, Callable[[float, float], Population]] = {
    "binary": two_classes,
    "multiclass": several_classes,
    "multilabel": several_labels,
    "regression": numbers,
    "quantile": spreads,
    "ranking": lists,
    "function": correlated,
}
