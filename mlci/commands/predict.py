"""`mlci predict`: one answer a row, from any package; into a file batch by batch."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from mlci.commands.fitting import fitting_package
from mlci.commands.said import all_said, each_said, refuse_without_model
from mlci.core.answer_columns import answer_columns, class_text
from mlci.core.contract.model import ColumnSpec
from mlci.core.data_files import one_file
from mlci.core.words import code
from mlci.errors import IntegrityError, MlciError, RejectedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
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


class _Gap(NamedTuple):
    """A value that is missing."""

    column: str
    place: int
    """Its row among those of its table, counted from 0."""


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
    with _refusals_told(rows, lambda: _first_gap(table)):
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
    package, signature = installed.package, installed.package.info.signature
    # The boundaries of batches depend on nothing but the signature, so that another attempt finds the same ones.
    size = batch_rows or max(1, min(BATCH_ROWS, BATCH_VALUES // max(len(signature.inputs), 1)))
    asked = fitting_package(package, predictor)
    with (
        asked.answering(installed.sha256, package.model, package.info.format) as answer_each,  # loads the model,
        _data_refusals_told(),
        data.in_batches(one_file(rows)) as opened,  # and meanwhile the rows are looked at
    ):
        _refuse_missing(signature, opened.names, rows)
        if opened.rows == 0:
            raise _no_rows(rows)
        part = out.begin(f"{installed.sha256} {opened.sha256} {size}", signature.outputs)
        answered = min(part * size, opened.rows)
        if answered:
            progress(answered, opened.rows)
        tables = _Waiting(opened.batches(_specs(signature), size, answered) if answered < opened.rows else ())
        all_answers = each_said(installed, tables, answer_each)
        while (said := _next(all_answers, rows, tables, answered)) is not None:
            out.add(part, answer_columns(signature, said), answered + 1)
            part, answered = part + 1, answered + len(said)
            progress(answered, opened.rows)
    out.finish()
    return answered


class _Waiting:
    """Tables that are taken and not answered yet; the first of them is the one that a refusal is about."""

    def __init__(self, tables: Iterable[Table]) -> None:
        self._tables = iter(tables)
        self._gaps: deque[_Gap | None] = deque()

    def __iter__(self) -> Iterator[Table]:
        for table in self._tables:
            self._gaps.append(_first_gap(table))
            yield table

    @property
    def gap(self) -> _Gap | None:
        return self._gaps[0]

    def answered(self) -> None:
        self._gaps.popleft()


def _next(
    answers: Iterator[NDArray[np.float64]], rows: Path, waiting: _Waiting, before: int
) -> NDArray[np.float64] | None:
    """Return the next of ANSWERS, which BEFORE others precede; None where there is none."""
    with _refusals_told(rows, lambda: waiting.gap, before):
        said = next(answers, None)
    if said is not None:
        waiting.answered()
    return said


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
    named = ", ".join(map(code, missing[:MOST_NAMED]))
    raise UsageError(
        "column-missing",
        f"the rows have no {'column' if len(missing) == 1 else 'columns'} {named}{more}",
        where=rows.name,
        cause=f"The model reads {len(signature.inputs)} columns by name.",
        hint="See its package.json for names, types and units.",
    )


@contextmanager
def _refusals_told(rows: Path, gap: Callable[[], _Gap | None], before: int = 0) -> Iterator[None]:
    """Tell a model's refusal of well-formed rows as what it is: wrong input, with the first gap if there is one.

    GAP tells the first gap of the rows that the model answers, BEFORE how many precede them.
    """
    try:
        yield
    except IntegrityError as error:
        if error.code != "model-cannot-predict":
            raise
        raise _refused(error, rows, gap(), before) from error


def _first_gap(table: Table) -> _Gap | None:
    for name, column in table.columns.items():
        if column.missing is not None:
            return _Gap(name, int(np.argmax(column.missing)))
    return None


def _refused(error: MlciError, rows: Path, gap: _Gap | None, before: int) -> UsageError:
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
    return UsageError(
        "rows-incomplete",
        f"`{gap.column}` is empty in row {before + gap.place + 1:,}, and the model answers no row with a gap",
        where=str(rows),
        cause="It was trained without a step that fills gaps.",
        hint="Fill the value in, leave the row out, or train with an imputer, such as SimpleImputer.",
    )
