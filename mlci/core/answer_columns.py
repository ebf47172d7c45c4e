"""What a model says of rows, as columns of a file: the number of the row, then the outputs of its signature."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mlci.core.signature import positive_index
from mlci.core.words import written

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlci.core.signature import ModelClass, Signature

ROW: Final = "row"
"""The first column: the number of the row, counted from 1."""


@dataclass(frozen=True, slots=True, eq=False)
class AnswerColumns:
    """Answers of some rows: for each name of an output its values, all of them equally many, the decision last."""

    names: tuple[str, ...]
    numbers: tuple[NDArray[Any], ...]
    """(n_rows,) each."""
    classes: tuple[ModelClass, ...] = ()
    decided: NDArray[np.intp] | None = None
    """(n_rows,) which of the classes was decided; None for a regression, and for several labels, which are numbers."""

    @property
    def rows(self) -> int:
        """How many answers there are."""
        return len(self.numbers[0])

    @property
    def decisions(self) -> list[ModelClass] | None:
        """The class decided, row by row; None for a regression."""
        return None if self.decided is None else [self.classes[place] for place in self.decided.tolist()]


def answer_columns(signature: Signature, said: NDArray[Any]) -> AnswerColumns:
    """Return what a model with SIGNATURE SAID of rows, by outputs.

    SAID is (n_rows,), numbers or the probability of the positive class, or (n_rows, n_classes), of labels as well; or
    (n_rows, n_levels) quantiles.
    """
    names = tuple(output.name for output in signature.outputs)
    classes = signature.classes
    if not classes:
        return AnswerColumns(names, tuple(said.T) if signature.quantiles else (said,))
    if signature.is_multilabel:
        return AnswerColumns(names, (*said.T, *(said >= signature.threshold).T.astype(np.int64)))
    if signature.positive is not None and signature.threshold is not None:
        positive = positive_index(signature)
        decided = np.where(said >= signature.threshold, positive, 1 - positive)
        return AnswerColumns(names, (said,), classes, decided)
    return AnswerColumns(names, tuple(said.T), classes, said.argmax(axis=1))


def csv_header(names: Sequence[str]) -> str:
    r"""Return the line that names the columns.

    >>> csv_header(["probability", "decision"])
    'row,probability,decision\n'
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow([ROW, *names])
    return text.getvalue()


@lru_cache(typed=True)  # a file has few classes and many rows; 1, 1.0 and true are kept apart
def class_text(value: ModelClass) -> str:
    """Return a class as the data write it: text whole, numbers without a needless `.0`.

    >>> class_text(1), class_text(1.0), class_text(True), class_text("late")
    ('1', '1', 'true', 'late')
    """
    return value if isinstance(value, str) else written(value)
