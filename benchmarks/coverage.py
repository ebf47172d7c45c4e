"""How often a candidate passes `not_worse` that is worse by exactly the margin: at most 5 %, for every metric.

A population of rows is answered by production and by a candidate that differs on a share of them, the churn: on all of
those for the worse, or on three quarters (mixed). Its metrics are known, and the margin is the difference: so no draw
from it should pass. Samples are judged by `mlci.core.bounds.difference` and what `gates.py` does with it, which is held
against `judge` itself on some of them. Metrics of decisions see only counts, so that a draw is one of a multinomial and
equal ones are judged once; the others see rows.

    python benchmarks/coverage.py                    2,000 draws a cell, some minutes
    python benchmarks/coverage.py --draws 20000      the promise; hours on a machine that is shared
        --metrics accuracy f1 --kept cells.jsonl     a part of it; a cell that the file has is not drawn again

Exits with 1 when a cell passes in more than 6 %, with an allowance for chance, or when a gate decides otherwise than
this script takes it to.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom, norm

from benchmarks.coverage_cell import PROMISED, Cell
from mlci.core.answers import Answers, Sample
from mlci.core.bounds import difference, worst_loss
from mlci.core.evidence import Evidence
from mlci.core.gates import Outcome
from mlci.core.gates.judge import judge
from mlci.core.judging_sections import StatisticsSection
from mlci.core.metrics import METRICS
from mlci.core.owned_gates import OwnedGate
from mlci.core.requirement import Gate
from mlci.core.statistics.sampling import NotTrusted
from mlci.core.statistics.tango import tango

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]
    Counts = NDArray[np.int64]

OF_SHARES = ("accuracy", "recall", "specificity")
OF_CELLS = ("precision", "lift", "f1", "balanced_accuracy", "mcc", "kappa")
OF_ROWS = ("log_loss", "brier", "roc_auc", "average_precision")
OF_ALL = (*OF_SHARES, *OF_CELLS, *OF_ROWS)
SIZES = (100, 200, 1_000, 5_000)
CHURN = (0.01, 0.03, 0.1, 0.5)
POPULATION = 100_000
POSITIVE = 0.4
FOR_THE_WORSE = {"lost": 1.0, "mixed": 0.75}
THRESHOLD = 0.5
_DIGITS = np.array([[0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 0, 0, 1, 1], [0, 1, 0, 1, 0, 1, 0, 1]])
"""Of a cell: label, production's decision, the candidate's."""
_ALIKE = {
    "accuracy": ((5, [5, 2]), (6, [6, 1]), (7, [4, 7, 0, 3])),
    "recall": ((5, [5]), (6, [6]), (7, [4, 7])),
    "specificity": ((2, [2]), (1, [1]), (0, [0, 3])),
}
"""By metric of a share: a cell that stands for those that the difference does not tell apart."""
STATISTICS = StatisticsSection()
CHECKED_BY_JUDGE = 3


@dataclass(frozen=True, eq=False)
class Population:
    """Rows with what both models say: a sample is drawn from them with replacement."""

    labels: Booleans
    production: Floats
    candidate: Floats

    @classmethod
    def of(cls, churn: float, for_the_worse: float) -> Population:
        """Return one where the candidate answers a share CHURN of the rows with the complement of production's."""
        generator = np.random.default_rng(7)
        labels = generator.random(POPULATION) < POSITIVE
        logits = 1.8 * (2.0 * labels - 1) + 2 * generator.standard_normal(POPULATION)
        production = 1 / (1 + np.exp(-logits))
        right = (production >= THRESHOLD) == labels
        lost = round(POPULATION * churn * for_the_worse)
        won = round(POPULATION * churn) - lost
        changed = np.concatenate(
            (
                generator.choice(np.flatnonzero(right), lost, replace=False),
                generator.choice(np.flatnonzero(~right), won, replace=False),
            )
        )
        candidate = production.copy()
        candidate[changed] = 1 - production[changed]
        return cls(labels, production, candidate)

    @cached_property
    def both(self) -> tuple[Answers, Answers]:
        """Candidate and production on all rows."""
        return self.drawn(np.arange(POPULATION))

    def drawn(self, rows: NDArray[np.intp]) -> tuple[Answers, Answers]:
        """Return candidate and production on some rows, which may be the same one twice."""
        return answered(self.labels[rows], self.candidate[rows], self.production[rows])

    def margin(self, metric: str) -> float:
        """Return by how much the candidate is worse in METRIC, which is its functional at this population."""
        now, before = (answers.on(metric).value(metric) for answers in self.both)
        if now is None or before is None:
            raise ValueError(f"{metric} is not defined")
        return before - now if METRICS[metric].higher_is_better else now - before

    @cached_property
    def cells(self) -> Floats:
        """Shares of the rows by label, production's decision and the candidate's, (8,)."""
        codes = 4 * self.labels + 2 * (self.production >= THRESHOLD) + (self.candidate >= THRESHOLD)
        return np.bincount(codes, minlength=8) / POPULATION


def answered(labels: Booleans, candidate: Floats, production: Floats) -> tuple[Answers, Answers]:
    """Return candidate and production on these rows."""
    sample = Sample(labels)
    return Answers(sample, candidate, THRESHOLD), Answers(sample, production, THRESHOLD)


def of_counts(counts: Counts) -> tuple[Answers, Answers]:
    """Return candidate and production on as many rows of each of the eight cells."""
    label, before, now = (np.repeat(digit, counts) for digit in _DIGITS)
    return answered(label == 1, np.where(now, 0.75, 0.25), np.where(before, 0.75, 0.25))


@dataclass(frozen=True)
class Decided:
    """What became of one sample."""

    passed: bool
    by_rule: bool
    """Inconclusive because theory is not to be trusted."""


def decided(metric: str, both: tuple[Answers, Answers], margin: float) -> Decided:
    """Return what the gate `not_worse` comes to, as `gates.py` decides."""
    now, before = (answers.on(metric) for answers in both)
    if now.sample.rows < STATISTICS.min_rows:
        return Decided(passed=False, by_rule=True)
    found = difference(metric, now, before, STATISTICS.confidence, STATISTICS.min_changed)
    if isinstance(found, NotTrusted):
        return Decided(passed=False, by_rule=True)
    if found.lower_doubt is None:
        return Decided(passed=found.interval.lower > -margin, by_rule=False)
    worst = worst_loss(metric, now, before, STATISTICS.confidence)
    passed = worst is not None and worst <= margin
    return Decided(passed, by_rule=not passed)


def judged(metric: str, both: tuple[Answers, Answers], margin: float) -> bool:
    """Return whether `judge` lets the candidate pass."""
    now, before = both
    gate = OwnedGate(Gate.model_validate({"metric": metric, "require": "not_worse", "margin": margin}), "base")
    ids = [str(row) for row in range(now.sample.rows)]
    evidence = Evidence(ids, now.sample.labels, now.probabilities, before.probabilities, THRESHOLD)
    return judge([gate], evidence, STATISTICS).outcome is Outcome.PASS


def samples(
    population: Population, metric: str, rows: int, draws: int, generator: np.random.Generator
) -> Iterator[tuple[tuple[Answers, Answers], int]]:
    """Yield samples of ROWS rows, each with how many of the DRAWS drew what METRIC cannot tell from it."""
    if metric in OF_ROWS:
        for _ in range(draws):
            yield population.drawn(generator.integers(POPULATION, size=rows)), 1
        return
    counts = generator.multinomial(rows, population.cells, size=draws)
    for seen, number in zip(*np.unique(told_apart(counts, metric), axis=0, return_counts=True), strict=True):
        yield of_counts(seen), int(number)


def told_apart(counts: Counts, metric: str) -> Counts:
    """Return counts, (n_draws, 8), with those moved together that METRIC does not tell apart."""
    if metric in OF_CELLS:
        return counts
    kept = np.zeros_like(counts)
    for cell, those in _ALIKE[metric]:
        kept[:, cell] = counts[:, those].sum(axis=1)
    return kept


class Kept:
    """Cells that an earlier call has drawn, one a line in a file; none where there is no file."""

    def __init__(self, path: Path | None) -> None:
        """Read what PATH has."""
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []
        self._cells = {(cell.name, cell.draws): cell for cell in (Cell(**json.loads(line)) for line in lines)}

    def cell(self, population: Population, metric: str, rows: int, draws: int, name: str) -> Cell:
        """Return the cell called NAME, drawn now if it never was."""
        if (name, draws) not in self._cells:
            found = self._cells[name, draws] = measured(population, metric, rows, draws, name)
            if self._path is not None:
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(asdict(found)) + "\n")
        return self._cells[name, draws]


def measured(population: Population, metric: str, rows: int, draws: int, name: str) -> Cell:
    """Return what became of DRAWS samples; raises `RuntimeError` where `judge` decides otherwise."""
    margin, passes, by_rule = population.margin(metric), 0, 0
    generator = np.random.default_rng([rows, draws])
    for index, (both, number) in enumerate(samples(population, metric, rows, draws, generator)):
        decision = decided(metric, both, margin)
        if index < CHECKED_BY_JUDGE and judged(metric, both, margin) != decision.passed:
            raise RuntimeError(f"{name}: the gate decides otherwise than this script takes it to")
        passes += number * decision.passed
        by_rule += number * decision.by_rule
    return Cell(name, draws, passes, by_rule)


def edge(rows: int) -> tuple[float, float, float]:
    """Return the worst false pass of accuracy where rows are only lost, by ours and by Tango alone, and its margin.

    Exact, not drawn: just above the bound of k losses a candidate passes with k of them or fewer.
    """
    confidence, ours, theirs = STATISTICS.confidence, (0.0, 0.0), 0.0
    for lost in range(min(rows // 4, 60)):
        now, before = of_counts(np.array([0, 0, 0, 0, 0, 0, lost, rows - lost]))
        found = difference("accuracy", now, before, confidence, STATISTICS.min_changed)
        if isinstance(found, NotTrusted):
            raise TypeError(found.sentence)
        margin = -found.interval.lower
        ours = max(ours, (float(binom.cdf(lost, rows, margin)), margin))
        theirs = max(theirs, float(binom.cdf(lost, rows, -tango(0, lost, rows, confidence).lower)))
    return *ours, theirs


def unseen(rows: int, draws: int) -> list[tuple[str, float]]:
    """Return how often a candidate passes whose probabilities all moved a little, and 1 % of them to the other side.

    What no rule guards against: a sample without one of those says nothing of them.
    """
    known = Population.of(0.01, 1.0)
    moved = known.candidate + 1e-3 * np.random.default_rng(1).standard_normal(POPULATION)
    population = Population(known.labels, known.production, np.clip(moved, 1e-9, 1 - 1e-9))
    cells = [measured(population, metric, rows, draws, metric) for metric in ("brier", "log_loss", "roc_auc")]
    return [(cell.name, cell.passes / cell.draws) for cell in cells]


def rivals(rows: int, churn: float, draws: int) -> list[tuple[str, float]]:
    """Return how often others pass a candidate that lost a share CHURN of the rows, by the same margin, in accuracy."""
    generator = np.random.default_rng(11)
    losses = generator.binomial(rows, churn, size=draws)
    wald = losses / rows + norm.ppf(0.95) * np.sqrt(losses * (rows - losses) / rows) / rows
    resampled = generator.binomial(rows, losses[:, None] / rows, size=(draws, 1_000)) / rows
    bootstrap = np.quantile(resampled, 0.95, axis=1)
    ours = [decided("accuracy", of_counts(np.array([0] * 6 + [lost, rows - lost])), churn).passed for lost in losses]
    return [
        ("mlci", float(np.mean(ours))),
        ("Wald", float(np.mean(wald < churn))),
        ("percentile bootstrap", float(np.mean(bootstrap < churn))),
    ]


def main() -> int:
    """Print the table; return 1 when a cell is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=2_000, help="samples a cell (2,000; the promise: 20,000)")
    parser.add_argument("--rows", type=int, nargs="+", default=list(SIZES), help="sizes of the samples")
    parser.add_argument("--metrics", nargs="+", default=list(OF_ALL), choices=OF_ALL, help="which of them")
    parser.add_argument("--kept", type=Path, help="a file of cells that are drawn already; new ones are added to it")
    arguments = parser.parse_args()
    started, cells, kept = time.perf_counter(), list[Cell](), Kept(arguments.kept)
    kinds = FOR_THE_WORSE.items()
    populations = {(kind, churn): Population.of(churn, share) for kind, share in kinds for churn in CHURN}
    print(f"false passes at exactly the margin, {arguments.draws:,} draws a cell; * mostly answered by rule")
    print(f"{'metric':<20}{'changes':<8}{'rows':>6}  churn" + "".join(f"{churn:8.0%} " for churn in CHURN))
    for metric in arguments.metrics:
        for kind in FOR_THE_WORSE:
            for rows in arguments.rows:
                line = []
                for churn in CHURN:
                    name = f"{metric}, {kind}, {rows:,} rows, churn {churn:.0%}"
                    line.append(kept.cell(populations[kind, churn], metric, rows, arguments.draws, name))
                print(f"{metric:<20}{kind:<8}{rows:>6,}       " + "".join(cell.text for cell in line), flush=True)
                cells += line
    print("\naccuracy, rows only lost, at the margin that is worst for it (exact)")
    worst = [(rows, *edge(rows)) for rows in arguments.rows]
    for rows, ours, margin, theirs in worst:
        print(f"  {rows:>6,} rows: {ours:.1%} at a margin of {margin:.4f}; Tango alone {theirs:.1%}")
    print("\naccuracy, 100 rows, churn 1 %, all lost")
    for name, share in rivals(100, 0.01, arguments.draws):
        print(f"  {name:<22}{share:6.1%}")
    print("\n200 rows, all moved a little and 1 % lost: beyond any rule, see docs/statistics.md")
    for name, share in unseen(200, arguments.draws):
        print(f"  {name:<22}{share:6.1%}")
    print("\nanswered inconclusive by rule in most draws")
    for cell in cells:
        if 2 * cell.by_rule >= cell.draws:
            print(f"  {cell.name}: {cell.by_rule / cell.draws:.0%}")
    broken = [cell.name for cell in cells if cell.is_broken] + [
        f"accuracy, {rows:,} rows, worst margin" for rows, ours, *_ in worst if ours > PROMISED
    ]
    highest = max(cells, key=lambda cell: cell.passes)
    print(f"\nhighest: {highest.name}, {highest.passes / highest.draws:.1%}")
    print(f"above {PROMISED:.0%}: {'; '.join(broken) or 'none'}; took {time.perf_counter() - started:.0f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
