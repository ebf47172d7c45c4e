"""Scores in place of answers: one number for each row and metric, as they were handed in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from typing_extensions import override

from mlci.core.answers.task import TaskAnswers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlci.core.statistics.estimate import Estimate

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class ScoreAnswers(TaskAnswers):
    """The scores of one model; nothing is decided, and nothing is right or wrong."""

    scores: Floats
    """(n_rows, n_names) finite."""
    names: tuple[str, ...]
    """What stands behind `score@` and `loss@`."""

    @property
    @override
    def decisions(self) -> Floats:
        """(n_rows, n_names) the scores: nothing is decided."""
        return self.scores

    @property
    @override
    def right(self) -> Booleans:
        """(n_rows,) no row: a score is better or worse than another, and never right."""
        return np.zeros(len(self.scores), dtype=np.bool_)

    @property
    @override
    def said(self) -> Floats:
        """(n_rows, n_names) the scores."""
        return self.scores

    @override
    def cut(self, rows: Booleans) -> Self:
        """Return the scores of some of the rows, given as a mask."""
        return replace(self, sample=self.sample.cut(rows), scores=self.scores[np.flatnonzero(rows)])

    @override
    def losses(self, metric: str) -> Floats:
        """Return the score of each row in METRIC, (n_rows,), whichever way is better."""
        return self.scores[:, self.names.index(metric.partition("@")[2])]

    @override
    def smooth(self, metric: str) -> Estimate | None:
        """Return nothing: each metric is a mean of the rows."""
        return None

    @override
    def differs(self, metric: str, other: TaskAnswers) -> Booleans:
        """Return which rows have another score in METRIC, (n_rows,)."""
        return np.asarray(self.losses(metric) != other.losses(metric), dtype=np.bool_)
