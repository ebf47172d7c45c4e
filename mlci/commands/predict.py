"""`mlci predict`: one answer a row, from any package."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlci.commands.said import probabilities
from mlci.core.contract import ColumnSpec
from mlci.core.contract.constraints import written
from mlci.core.data_files import one_file
from mlci.core.signature import positive_index
from mlci.errors import IntegrityError, MlciError, RejectedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mlci.commands.installed import Installed
    from mlci.commands.ports import Data, Predictor
    from mlci.core.signature import ModelClass, Signature
    from mlci.core.table import Table

MOST_NAMED = 5
"""Columns that an error names."""


@dataclass(frozen=True, slots=True)
class Answers:
    """The probability of the positive class and the decision, row by row."""

    positive: str
    negative: str
    probabilities: tuple[float, ...]
    decided: tuple[bool, ...]

    @property
    def classes(self) -> tuple[str, ...]:
        """The class that was decided, row by row, as the data write it."""
        return tuple(self.positive if is_positive else self.negative for is_positive in self.decided)


def predict(installed: Installed, rows: Path, *, data: Data, predictor: Predictor) -> Answers:
    """Predict the rows of a CSV file, at least one; columns that the model does not read are left alone.

    The rows are what the user handed over: whatever is wrong with them is a `UsageError`.
    """
    signature = installed.package.info.signature
    if signature.positive is None or signature.threshold is None:
        raise UsageError(
            "task-not-answered",
            f"the model solves a {installed.package.info.task} task, and mlci predict answers binary ones",
            cause="This version of mlci judges, registers and deploys models of other tasks, and does not ask them.",
            hint="mlci pull REF, and load the model in Python",
        )
    table = _table(rows, signature, data)
    with _refusals_told(rows, table):
        answers = probabilities(installed, table.columns, predictor)
    return Answers(
        positive=_shown(signature.positive),
        negative=_shown(signature.classes[1 - positive_index(signature)]),
        probabilities=tuple(answers.tolist()),
        decided=tuple((answers >= signature.threshold).tolist()),
    )


def _shown(label: ModelClass) -> str:
    """Return a class as the data write it: text whole, numbers without a needless `.0`."""
    return label if isinstance(label, str) else written(label)


def _table(rows: Path, signature: Signature, data: Data) -> Table:
    """Return the columns that the model reads, with at least one row."""
    types = {item.name: item.type for item in signature.inputs}
    files = one_file(rows)
    try:
        names = data.columns(files)
        _refuse_missing(types, names, rows)
        table = data.read_table(files, [ColumnSpec(name, kind) for name, kind in types.items()])
    except RejectedError as error:
        is_value = error.code == "data-ill-typed"
        cause = "This is the type that the model's signature names." if is_value else error.cause
        hint = "Correct the value." if is_value else error.hint
        raise UsageError(error.code, error.problem, where=error.where, cause=cause, hint=hint) from error
    if table.rows == 0:
        raise UsageError(
            "no-rows",
            f"{rows.name} has no rows, only the line that names the columns",
            where=str(rows),
            hint="Write one line for each row that is to be answered.",
        )
    return table


def _refuse_missing(types: Mapping[str, str], names: tuple[str, ...], rows: Path) -> None:
    missing = [name for name in types if name not in names]
    if not missing:
        return
    more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
    raise UsageError(
        "column-missing",
        f"the rows have no column {', '.join(f'`{name}`' for name in missing[:MOST_NAMED])}{more}",
        where=rows.name,
        cause=f"The model reads {len(types)} columns by name.",
        hint="See its package.json for names, types and units.",
    )


@contextmanager
def _refusals_told(rows: Path, table: Table) -> Iterator[None]:
    """Tell a model's refusal of well-formed rows as what it is: wrong input, with the first gap if there is one."""
    try:
        yield
    except IntegrityError as error:
        if error.code != "model-cannot-predict":
            raise
        raise _refused(error, rows, table) from error


def _refused(error: MlciError, rows: Path, table: Table) -> UsageError:
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
        f"`{name}` is empty in row {int(np.argmax(missing)) + 1:,}, and the model answers no row with a gap",
        where=str(rows),
        cause="It was trained without a step that fills gaps.",
        hint="Fill the value in, leave the row out, or train with an imputer, such as SimpleImputer.",
    )
