"""How often a candidate passes `not_worse` that is worse by exactly the margin: at most 5 %, for every metric.

A population is answered by production and by a candidate that differs on a share of its rows, the churn: on all of
those for the worse, or on three quarters (mixed). Its metrics are known, and the margin is the difference: so no draw
from it should pass. There is one for each task, and one for a function of one's own (the correlation of outcomes and
predictions, by the jackknife), see `coverage_populations.py`. Many samples are judged at once by `coverage_blocks.py`,
which is held against the gate itself on some of every cell.

    python benchmarks/coverage.py                    1,000 draws a cell, some minutes
    python benchmarks/coverage.py --draws 20000      the promise; an hour
        --tasks binary --kept cells.jsonl            a part of it; a cell that the file has is not drawn again

Exits with 1 when a cell passes in more than 6 %, with an allowance for chance, or when a gate decides otherwise than
`coverage_blocks.py` takes it to.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom, norm

from benchmarks.coverage_blocks import SECTION, measured
from benchmarks.coverage_cell import PROMISED, Cell
from benchmarks.coverage_populations import POPULATION, POPULATIONS, two_classes
from mlci.core.shares import difference_of_shares
from mlci.core.statistics.tango import tango

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZES = (100, 200, 1_000, 5_000)
CHURN = (0.01, 0.03, 0.1, 0.5)
FOR_THE_WORSE = {"lost": 1.0, "mixed": 0.75}
METRICS = {
    "binary": (
        "accuracy", "recall", "specificity", "precision", "lift", "f1", "balanced_accuracy", "mcc", "kappa",
        "log_loss", "brier", "roc_auc", "average_precision",
    ),
    "multiclass": (
        "accuracy", "balanced_accuracy", "mcc", "kappa", "kappa_linear", "kappa_quadratic", "precision_macro",
        "precision_weighted", "f1_macro", "f1_weighted", "log_loss", "brier", "roc_auc_ovr", "roc_auc_ovr_weighted",
        "average_precision_macro", "recall@1", "specificity@1", "precision@1", "f1@1",
    ),
    "multilabel": (
        "exact_match", "hamming_loss", "recall_micro", "precision_micro", "f1_micro", "recall_macro", "precision_macro",
        "f1_macro", "log_loss", "brier", "roc_auc_macro", "average_precision_macro", "recall@1", "specificity@1",
        "precision@1", "f1@1",
    ),
    "regression": ("mae", "mse", "rmse", "r2", "mape", "wape", "pinball@0.9"),
    "quantile": ("crps",),
    "ranking": ("ndcg", "ndcg@3", "map", "mrr", "hit_rate@3"),
    "function": ("higher@correlation",),
}  # fmt: skip


class Kept:
    """Cells that were drawn, one a line in a file where there is one."""

    def __init__(self, path: Path | None, draws: int) -> None:
        """Read those of so many DRAWS that PATH has."""
        self._path, self.draws = path, draws
        lines = path.read_text(encoding="utf-8").splitlines() if path and path.exists() else []
        known = (Cell(**json.loads(line)) for line in lines)
        self._cells = {cell.name: cell for cell in known if cell.draws == draws}

    def of(self, task: str, rows: int, kind: str, churn: float) -> list[Cell]:
        """Return the cells of the metrics of TASK, drawn now where they never were."""
        names = {metric: f"{task}, {metric}, {kind}, {rows:,} rows, churn {churn:.0%}" for metric in METRICS[task]}
        lacking = [metric for metric, name in names.items() if name not in self._cells]
        if lacking:
            population = POPULATIONS[task](churn, FOR_THE_WORSE[kind])
            found = measured(lacking, population, rows, self.draws)
            for metric, (passes, by_rule) in zip(lacking, found, strict=True):
                self._add(Cell(names[metric], self.draws, passes, by_rule))
        return [self._cells[name] for name in names.values()]

    def _add(self, cell: Cell) -> None:
        self._cells[cell.name] = cell
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(cell)) + "\n")


def edge(rows: int) -> tuple[float, float, float]:
    """Return the worst false pass of accuracy where rows are only lost, by ours and by Tango alone, and its margin.

    Exact, not drawn: just above the bound of k losses a candidate passes with k of them or fewer.
    """
    confidence, ours, theirs = SECTION.confidence, (0.0, 0.0), 0.0
    for lost in range(min(rows // 4, 60)):
        margin = -difference_of_shares(0, lost, rows, SECTION.min_changed, confidence).lower
        ours = max(ours, (float(binom.cdf(lost, rows, margin)), margin))
        theirs = max(theirs, float(binom.cdf(lost, rows, -tango(0, lost, rows, confidence).lower)))
    return *ours, theirs


def unseen(rows: int, draws: int) -> list[tuple[str, float]]:
    """Return how often a candidate passes whose probabilities all moved a little, and 1 % of them to the other side.

    What no rule guards against: a sample without one of those says nothing of them.
    """
    known, metrics = two_classes(0.01, 1.0), ("brier", "log_loss", "roc_auc")
    moved = known.candidate + 1e-3 * np.random.default_rng(1).standard_normal(POPULATION)
    population = replace(known, candidate=np.clip(moved, 1e-9, 1 - 1e-9))
    found = measured(metrics, population, rows, draws)
    return [(metric, passes / draws) for metric, (passes, _) in zip(metrics, found, strict=True)]


def rivals(rows: int, churn: float, draws: int) -> list[tuple[str, float]]:
    """Return how often others pass a candidate that lost a share CHURN of the rows, by the same margin, in accuracy."""
    generator = np.random.default_rng(11)
    losses = generator.binomial(rows, churn, size=draws)
    wald = losses / rows + norm.ppf(0.95) * np.sqrt(losses * (rows - losses) / rows) / rows
    resampled = generator.binomial(rows, losses[:, None] / rows, size=(draws, 1_000)) / rows
    bootstrap = np.quantile(resampled, 0.95, axis=1)
    bounds = np.array(
        [difference_of_shares(0, lost, rows, SECTION.min_changed, SECTION.confidence).lower for lost in range(rows + 1)]
    )
    return [
        ("mlci", float(np.mean(bounds[losses] > -churn))),
        ("Wald", float(np.mean(wald < churn))),
        ("percentile bootstrap", float(np.mean(bootstrap < churn))),
    ]


def summary(metric: str, of_sizes: Sequence[Sequence[Cell]]) -> str:
    """Return a line of the table in docs/statistics.md: the most that passed at each size, how many cells by rule."""
    texts = []
    for cells in of_sizes:
        by_rule = sum(2 * cell.by_rule >= cell.draws for cell in cells)
        most = max(cell.passes / cell.draws for cell in cells)
        texts.append(f"{100 * most:.1f}" + (f" ({by_rule})" if by_rule else ""))
    return f"| {metric} | " + " | ".join(texts) + " |"


def beside(sizes: Sequence[int], draws: int) -> bool:
    """Print what is known without a table, or of others; return whether accuracy breaks its promise."""
    print("\naccuracy, rows only lost, at the margin that is worst for it (exact)")
    worst = [(rows, *edge(rows)) for rows in sizes]
    for rows, ours, margin, theirs in worst:
        print(f"  {rows:>6,} rows: {ours:.1%} at a margin of {margin:.4f}; Tango alone {theirs:.1%}")
    print("\naccuracy, 100 rows, churn 1 %, all lost")
    for name, share in rivals(100, 0.01, draws):
        print(f"  {name:<22}{share:6.1%}")
    print("\nall moved a little and 1 % lost: beyond any rule, see docs/statistics.md")
    for rows in (200, 1_000):
        for name, share in unseen(rows, draws):
            print(f"  {rows:>6,} rows, {name:<12}{share:6.1%}")
    return any(ours > PROMISED for _, ours, *_ in worst)


def main() -> int:
    """Print the tables; return 1 when a cell is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1_000, help="samples a cell (1,000; the promise: 20,000)")
    parser.add_argument("--rows", type=int, nargs="+", default=list(SIZES), help="sizes of the samples")
    parser.add_argument("--tasks", nargs="+", default=list(METRICS), choices=METRICS, help="which of them")
    parser.add_argument("--kept", type=Path, help="a file of cells that are drawn already; new ones are added to it")
    arguments = parser.parse_args()
    started, kept, drawn = time.perf_counter(), Kept(arguments.kept, arguments.draws), list[Cell]()
    print(f"false passes at exactly the margin, {arguments.draws:,} draws a cell; * mostly answered by rule")
    print(f"{'metric':<26}{'changes':<8}{'rows':>6}  churn" + "".join(f"{churn:8.0%} " for churn in CHURN))
    tables = []
    for task in arguments.tasks:
        of_metrics: dict[str, list[list[Cell]]] = {metric: [] for metric in METRICS[task]}
        for rows in arguments.rows:
            for of_size in of_metrics.values():
                of_size.append([])
            for kind in FOR_THE_WORSE:
                lines = list(zip(*(kept.of(task, rows, kind, churn) for churn in CHURN), strict=True))
                for (metric, of_size), line in zip(of_metrics.items(), lines, strict=True):
                    of_size[-1] += line
                    drawn += line
                    print(f"{metric:<26}{kind:<8}{rows:>6,}       " + "".join(cell.text for cell in line), flush=True)
        tables += [task, *(summary(*each) for each in of_metrics.items()), ""]
    print("\n" + "\n".join(tables))
    is_edge_broken = beside(arguments.rows, arguments.draws)
    print("\nanswered inconclusive by rule in most draws")
    for cell in drawn:
        if 2 * cell.by_rule >= cell.draws:
            print(f"  {cell.name}: {cell.by_rule / cell.draws:.0%}")
    above = sorted((cell for cell in drawn if cell.passes > PROMISED * cell.draws), key=lambda cell: -cell.passes)
    print(f"\nmore than {PROMISED:.0%} seen, which chance may do at a truth of {PROMISED:.0%}")
    for cell in above:
        print(f"  {cell.name}: {cell.passes / cell.draws:.2%}")
    broken = [cell.name for cell in drawn if cell.is_broken]
    print(f"\nabove {PROMISED:.0%} in truth: {'; '.join(broken) or 'none'} of {len(drawn)} cells")
    print(f"took {time.perf_counter() - started:,.0f} s")
    return 1 if broken or is_edge_broken else 0


if __name__ == "__main__":
    sys.exit(main())
