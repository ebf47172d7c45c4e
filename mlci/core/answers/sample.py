"""The rows that models are judged on, with what is true of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.core.metrics import metric_of
from mlci.core.statistics.sampling import Independent, Sampling, of_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The rows that models are judged on, or a slice of them."""

    labels: NDArray[Any]
    """(n_rows,) what is true: whether the row is of the positive class, the code of its class, or a number; of several
    labels (n_rows, n_labels), whether it has each."""
    weights: Floats | None = None
    """(n_rows,) how much each row counts; None where all count alike."""
    sampling: Sampling = field(default_factory=Independent)
    classes: tuple[str, ...] = ()
    """The classes of a multiclass task by their codes, or the labels of a multilabel one, as metrics name them."""

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.labels)

    @property
    def positives(self) -> int:
        """How many rows are of the positive class."""
        return int(np.count_nonzero(self.labels))

    @property
    def is_plain(self) -> bool:
        """Whether rows were drawn one by one and count alike, so that counts say all."""
        return self.weights is None and isinstance(self.sampling, Independent)

    def cut(self, rows: Booleans) -> Sample:
        """Return the sample of some of the rows, given as a mask."""
        places = np.flatnonzero(rows)  # numpy takes some rows by their places in half the time of a mask
        weights = None if self.weights is None else self.weights[places]
        return Sample(self.labels[places], weights, of_rows(self.sampling, places), self.classes)

    def looked_at(self, metric: str) -> Booleans | None:
        """Return which rows METRIC is computed on, None where it is all of them."""
        chosen = metric_of(metric)
        match chosen.looks_at:
            case "all" | "queries":
                return None
            case "positives":
                return np.asarray(self.labels, dtype=np.bool_)
            case "negatives":
                return ~np.asarray(self.labels, dtype=np.bool_)
            case "class":
                return np.asarray(self.labels == self.code(chosen.of_class), dtype=np.bool_)
            case "others":
                code = self.code(chosen.of_class)
                return np.asarray((self.labels != code) & (code >= 0), dtype=np.bool_)

    def code(self, name: str | None) -> int:
        """Return the code of the class NAME, -1 where no label and no model knows it."""
        return self.classes.index(name) if name in self.classes else -1
