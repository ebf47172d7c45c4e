"""One cell of a table of false passes: how many draws of a population passed though they should not."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import binom

PROMISED = 0.06
BY_CHANCE = 1e-4
"""With which a cell whose truth is 6 % may be called broken."""


@dataclass(frozen=True)
class Cell:
    """What became of the draws of one cell of the table."""

    name: str
    draws: int
    passes: int
    by_rule: int
    """Inconclusive because theory is not to be trusted."""

    @property
    def is_broken(self) -> bool:
        """Whether so many passes are too many even for a truth of 6 %."""
        return bool(self.passes > binom.isf(BY_CHANCE, self.draws, PROMISED))

    @property
    def text(self) -> str:
        """The share of passes, with a sign where most draws are answered by rule."""
        sign = "!" if self.is_broken else "*" if 2 * self.by_rule >= self.draws else " "
        return f"{self.passes / self.draws:8.1%}{sign}"
