"""How often a candidate passes `not_worse` that is worse by exactly the margin: the metrics of the other tasks.

What `coverage.py` does for binary ones, for several classes, several labels, numbers, rankings, and a function of one's
own (the correlation of outcomes and predictions, by the jackknife): a population is answered by production and by a
candidate that differs on a share of it, the churn, on all of that for the worse or on three quarters (mixed). The
margin is the difference of their metrics, so no draw from it should pass. A sample is judged by the gate itself, for
all metrics of the task.

    python benchmarks/coverage_tasks.py                              1,000 draws a cell
    python benchmarks/coverage_tasks.py --draws 20000 --tasks ranking

Exits with 1 when a cell passes in more than 6 %, with an allowance for chance.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom

from mlci.core.answers import (
    MeasuredAnswers,
    MulticlassAnswers,
    MultilabelAnswers,
    NumberAnswers,
    RankingAnswers,
    Sample,
)
from mlci.core.evidence import Both
from mlci.core.gates import Outcome
from mlci.core.gates.decision import Strictness, decide
from mlci.core.judging_sections import StatisticsSection
from mlci.core.metrics import metric_of
from mlci.core.requirement import Gate
from mlci.core.statistics.jackknife import sets_of
from mlci.core.statistics.sampling import Clusters, Independent, NotTrusted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from mlci.core.answers import TaskAnswers

    Floats = NDArray[np.float64]
    Rows = NDArray[np.intp]

SIZES = (100, 200, 1_000, 5_000)
CHURN = (0.01, 0.03, 0.1, 0.5)
FOR_THE_WORSE = {"lost": 1.0, "mixed": 0.75}
POPULATION = 60_000
ITEMS = 8
"""Items of a query."""
PROMISED = 0.06
BY_CHANCE = 1e-4
"""With which a cell whose truth is 6 % may be called broken."""
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

    def margin(self, metric: str) -> float:
        """Return by how much the candidate is worse in METRIC."""
        values = [each.on(metric).value(metric) for each in self.drawn(np.arange(POPULATION))]
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


@dataclass(slots=True)
class Cell:
    """What became of the draws of one cell of the table."""

    gate: Gate
    passes: int = 0
    by_rule: int = 0
    """Inconclusive because theory is not to be trusted."""

    def take(self, now: TaskAnswers, before: TaskAnswers) -> None:
        """Judge one sample."""
        decision = decide(self.gate, Both(now.on(self.gate.metric), before.on(self.gate.metric)), STRICTNESS)
        self.passes += decision.outcome is Outcome.PASS
        self.by_rule += decision.outcome is Outcome.INCONCLUSIVE and decision.interval is None

    def is_broken(self, draws: int) -> bool:
        """Whether so many passes are too many even for a truth of 6 %."""
        return bool(self.passes > binom.isf(BY_CHANCE, draws, PROMISED))

    def text(self, draws: int) -> str:
        """Return the share of passes, with a sign where most draws are answered by rule."""
        sign = "!" if self.is_broken(draws) else "*" if 2 * self.by_rule >= draws else " "
        return f"{self.passes / draws:8.1%}{sign}"


def measured(task: str, kind: str, churn: float, rows: int, draws: int) -> list[Cell]:
    """Return a cell for each metric of TASK."""
    population = POPULATIONS[task](churn, FOR_THE_WORSE[kind])
    cells = [
        Cell(Gate.model_validate({"metric": metric, "require": "not_worse", "margin": population.margin(metric)}))
        for metric in METRICS[task]
    ]
    generator = np.random.default_rng([rows, draws])
    for _ in range(draws):
        both = population.drawn(generator.integers(POPULATION, size=rows))
        for cell in cells:
            cell.take(*both)
    return cells


def main() -> int:
    """Print the table; return 1 when a cell is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--draws", type=int, default=1_000, help="samples a cell (1,000; the promise: 20,000)")
    parser.add_argument("--rows", type=int, nargs="+", default=list(SIZES), help="sizes of the samples")
    parser.add_argument("--tasks", nargs="+", default=list(METRICS), choices=METRICS, help="which of them")
    arguments = parser.parse_args()
    started, broken, draws = time.perf_counter(), 0, arguments.draws
    print(f"false passes at exactly the margin, {draws:,} draws a cell; * mostly answered by rule")
    print(f"{'metric':<26}{'changes':<8}{'rows':>6}  churn" + "".join(f"{churn:8.0%} " for churn in CHURN))
    for task in arguments.tasks:
        for rows in arguments.rows:
            for kind in FOR_THE_WORSE:
                table = [measured(task, kind, churn, rows, draws) for churn in CHURN]
                for metric, *line in zip(METRICS[task], *table, strict=True):
                    texts = "".join(cell.text(draws) for cell in line)
                    print(f"{metric:<26}{kind:<8}{rows:>6,}       {texts}", flush=True)
                    broken += sum(cell.is_broken(draws) for cell in line)
    print(f"\n{broken} cells broken, {time.perf_counter() - started:,.0f} s")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
