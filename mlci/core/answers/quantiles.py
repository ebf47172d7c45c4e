"""Answers that are several quantiles of a number for each row: what is known of a distribution."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from typing_extensions import override

from mlci.core.answers.task import TaskAnswers
from mlci.core.statistics.row_losses import crps_of_quantiles, pinball_losses

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlci.core.statistics.estimate import Estimate

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class QuantileAnswers(TaskAnswers):
    """One model's quantiles; the sample's labels are numbers, its classes the levels, which rise."""

    quantiles: Floats
    """(n_rows, n_levels) finite, in the order of `sample.classes`."""

    @property
    @override
    def decisions(self) -> Floats:
        """(n_rows, n_levels) the quantiles: nothing is decided."""
        return self.quantiles

    @property
    @override
    def right(self) -> Booleans:
        """(n_rows,) whether every quantile is the outcome itself."""
        return np.asarray((self.quantiles == self.sample.labels[:, None]).all(axis=1), dtype=np.bool_)

    @property
    @override
    def said(self) -> Floats:
        """(n_rows, n_levels) the quantiles."""
        return self.quantiles

    @override
    def cut(self, rows: Booleans) -> Self:
        """Return the answers on some of the rows, given as a mask."""
        return replace(self, sample=self.sample.cut(rows), quantiles=self.quantiles[np.flatnonzero(rows)])

    @override
    def losses(self, metric: str) -> Floats:
        """Return what each row costs in METRIC, (n_rows,): the CRPS, or the loss of one of the quantiles."""
        levels = [float(each) for each in self.sample.classes]
        name, _, level = metric.partition("@")
        if name == "crps":
            return crps_of_quantiles(self.sample.labels, self.quantiles, np.array(levels))
        return pinball_losses(self.sample.labels, self.quantiles[:, levels.index(float(level))], float(level))

    @override
    def smooth(self, metric: str) -> Estimate | None:
        """Return nothing: each metric is a mean of the rows."""
        return None

    @override
    def differs(self, metric: str, other: TaskAnswers) -> Booleans:
        """Return which rows have another loss in METRIC than by the OTHER, (n_rows,): it may see one quantile alone."""
        return np.asarray(self.losses(metric) != other.losses(metric), dtype=np.bool_)


def crossing(quantiles: Floats) -> int:
    """Return in how many rows of QUANTILES, (n_rows, n_levels), a lower one lies above a higher one.

    >>> crossing(np.array([[1.0, 2.0, 3.0], [2.0, 1.0, 3.0], [1.0, 1.0, 1.0]]))
    1
    """
    return int(np.count_nonzero((np.diff(quantiles, axis=1) < 0).any(axis=1)))
