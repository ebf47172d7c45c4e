"""Predictions as evidence: what a model that stays elsewhere answered, one row for each id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from typing_extensions import override

from mlci.core.answer_names import NUMBER, OF_CLASS, OF_LEVEL, PROBABILITY
from mlci.core.metrics import OF_NUMBERS
from mlci.core.quantile_levels import levels_named
from mlci.core.signature import DECIDED_BY_THRESHOLD, Signature
from mlci.core.stated_rows import StatedRows, refuse_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.core.config import Config
    from mlci.core.metrics import Task
    from mlci.core.stated_rows import Floats

SUM_TOLERANCE: Final = 1e-3
"""How far the probabilities of a row may be from 1 together: files are rounded."""
MOST_CLASSES: Final = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class Predictions(StatedRows):
    """Answers by id.

    The columns are those that `mlci predict` writes: `probability` of the positive class, `prediction`,
    `probability_CLASS` of each class or label, or `quantile_LEVEL` of each quantile.
    """

    SCHEMA: ClassVar[str] = "mlci/predictions/1"
    WORD: ClassVar[str] = "predictions"

    @override
    def __post_init__(self) -> None:
        """Refuse probabilities that are none."""
        StatedRows.__post_init__(self)
        if self.columns == (NUMBER,) or self.quantiles:
            return
        refuse_rows((self.values < 0) | (self.values > 1), "a probability outside of 0 to 1")

    def refuse_other_sums(self, task: Task) -> None:
        """Raise `ValueError` where a row of a multiclass TASK has probabilities that are not 1 together."""
        if task == "multiclass":
            far = np.abs(self.values.sum(axis=1, keepdims=True) - 1) > SUM_TOLERANCE
            refuse_rows(far, "probabilities that are not 1 together")

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes or labels of a task with several, in the order of the columns; none of any other."""
        return tuple(name.removeprefix(OF_CLASS) for name in self.columns if name.startswith(OF_CLASS))

    @property
    def quantiles(self) -> tuple[float, ...]:
        """The levels of several quantiles, in the order of the columns; none of any other answers."""
        return _levels_of(self.columns) or ()

    def of_each(self, ids: Sequence[str], names: Sequence[str]) -> Floats | None:
        """Return what was said for IDS of the labels or quantiles NAMES, (n_ids, n_names); None where some lack it."""
        word, found = OF_LEVEL if self.quantiles else OF_CLASS, self.of(ids)
        return None if found is None else found[:, [self.columns.index(f"{word}{name}") for name in names]]


def read_predictions(data: bytes, task: Task) -> Predictions:
    """Return the predictions for TASK in the file of a package; raises `IntegrityError("predictions-malformed")`."""
    found = Predictions.read(data)
    if not has_columns_of(task, found.columns):
        raise Predictions.malformed(f"its columns are none of a {task} task")
    try:
        found.refuse_other_sums(task)
    except ValueError as error:
        raise Predictions.malformed(str(error)) from error
    return found


def has_columns_of(task: Task, columns: tuple[str, ...]) -> bool:
    """Return whether answers of a TASK have these columns.

    >>> has_columns_of("binary", ("probability",)), has_columns_of("multiclass", ("probability_a", "probability_b"))
    (True, True)
    >>> has_columns_of("regression", ("probability",)), has_columns_of("quantile", ("quantile_0.1", "quantile_0.9"))
    (False, True)
    """
    if task == "quantile" and _levels_of(columns):
        return True
    if task == "binary":
        return columns == (PROBABILITY,)
    if task in OF_NUMBERS:
        return columns == (NUMBER,)
    return all(name.startswith(OF_CLASS) and name != OF_CLASS for name in columns) and 1 < len(columns) <= MOST_CLASSES


def signature_of(predictions: Predictions, config: Config) -> Signature:
    """Return the signature of a package that holds PREDICTIONS: it reads nothing, and what it says of rows is there."""
    positive = config.evaluate.positive
    return Signature(
        inputs=(),
        classes=predictions.classes if positive is None else (positive,),
        positive=positive,
        threshold=config.evaluate.threshold if config.model.task in DECIDED_BY_THRESHOLD else None,
        quantiles=tuple(sorted(predictions.quantiles)),
    )


def _levels_of(columns: tuple[str, ...]) -> tuple[float, ...] | None:
    """Return the levels of quantiles that COLUMNS hold; None where they hold anything else."""
    names = tuple(name.removeprefix(OF_LEVEL) for name in columns if name.startswith(OF_LEVEL))
    return levels_named(names) if len(names) == len(columns) else None
