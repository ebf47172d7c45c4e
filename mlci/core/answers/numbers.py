"""Answers that are a number for each row: a regression."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from typing_extensions import override

from mlci.core.answers.task import TaskAnswers
from mlci.core.statistics.regression import r_squared, rmse, wape
from mlci.core.statistics.row_losses import absolute_errors, percentage_errors, pinball_losses, squared_errors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlci.core.statistics.estimate import Estimate

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class NumberAnswers(TaskAnswers):
    """One model's predictions; the sample's labels are numbers, too."""

    predictions: Floats
    """(n_rows,) finite."""

    @property
    @override
    def decisions(self) -> Floats:
        """(n_rows,) the predictions: nothing is decided."""
        return self.predictions

    @property
    @override
    def right(self) -> Booleans:
        """(n_rows,) whether the prediction is the outcome itself."""
        return np.asarray(self.predictions == self.sample.labels, dtype=np.bool_)

    @property
    @override
    def said(self) -> Floats:
        """(n_rows,) the predictions."""
        return self.predictions

    @override
    def cut(self, rows: Booleans) -> Self:
        """Return the answers on some of the rows, given as a mask."""
        return replace(self, sample=self.sample.cut(rows), predictions=self.predictions[np.flatnonzero(rows)])

    @override
    def losses(self, metric: str) -> Floats:
        """Return what each row costs in METRIC, (n_rows,)."""
        name, _, level = metric.partition("@")
        match name:
            case "mse":
                return squared_errors(self.sample.labels, self.predictions)
            case "mape":
                return percentage_errors(self.sample.labels, self.predictions)
            case "pinball":
                return pinball_losses(self.sample.labels, self.predictions, float(level))
            case _:
                return absolute_errors(self.sample.labels, self.predictions)

    @override
    def smooth(self, metric: str) -> Estimate | None:
        """Return METRIC, which is no mean of rows, with the influence of each; None where it is 0/0."""
        of = {"rmse": rmse, "r2": r_squared, "wape": wape}.get(metric)
        return of(self.sample.labels, self.predictions, self.sample.weights) if of else None
