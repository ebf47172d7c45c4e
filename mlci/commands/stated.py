"""Answers that are handed in, since the model stays elsewhere: read where they are made, looked up where judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from mlci.commands.programs import stated_bytes
from mlci.core.answer_names import NUMBER, OF_CLASS, OF_SEVERAL, PROBABILITY, by_our_names, theirs, word_before
from mlci.core.configuration_file import FILE_NAME
from mlci.core.contract.model import ColumnSpec
from mlci.core.data_files import one_file
from mlci.core.metrics import OF_NUMBERS
from mlci.core.nearest import did_you_mean
from mlci.core.plain_text import one_line
from mlci.core.predictions import MOST_CLASSES, Predictions, read_predictions
from mlci.core.scores import Scores
from mlci.core.stated_metrics import LARGEST_BYTES, StatedMetrics, metrics_in
from mlci.core.words import code
from mlci.errors import IntegrityError, RejectedError
from mlci.formats.description import ModelDescription
from mlci.formats.program_archive import is_program

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from mlci.commands.installed import Installed
    from mlci.commands.ports import Data
    from mlci.core.config import Config
    from mlci.core.evidence_level import Level
    from mlci.core.package import Package
    from mlci.core.stated_rows import StatedRows

KINDS: Final[Mapping[Level, type[StatedRows]]] = {
    "predictions": Predictions,
    "scores": Scores,
    "metrics": StatedMetrics,
}
"""What stands in place of the model, by the evidence level."""
_RENAME: Final = "Rename one that it has"
_NAME: Final = "Rename one that it has, or let evaluate.prediction name it"
MOST_COLUMNS = 12
"""Columns of a file that an error lists."""


def rows_in(file: Path, config: Config, data: Data) -> StatedRows:
    """Return the predictions or scores in a FILE of any format that data has, with the columns that CONFIG needs.

    Raises `RejectedError("predictions-unusable")` where a column is missing, `IntegrityError` of the same code where
    rows are not what they should be (or "scores-unusable"), and what a reader of data raises.
    """
    path, kind = config.train.output, KINDS[config.train.level]
    if kind is StatedMetrics:
        return _metrics_in(file, path)
    files, key = one_file(file, path), config.evaluate.id
    names = data.columns(files)
    columns = _columns_of(config, names, path) if kind is Predictions else _scores_of(names, path, key)
    ids = ColumnSpec(key, "string", is_name=True)
    table = data.read_table(files, [ids, *(ColumnSpec(name, "number") for name in columns.values())])
    values = np.column_stack([table.columns[name].values.astype(np.float64) for name in columns.values()])
    try:
        found = kind(tuple(table.columns[key].values.tolist()), tuple(columns), values)
        if isinstance(found, Predictions):
            found.refuse_other_sums(config.model.task)
        return found  # noqa: TRY300 - what is wrong with the rows is told below, wherever it is found
    except ValueError as error:
        raise IntegrityError(
            f"{kind.WORD}-unusable",
            f"{path} cannot be used: {error}",
            where=path,
            cause="Each id stands once, and each value is a finite number; a probability lies between 0 and 1.",
            hint=f"Look at the row, counted without the line that names the columns; then mend what writes {path}.",
        ) from error


def _metrics_in(file: Path, path: str) -> StatedMetrics:
    try:
        with file.open("rb") as content:
            return metrics_in(content.read(LARGEST_BYTES + 1))
    except ValueError as error:
        raise RejectedError(
            "metrics-unusable",
            f"{path} cannot be used: {error}",
            where=path,
            cause="Metrics are one JSON object, with a finite number for each name that a gate has.",
            hint='{"accuracy": 0.91, "log_loss": 0.3}',
        ) from error


def is_stated(model: bytes) -> bool:
    """Return whether a file says that it stands in the place of a model."""
    return is_program(model) or any(kind.wrote(model) for kind in KINDS.values())


def description_of(rows: StatedRows) -> ModelDescription:
    """Return what is known of the model behind ROWS."""
    classes = rows.classes if isinstance(rows, Predictions) else ()
    return ModelDescription(rows.WORD, (), 0, classes or None, has_probabilities=True)


def stated(installed: Installed, ids: Sequence[str], classes: Sequence[str] = ()) -> NDArray[np.float64]:
    """Return what a package without its model says of the rows with these IDS: (n_ids,), or (n_ids, n_classes).

    Of several CLASSES, its own by default, those that it does not know have the probability 0; labels it knows. Raises
    `IntegrityError("predictions-incomplete")` where it says nothing of some rows.
    """
    predictions = read_predictions(stated_bytes(installed.package), installed.package.info.task)
    answered = installed.package.info.signature.answered
    found = predictions.of_each(ids, classes or answered) if answered else predictions.of(ids)
    if found is None:
        raise incomplete(predictions, ids)
    if answered:
        return found
    if not predictions.classes:
        return np.asarray(found[:, 0], dtype=np.float64)
    names = list(classes or predictions.classes)
    said = np.zeros((len(ids), len(names)))
    for place, name in enumerate(predictions.classes):
        said[:, names.index(name)] = found[:, place]
    return np.asarray(said / said.sum(axis=1, keepdims=True), dtype=np.float64)


def rows_of(package: Package) -> StatedRows:
    """Return what stands in PACKAGE in place of the model; raises `IntegrityError` where that is malformed."""
    if package.level == "predictions":
        return read_predictions(stated_bytes(package), package.info.task)
    return KINDS[package.level].read(package.model)


def unanswered(installed: Installed, ids: Sequence[str]) -> int:
    """Return of how many rows with these IDS a package says nothing; 0 where it holds the model."""
    return 0 if installed.package.level == "model" else len(rows_of(installed.package).lacking(ids))


def is_whole(package: Package) -> bool:
    """Return whether what stands in place of the model has the classes of the signature; raises as `rows_of`."""
    rows, signature = rows_of(package), package.info.signature
    if not isinstance(rows, Predictions):
        return not signature.classes
    if tuple(sorted(rows.quantiles)) != signature.quantiles:
        return False
    return rows.classes == (() if signature.positive is not None else signature.classes)


def incomplete(rows: StatedRows, ids: Sequence[str]) -> IntegrityError:
    """Return the error of a candidate that says nothing of some of the rows with these IDS."""
    lacking, word = rows.lacking(ids), rows.WORD
    return IntegrityError(
        f"{word}-incomplete",
        f"{len(lacking):,} of {len(ids):,} rows of the evaluation set have no {word.removesuffix('s')}",
        cause="The rows are those of the target branch, by their ids; the training may have seen others.",
        hint="Bring the branch up to date: git merge origin/main; then hand in every row of the evaluation set.",
    )


def _columns_of(config: Config, names: Sequence[str], path: str) -> dict[str, str]:
    """Return the columns with answers by our names for them, which are those that `mlci predict` writes."""
    task, key, said = config.model.task, config.evaluate.id, config.evaluate.prediction
    one = NUMBER if task in OF_NUMBERS else PROBABILITY
    word = word_before(task)
    known = by_our_names((name for name in names if name != key), said, one, word)
    if config.evaluate.answered and key in names:
        wanted_each = [f"{word}{each}" for each in config.evaluate.answered]
        lacking = next((name for name in wanted_each if name not in known), None)
        if lacking is None:
            return {name: known[name] for name in wanted_each}
        what = OF_SEVERAL[task]
        needs = f"{theirs(f'{word}{what.upper()}', said)} for each {what}"
        raise _no_column(config, names, path, theirs(lacking, said), needs)
    of_classes = {name: known[name] for name in known if name.startswith(OF_CLASS) and len(name) > len(OF_CLASS)}
    found = of_classes if task == "multiclass" else {name: known[name] for name in known if name == one}
    fewest, most = (2, MOST_CLASSES) if task == "multiclass" else (1, 1)
    if key in names and fewest <= len(found) <= most:
        return found
    wanted = theirs(f"{OF_CLASS}CLASS" if task == "multiclass" else one, said)
    needs = f"{wanted} for each class" if task == "multiclass" else wanted
    raise _no_column(config, names, path, wanted, needs)


def _no_column(config: Config, names: Sequence[str], path: str, wanted: str, needs: str) -> RejectedError:
    """Return the error of answers without the id, or else without the column WANTED."""
    key, said = config.evaluate.id, config.evaluate.prediction
    absent = key if key not in names else wanted
    listed = ", ".join(names[:MOST_COLUMNS]) + (" …" if len(names) > MOST_COLUMNS else "")
    return RejectedError(
        "predictions-unusable",
        f"{path} has no column {code(absent)}",
        where=FILE_NAME,
        cause=f"Answers of a {config.model.task} task have the columns {key}, {needs}"
        + (", as evaluate.prediction says." if said else "."),
        hint=did_you_mean(absent, names, f"{_RENAME if absent == key else _NAME}: {one_line(listed)}"),
    )


def _scores_of(names: Sequence[str], path: str, key: str) -> dict[str, str]:
    """Return the columns with scores, all but the id, by their names."""
    columns = {name: name for name in names if name != key}
    if key in names and columns:
        return columns
    raise RejectedError(
        "scores-unusable",
        f"{path} has no column {code(key)}" if columns else f"{path} has no column but {code(key)}",
        where=FILE_NAME,
        cause=f"Scores have the column {key}, and one for each NAME that a gate has as score@NAME or loss@NAME.",
        hint=f"One line a row: {key},helpfulness",
    )
