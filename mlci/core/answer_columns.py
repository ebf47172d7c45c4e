"""What a model says of rows, as columns of a file: the number of the row, then the outputs of its signature."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from mlci.core.signature import positive_index
from mlci.core.words import written

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from mlci.core.signature import ModelClass, Signature

ROW: Final = "row"
"""The first column: the number of the row, counted from 1."""


@dataclass(frozen=True, slots=True)
class AnswerColumns:
    """Answers of some rows: for each name of an output its values, all of them equally many, the decision last."""

    names: tuple[str, ...]
    numbers: tuple[list[float], ...]
    decisions: list[ModelClass] | None = None
    """The class decided, row by row; None for a regression."""

    @property
    def rows(self) -> int:
        """How many answers there are."""
        return len(self.numbers[0])


def answer_columns(signature: Signature, said: NDArray[Any]) -> AnswerColumns:
    """Return what a model with SIGNATURE SAID of rows, by outputs.

    SAID is (n_rows,), numbers or the probability of the positive class, or (n_rows, n_classes).
    """
    names = tuple(output.name for output in signature.outputs)
    classes = signature.classes
    if not classes:
        return AnswerColumns(names, (said.tolist(),))
    if signature.positive is not None and signature.threshold is not None:
        positive = positive_index(signature)
        decided = (said >= signature.threshold).tolist()
        decisions = [classes[positive if is_positive else 1 - positive] for is_positive in decided]
        return AnswerColumns(names, (said.tolist(),), decisions)
    likeliest = [classes[place] for place in said.argmax(axis=1).tolist()]
    return AnswerColumns(names, tuple(said.T.tolist()), likeliest)


def csv_header(names: Sequence[str]) -> str:
    r"""Return the line that names the columns.

    >>> csv_header(["probability", "decision"])
    'row,probability,decision\n'
    """
    return _as_csv([[ROW, *names]])


def csv_rows(answers: AnswerColumns, first: int) -> str:
    r"""Return a line for each answer, numbers in the shortest form that loses nothing; the rows begin with FIRST.

    >>> csv_rows(AnswerColumns(("probability", "decision"), ([0.25, 1 / 3],), [True, "a,b"]), 7)
    '7,0.25,true\n8,0.3333333333333333,"a,b"\n'
    """
    decided = [] if answers.decisions is None else [map(class_text, answers.decisions)]
    return _as_csv(zip(range(first, first + answers.rows), *answers.numbers, *decided, strict=True))


def json_rows(answers: AnswerColumns, first: int) -> str:
    r"""Return a line of JSON for each answer.

    >>> json_rows(AnswerColumns(("prediction",), ([0.25],)), 1)
    '{"row": 1, "prediction": 0.25}\n'
    """
    names = (ROW, *answers.names)
    decided = [] if answers.decisions is None else [answers.decisions]
    rows = zip(range(first, first + answers.rows), *answers.numbers, *decided, strict=True)
    return "".join(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n" for row in rows)


@lru_cache(typed=True)  # a file has few classes and many rows; 1, 1.0 and true are kept apart
def class_text(value: ModelClass) -> str:
    """Return a class as the data write it: text whole, numbers without a needless `.0`.

    >>> class_text(1), class_text(1.0), class_text(True), class_text("late")
    ('1', '1', 'true', 'late')
    """
    return value if isinstance(value, str) else written(value)


def _as_csv(rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
