"""`mlci predict`: one answer a row, from any package; into a file batch by batch."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mlci.commands.said import all_said, refuse_without_model
from mlci.core.answer_columns import answer_columns, class_text
from mlci.core.contract.model import ColumnSpec
from mlci.core.data_files import one_file
from mlci.errors import IntegrityError, MlciError, RejectedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from mlci.commands.installed import Installed
    from mlci.commands.ports import AnswerFile, Data, Predictor
    from mlci.core.answer_columns import AnswerColumns
    from mlci.core.signature import Signature
    from mlci.core.table import Table

MOST_NAMED = 5
"""Columns that an error names."""


BATCH_VALUES: Final = 4_000_000
"""Values of a batch, so that its memory does not grow with the number of columns."""
BATCH_ROWS: Final = 200_000
"""The most rows of a batch."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model says of rows, row by row."""

    signature: Signature
    said: NDArray[np.float64]
    """Numbers or the probability of the positive class, (n_rows,); or that of each class, (n_rows, n_classes)."""

    @property
    def columns(self) -> AnswerColumns:
        """The answers as columns of a file."""
        return answer_columns(self.signature, self.said)

    @property
    def classes(self) -> tuple[str, ...]:
        """The class that was decided, row by row, as the data write it; none of a regression."""
        return tuple(map(class_text, self.columns.decisions or ()))


def predict(installed: Installed, rows: Path, *, data: Data, predictor: Predictor) -> Answers:
    """Predict the rows of a file, at least one; columns that the model does not read are left alone.

    The rows are what the user handed over: whatever is wrong with them is a `UsageError`.
    """
    refuse_without_model(installed.package)
    signature = installed.package.info.signature
    with _data_refusals_told():
        files = one_file(rows)
        _refuse_missing(signature, data.columns(files), rows)
        table = data.read_table(files, _specs(signature))
    if table.rows == 0:
        raise _no_rows(rows)
    with _refusals_told(rows, table):
        return Answers(signature, all_said(installed, table.columns, predictor))


def predict_to(
    out: AnswerFile,
    installed: Installed,
    rows: Path,
    *,
    data: Data,
    predictor: Predictor,
    progress: Callable[[int, int], None],
    batch_rows: int | None = None,
) -> int:
    """Predict the rows of a file into OUT, batch by batch; return how many rows were answered, earlier ones included.

    What an earlier attempt answered of these rows with this package is not asked again. PROGRESS is told how many rows
    of how many are answered. Raises as `predict` does, and what OUT raises; what was answered until then is kept.
    """
    refuse_without_model(installed.package)
    signature = installed.package.info.signature
    # The boundaries of batches depend on nothing but the signature, so that another attempt finds the same ones.
    size = batch_rows or max(1, min(BATCH_ROWS, BATCH_VALUES // max(len(signature.inputs), 1)))
    with _data_refusals_told(), data.in_batches(one_file(rows)) as opened:
        _refuse_missing(signature, opened.names, rows)
        if opened.rows == 0:
            raise _no_rows(rows)
        part = out.begin(f"{installed.sha256} {opened.sha256} {size}")
        answered = min(part * size, opened.rows)
        if answered:
            progress(answered, opened.rows)
        for table in opened.batches(_specs(signature), size, answered) if answered < opened.rows else ():
            with _refusals_told(rows, table, answered):
                said = all_said(installed, table.columns, predictor)
            out.add(part, answer_columns(signature, said), answered + 1)
            part, answered = part + 1, answered + table.rows
            progress(answered, opened.rows)
    out.finish(signature.outputs)
    return answered


def _specs(signature: Signature) -> list[ColumnSpec]:
    return [ColumnSpec(item.name, item.type) for item in signature.inputs]


@contextmanager
def _data_refusals_told() -> Iterator[None]:
    """Tell that rows cannot be read as what it is here: wrong input."""
    try:
        yield
    except RejectedError as error:
        is_value = error.code == "data-ill-typed"
        cause = "This is the type that the model's signature names." if is_value else error.cause
        hint = "Correct the value." if is_value else error.hint
        raise UsageError(error.code, error.problem, where=error.where, cause=cause, hint=hint) from error


def _no_rows(rows: Path) -> UsageError:
    return UsageError(
        "no-rows",
        f"{rows.name} has no rows, only the line that names the columns",
        where=str(rows),
        hint="Write one line for each row that is to be answered.",
    )


def _refuse_missing(signature: Signature, names: tuple[str, ...], rows: Path) -> None:
    missing = [item.name for item in signature.inputs if item.name not in names]
    if not missing:
        return
    more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
    raise UsageError(
        "column-missing",
        f"the rows have no column {', '.join(f'`{name}`' for name in missing[:MOST_NAMED])}{more}",
        where=rows.name,
        cause=f"The model reads {len(signature.inputs)} columns by name.",
        hint="See its package.json for names, types and units.",
    )


@contextmanager
def _refusals_told(rows: Path, table: Table, before: int = 0) -> Iterator[None]:
    """Tell a model's refusal of well-formed rows as what it is: wrong input, with the first gap if there is one.

    BEFORE is how many rows precede those of TABLE.
    """
    try:
        yield
    except IntegrityError as error:
        if error.code != "model-cannot-predict":
            raise
        raise _refused(error, rows, table, before) from error


def _refused(error: MlciError, rows: Path, table: Table, before: int) -> UsageError:
    gap = next(((name, column.missing) for name, column in table.columns.items() if column.missing is not None), None)
    if gap is None:
        refusal = UsageError(
            "rows-refused",
            error.problem,
            where=str(rows),
            cause="A value has the right type and is still none that the model knows, such as a new category.",
            hint="Compare the rows with those that the model was trained on.",
        )
        refusal.private = error.private  # the model's own words, which may quote a cell
        return refusal
    name, missing = gap
    return UsageError(
        "rows-incomplete",
        f"`{name}` is empty in row {before + int(np.argmax(missing)) + 1:,}, and the model answers no row with a gap",
        where=str(rows),
        cause="It was trained without a step that fills gaps.",
        hint="Fill the value in, leave the row out, or train with an imputer, such as SimpleImputer.",
    )
