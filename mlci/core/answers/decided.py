"""What answers that decide for a class have in common, whether there are two classes or several."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from typing_extensions import override

from mlci.core.answers.task import TaskAnswers
from mlci.core.statistics.confusion import Confusion

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class DecidedAnswers(TaskAnswers):
    """One model's probabilities of classes, and what it decides by them; a task adds how."""

    probabilities: Floats
    """(n_rows,) of the positive class, or (n_rows, n_classes), the columns in the order of `sample.classes`; each row
    of several sums to one."""

    @cached_property
    @override
    def right(self) -> Booleans:
        """(n_rows,) whether the decision is right."""
        return np.asarray(self.decisions == self.sample.labels, dtype=np.bool_)

    @property
    @override
    def said(self) -> Floats:
        """(n_rows,) or (n_rows, n_classes) the probabilities."""
        return self.probabilities

    @cached_property
    def confusion(self) -> Confusion:
        """The rows by label and decision."""
        classes = 2 if self.probabilities.ndim == 1 else self.probabilities.shape[1]
        return Confusion.of(self.sample.labels, self.decisions, classes, self.sample.weights)

    @override
    def losses(self, metric: str) -> Floats:
        """Return what each row costs in METRIC, (n_rows,): 1 where the decision is wrong, unless a task knows more."""
        return np.asarray(~self.right, dtype=np.float64)
