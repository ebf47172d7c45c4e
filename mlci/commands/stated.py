"""Answers that are handed in, since the model stays elsewhere: read where they are made, looked up where judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlci.core.config import FILE_NAME
from mlci.core.contract import ColumnSpec
from mlci.core.contract.constraints import code
from mlci.core.data_files import one_file
from mlci.core.metrics import OF_NUMBERS
from mlci.core.nearest import did_you_mean
from mlci.core.plain_text import one_line
from mlci.core.predictions import MOST_CLASSES, NUMBER, OF_CLASS, PROBABILITY, Predictions, read_predictions
from mlci.errors import IntegrityError, RejectedError
from mlci.formats.description import ModelDescription

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from mlci.commands.installed import Installed
    from mlci.commands.ports import Data
    from mlci.core.config import Config
    from mlci.core.metrics import Task
    from mlci.core.package import Package

MOST_COLUMNS = 12
"""Columns of a file that an error lists."""


def answers_in(file: Path, config: Config, data: Data) -> Predictions:
    """Return the predictions in a FILE of any format that data has, with the columns that the task of CONFIG needs.

    Raises `RejectedError("predictions-unusable")` where a column is missing, `IntegrityError("predictions-unusable")`
    where rows are, and what a reader of data raises.
    """
    path = config.train.output
    files, key, task = one_file(file, path), config.evaluate.id, config.model.task
    columns = _columns_of(task, data.columns(files), path, key)
    types = [ColumnSpec(key, "string"), *(ColumnSpec(name, "number") for name in columns)]
    table = data.read_table(files, types)
    values = np.column_stack([table.columns[name].values.astype(np.float64) for name in columns])
    try:
        return Predictions(tuple(table.columns[key].values.tolist()), columns, values)
    except ValueError as error:
        raise IntegrityError(
            "predictions-unusable",
            f"{path} cannot be scored: {error}",
            where=path,
            cause="Each id stands once, and each answer is a finite number, a probability between 0 and 1.",
            hint=f"Look at the row, counted without the line that names the columns; then mend what writes {path}.",
        ) from error


def description_of(predictions: Predictions) -> ModelDescription:
    """Return what is known of the model behind PREDICTIONS."""
    return ModelDescription("predictions", (), 0, predictions.classes or None, has_probabilities=True)


def stated(installed: Installed, ids: Sequence[str], classes: Sequence[str] = ()) -> NDArray[np.float64]:
    """Return what a package without its model says of the rows with these IDS: (n_ids,), or (n_ids, n_classes).

    Of several CLASSES, its own by default, those that it does not know have the probability 0. Raises
    `IntegrityError("predictions-incomplete")` where it says nothing of some rows.
    """
    predictions = _of(installed.package)
    found = predictions.of(ids)
    if found is None:
        raise _incomplete(predictions, ids)
    if not predictions.classes:
        return np.asarray(found[:, 0], dtype=np.float64)
    names = list(classes or predictions.classes)
    said = np.zeros((len(ids), len(names)))
    for place, name in enumerate(predictions.classes):
        said[:, names.index(name)] = found[:, place]
    return np.asarray(said / said.sum(axis=1, keepdims=True), dtype=np.float64)


def unanswered(installed: Installed, ids: Sequence[str]) -> int:
    """Return of how many rows with these IDS a package says nothing; 0 where it holds the model."""
    return 0 if installed.package.level == "model" else len(_of(installed.package).lacking(ids))


def is_whole(package: Package) -> bool:
    """Return whether the answers of PACKAGE have the classes that its signature names; raises as `read_predictions`."""
    classes, signature = _of(package).classes, package.info.signature
    return classes == (() if signature.positive is not None else signature.classes)


def _of(package: Package) -> Predictions:
    return read_predictions(package.model, package.info.task)


def _columns_of(task: Task, names: Sequence[str], path: str, key: str) -> tuple[str, ...]:
    """Return the columns with answers, by their names, which are those that `mlci predict` writes."""
    wanted = [key, *(() if task == "multiclass" else (NUMBER if task in OF_NUMBERS else PROBABILITY,))]
    absent = next((name for name in wanted if name not in names), None)
    of_classes = tuple(name for name in names if name.startswith(OF_CLASS) and len(name) > len(OF_CLASS))
    if absent is None and task == "multiclass":
        if 1 < len(of_classes) <= MOST_CLASSES:
            return of_classes
        absent = f"{OF_CLASS}CLASS"
    if absent is None:
        return (wanted[1],)
    listed = ", ".join(names[:MOST_COLUMNS]) + (" …" if len(names) > MOST_COLUMNS else "")
    needs = ", ".join([key, f"{OF_CLASS}CLASS for each class"] if task == "multiclass" else wanted)
    raise RejectedError(
        "predictions-unusable",
        f"{path} has no column {code(absent)}",
        where=FILE_NAME,
        cause=f"Answers of a {task} task have the columns {needs}.",
        hint=did_you_mean(absent, names, f"Rename one that it has: {one_line(listed)}"),
    )


def _incomplete(predictions: Predictions, ids: Sequence[str]) -> IntegrityError:
    lacking = predictions.lacking(ids)
    return IntegrityError(
        "predictions-incomplete",
        f"{len(lacking):,} of {len(ids):,} rows of the evaluation set have no prediction",
        cause="The rows are those of the target branch, by their ids; the training may have seen others.",
        hint="Bring the branch up to date: git merge origin/main; then predict every row of the evaluation set.",
    )
