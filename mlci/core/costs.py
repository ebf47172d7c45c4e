"""What a model costs: how large its package is, how long it trained, and what predicting takes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mlci.core.table import Column

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_BATCH: Final = 1_000
"""Rows of the batch that predicting is timed with."""
TURNS: Final = 10
"""How often each model is timed: from there on the median has an interval, and a few slow turns decide nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """A model that is timed, and what it is asked."""

    package_sha256: str
    content: bytes
    format: str
    columns: Mapping[str, Column]
    requirements: Mapping[str, str]
    """The versions of the libraries that it is asked with."""


@dataclass(frozen=True, slots=True)
class Timing:
    """What answering one batch took, each time in a new process."""

    seconds: tuple[float, ...]
    """One for each turn, from the question to the whole answer, on the clock of who asks."""
    peak_bytes: int | None
    """The most resident memory of the process; None where the machine does not tell."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one model costs."""

    size: int
    """Bytes of the files of its package."""
    train_seconds: float | None = None
    """Processor time of its training as its record says; None where there is none."""
    timing: Timing | None = None
    """None where no gate asks for it, or where it cannot be asked."""

    def amount(self, metric: str) -> float | None:
        """Return METRIC, None where it is not known; of latency the median."""
        match metric:
            case "size":
                return float(self.size)
            case "train_seconds":
                return self.train_seconds
            case "memory":
                return None if self.timing is None or self.timing.peak_bytes is None else float(self.timing.peak_bytes)
            case _:
                return None if self.timing is None else float(np.median(self.timing.seconds))


@dataclass(frozen=True, slots=True)
class Costs:
    """What both models cost."""

    candidate: Cost
    production: Cost | None
    """None where there is no production."""
    rows: int = 0
    """Rows of the batch."""


def batch_of(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Return at most `LARGEST_BATCH` rows of COLUMNS, spread evenly over all."""
    rows = next((len(column.values) for column in columns.values()), 0)
    chosen = np.linspace(0, rows - 1, min(rows, LARGEST_BATCH)).astype(np.intp)
    return {
        name: Column(each.values[chosen], None if each.missing is None else each.missing[chosen])
        for name, each in columns.items()
    }
