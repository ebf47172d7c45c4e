"""What answers in several columns a row have in common: a probability of each class, or of each label."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np
from typing_extensions import override

from mlci.core.answers.task import TaskAnswers
from mlci.core.statistics.ranks import Ranking

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class SeveralAnswers(TaskAnswers):
    """One model's probabilities, a column for each of `sample.classes`; a task adds what it makes of them."""

    probabilities: Floats
    """(n_rows, n_columns) in the order of `sample.classes`."""
    known_rankings: tuple[Ranking, ...] | None = field(default=None, kw_only=True)
    """For each column that is ranked the rows in the order of its probability, where that is known already."""

    @property
    @override
    def said(self) -> Floats:
        """(n_rows, n_columns) the probabilities."""
        return self.probabilities

    @property
    def ranked_columns(self) -> int:
        """How many columns, the first ones, are brought into an order."""
        return int(self.probabilities.shape[1])

    @cached_property
    def rankings(self) -> tuple[Ranking, ...]:
        """For each column that is ranked the rows in the order of its probability."""
        return self.known_rankings or tuple(map(Ranking.of, self.probabilities.T[: self.ranked_columns]))

    @override
    def sort(self) -> None:
        """Bring the probabilities of every column into their order, so that slices are cut out of it."""
        _ = self.rankings

    @override
    def cut(self, rows: Booleans) -> Self:
        """Return the answers on some of the rows, given as a mask; sorts that were made are kept."""
        known: tuple[Ranking, ...] | None = self.__dict__.get("rankings", self.known_rankings)
        return replace(
            self,
            sample=self.sample.cut(rows),
            probabilities=self.probabilities[np.flatnonzero(rows)],
            known_rankings=None if known is None else tuple(each.subset(rows) for each in known),
        )
