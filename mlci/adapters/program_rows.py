"""Rows for a program, and its answers: JSON Lines on its standard input and output, or Parquet in two files."""

from __future__ import annotations

import glob
import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mlci.core.answer_names import NUMBER, OF_CLASS, OF_LEVEL, PROBABILITY, ours
from mlci.core.nearest import alike_but_for_case
from mlci.core.predictions import Predictions
from mlci.core.program import ROW
from mlci.core.words import code
from mlci.errors import RejectedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from mlci.core.program import ProgramInfo
    from mlci.core.table import Column, Table

TYPES: Final = {"b": "BOOLEAN", "i": "BIGINT", "u": "BIGINT", "f": "DOUBLE", "U": "VARCHAR"}
"""Types of Parquet, by the kind of an array."""
DECISION: Final = "decision"
"""What `mlci predict` writes, too, and mlci decides itself."""


def write_rows(folder: Path, rows: Table, form: str) -> Path:
    """Write ROWS, each with its number, into a file of FOLDER, and return it.

    Raises `UsageError("program-inputs")` where names of columns cannot stand side by side in Parquet.
    """
    _refuse_alike((ROW, *rows.columns), form)
    path = folder / "rows.jsonl"
    values = [_written(column) for column in rows.columns.values()]
    names = (ROW, *rows.columns)
    with path.open("w", encoding="utf-8") as file:
        for row in zip(range(1, rows.rows + 1), *values, strict=True):
            file.write(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n")
    if form == "jsonl":
        return path
    import duckdb  # noqa: PLC0415 - only where Parquet is asked for

    types = {ROW: "BIGINT"} | {name: TYPES[column.values.dtype.kind] for name, column in rows.columns.items()}
    target = folder / "rows.parquet"
    with duckdb.connect(":memory:", config={"threads": 1, "temp_directory": ""}) as connection:
        read = connection.read_json(glob.escape(str(path)), columns=types, format="newline_delimited")
        read.write_parquet(str(target))
    path.unlink()
    return target


def _refuse_alike(names: Sequence[str], form: str) -> None:
    alike = alike_but_for_case(names) if form == "parquet" else None
    if alike is not None:
        raise UsageError(
            "program-inputs",
            f"columns of Parquet cannot be called both {code(alike[0])} and {code(alike[1])}",
            cause=f"DuckDB, which writes the rows of a program, takes these names for one; `{ROW}` numbers the rows.",
            hint="train: {predict: {…, rows: jsonl}}, or rename one of them.",
        )


def read_answers(output: bytes, folder: Path, rows: int, info: ProgramInfo) -> Predictions:
    """Return the answers in OUTPUT, or in the Parquet file of FOLDER, to so many ROWS, by their order.

    Raises `RejectedError("program-answers")` where they are not one for each row.
    """
    try:
        found = list(_of_parquet(folder) if info.rows == "parquet" else _of_lines(output))
        return _ordered(found, rows, info)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        told = str(error) if type(error) is ValueError else "an answer is no object with numbers"
        refused = RejectedError(
            "program-answers",
            f"`{info.text}` does not answer as it should: {told}",
            cause=f"Each answer has the `{ROW}` that was asked, once, and "
            + (
                f"`{info.prediction}`, as evaluate.prediction says."
                if info.prediction
                else f"`{PROBABILITY}`, `{OF_CLASS}NAME` for each class or label, `{NUMBER}`, or `{OF_LEVEL}LEVEL` for "
                "each quantile."
            ),
            hint=f'{{"{ROW}": 1, "{info.prediction or PROBABILITY}": 0.25}}',
        )
        refused.private = told
        raise refused from error


def _written(column: Column) -> list[Any]:
    values: list[Any] = column.values.tolist()
    if column.missing is None:
        return values
    return [None if gap else value for value, gap in zip(values, column.missing.tolist(), strict=True)]


def _of_lines(output: bytes) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(output.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            answer = json.loads(line)
        except ValueError:
            raise ValueError(f"line {number} is no JSON") from None
        if not isinstance(answer, dict):
            raise ValueError(f"line {number} is no JSON object")  # noqa: TRY004 - all that is wrong is told alike
        yield answer


def _of_parquet(folder: Path) -> Iterator[dict[str, Any]]:
    path = folder / "answers.parquet"
    if path.is_symlink() or not path.is_file():
        raise ValueError("it left no file where MLCI_ANSWERS says")
    import duckdb  # noqa: PLC0415 - only where Parquet is asked for

    try:
        with duckdb.connect(":memory:", config={"threads": 1, "temp_directory": ""}) as connection:
            table = connection.read_parquet(glob.escape(str(path)))
            names = table.columns
            yield from (dict(zip(names, row, strict=True)) for row in table.fetchall())
    except duckdb.Error as error:
        raise ValueError("what it left is no Parquet file") from error


def _ordered(found: list[dict[str, Any]], rows: int, info: ProgramInfo) -> Predictions:
    """Return answers in the order of the rows, each of which has one, under our names for their columns."""
    if not found:
        raise ValueError(f"it answered none of {rows:,} rows")
    names = tuple(name for name in found[0] if name not in {ROW, DECISION})
    by_row: dict[int, list[float]] = {}
    for place, answer in enumerate(found, 1):
        number = answer.get(ROW)
        if type(number) is not int or not 1 <= number <= rows:
            raise ValueError(f"answer {place:,} has no `{ROW}` that was asked")
        if number in by_row:
            raise ValueError(f"row {number:,} is answered twice")
        if tuple(name for name in answer if name not in {ROW, DECISION}) != names:
            raise ValueError(f"answer {place:,} has other columns than the first")
        by_row[number] = [_number(answer[name], number) for name in names]
    if len(by_row) < rows:
        lacking = next(number for number in range(1, rows + 1) if number not in by_row)
        raise ValueError(
            f"it answered {len(by_row):,} of {rows:,} rows; the first without an answer is row {lacking:,}"
        )
    values: NDArray[np.float64] = np.array([by_row[number] for number in range(1, rows + 1)], dtype=np.float64)
    one = NUMBER if info.positive is None else PROBABILITY
    each = OF_LEVEL if info.quantiles else OF_CLASS
    columns = tuple(ours(name, info.prediction, one, each) or "" for name in names)
    if columns not in {(PROBABILITY,), (NUMBER,)} and not all(name.startswith(each) for name in columns):
        raise ValueError("its columns are none that answers have")
    if info.answered and set(columns) != set(info.answered):
        raise ValueError(f"its columns are not those of its {'labels' if info.labels else 'quantiles'}")
    answers = Predictions(tuple(map(str, range(1, rows + 1))), columns, values.reshape(rows, len(names)))
    if len(columns) > 1 and not info.answered:
        answers.refuse_other_sums("multiclass")
    return answers


def _number(value: object, row: int) -> float:
    if type(value) not in {int, float}:
        raise ValueError(f"row {row:,} has an answer that is no number")
    return float(value)  # type: ignore[arg-type]  # one of the two
