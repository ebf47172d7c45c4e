"""Predictions as evidence: what a model that stays elsewhere answered, one row for each id, in the one form of a file.

The file is lines of JSON: what it is and its columns, then each row, by the order of the ids.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mlci.core.contract.model import is_visible
from mlci.core.metrics import OF_NUMBERS
from mlci.core.section import LONGEST_IDENTIFIER
from mlci.core.signature import Signature
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlci.core.config import Config
    from mlci.core.metrics import Task

    Floats = NDArray[np.float64]

SCHEMA: Final = "mlci/predictions/1"
HEAD: Final = f'["{SCHEMA}"'.encode()
"""What the file begins with."""
PROBABILITY: Final = "probability"
OF_CLASS: Final = f"{PROBABILITY}_"
"""Stands before the name of a class, of several."""
NUMBER: Final = "prediction"
SUM_TOLERANCE: Final = 1e-3
"""How far the probabilities of a row may be from 1 together: files are rounded."""
LONGEST_ID: Final = 1_000
MOST_CLASSES: Final = 10_000
NOT_OURS: Final = "it is not in the form that mlci writes"


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Answers by id.

    The columns are those that `mlci predict` writes: `probability` of the positive class, `prediction`, or
    `probability_CLASS` of each class. Raises `ValueError` with what is wrong in words, without an id or a value.
    """

    ids: tuple[str, ...]
    columns: tuple[str, ...]
    values: Floats
    """(n_rows, n_columns)"""

    def __post_init__(self) -> None:
        """Refuse what no metric could be computed from."""
        if self.values.shape != (len(self.ids), len(self.columns)) or not self.columns:
            raise ValueError("rows and columns do not fit each other")
        for place, each in enumerate(self.ids):
            if not 0 < len(each) <= LONGEST_ID:
                raise ValueError(f"row {place + 1} has no id, or one that is very long")
        if any(len(each) > LONGEST_IDENTIFIER or not is_visible(each) for each in self.columns):
            raise ValueError("a column has a name that is very long, or has hidden characters")
        last = {each: place for place, each in enumerate(self.ids)}
        if len(last) < len(self.ids):
            again = next(place for place, each in enumerate(self.ids) if last[each] != place)
            raise ValueError(f"the id of row {again + 1} stands in another row, too")
        _refuse(~np.isfinite(self.values), "no finite number")
        if self.columns == (NUMBER,):
            return
        _refuse((self.values < 0) | (self.values > 1), "a probability outside of 0 to 1")
        if len(self.columns) > 1:
            far = np.abs(self.values.sum(axis=1, keepdims=True) - 1) > SUM_TOLERANCE
            _refuse(far, "probabilities that are not 1 together")

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of a multiclass task, in the order of the columns; none of any other."""
        return tuple(name.removeprefix(OF_CLASS) for name in self.columns if name.startswith(OF_CLASS))

    def of(self, ids: Sequence[str]) -> Floats | None:
        """Return the answers for IDS, (n_ids, n_columns); None where one has none."""
        places = {each: place for place, each in enumerate(self.ids)}
        try:
            return self.values[[places[each] for each in ids]]
        except KeyError:
            return None

    def lacking(self, ids: Sequence[str]) -> list[str]:
        """Return those of IDS that have no answer."""
        known = set(self.ids)
        return [each for each in ids if each not in known]

    def to_bytes(self) -> bytes:
        """Return the file, in its one form."""
        order = sorted(range(len(self.ids)), key=self.ids.__getitem__)
        rows = (self.values + 0.0).tolist()  # a zero has no sign
        lines = [_line([SCHEMA, *self.columns]), *(_line([self.ids[place], *rows[place]]) for place in order)]
        return "".join(lines).encode()


def _line(values: list[Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"


def _refuse(wrong: NDArray[np.bool_], what: str) -> None:
    rows = np.flatnonzero(wrong.any(axis=1))
    if rows.size:
        more = f", and so {'has' if rows.size == 2 else 'have'} {rows.size - 1} more" if rows.size > 1 else ""  # noqa: PLR2004 - the grammar of one other
        raise ValueError(f"row {rows[0] + 1} has {what}{more}")


def is_predictions(data: bytes) -> bool:
    """Return whether a file says that it holds predictions; `read_predictions` tells whether it does."""
    return data.startswith(HEAD)


def read_predictions(data: bytes, task: Task) -> Predictions:
    """Return the predictions in the file of a package; raises `IntegrityError("predictions-malformed")`.

    The file is hostile: only the very bytes that mlci would write of it are read.
    """
    try:
        return _parsed(data, task)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        told = str(error) if type(error) is ValueError else NOT_OURS
        raise IntegrityError(
            "predictions-malformed",
            f"the predictions of a package cannot be used: {told}",
            cause="The package was put together by hand, or for another task.",
            hint="mlci train",
        ) from error


def _parsed(data: bytes, task: Task) -> Predictions:
    try:
        head, *rows = json.loads(b"[" + data.rstrip(b"\n").replace(b"\n", b",") + b"]")
    except ValueError:
        raise ValueError(NOT_OURS) from None
    values = np.array([row[1:] for row in rows], dtype=np.float64).reshape(len(rows), len(head) - 1)
    found = Predictions(tuple(row[0] for row in rows), tuple(head[1:]), values)
    if not has_columns_of(task, found.columns):
        raise ValueError(f"its columns are none of a {task} task")
    if found.to_bytes() != data:
        raise ValueError(NOT_OURS)
    return found


def has_columns_of(task: Task, columns: tuple[str, ...]) -> bool:
    """Return whether answers of a TASK have these columns.

    >>> has_columns_of("binary", ("probability",)), has_columns_of("multiclass", ("probability_a", "probability_b"))
    (True, True)
    >>> has_columns_of("regression", ("probability",))
    False
    """
    if task == "binary":
        return columns == (PROBABILITY,)
    if task in OF_NUMBERS:
        return columns == (NUMBER,)
    is_classes = all(name.startswith(OF_CLASS) and name != OF_CLASS for name in columns)
    return is_classes and 1 < len(set(columns)) == len(columns) <= MOST_CLASSES


def signature_of(predictions: Predictions, config: Config) -> Signature:
    """Return the signature of a package that holds PREDICTIONS: it reads nothing, and what it says of rows is there."""
    positive = config.evaluate.positive
    return Signature(
        inputs=(),
        classes=predictions.classes if positive is None else (positive,),
        positive=positive,
        threshold=config.evaluate.threshold if config.model.task == "binary" else None,
    )
