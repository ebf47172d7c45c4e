"""How often a candidate passes `not_worse` that is worse by exactly the margin: the metrics of all tasks.

What `coverage.py` does for binary tasks, for several classes, several labels, numbers, rankings, a function of one's
own (the correlation of outcomes and predictions, by the jackknife), and for the binary metrics that see rows. The
margin is the difference of their metrics on the populations of `coverage_populations.py`, so no draw from it should
pass. Draws are judged many at once by `coverage_draws.py`, which is held against the gate itself on some of every cell.

    python benchmarks/coverage_tasks.py                              1,000 draws a cell
    python benchmarks/coverage_tasks.py --draws 20000 --kept cells.jsonl    the promise; an hour

Exits with 1 when a cell passes in more than 6 %, with an allowance for chance, or when a gate decides otherwise than
`coverage_draws.py` takes it to.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import coverage_draws as draws_of
from benchmarks.coverage_cell import PROMISED, Cell
from benchmarks.coverage_populations import POPULATION, POPULATIONS, Population, correlations
from mlci.core.answers.binary import RARER_CLASS
from mlci.core.evidence import Both
from mlci.core.gates import Outcome
from mlci.core.gates.decision import Strictness, decide
from mlci.core.judging_sections import StatisticsSection
from mlci.core.metrics import metric_of
from mlci.core.requirement import Gate
from mlci.core.shares import difference_of_shares, is_share, right_rows
from mlci.core.statistics.jackknife import SETS_PER_CHANGE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlci.core.answers import TaskAnswers

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]

SIZES = (100, 200, 1_000, 5_000)
CHURN = (0.01, 0.03, 0.1, 0.5)
FOR_THE_WORSE = {"lost": 1.0, "mixed": 0.75}
BLOCK = 128
"""Samples at once."""
CHECKED_BY_GATE = 3
SECTION = StatisticsSection()
STRICTNESS = Strictness(SECTION.confidence, SECTION.min_rows, SECTION.min_changed)
BY_RANKS = frozenset({"auc", "average_precision", "ranks"})
METRICS = {
    "binary": ("log_loss", "brier", "roc_auc", "average_precision"),
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
    "quantile": ("crps",),
    "ranking": ("ndcg", "ndcg@3", "map", "mrr", "hit_rate@3"),
    "function": ("higher@correlation",),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Cells:
    """The distinct rows by what is true of them and what both models decide: all that metrics of decisions see."""

    labels: NDArray[np.intp]
    """(n_kinds, …) the class, or whether a kind of row has each label."""
    production: NDArray[np.intp]
    candidate: NDArray[np.intp]
    of_row: Floats
    """(n_distinct, n_kinds) of which kind each row is."""

    @classmethod
    def of(cls, population: Population) -> Cells:
        """Return those of a population of several classes or labels."""
        both = [each.decisions.reshape(POPULATION, -1) for each in population.both]
        columns = [np.asarray(each, np.intp) for each in (population.labels.reshape(POPULATION, -1), *both)]
        kinds, kind = np.unique(np.hstack(columns), axis=0, return_inverse=True)
        labels, candidate, production = np.hsplit(kinds, 3)
        return cls(labels, production, candidate, np.eye(len(kinds))[kind.ravel()])


@dataclass(frozen=True, eq=False)
class Block:
    """Some samples of a population: how often each distinct row was drawn."""

    population: Population
    cells: Cells | None
    counts: Floats
    """(n_samples, n_distinct)"""
    rows: Rows
    """(n_samples, n_rows) which rows were drawn."""

    @cached_property
    def of_ranks(self) -> dict[str, list[list[draws_of.Estimates]]]:
        """What was computed already of candidate and production, class by class."""
        return {}

    def cut(self, chosen: Rows) -> Block:
        """Return some of the samples."""
        if chosen.size == len(self.counts):
            return self
        return replace(self, counts=self.counts[chosen], rows=self.rows[chosen])

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
    if kind == "cells" and block.cells is not None:
        cells = block.cells
        counts = counts @ cells.of_row
        both = [of_decisions(metric, counts, cells.labels, each) for each in (cells.candidate, cells.production)]
        column = 1 if cells.labels.shape[1] > 1 and "@" in metric else slice(None)
        changed = (cells.candidate != cells.production)[:, column].reshape(counts.shape[1], -1).any(axis=1)
        return both[0].minus(both[1]), Changes(changed, changed), counts
    if kind in BY_RANKS:
        both = block.ranked(metric)
        return both[0].minus(both[1]), changes, counts
    if kind == "ratio":
        both = [ratio_of(metric, each, counts, population.labels) for each in (now, before)]
        return both[0].minus(both[1]), changes, counts
    sign = -1.0 if kind == "queries" else 1.0  # whose losses are distances from 1
    return draws_of.mean(counts, sign * (now.losses(metric) - before.losses(metric))), changes, counts


def of_decisions(
    metric: str, counts: Floats, labels: NDArray[np.intp], decisions: NDArray[np.intp]
) -> draws_of.Estimates:
    """Return a metric of decisions of one model: a function of a confusion matrix, or of several labels a ratio."""
    if labels.shape[1] == 1:
        return draws_of.of_confusion(counts, (labels[:, 0], decisions[:, 0]), draws_of.OF_CONFUSION[metric])
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
    changes = Changes(
        changed, changed if chosen.largest_change is None else now.losses(metric) != before.losses(metric)
    )
    can_pass = np.ones(len(block.counts), dtype=np.bool_)
    if chosen.largest_change is None:  # then nothing decides where fewer rows changed than are wanted effectively
        can_pass = block.counts[:, changed].sum(axis=1) >= SECTION.min_changed
    if chosen.kind in BY_RANKS:
        of_class = block.counts @ population.is_of
        rarest = np.minimum(of_class, block.counts.sum(axis=1, keepdims=True) - of_class).min(axis=1)
        can_pass &= rarest >= RARER_CLASS
    passed, by_rule = np.zeros_like(can_pass), ~can_pass
    if not can_pass.any():
        return draws_of.Decided(passed, by_rule)
    seen = np.flatnonzero(can_pass)
    found, changes, counts = difference(metric, block.cut(seen), changes)
    if chosen.kind == "auc":
        spread = draws_of.of_delong(counts, found, population.is_of[:, 0], SECTION.confidence)
    else:
        spread = draws_of.of_t(counts, found, SECTION.confidence)
    decided = draws_of.not_worse(
        counts,
        found.times(1.0 if chosen.higher_is_better else -1.0),
        spread,
        margin,
        changed=changes.changed,
        confidence=SECTION.confidence,
        min_changed=SECTION.min_changed,
        largest_change=chosen.largest_change,
        in_loss=changes.in_loss,
    )
    passed[seen], by_rule[seen] = decided.passed, decided.by_rule
    return draws_of.Decided(passed, by_rule)


def shares(metric: str, block: Block, margin: float) -> draws_of.Decided:
    """Return the same of a share of rows, or of those of a class: equal counts of gains and losses are judged once."""
    now, before = (right_rows(metric, each.on(metric)) for each in block.population.both)
    seen_by = block.population.both[0].seen_by(metric)
    looked = seen_by.sample.looked_at(metric)
    counts = block.counts if looked is None or looked.size != POPULATION else block.counts[:, looked]
    seen = np.column_stack(
        [counts[:, now & ~before].sum(axis=1), counts[:, before & ~now].sum(axis=1), counts.sum(axis=1)]
    )
    different, place = np.unique(seen.astype(np.intp), axis=0, return_inverse=True)
    lower = np.array([_lower(*each) for each in different.tolist()])[place.ravel()]
    return draws_of.Decided(lower > -margin, np.isnan(lower))


def _lower(gains: int, losses: int, rows: int) -> float:
    """Return the lower bound of a difference of shares, NaN where there are too few rows."""
    if rows < SECTION.min_rows:
        return math.nan
    return difference_of_shares(gains, losses, rows, SECTION.min_changed, SECTION.confidence).lower


def of_functions(metric: str, block: Block, margin: float) -> draws_of.Decided:
    """Return the same of a function of one's own, by the jackknife over sets."""
    population, rows = block.population, block.rows
    labels = population.labels.astype(np.float64)[rows]
    now, before = (correlations(labels, each[rows]) for each in (population.candidate, population.production))
    found, spread = draws_of.of_sets(now - before, SECTION.confidence)
    changed = population.both[0].differs(metric, population.both[1])
    every = np.ones(found.influence.shape[1], dtype=np.bool_)
    decided = draws_of.not_worse(
        np.ones_like(found.influence),
        found,
        spread,
        margin,
        changed=every,
        confidence=SECTION.confidence,
        min_changed=min(SECTION.min_changed, every.size / SETS_PER_CHANGE),
        largest_change=None,
        in_loss=every,
    )
    is_few = block.counts[:, changed].sum(axis=1) < SECTION.min_changed
    return draws_of.Decided(decided.passed & ~is_few, decided.by_rule | is_few)


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
    cells = Cells.of(population) if any(metric_of(metric).kind == "cells" for metric in metrics) else None
    generator, found = np.random.default_rng([rows, draws]), np.zeros((len(metrics), 2), dtype=np.int64)
    for first in range(0, draws, BLOCK):
        drawn = generator.integers(POPULATION, size=(min(BLOCK, draws - first), rows))
        counts = np.stack([np.bincount(each, minlength=POPULATION) for each in drawn]).astype(np.float64)
        block = Block(population, cells, counts, drawn)
        for place, (gate, margin) in enumerate(zip(gates, margins, strict=True)):
            decided = of_block(gate.metric, margin, block)
            if first == 0 and decided.passed[:CHECKED_BY_GATE].tolist() != [
                _judged(gate, *population.drawn(each))[0] for each in drawn[:CHECKED_BY_GATE]
            ]:
                raise RuntimeError(f"{gate.metric}: the gate decides otherwise than this script takes it to")
            found[place] += decided.passed.sum(), decided.by_rule.sum()
    return [(int(passes), int(by_rule)) for passes, by_rule in found]


def of_block(metric: str, margin: float, block: Block) -> draws_of.Decided:
    """Return what the gate comes to on a block of samples."""
    if metric_of(metric).kind == "function":
        return of_functions(metric, block, margin)
    if is_share(metric, *(each.on(metric) for each in block.population.both)):
        return shares(metric, block, margin)
    return at_once(metric, block, margin)


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
                    lacking = [each for each in METRICS[task] if _name(task, each, kind, rows, churn) not in cells]
                    found = measured(lacking, POPULATIONS[task](churn, worse), rows, draws) if lacking else []
                    for metric, (passes, by_rule) in zip(lacking, found, strict=True):
                        cell = Cell(_name(task, metric, kind, rows, churn), draws, passes, by_rule)
                        cells[cell.name] = cell
                        _keep(kept, cell)
                for metric in METRICS[task]:
                    texts = "".join(cells[_name(task, metric, kind, rows, churn)].text for churn in CHURN)
                    print(f"{metric:<26}{kind:<8}{rows:>6,}       {texts}", flush=True)
    broken = [cell.name for cell in cells.values() if cell.is_broken]
    highest = max(cells.values(), key=lambda cell: cell.passes)
    print(f"\nhighest: {highest.name}, {highest.passes / draws:.1%}")
    print(f"above {PROMISED:.0%}: {'; '.join(broken) or 'none'}; took {time.perf_counter() - started:,.0f} s")
    return 1 if broken else 0


def _name(task: str, metric: str, kind: str, rows: int, churn: float) -> str:
    return f"{task}, {metric}, {kind}, {rows:,} rows, churn {churn:.0%}"


def _keep(path: Path | None, cell: Cell) -> None:
    if path is not None:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(cell)) + "\n")


if __name__ == "__main__":
    sys.exit(main())
