"""How often whole procedures err: 50 slices at once, rows in 20 groups, and a sealed set that is looked at 32 times.

- **Slices.** Two models that are equally good, but differ on a tenth of the rows, are judged in 50 slices by
  `no_proven_regression`: `judge` may block in 3 % of all draws at most.
- **Groups.** Rows come in groups that resemble each other, and some change far more than others; a candidate that is
  worse by exactly the margin may pass in 6 % at most, from 20 groups on.
- **Sealed set.** 32 looks, 1 pass: a candidate that is worse by exactly the margin may pass in 6 % of all campaigns at
  most. Whatever the looks have to do with each other, that is no more than 32 times the share of looks that pass.

    python benchmarks/levels.py                  2,000 draws, some minutes
    python benchmarks/levels.py --draws 20000    the promise

Exits with 1 when a share is above its promise by more than chance explains.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom

from mlci.core.answers import Answers, Sample
from mlci.core.bounds import difference
from mlci.core.evidence import Evidence, Slice
from mlci.core.gates import Outcome
from mlci.core.gates.judge import judge
from mlci.core.judging_sections import StatisticsSection
from mlci.core.metrics import METRICS
from mlci.core.owned_gates import OwnedGate
from mlci.core.requirement import Gate
from mlci.core.statistics.sampling import Clusters, NotTrusted
from mlci.core.statistics.sealed_budget import SealedBudget

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

STATISTICS = StatisticsSection()
BY_CHANCE = 1e-4
"""With which a share whose truth is as promised may be called broken."""
SLICES, ROWS_OF_SLICE = 50, 200
GROUPS = (20, 30, 50)
ROWS_OF_GROUP = 50
THRESHOLD = 0.5
POSITIVE = 0.4
POPULATION = 100_000
BUDGET = SealedBudget(looks=32, passes=1)
ROWS_OF_LOOK = 5_000
CHURN = 0.1


@dataclass(frozen=True)
class Share:
    """How many draws went wrong, beside what is promised."""

    name: str
    wrong: int
    draws: int
    promised: float
    times: int = 1
    """What the share is multiplied by: the looks of a campaign."""

    @property
    def is_broken(self) -> bool:
        """Whether so many are too many even for a truth as promised."""
        return bool(self.wrong > binom.isf(BY_CHANCE, self.draws, self.promised / self.times))

    @property
    def text(self) -> str:
        """A line of the table."""
        seen = self.times * self.wrong / self.draws
        return f"  {self.name:<58}{self.promised:>8.0%}{seen:>9.2%}{'  broken' if self.is_broken else ''}"


def of_slices(draws: int) -> Iterator[Share]:
    """Yield how often equally good models are blocked in 50 slices, by metric, and by four at once."""
    rows = SLICES * ROWS_OF_SLICE
    slices = np.arange(rows) // ROWS_OF_SLICE
    cut = tuple(Slice("site", slices == number, str(number), number + 1) for number in range(SLICES))
    names = ("accuracy", "f1", "log_loss", "roc_auc")
    gates = [
        OwnedGate(Gate.model_validate({"metric": name, "require": "no_proven_regression", "slices": True}), "base")
        for name in names
    ]
    generator, wrong = np.random.default_rng(21), dict.fromkeys((*names, "all four"), 0)
    for _ in range(draws):
        evidence = equally_good(rows, generator, cut)
        for name, chosen in [*((gate.gate.metric, [gate]) for gate in gates), ("all four", gates)]:
            wrong[name] += judge(chosen, evidence, STATISTICS).outcome is Outcome.FAIL
    for name, count in wrong.items():
        yield Share(f"{SLICES} slices of {ROWS_OF_SLICE} rows, {name}: false block", count, draws, 0.03)


def equally_good(rows: int, generator: np.random.Generator, slices: tuple[Slice, ...]) -> Evidence:
    """Return two models of the same quality: on a tenth of the rows one of them draws its answer anew."""
    labels = generator.random(rows) < POSITIVE
    said = [1 / (1 + np.exp(-1.8 * (2.0 * labels - 1) - 2 * generator.standard_normal(rows))) for _ in range(2)]
    candidate = np.where(generator.random(rows) < CHURN, said[1], said[0])
    return Evidence([], labels, candidate, said[0], THRESHOLD, has_private_ids=True, slices=slices)


def of_groups(draws: int) -> Iterator[Share]:
    """Yield how often a candidate passes that is worse by exactly the margin, where rows come in groups."""
    for groups in GROUPS:
        for metric in ("accuracy", "log_loss", "f1", "roc_auc"):
            margin = margin_of_groups(metric)
            generator, wrong = np.random.default_rng(groups), 0
            for _ in range(draws):
                now, before = in_groups(groups, generator)
                found = difference(metric, now, before, STATISTICS.confidence, STATISTICS.min_changed)
                if not isinstance(found, NotTrusted) and found.lower_doubt is None:
                    wrong += found.interval.lower > -margin
            yield Share(f"{groups} groups of {ROWS_OF_GROUP} rows, {metric}: false pass", wrong, draws, 0.06)


def in_groups(groups: int, generator: np.random.Generator) -> tuple[Answers, Answers]:
    """Return candidate and production: groups differ in how hard they are, and in how much of them was lost."""
    codes = np.repeat(np.arange(groups), ROWS_OF_GROUP)
    hard, lost = generator.standard_normal(groups), generator.beta(1, 9, groups)
    labels = generator.random(codes.size) < POSITIVE
    logits = (1.8 - 0.8 * hard[codes]) * (2.0 * labels - 1) + 2 * generator.standard_normal(codes.size)
    production = 1 / (1 + np.exp(-logits))
    is_lost = (generator.random(codes.size) < lost[codes]) & ((production >= THRESHOLD) == labels)
    sample = Sample(labels, None, Clusters(codes))
    candidate = np.where(is_lost, 1 - production, production)
    return Answers(sample, candidate, THRESHOLD), Answers(sample, production, THRESHOLD)


def margin_of_groups(metric: str) -> float:
    """Return by how much the candidate is worse in METRIC, of very many groups."""
    return worse_by(metric, *in_groups(20_000, np.random.default_rng(1)))


def worse_by(metric: str, candidate: Answers, production: Answers) -> float:
    """Return by how much the candidate is worse in METRIC on these rows."""
    now, before = candidate.value(metric), production.value(metric)
    if now is None or before is None:
        raise ValueError(f"{metric} is not defined")
    return before - now if METRICS[metric].higher_is_better else now - before


def of_campaigns(draws: int) -> Iterator[Share]:
    """Yield how often a campaign lets a candidate pass that is worse by exactly the margin, by metric."""
    confidence = BUDGET.confidence_of_look(STATISTICS.confidence)
    for kind, share in (("all lost", 1.0), ("¾ lost", 0.75)):
        candidate, production = changed(share)
        for metric in ("accuracy", "f1", "log_loss", "roc_auc"):
            margin, wrong = worse_by(metric, candidate, production), 0
            generator = np.random.default_rng(33)
            for _ in range(draws):
                rows = generator.integers(POPULATION, size=ROWS_OF_LOOK)
                now, before = drawn(candidate, rows), drawn(production, rows)
                found = difference(metric, now, before, confidence, STATISTICS.min_changed)
                if not isinstance(found, NotTrusted) and found.lower_doubt is None:
                    wrong += found.interval.lower > -margin
            name = f"{BUDGET.looks} looks at {ROWS_OF_LOOK:,} rows, {kind}, {metric}: false pass"
            yield Share(name, wrong, draws, 0.06, times=BUDGET.looks)


def changed(lost: float) -> tuple[Answers, Answers]:
    """Return candidate and production on a population: a share LOST of those that changed are wrong now, others right.

    As in `coverage.py`, the candidate answers the rows that change with the complement.
    """
    generator = np.random.default_rng(7)
    labels = generator.random(POPULATION) < POSITIVE
    production = 1 / (1 + np.exp(-1.8 * (2.0 * labels - 1) - 2 * generator.standard_normal(POPULATION)))
    right = (production >= THRESHOLD) == labels
    losses = round(POPULATION * CHURN * lost)
    gains = round(POPULATION * CHURN) - losses
    rows = [
        generator.choice(np.flatnonzero(one), size, replace=False) for one, size in ((right, losses), (~right, gains))
    ]
    candidate = production.copy()
    candidate[np.concatenate(rows)] *= -1
    sample = Sample(labels)
    return Answers(sample, np.where(candidate < 0, 1 + candidate, candidate), THRESHOLD), Answers(
        sample, production, THRESHOLD
    )


def drawn(answers: Answers, rows: NDArray[np.intp]) -> Answers:
    """Return answers on some rows, which may be the same one twice."""
    return Answers(Sample(answers.sample.labels[rows]), answers.probabilities[rows], THRESHOLD)


PROCEDURES = {"slices": of_slices, "groups": of_groups, "sealed": of_campaigns}


def main() -> int:
    """Print the table; return 1 when a share is above its promise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=2_000, help="samples a line (2,000; the promise: 20,000)")
    parser.add_argument("--procedures", nargs="+", choices=PROCEDURES, default=list(PROCEDURES), help="which of them")
    arguments = parser.parse_args()
    started, broken = time.perf_counter(), 0
    print(f"{arguments.draws:,} draws a line\n  {'':<58}{'promise':>8}{'measured':>9}")
    for name in arguments.procedures:
        for share in PROCEDURES[name](arguments.draws):
            print(share.text, flush=True)
            broken += share.is_broken
    print(f"\n{broken} broken, {time.perf_counter() - started:,.0f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
