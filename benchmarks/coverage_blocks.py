"""What `not_worse` comes to on many samples at once, at a margin that is exactly the difference of two models.

Samples are drawn from the populations of `coverage_populations.py` and judged by `coverage_draws.py`, which is held
against the gate itself on some of every cell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import coverage_draws as draws_of
from benchmarks.coverage_populations import POPULATION, Population, correlations
from mlci.core.answers.binary import RARER_CLASS
from mlci.core.evidence import Both
from mlci.core.gates import Outcome
from mlci.core.gates.decision import decide
from mlci.core.gates.strictness import Strictness
from mlci.core.judging_sections import StatisticsSection
from mlci.core.metrics import metric_of
from mlci.core.requirement import Gate
from mlci.core.shares import difference_of_shares, is_share, right_rows
from mlci.core.statistics.jackknife import SETS_PER_CHANGE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from mlci.core.answers import TaskAnswers

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]

ROWS_OF_BLOCK = 64_000
"""Distinct rows times samples that are judged at once."""
CHECKED_BY_GATE = 3
SECTION = StatisticsSection()
BY_RANKS = frozenset({"auc", "average_precision", "ranks"})


@dataclass(frozen=True, eq=False)
class Block:
    """Some samples of a population: how often each distinct row was drawn."""

    population: Population
    counts: Floats
    """(n_samples, n_distinct)"""
    rows: Rows | None = None
    """(n_samples, n_rows) which rows were drawn, where their order matters."""
    confidence: float = SECTION.confidence
    min_changed: float = SECTION.min_changed

    @cached_property
    def of_ranks(self) -> dict[str, list[list[draws_of.Estimates]]]:
        """What was computed already of candidate and production, class by class."""
        return {}

    def cut(self, chosen: Rows) -> Block:
        """Return some of the samples."""
        if chosen.size == len(self.counts):
            return self
        return replace(self, counts=self.counts[chosen], rows=None)

    def ranked(self, metric: str) -> list[draws_of.Estimates]:
        """Return the average over classes of what is computed by ranks, of candidate and production."""
        of, population = "average_precision" if metric.startswith("average") else "roc_auc", self.population
        if of not in self.of_ranks:
            self.of_ranks[of] = [
                draws_of.by_class(self.counts, population.is_of, said, of)
                for said in (population.candidate, population.production)
            ]
        found = self.of_ranks[of]
        if metric.endswith("weighted"):
            return [draws_of.averaged_by_share(self.counts, population.is_of, each) for each in found]
        return [draws_of.averaged(each) for each in found]


def difference(metric: str, block: Block) -> draws_of.Estimates:
    """Return candidate minus production of a block of samples."""
    population, counts = block.population, block.counts
    now, before = (each.on(metric) for each in population.both)
    kind = metric_of(metric).kind
    if kind in {"loss", "queries"}:
        sign = -1.0 if kind == "queries" else 1.0  # whose losses are distances from 1
        return draws_of.mean(counts, sign * (now.losses(metric) - before.losses(metric)))
    if kind in BY_RANKS:
        both = block.ranked(metric)
    elif kind == "ratio":
        both = [ratio_of(metric, each, counts, population.labels) for each in (now, before)]
    else:
        labels, *decisions = (
            np.asarray(each, np.intp).reshape(population.distinct, -1)
            for each in (population.labels, *(each.decisions for each in population.both))
        )
        of_model = of_classes if population.labels.ndim == 1 else of_labels
        both = [of_model(metric, counts, labels, each) for each in decisions]
    return both[0].minus(both[1])


def of_classes(
    metric: str, counts: Floats, labels: NDArray[np.intp], decisions: NDArray[np.intp]
) -> draws_of.Estimates:
    """Return a metric of the decisions of one model for a class each."""
    return draws_of.of_confusion(counts, (labels[:, 0], decisions[:, 0]), draws_of.OF_CONFUSION[metric])


def of_labels(metric: str, counts: Floats, labels: NDArray[np.intp], decisions: NDArray[np.intp]) -> draws_of.Estimates:
    """Return precision, recall or F1 of the decisions of one model for several labels."""
    name = metric.replace("@", "_").partition("_")[0]
    right = np.asarray((2.0 if name == "f1" else 1.0) * labels * decisions, dtype=np.float64)
    every = {"recall": labels, "precision": decisions, "f1": labels + decisions}[name].astype(np.float64)
    if metric.endswith("_micro"):
        return draws_of.ratio(counts, right.sum(axis=1), every.sum(axis=1))
    columns = (1,) if "@" in metric else range(labels.shape[1])
    return draws_of.averaged([draws_of.ratio(counts, right[:, each], every[:, each]) for each in columns])


def ratio_of(metric: str, answers: TaskAnswers, counts: Floats, outcomes: NDArray[np.generic]) -> draws_of.Estimates:
    """Return RMSE, R² or WAPE of a block of samples."""
    labels = outcomes.astype(np.float64)
    if metric == "wape":
        return draws_of.ratio(counts, answers.losses("mae"), np.abs(labels))
    squared = answers.losses("mse")
    if metric == "rmse":
        return draws_of.root(draws_of.mean(counts, squared))
    return draws_of.ratio(counts, squared, draws_of.around_mean(counts, labels)).times(-1.0)


def at_once(metric: str, block: Block, margin: float) -> draws_of.Decided:
    """Return what the gate comes to on a block of samples."""
    chosen, population = metric_of(metric), block.population
    now, before = (each.on(metric) for each in population.both)
    changed = now.differs(metric, before)
    can_pass = np.ones(len(block.counts), dtype=np.bool_)
    if chosen.largest_change is None:  # then nothing decides where fewer rows changed than are wanted effectively
        can_pass = block.counts[:, changed].sum(axis=1) >= block.min_changed
    if chosen.kind in BY_RANKS or metric == "lift":
        of_class = block.counts @ population.is_of
        rarest = np.minimum(of_class, block.counts.sum(axis=1, keepdims=True) - of_class).min(axis=1)
        can_pass &= rarest >= RARER_CLASS
    passed, by_rule = np.zeros_like(can_pass), ~can_pass
    if not can_pass.any():
        return draws_of.Decided(passed, by_rule)
    seen = np.flatnonzero(can_pass)
    of_seen = block.cut(seen)
    found = difference(metric, of_seen)
    if chosen.kind == "auc":
        spread = draws_of.of_delong(of_seen.counts, found, population.is_of[:, 0], block.confidence)
    else:
        spread = draws_of.of_t(of_seen.counts, found, block.confidence)
    decided = draws_of.not_worse(
        of_seen.counts,
        found.times(1.0 if chosen.higher_is_better else -1.0),
        spread,
        margin,
        changed=changed,
        confidence=block.confidence,
        min_changed=block.min_changed,
        largest_change=chosen.largest_change,
        in_loss=changed if chosen.largest_change is None else now.losses(metric) != before.losses(metric),
    )
    passed[seen], by_rule[seen] = decided.passed, decided.by_rule
    return draws_of.Decided(passed, by_rule)


def shares(metric: str, block: Block, margin: float) -> draws_of.Decided:
    """Return the same of a share of rows, or of those of a class: equal counts of gains and losses are judged once."""
    now, before = (right_rows(metric, each.on(metric)) for each in block.population.both)
    seen_by = block.population.both[0].seen_by(metric)
    looked = seen_by.sample.looked_at(metric)
    counts = block.counts if looked is None else block.counts[:, looked]
    seen = np.column_stack(
        [counts[:, now & ~before].sum(axis=1), counts[:, before & ~now].sum(axis=1), counts.sum(axis=1)]
    )
    different, place = np.unique(seen.astype(np.intp), axis=0, return_inverse=True)
    bounds = [_lower(won, lost, rows, block) for won, lost, rows in different.tolist()]
    lower = np.array(bounds)[place.ravel()]
    return draws_of.Decided(lower > -margin, np.isnan(lower))


def _lower(gains: int, losses: int, rows: int, block: Block) -> float:
    """Return the lower bound of a difference of shares, NaN where there are too few rows."""
    if rows < SECTION.min_rows:
        return math.nan
    return difference_of_shares(gains, losses, rows, block.min_changed, block.confidence).lower


def of_functions(metric: str, block: Block, margin: float) -> draws_of.Decided:
    """Return the same of a function of one's own, by the jackknife over sets."""
    population, rows = block.population, block.rows
    if rows is None:
        raise TypeError("sets of rows are made of rows, not of counts")
    labels = population.labels.astype(np.float64)[rows]
    now, before = (correlations(labels, each[rows]) for each in (population.candidate, population.production))
    found, spread = draws_of.of_sets(now - before, block.confidence)
    changed = population.both[0].differs(metric, population.both[1])
    every = np.ones(found.influence.shape[1], dtype=np.bool_)
    decided = draws_of.not_worse(
        np.ones_like(found.influence),
        found,
        spread,
        margin,
        changed=every,
        confidence=block.confidence,
        min_changed=min(block.min_changed, every.size / SETS_PER_CHANGE),
        largest_change=None,
        in_loss=every,
    )
    is_few = block.counts[:, changed].sum(axis=1) < block.min_changed
    return draws_of.Decided(decided.passed & ~is_few, decided.by_rule | is_few)


def measured(
    metrics: Sequence[str],
    population: Population,
    rows: int,
    draws: int,
    *,
    confidence: float = SECTION.confidence,
    min_changed: float = SECTION.min_changed,
) -> list[tuple[int, int]]:
    """Return of each metric how many of DRAWS samples passed, and how many were inconclusive by rule.

    Raises `RuntimeError` where the gate decides otherwise.
    """
    margins = {metric: max(population.margin(metric), 0.0) for metric in metrics}
    merged = {metric: population.merged(metric) for metric in metrics}
    of_rows = [metric for metric in metrics if merged[metric] is population]
    found = dict.fromkeys(metrics, (0, 0))
    for together in ([of_rows] if of_rows else []) + [[each] for each in metrics if each not in of_rows]:
        for place, each in enumerate(blocks(merged[together[0]], rows, draws)):
            block = replace(each, confidence=confidence, min_changed=min_changed)
            for metric in together:
                decided = of_block(metric, margins[metric], block)
                if place == 0 and decided.passed[:CHECKED_BY_GATE].tolist() != by_gate(metric, margins[metric], block):
                    raise RuntimeError(f"{metric}: the gate decides otherwise than this script takes it to")
                passes, by_rule = found[metric]
                found[metric] = passes + int(decided.passed.sum()), by_rule + int(decided.by_rule.sum())
    return list(found.values())


def blocks(population: Population, rows: int, draws: int) -> Iterator[Block]:
    """Yield DRAWS samples of so many rows."""
    generator, distinct = np.random.default_rng([rows, draws]), population.distinct
    size = ROWS_OF_BLOCK // distinct
    for first in range(0, draws, size):
        samples = min(size, draws - first)
        if distinct < POPULATION:
            yield Block(population, generator.multinomial(rows, population.share, size=samples).astype(np.float64))
        else:
            drawn = generator.integers(distinct, size=(samples, rows))
            counts = np.stack([np.bincount(each, minlength=distinct) for each in drawn]).astype(np.float64)
            yield Block(population, counts, drawn)


def by_gate(metric: str, margin: float, block: Block) -> list[bool]:
    """Return whether the gate itself lets the first samples of BLOCK pass."""
    gate = Gate.model_validate({"metric": metric, "require": "not_worse", "margin": margin})
    distinct = np.arange(block.population.distinct)
    of_counts = [np.repeat(distinct, each) for each in block.counts[:CHECKED_BY_GATE].astype(np.intp)]
    drawn = of_counts if block.rows is None else block.rows[:CHECKED_BY_GATE]
    strictness = Strictness(block.confidence, SECTION.min_rows, block.min_changed)
    return [_passes(gate, *block.population.drawn(each), strictness) for each in drawn]


def _passes(gate: Gate, now: TaskAnswers, before: TaskAnswers, strictness: Strictness) -> bool:
    return decide(gate, Both(now.on(gate.metric), before.on(gate.metric)), strictness).outcome is Outcome.PASS


def of_block(metric: str, margin: float, block: Block) -> draws_of.Decided:
    """Return what the gate comes to on a block of samples."""
    if metric_of(metric).kind == "function":
        return of_functions(metric, block, margin)
    if is_share(metric, *(each.on(metric) for each in block.population.both)):
        return shares(metric, block, margin)
    return at_once(metric, block, margin)
