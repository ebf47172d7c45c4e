"""Several runs that differ in their seed alone: how far what a script logs depends on chance."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from mlci.core.runs.record import KeptRun, RunRecord

FIRST: Final = 0
"""The seed whose model is the candidate, whatever the others made: no best one is picked."""
FEWEST: Final = 2
"""Values that a standard deviation needs."""
MOST_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Spread:
    """The last values of a metric over the seeds."""

    mean: float
    deviation: float
    """The sample standard deviation, with n - 1 in the denominator."""
    lowest: float
    highest: float

    def to_dict(self) -> dict[str, float]:
        """Return the spread as a JSON object."""
        return {"mean": self.mean, "sd": self.deviation, "min": self.lowest, "max": self.highest}


@dataclass(frozen=True, slots=True)
class SeedSummary:
    """What runs with several seeds say of the code, not only of one artifact."""

    seeds: int
    models: int
    """How many different models they made."""
    metrics: Mapping[str, Spread]
    """Of each metric that every run logged as a number."""

    @property
    def sentence(self) -> str:
        """The summary in one sentence.

        >>> SeedSummary(3, 3, {"fit": Spread(0.91, 0.005, 0.905, 0.915)}).sentence
        '3 seeds, of which the first makes the candidate; fit 0.91 ± 0.005 (0.905 to 0.915)'
        """
        parts = [f"{self.seeds} seeds, of which the first makes the candidate"]
        if self.models == 1:
            parts.append("all make the same model")
        parts += [
            f"{name} {spread.mean:.4g} ± {spread.deviation:.2g} ({spread.lowest:.4g} to {spread.highest:.4g})"
            for name, spread in tuple(self.metrics.items())[:MOST_SHOWN]
        ]
        more = len(self.metrics) - MOST_SHOWN
        return "; ".join([*parts, *([f"{more} more in `mlci runs list`"] if more > 0 else [])])

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as a JSON object."""
        return {
            "seeds": self.seeds,
            "candidate": FIRST,
            "models": self.models,
            "metrics": {name: spread.to_dict() for name, spread in self.metrics.items()},
        }


def trained_seeds(runs: Iterable[KeptRun], fingerprint: str) -> dict[int, RunRecord]:
    """Return, by seed, the newest record of those that made a model from the inputs with this fingerprint."""
    known = [run for run in runs if run.record.fingerprint == fingerprint and run.record.outcome == "trained"]
    known.sort(key=lambda run: (run.record.started, run.id))
    return {run.record.seed: run.record for run in known if run.record.seed is not None}


def summary_of(records: Sequence[RunRecord]) -> SeedSummary | None:
    """Return what RECORDS, one a seed, say together; None of a single one."""
    if len(records) < FEWEST:
        return None
    common = set.intersection(*(set(record.metrics) for record in records))
    values = {name: [record.metrics[name] for record in records] for name in sorted(common)}
    return SeedSummary(
        len(records),
        len({record.model_sha256 for record in records}),
        {name: _spread(numbers) for name, each in values.items() if len(numbers := _numbers(each)) == len(records)},
    )


def _numbers(values: Iterable[object]) -> list[float]:
    return [value for value in values if isinstance(value, float)]


def _spread(values: list[float]) -> Spread:
    return Spread(statistics.fmean(values), statistics.stdev(values), min(values), max(values))
