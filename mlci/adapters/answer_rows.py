"""Answers as rows of a file, written by DuckDB: CSV and JSON Lines without a header, or Parquet."""

from __future__ import annotations

import glob
import json
import os
import re
from typing import TYPE_CHECKING, Final, Literal, Self

import duckdb
import numpy as np

from mlci.core.answer_columns import ROW, class_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from mlci.core.answer_columns import AnswerColumns
    from mlci.core.signature import ModelClass, Output

Form = Literal["csv", "jsonl", "parquet"]

_TYPES: Final[Mapping[str, str]] = {
    "integer": "BIGINT",
    "number": "DOUBLE",
    "string": "VARCHAR",
    "boolean": "BOOLEAN",
}
_OPTIONS: Final[Mapping[Form, str]] = {
    "csv": "FORMAT csv, HEADER false",
    # Lines are made as a whole; no sign of JSON is the delimiter, so that none is quoted.
    "jsonl": r"FORMAT csv, HEADER false, QUOTE '', ESCAPE '', DELIMITER e'\x01'",
    "parquet": "FORMAT parquet, COMPRESSION zstd",
}
_NUMBER: Final = re.compile(r'"errno":"(\d+)"')
"""What went wrong, as DuckDB says it in what it raises."""


class AnswerRows:
    """What writes answers in one form: a context manager. Equal answers are equal bytes."""

    def __init__(self, form: Form) -> None:
        """Write in FORM."""
        self._form = form
        # One thread, so that equal answers are equal bytes.
        self._connection = duckdb.connect(":memory:", config={"threads": 1, "temp_directory": ""})

    def write(self, descriptor: int, answers: AnswerColumns, first: int) -> None:
        """Write ANSWERS, whose rows begin with FIRST, into the open file; raises OSError."""
        columns = {"row": np.arange(first, first + answers.rows)}
        columns |= {f"n{place}": np.ascontiguousarray(values) for place, values in enumerate(answers.numbers)}
        listed = list(columns)
        parameters: dict[str, object] = {}
        is_json = self._form == "jsonl"
        if answers.decided is not None:
            columns["decided"] = answers.decided
            parameters["classes"] = [_as_json(each) if is_json else class_text(each) for each in answers.classes]
            listed.append("list_extract($classes, decided + 1)")
        if is_json:
            # DuckDB writes no two names that differ in capitals alone, and no form of a number is another in text.
            keys = [f"{_as_json(name)}: " for name in (ROW, *answers.names)]
            parameters |= {f"k{place}": key for place, key in enumerate(keys)}
            pairs = ", ', ', ".join(f"$k{place}, {sql}" for place, sql in enumerate(listed))
            listed = [f"concat('{{', {pairs}, '}}')"]
        named = [f"{sql} AS c{place}" for place, sql in enumerate(listed)]
        self._connection.register("answers", columns)
        self._copy(f"SELECT {', '.join(named)} FROM answers", parameters, descriptor)  # noqa: S608 - positions and parameters only

    def join(self, parts: Sequence[Path], descriptor: int, outputs: Sequence[Output]) -> None:
        """Write the Parquet files PARTS as one with columns for OUTPUTS into the open file; raises OSError."""
        types = [(ROW, "BIGINT"), *((output.name, _TYPES[output.type]) for output in outputs)]
        # DuckDB takes brackets and stars in the name of a folder for a pattern.
        paths = [glob.escape(str(part)) for part in parts]
        cast = ", ".join(f"CAST(c{place} AS {kind}) AS {_quoted(name)}" for place, (name, kind) in enumerate(types))
        self._copy(f"SELECT {cast} FROM read_parquet($parts)", {"parts": paths}, descriptor)  # noqa: S608 - names in quotes

    def _copy(self, query: str, parameters: Mapping[str, object], descriptor: int) -> None:
        try:
            self._connection.execute(
                f"COPY ({query}) TO '/dev/fd/{descriptor}' ({_OPTIONS[self._form]}, USE_TMP_FILE false)", parameters
            )
        except duckdb.IOException as error:
            number = _NUMBER.search(str(error))
            told = os.strerror(int(number[1])) if number else str(error).partition("\n")[0]
            raise OSError(0, told) from error
        os.lseek(descriptor, 0, os.SEEK_END)

    def close(self) -> None:
        """Let go of what writes."""
        self._connection.close()

    def __enter__(self) -> Self:
        """Return what writes."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of it."""
        self.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _as_json(value: ModelClass) -> str:
    return json.dumps(value, ensure_ascii=False)
