"""How often a candidate passes `not_worse` that is worse by exactly the margin: the metrics of the other tasks.

What `coverage.py` does for binary ones, for several classes, several labels, numbers, rankings, and a function of one's
own (the correlation of outcomes and predictions, by the jackknife): a population of 2,000 distinct rows, or queries, is
answered by production and by a candidate that differs on a share of it, the churn, on all of that for the worse or on
three quarters (mixed). The margin is the difference of their metrics, so no draw from it should pass. Draws are judged
many at once by `coverage_draws.py`, which is held against the gate itself on some of every cell; functions, several
labels, and shares of a class, by the gate.

    python benchmarks/coverage_tasks.py                              1,000 draws a cell
    python benchmarks/coverage_tasks.py --draws 20000 --kept cells.jsonl    the promise; a quarter of an hour

Exits with 1 when a cell passes in more than 6 %, with an allowance for chance, or when a gate decides otherwise than
`coverage_draws.py` takes it to.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import coverage_draws as draws_of
from benchmarks.coverage_cell import PROMISED, Cell
from mlci.core.answers import (
    MeasuredAnswers,
    MulticlassAnswers,
    MultilabelAnswers,
    NumberAnswers,
    RankingAnswers,
    Sample,
)
from mlci.core.answers.binary import RARER_CLASS
from mlci.core.evidence import Both
from mlci.core.gates import Outcome
from mlci.core.gates.decision import Strictness, decide
from mlci.core.judging_sections import StatisticsSection
from mlci.core.metrics import metric_of
from mlci.core.requirement import Gate
from mlci.core.statistics.jackknife import sets_of
from mlci.core.statistics.sampling import Clusters, Independent, NotTrusted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from mlci.core.answers import TaskAnswers

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]

SIZES = (100, 200, 1_000, 5_000)
CHURN = (0.01, 0.03, 0.1, 0.5)
FOR_THE_WORSE = {"lost": 1.0, "mixed": 0.75}
POPULATION = 2_000
"""Distinct rows: each stands for as many of a large population as any other."""
BLOCK = 128
"""Samples at once."""
CHECKED_BY_GATE = 3
ITEMS = 8
"""Items of a query."""
SECTION = StatisticsSection()
STRICTNESS = Strictness(SECTION.confidence, SECTION.min_rows, SECTION.min_changed)
METRICS = {
    "multiclass": (
        "balanced_accuracy", "mcc", "kappa", "kappa_linear", "kappa_quadratic", "precision_macro", "precision_weighted",
        "f1_macro", "f1_weighted", "log_loss", "brier", "roc_auc_ovr", "roc_auc_ovr_weighted",
        "average_precision_macro", "recall@1", "precision@1", "f1@1",
    ),
    "multilabel": (
        "exact_match", "hamming_loss", "recall_micro", "precision_micro", "f1_micro", "recall_macro", "precision_macro",
        "f1_macro", "log_loss", "brier", "roc_auc_macro", "average_precision_macro", "recall@1", "precision@1", "f1@1",
    ),
    "regression": ("mae", "mse", "rmse", "r2", "mape", "wape", "pinball@0.9"),
    "ranking": ("ndcg", "ndcg@3", "map", "mrr", "hit_rate@3"),
    "function": ("higher@correlation",),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Population:
    """Rows, or queries, with what both models say of them: a sample is drawn with replacement."""

    labels: NDArray[np.generic]
    """(POPULATION, …)"""
    production: Floats
    candidate: Floats
    answers: Callable[[NDArray[np.generic], Floats], TaskAnswers]

    def drawn(self, rows: Rows) -> tuple[TaskAnswers, TaskAnswers]:
        """Return candidate and production on some of it."""
        labels = self.labels[rows]
        return self.answers(labels, self.candidate[rows]), self.answers(labels, self.production[rows])

    @cached_property
    def both(self) -> tuple[TaskAnswers, TaskAnswers]:
        """Candidate and production on all of it."""
        return self.drawn(np.arange(POPULATION))

    @property
    def is_of_labels(self) -> bool:
        """Whether rows have several labels, which the gate itself judges one sample after the other."""
        return self.labels.dtype == np.bool_

    @cached_property
    def joint(self) -> Floats:
        """Which of 27, of label, production's decision and the candidate's, each row is, (n_distinct, 27)."""
        codes = 9 * self.labels.astype(np.intp) + 3 * self.production.argmax(axis=1) + self.candidate.argmax(axis=1)
        return np.asarray(np.eye(27)[codes], dtype=np.float64)

    def margin(self, metric: str) -> float:
        """Return by how much the candidate is worse in METRIC."""
        values = [each.on(metric).value(metric) for each in self.both]
        now, before = values
        if now is None or before is None:
            raise ValueError(f"{metric} is not defined")
        return before - now if metric_of(metric).higher_is_better else now - before


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
    return Population(labels, production, candidate, lambda labels, said: MulticlassAnswers(_of(labels), said, 3))


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
    is_right = (production[every, place] >= 0.5) == labels[every, place]  # noqa: PLR2004 - the threshold
    candidate = production.copy()
    for rows in chosen(is_right, churn, for_the_worse, generator):
        candidate[rows, place[rows]] = 1 - production[rows, place[rows]]
    return Population(labels, production, candidate, _labels)


def _labels(labels: NDArray[np.generic], said: Floats) -> TaskAnswers:
    return MultilabelAnswers(_of(labels), said, 0.5)


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
    """Return the answers with their correlation on all rows and without each set, by the moments of the sets."""
    outcomes, sample = labels.astype(np.float64), Sample(labels)
    sets = dealt(len(said))
    of_sets = np.array(
        [
            np.bincount(sets, each)
            for each in (np.ones(len(said)), outcomes, said, outcomes**2, said**2, outcomes * said)
        ]
    )
    n, x, y, xx, yy, xy = np.column_stack([of_sets.sum(axis=1), of_sets.sum(axis=1, keepdims=True) - of_sets])
    values = (xy - x * y / n) / np.sqrt((xx - x * x / n) * (yy - y * y / n))
    return MeasuredAnswers(sample, NumberAnswers(sample, said), values)


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
    "multiclass": several_classes,
    "multilabel": several_labels,
    "regression": numbers,
    "ranking": lists,
    "function": correlated,
}


@dataclass(frozen=True, eq=False)
class Block:
    """Some samples of a population: how often each distinct row was drawn."""

    population: Population
    counts: Floats
    """(n_samples, n_distinct)"""

    @cached_property
    def joint(self) -> Floats:
        """How often each label and both decisions were drawn, (n_samples, 27)."""
        return self.counts @ self.population.joint

    @cached_property
    def of_ranks(self) -> dict[str, list[list[draws_of.Estimates]]]:
        """What was computed already of candidate and production, class by class."""
        return {}

    def cut(self, rows: NDArray[np.intp]) -> Block:
        """Return some of the samples."""
        return self if rows.size == len(self.counts) else Block(self.population, self.counts[rows])

    def ranked(self, metric: str) -> list[draws_of.Estimates]:
        """Return the average over classes of what is computed by ranks, of candidate and production."""
        of, population = "average_precision" if metric.startswith("average") else "roc_auc", self.population
        if of not in self.of_ranks:
            self.of_ranks[of] = [
                draws_of.by_class(self.counts, population.labels, said, of)
                for said in (population.candidate, population.production)
            ]
        is_weighted = metric.endswith("weighted")
        found = self.of_ranks[of]
        return [draws_of.averaged(self.counts, population.labels, each, is_weighted=is_weighted) for each in found]


@dataclass(frozen=True, eq=False)
class Changes:
    """Which distinct rows are answered otherwise, and which of them cost another amount."""

    changed: NDArray[np.bool_]
    in_loss: NDArray[np.bool_]


def difference(metric: str, block: Block, changes: Changes) -> tuple[draws_of.Estimates, Changes, Floats]:
    """Return candidate minus production of a block of samples, what changed, and the counts that these are of."""
    population, counts = block.population, block.counts
    now, before = (each.on(metric) for each in population.both)
    kind = metric_of(metric).kind
    if kind == "cells":  # the distinct rows are 27, of label and both decisions
        label, theirs, ours = np.unravel_index(np.arange(27), (3, 3, 3))
        function = draws_of.OF_CONFUSION[metric]
        both = [draws_of.of_confusion(block.joint, (label, each), function) for each in (ours, theirs)]
        return both[0].minus(both[1]), Changes(ours != theirs, ours != theirs), block.joint
    if kind == "ranks":
        both = block.ranked(metric)
        return both[0].minus(both[1]), changes, counts
    if kind == "ratio":
        both = [ratio_of(metric, each, counts, population.labels) for each in (now, before)]
        return both[0].minus(both[1]), changes, counts
    sign = -1.0 if kind == "queries" else 1.0  # whose losses are distances from 1
    return draws_of.mean(counts, sign * (now.losses(metric) - before.losses(metric))), changes, counts


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
    changes = Changes(
        changed, changed if chosen.largest_change is None else now.losses(metric) != before.losses(metric)
    )
    can_pass = np.ones(len(block.counts), dtype=np.bool_)
    if chosen.largest_change is None:  # then nothing decides where fewer rows changed than are wanted effectively
        can_pass = block.counts[:, changed].sum(axis=1) >= SECTION.min_changed
    if chosen.kind == "ranks":
        rarest = np.stack([block.counts[:, population.labels == code].sum(axis=1) for code in range(3)]).min(axis=0)
        can_pass &= rarest >= RARER_CLASS
    passed, by_rule = np.zeros_like(can_pass), ~can_pass
    if not can_pass.any():
        return draws_of.Decided(passed, by_rule)
    seen = np.flatnonzero(can_pass)
    found, changes, counts = difference(metric, block.cut(seen), changes)
    decided = draws_of.not_worse(
        counts,
        found.times(1.0 if chosen.higher_is_better else -1.0),
        margin,
        changed=changes.changed,
        confidence=SECTION.confidence,
        min_changed=SECTION.min_changed,
        largest_change=chosen.largest_change,
        in_loss=changes.in_loss,
    )
    passed[seen], by_rule[seen] = decided.passed, decided.by_rule
    return draws_of.Decided(passed, by_rule)


def shares(metric: str, block: Block, gate: Gate) -> draws_of.Decided:
    """Return the same of a share of the rows of a class: equal counts of gains and losses are judged once."""
    now, before = (each.on(metric) for each in block.population.both)
    of_class = block.counts[:, block.population.labels == 1]
    kinds = [now.right & ~before.right, before.right & ~now.right, now.right & before.right]
    seen = np.column_stack([of_class[:, kind].sum(axis=1) for kind in kinds] + [of_class.sum(axis=1)]).astype(int)
    different, place = np.unique(seen, axis=0, return_inverse=True)
    outcomes = [_of_counts(each, gate) for each in different.tolist()]
    passed, by_rule = (np.array([each[which] for each in outcomes])[place.ravel()] for which in (0, 1))
    return draws_of.Decided(passed, by_rule)


def _of_counts(seen: list[int], gate: Gate) -> tuple[bool, bool]:
    won, lost, kept, rows = seen
    right = np.repeat([[1, 0, 1, 0], [0, 1, 1, 0]], [won, lost, kept, rows - won - lost - kept], axis=1)
    labels = np.ones(rows, dtype=np.intp)
    now, before = (MulticlassAnswers(_of(labels), np.eye(3)[each], 3) for each in right)
    return _judged(gate, now, before)


def _judged(gate: Gate, now: TaskAnswers, before: TaskAnswers) -> tuple[bool, bool]:
    """Return whether the gate itself lets a sample pass, and whether it is inconclusive by rule."""
    decision = decide(gate, Both(now.on(gate.metric), before.on(gate.metric)), STRICTNESS)
    by_rule = decision.outcome is Outcome.INCONCLUSIVE and decision.interval is None
    return decision.outcome is Outcome.PASS, by_rule


def measured(metrics: Sequence[str], population: Population, rows: int, draws: int) -> list[tuple[int, int]]:
    """Return of each metric how many of DRAWS samples passed, and how many were inconclusive by rule.

    Raises `RuntimeError` where the gate decides otherwise.
    """
    margins = [population.margin(metric) for metric in metrics]
    gates = [
        Gate.model_validate({"metric": metric, "require": "not_worse", "margin": margin})
        for metric, margin in zip(metrics, margins, strict=True)
    ]
    generator, found = np.random.default_rng([rows, draws]), np.zeros((len(metrics), 2), dtype=np.int64)
    for first in range(0, draws, BLOCK):
        drawn = generator.integers(POPULATION, size=(min(BLOCK, draws - first), rows))
        counts = np.stack([np.bincount(each, minlength=POPULATION) for each in drawn]).astype(np.float64)
        block = Block(population, counts)
        for place, (gate, margin) in enumerate(zip(gates, margins, strict=True)):
            decided = of_block(gate, margin, block, drawn)
            if first == 0 and decided.passed[:CHECKED_BY_GATE].tolist() != [
                _judged(gate, *population.drawn(each))[0] for each in drawn[:CHECKED_BY_GATE]
            ]:
                raise RuntimeError(f"{gate.metric}: the gate decides otherwise than this script takes it to")
            found[place] += decided.passed.sum(), decided.by_rule.sum()
    return [(int(passes), int(by_rule)) for passes, by_rule in found]


def of_block(gate: Gate, margin: float, block: Block, drawn: Rows) -> draws_of.Decided:
    """Return what GATE comes to on a block of samples, whose rows were DRAWN."""
    kind = metric_of(gate.metric).kind
    match "function" if block.population.is_of_labels else kind:
        case "function":
            outcomes = np.array([_judged(gate, *block.population.drawn(each)) for each in drawn])
            return draws_of.Decided(outcomes[:, 0], outcomes[:, 1])
        case "share":
            return shares(gate.metric, block, gate)
        case _:
            return at_once(gate.metric, block, margin)


def main() -> int:
    """Print the table; return 1 when a cell is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1_000, help="samples a cell (1,000; the promise: 20,000)")
    parser.add_argument("--rows", type=int, nargs="+", default=list(SIZES), help="sizes of the samples")
    parser.add_argument("--tasks", nargs="+", default=list(METRICS), choices=METRICS, help="which of them")
    parser.add_argument("--kept", type=Path, help="a file of cells that are drawn already; new ones are added to it")
    arguments = parser.parse_args()
    started, draws, kept = time.perf_counter(), arguments.draws, arguments.kept
    lines = kept.read_text("utf-8").splitlines() if kept and kept.exists() else []
    cells = {cell.name: cell for cell in (Cell(**json.loads(line)) for line in lines) if cell.draws == draws}
    print(f"false passes at exactly the margin, {draws:,} draws a cell; * mostly answered by rule")
    print(f"{'metric':<26}{'changes':<8}{'rows':>6}  churn" + "".join(f"{churn:8.0%} " for churn in CHURN))
    for task in arguments.tasks:
        for rows in arguments.rows:
            for kind, worse in FOR_THE_WORSE.items():
                for churn in CHURN:
                    lacking = [each for each in METRICS[task] if _name(each, kind, rows, churn) not in cells]
                    found = measured(lacking, POPULATIONS[task](churn, worse), rows, draws)
                    for metric, (passes, by_rule) in zip(lacking, found, strict=True):
                        cell = Cell(_name(metric, kind, rows, churn), draws, passes, by_rule)
                        cells[cell.name] = cell
                        _keep(kept, cell)
                for metric in METRICS[task]:
                    texts = "".join(cells[_name(metric, kind, rows, churn)].text for churn in CHURN)
                    print(f"{metric:<26}{kind:<8}{rows:>6,}       {texts}", flush=True)
    broken = [cell.name for cell in cells.values() if cell.is_broken]
    highest = max(cells.values(), key=lambda cell: cell.passes)
    print(f"\nhighest: {highest.name}, {highest.passes / draws:.1%}")
    print(f"above {PROMISED:.0%}: {'; '.join(broken) or 'none'}; took {time.perf_counter() - started:,.0f} s")
    return 1 if broken else 0


def _name(metric: str, kind: str, rows: int, churn: float) -> str:
    return f"{metric}, {kind}, {rows:,} rows, churn {churn:.0%}"


def _keep(path: Path | None, cell: Cell) -> None:
    if path is not None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(cell)) + "\n")


if __name__ == "__main__":
    sys.exit(main())
