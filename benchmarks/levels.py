"""How often whole procedures err: 50 slices at once, rows in 20 groups, and a sealed set that is looked at 32 times.

- **Slices.** Two models that are equally good, but differ on a tenth, or a half, of the rows, are judged in 50 slices
  by `no_proven_regression`: it may block in 3 % of all draws at most. It blocks where any slice is proven worse by its
  bound at 1 - 0.025/50, Holm's first step: no more often than 50 times as often as one slice. Four metrics at once are
  200 comparisons, and block no more often than all of them add up to.
- **Groups.** Rows come in groups that resemble each other, and some change far more than others; a candidate that is
  worse by exactly the margin may pass in 6 % at most, from 20 groups on.
- **Sealed set.** 32 looks, 1 pass: a candidate that is worse by exactly the margin may pass in 6 % of all campaigns at
  most. Whatever the looks have to do with each other, that is no more than 32 times the share of looks that pass.

    python benchmarks/levels.py                  1,000 draws of slices, and campaigns, and 4,000 of groups; minutes
    python benchmarks/levels.py --draws 5000     the promise: 5,000, 5,000 and 20,000

Many samples are judged at once, by `coverage_blocks.py` and `level_groups.py`, which hold it against the gate itself.
Exits with 1 when a share is above its promise by more than chance explains.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from scipy.stats import binom

from benchmarks import level_groups
from benchmarks.coverage_blocks import measured
from benchmarks.coverage_populations import equally_good, two_classes
from mlci.core.gates.slices import OF_REGRESSIONS
from mlci.core.judging_sections import StatisticsSection
from mlci.core.statistics.sealed_budget import SealedBudget

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIDENCE = StatisticsSection().confidence
BY_CHANCE = 1e-4
"""With which a share whose truth is as promised may be called broken."""
METRICS = ("accuracy", "f1", "log_loss", "roc_auc")
SLICES, SLICES_OF = 50, ((200, 0.1), (200, 0.5), (1_000, 0.1), (1_000, 0.5))
"""How many, and of how many rows with which churn."""
GROUPS = (20, 30, 50)
DRAWS_OF_GROUPS = 4
"""For each draw of the other procedures, which take 50 and 32 samples a draw."""
BUDGET = SealedBudget(looks=32, passes=1)
ROWS_OF_LOOK = (1_000, 2_000, 5_000)
FOR_THE_WORSE = {"all lost": 1.0, "¾ lost": 0.75}
CHURN = 0.1


@dataclass(frozen=True)
class Share:
    """How many samples went wrong, beside what is promised of whole procedures."""

    name: str
    wrong: int
    samples: int
    promised: float
    times: int = 1
    """Samples of a procedure: what their share is multiplied by."""

    @property
    def is_broken(self) -> bool:
        """Whether so many are too many even for a truth as promised."""
        return bool(self.wrong > binom.isf(BY_CHANCE, self.samples, self.promised / self.times))

    @property
    def text(self) -> str:
        """A line of the table."""
        seen = self.times * self.wrong / self.samples
        error = self.times * (self.wrong + 1) ** 0.5 / self.samples
        return f"  {self.name:<62}{self.promised:>8.0%}{seen:>9.2%} ± {error:.2%}{'  broken' if self.is_broken else ''}"


def of_slices(draws: int) -> Iterator[Share]:
    """Yield how often equally good models are blocked in 50 slices, by metric, and by four at once."""
    for rows, churn in SLICES_OF:
        population = equally_good(churn)
        # Proven worse is what production would be proven better by.
        swapped = replace(population, candidate=population.production, production=population.candidate)
        for gates in (1, len(METRICS)):
            confidence = 1 - OF_REGRESSIONS * (1 - CONFIDENCE) / (SLICES * gates)
            wrong = [passes for passes, _ in measured(METRICS, swapped, rows, draws * SLICES, confidence=confidence)]
            named = zip(METRICS, wrong, strict=True) if gates == 1 else [("all four", sum(wrong))]
            for name, count in named:
                what = f"{SLICES} slices of {rows:,} rows, churn {churn:.0%}, {name}: false block"
                yield Share(what, count, draws * SLICES, 0.03, SLICES)


def of_groups(draws: int) -> Iterator[Share]:
    """Yield how often a candidate passes that is worse by exactly the margin, where rows come in groups."""
    samples = DRAWS_OF_GROUPS * draws
    for metric in METRICS:
        margin = level_groups.margin_of(metric)
        for groups in GROUPS:
            wrong = level_groups.false_passes(metric, margin, groups, samples)
            name = f"{groups} groups of {level_groups.ROWS_OF_GROUP} rows, {metric}: false pass"
            yield Share(name, wrong, samples, 0.06)


def of_campaigns(draws: int) -> Iterator[Share]:
    """Yield how often a campaign lets a candidate pass that is worse by exactly the margin, by metric."""
    strict = {
        "confidence": BUDGET.confidence_of_look(CONFIDENCE),
        "min_changed": float(BUDGET.changes_of_look(CONFIDENCE, StatisticsSection().min_changed)),
    }
    samples = draws * BUDGET.looks
    for rows in ROWS_OF_LOOK:
        for kind, share in FOR_THE_WORSE.items():
            found = measured(METRICS, two_classes(CHURN, share), rows, samples, **strict)
            for metric, (wrong, _) in zip(METRICS, found, strict=True):
                name = f"{BUDGET.looks} looks at {rows:,} rows, {kind}, {metric}: false pass"
                yield Share(name, wrong, samples, 0.06, BUDGET.looks)


PROCEDURES = {"slices": of_slices, "groups": of_groups, "sealed": of_campaigns}


def main() -> int:
    """Print the table; return 1 when a share is above its promise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1_000, help="procedures a line (1,000; the promise: 5,000)")
    parser.add_argument("--procedures", nargs="+", choices=PROCEDURES, default=list(PROCEDURES), help="which of them")
    arguments = parser.parse_args()
    started, broken = time.perf_counter(), 0
    print(f"{arguments.draws:,} draws a line\n  {'':<62}{'promise':>8}{'measured':>9}")
    for name in arguments.procedures:
        for share in PROCEDURES[name](arguments.draws):
            print(share.text, flush=True)
            broken += share.is_broken
    print(f"\n{broken} broken, {time.perf_counter() - started:,.0f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
