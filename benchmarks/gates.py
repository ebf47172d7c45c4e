"""How long intervals take, beside the bare values of scikit-learn and beside a bootstrap.

One run: gates of five metrics on all rows and on 50 slices, judged as a report has them, with both models' values and
the interval of each, in at most a third of the time that scikit-learn takes for the bare values, and in 0.6 GB; also
where most slices fail, and are held against each other. The
paired interval of a ROC AUC against 1,000 bootstrap draws, of which a few are timed; its standard error against a
bootstrap on fewer rows.

    python benchmarks/gates.py                  a million rows
    python benchmarks/gates.py --rows 100000    a quick look, whose ratios say less

Exits with 1 when a promise is broken.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from typing import TYPE_CHECKING, Final

import numpy as np
from sklearn.metrics import accuracy_score, average_precision_score, f1_score, log_loss, roc_auc_score

from mlci.core.answers import Answers, Sample
from mlci.core.bounds import difference
from mlci.core.evidence import Evidence, Slice
from mlci.core.gates.judge import judge
from mlci.core.judging_sections import StatisticsSection
from mlci.core.owned_gates import OwnedGate
from mlci.core.requirement import Gate
from mlci.core.statistics.sampling import NotTrusted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

SLICES = 50
THRESHOLD = 0.5
MARGINS: Final = {"pass": 0.05, "fail": 0.0}
"""By what most slices come to."""
TIMED_DRAWS = 3
DRAWS = 1_000
ROWS_OF_ERROR = 4_000
DRAWS_OF_ERROR = 10_000
OF_SKLEARN: Final[Mapping[str, Callable[[Booleans, Floats], float]]] = {
    "accuracy": lambda labels, scores: float(accuracy_score(labels, scores >= THRESHOLD)),
    "f1": lambda labels, scores: float(f1_score(labels, scores >= THRESHOLD)),
    "log_loss": lambda labels, scores: float(log_loss(labels, scores)),
    "roc_auc": lambda labels, scores: float(roc_auc_score(labels, scores)),
    "average_precision": lambda labels, scores: float(average_precision_score(labels, scores)),
}


def models(rows: int) -> tuple[Booleans, Floats, Floats, NDArray[np.intp]]:
    """Return labels, the scores of candidate and production, and the slice of each row."""
    generator = np.random.default_rng(5)
    labels = generator.random(rows) < 0.3  # noqa: PLR2004 -- the share of positives, named by its use
    logits = 2.0 * labels - 1.5 + generator.standard_normal(rows)
    production = 1 / (1 + np.exp(-logits))
    candidate = 1 / (1 + np.exp(-(logits + 0.3 * generator.standard_normal(rows))))
    return labels, candidate, production, generator.integers(SLICES, size=rows)


def with_intervals(
    labels: Booleans, candidate: Floats, production: Floats, slices: NDArray[np.intp], margin: float
) -> list[str]:
    """Judge every metric on all rows and every slice, as gates do; return what each of them came to."""
    evidence = Evidence(
        ["a row"] * labels.size,
        labels,
        candidate,
        production,
        THRESHOLD,
        slices=tuple(Slice("site", slices == number, str(number), number + 1) for number in range(SLICES)),
    )
    gates = [
        OwnedGate(
            Gate.model_validate({"require": "not_worse", "margin": margin, "metric": metric, "slices": sliced}), "base"
        )
        for metric in OF_SKLEARN
        for sliced in (False, True)
    ]
    results = judge(gates, evidence, StatisticsSection()).results
    return [str(each.outcome) for result in results for each in result.slices or (result,)]


def bare_values(labels: Booleans, candidate: Floats, production: Floats, slices: NDArray[np.intp]) -> int:
    """Let scikit-learn compute every metric of both models on all rows and every slice."""
    values = 0
    for number in range(-1, SLICES):
        rows = slice(None) if number < 0 else slices == number
        for scores in (candidate, production):
            values += sum(np.isfinite(metric(labels[rows], scores[rows])) for metric in OF_SKLEARN.values())
    return int(values)


def bootstrap_draw(labels: Booleans, candidate: Floats, production: Floats, generator: np.random.Generator) -> float:
    """Return the difference of the AUCs on one sample drawn with replacement, by scikit-learn."""
    rows = generator.integers(labels.size, size=labels.size)
    return float(roc_auc_score(labels[rows], candidate[rows]) - roc_auc_score(labels[rows], production[rows]))


def paired_auc(labels: Booleans, candidate: Floats, production: Floats) -> float:
    """Return the standard error of the difference of the AUCs; sorts both models anew."""
    sample = Sample(labels)
    now, before = Answers(sample, candidate, THRESHOLD), Answers(sample, production, THRESHOLD)
    found = difference("roc_auc", now, before, 0.95, 10)
    if isinstance(found, NotTrusted) or found.interval.standard_error is None:
        raise TypeError("an AUC of so many rows has an interval")
    return found.interval.standard_error


def bootstrap_error(labels: Booleans, candidate: Floats, production: Floats, draws: int) -> float:
    """Return the standard error of the difference of the AUCs by a bootstrap within the classes.

    A draw is how often each row was drawn, so that a row's rank is a cumulative sum: the same numbers as sorting each
    draw anew, in a fraction of the time.
    """
    generator, values = np.random.default_rng(9), np.empty(draws)
    orders = [np.argsort(scores) for scores in (candidate, production)]
    for draw in range(draws):
        times = np.bincount(generator.integers(labels.size, size=labels.size), minlength=labels.size)
        positives, negatives = times * labels, times * ~labels
        areas = [float(positives[order] @ np.cumsum(negatives[order])) for order in orders]
        values[draw] = (areas[0] - areas[1]) / (float(positives.sum()) * float(negatives.sum()))
    return float(values.std(ddof=1))


def best_of(times: int, run: Callable[[], object]) -> float:
    """Return the CPU seconds of the fastest of some runs."""
    taken = []
    for _ in range(times):
        started = time.process_time()
        run()
        taken.append(time.process_time() - started)
    return min(taken)


def gigabytes() -> float:
    """Return the most memory that this process has held, in GB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def main() -> int:
    """Print what was promised and measured; return 1 when a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    data = models(rows)
    labels, candidate, production = data[:3]
    ours = best_of(2, lambda: with_intervals(*data, MARGINS["pass"]))
    of_failing = best_of(2, lambda: with_intervals(*data, MARGINS["fail"]))
    failing = with_intervals(*data, MARGINS["fail"]).count("fail") / (len(OF_SKLEARN) * (SLICES + 1))
    memory = gigabytes()  # before scikit-learn computes anything
    theirs = best_of(1, lambda: bare_values(*data))
    paired = best_of(3, lambda: paired_auc(labels, candidate, production))
    generator = np.random.default_rng(3)
    draws = best_of(TIMED_DRAWS, lambda: bootstrap_draw(labels, candidate, production, generator)) * DRAWS
    few, now, before = labels[:ROWS_OF_ERROR], candidate[:ROWS_OF_ERROR], production[:ROWS_OF_ERROR]
    error, expected = paired_auc(few, now, before), bootstrap_error(few, now, before, DRAWS_OF_ERROR)
    off = error / expected - 1
    print(f"{rows:,} rows, all and {SLICES} slices × {', '.join(OF_SKLEARN)}; CPU seconds")
    print(f"  intervals of mlci {ours:.2f}, bare values of scikit-learn {theirs:.2f}, paired AUC {paired:.3f}")
    print(f"  where most slices fail {of_failing:.2f}")
    print(f"  {DRAWS:,} bootstrap draws {draws:,.0f}, extrapolated from the fastest of {TIMED_DRAWS}")
    print(f"  SE of the AUC on {ROWS_OF_ERROR:,} rows {error:.6f}, of {DRAWS_OF_ERROR:,} draws {expected:.6f}\n")
    print(f"{'':<44}{'promise':>10}{'measured':>10}")
    promises = (
        ("intervals over bare values", "≤ 0.333", f"{ours / theirs:.3f}", ours <= theirs / 3),
        ("the same where most slices fail", "≤ 0.333", f"{of_failing / theirs:.3f}", of_failing <= theirs / 3),
        ("share that fails there", "≥ 0.5", f"{failing:.2f}", failing >= 0.5),  # noqa: PLR2004 -- most of them
        ("memory, GB", "≤ 0.6", f"{memory:.2f}", memory <= 0.6),  # noqa: PLR2004 -- the promise beside it
        ("bootstrap over paired AUC", "≥ 500", f"{draws / paired:,.0f}", draws >= 500 * paired),
        ("SE over the bootstrap's", "± 2 %", f"{off:+.1%}", abs(off) <= 0.02),  # noqa: PLR2004 -- the promise beside it
    )
    for name, promise, measured, holds in promises:
        print(f"{name:<44}{promise:>10}{measured:>10}{'' if holds else '  broken'}")
    return 0 if all(holds for *_, holds in promises) else 1


if __name__ == "__main__":
    sys.exit(main())
