"""What a model answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np

    from mlci.core.table import Column

Class = str | int | float | bool
"""A class as JSON can say it."""

Kind = Literal["probabilities", "multilabel", "numbers", "labels"]


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """The answers of a model, one row each, as float64.

    `kind` is `probabilities`: `values` (n_rows, n_classes), finite, in [0, 1], rows sum to one, columns in the order
    of `classes`. `kind` is `multilabel`: `values` (n_rows, n_labels), finite, in [0, 1]. `kind` is `numbers`: `values`
    (n_rows, n_numbers), finite, several numbers a row.
    `kind` is `labels`: `values` (n_rows,), finite; without `classes` they are the answers themselves
    (a regression), with `classes` the position of each row's class in `classes` (a classifier without probabilities).
    """

    values: np.ndarray[Any, Any]
    classes: tuple[Class, ...] | None
    kind: Kind

    @property
    def labels(self) -> int | None:
        """How many labels were answered at once; None where there was one question."""
        return int(self.values.shape[1]) if self.kind == "multilabel" else None


AnswerEach = Callable[[Iterable[Mapping[str, "Column"]]], Iterator[Prediction]]
"""Takes tables of columns, and yields what a model answers to each; the next one is taken while it answers."""
