"""Which rows a model is asked a second time, among fewer of them.

A row's answer may depend on that row alone: a model that looks at how many rows it is given, or at the others among
them, would be judged on answers that nobody gets from it later.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LARGEST_BATCH: Final = 64
MOST_ALONE: Final = 4


@dataclass(frozen=True, slots=True)
class Repeats:
    """How many rows are asked again: the first ones in one batch, the last ones each alone."""

    batch: int
    alone: int

    @property
    def rows(self) -> int:
        """How many answers there are a second time."""
        return self.batch + self.alone

    @property
    def batches(self) -> tuple[slice, ...]:
        """The rows of each question, counted from the end for those that are alone."""
        first = (slice(0, self.batch),) if self.batch else ()
        return *first, *(slice(-place, -place + 1 or None) for place in range(self.alone, 0, -1))


def repeats_of(rows: int) -> Repeats:
    """Return which of so many rows are asked again; never one twice, and half of them at most in one batch.

    >>> repeats_of(1000), repeats_of(3), repeats_of(0)
    (Repeats(batch=64, alone=4), Repeats(batch=1, alone=2), Repeats(batch=0, alone=0))
    >>> [list(range(6))[each] for each in repeats_of(6).batches]
    [[0, 1, 2], [3], [4], [5]]
    """
    batch = min(rows // 2, LARGEST_BATCH)
    return Repeats(batch, min(rows - batch, MOST_ALONE))
