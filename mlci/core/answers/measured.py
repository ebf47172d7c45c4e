"""Answers with what a function of one's own makes of them: it was computed elsewhere, for all rows or a slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from typing_extensions import override

from mlci.core.answers.task import TaskAnswers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlci.core.statistics.estimate import Estimate

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class MeasuredAnswers(TaskAnswers):
    """One model's answers on all rows or a slice, and the values of one function of them."""

    answers: TaskAnswers
    values: Floats | None
    """(1 + n_sets,) of these rows, then without each set of the jackknife; None where nothing was computed."""

    @property
    @override
    def decisions(self) -> NDArray[Any]:
        """(n_rows,) what the model decides."""
        return self.answers.decisions

    @property
    @override
    def right(self) -> Booleans:
        """(n_rows,) whether the decision is right."""
        return self.answers.right

    @property
    @override
    def said(self) -> NDArray[Any]:
        """(n_rows, …) all that the model says of a row."""
        return self.answers.said

    @override
    def cut(self, rows: Booleans) -> Self:
        """Raise: a function was computed of these rows; `View.of` has what it came to in a slice."""
        raise ValueError("a function of all rows has no value on others")

    @override
    def losses(self, metric: str) -> Floats:
        """Raise: a function is no mean of rows."""
        raise ValueError(f"{metric} is no mean of rows")

    @override
    def smooth(self, metric: str) -> Estimate | None:
        """Return nothing: influences are not known."""
        return None

    @override
    def value(self, metric: str) -> float | None:
        """Return the value on the rows; None where nothing was computed, or where it is no number."""
        return None if self.values is None or np.isnan(self.values[0]) else float(self.values[0])
