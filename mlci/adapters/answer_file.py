"""Answers on their way into a file: parts that outlive a kill lie beside it, and it appears whole at the end."""

from __future__ import annotations

import fcntl
import glob
import hashlib
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal, Self

from mlci.adapters.files import new_file, sync_folder, temporary_path, write_atomically
from mlci.core.answer_columns import ROW, csv_header, csv_rows, json_rows
from mlci.errors import OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from mlci.core.answer_columns import AnswerColumns
    from mlci.core.signature import Output

Form = Literal["csv", "jsonl", "parquet"]
FORMS: Final[Mapping[str, Form]] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_TYPES: Final = {"integer": "BIGINT", "number": "DOUBLE", "string": "VARCHAR", "boolean": "BOOLEAN"}
_NAME_DIGITS: Final = 12


class AnswerFile:
    """One file of answers: a context manager, so that no two processes write the same parts at once."""

    def __init__(self, path: Path) -> None:
        """Write to PATH; raises `UsageError("answers-format")` where its name tells no format."""
        form = FORMS.get(path.suffix.lower())
        if form is None:
            raise UsageError(
                "answers-format",
                f"{path.name} tells no format that answers are written in",
                where=str(path),
                hint="Let the name end with .csv, .jsonl or .parquet.",
            )
        if path.is_dir():
            raise UsageError("answers-format", f"{path} is a folder", hint=f"--out {path}/answers.csv")
        self._path = path
        self._form: Form = form
        self._parts = path
        self._lock: int | None = None
        self._count = 0

    def begin(self, made_from: str) -> int:
        """Return how many parts are here already of answers that were MADE FROM the same, in the same form.

        Raises `UsageError("answers-busy")` where another process writes them, `OutsideError("answers-unwritten")`.
        """
        name = hashlib.sha256(f"{self._form} {made_from}".encode()).hexdigest()[:_NAME_DIGITS]
        self._parts = self._path.with_name(f".{self._path.name}.{name}.parts")
        with self._disk_errors_told():
            self._parts.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self._parts, os.O_RDONLY | os.O_DIRECTORY)
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(
                    "answers-busy",
                    f"another process writes these answers to {self._path.name}",
                    where=str(self._path),
                    hint="Wait for it, or name another file: --out FILE",
                ) from None
            # A part is written in one step, so one that is there is whole.
            while self._part(self._count).is_file():
                self._count += 1
        return self._count

    def add(self, part: int, answers: AnswerColumns, first: int) -> None:
        """Keep a part of the answers, whose rows begin with FIRST; raises `OutsideError("answers-unwritten")`."""
        text = json_rows(answers, first) if self._form == "jsonl" else csv_rows(answers, first)
        with self._disk_errors_told():
            write_atomically(self._part(part), text.encode())
        self._count = part + 1

    def finish(self, outputs: Sequence[Output]) -> None:
        """Let the file appear, and remove the parts; raises `OutsideError("answers-unwritten")`."""
        with self._disk_errors_told():
            if self._form == "parquet":
                text = self._parts / "all.csv"
                self._join(text, outputs)
                self._as_parquet(text, outputs)
            else:
                self._join(self._path, outputs)
            shutil.rmtree(self._parts)

    def __enter__(self) -> Self:
        """Return the file itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let others write."""
        if self._lock is not None:
            os.close(self._lock)

    def _part(self, number: int) -> Path:
        return self._parts / f"{number:06}"

    def _join(self, path: Path, outputs: Sequence[Output]) -> None:
        with new_file(path) as into:
            if self._form != "jsonl":
                into.write(csv_header([output.name for output in outputs]).encode())
            for number in range(self._count):
                with self._part(number).open("rb") as part:
                    shutil.copyfileobj(part, into)

    def _as_parquet(self, text: Path, outputs: Sequence[Output]) -> None:
        import duckdb  # noqa: PLC0415 - only where Parquet is asked for

        types = {ROW: "BIGINT"} | {output.name: _TYPES[output.type] for output in outputs}
        temporary = temporary_path(self._path)
        try:
            # One thread, so that equal answers are equal bytes.
            with duckdb.connect(":memory:", config={"threads": 1, "temp_directory": ""}) as connection:
                # DuckDB takes brackets and stars in the name of a folder for a pattern.
                rows = connection.read_csv(glob.escape(str(text)), header=True, columns=types, auto_detect=False)
                rows.write_parquet(str(temporary), compression="zstd")
            temporary.replace(self._path)
        except duckdb.IOException as error:
            raise OSError(0, str(error).partition("\n")[0]) from error
        finally:
            temporary.unlink(missing_ok=True)
        sync_folder(self._path.parent)

    @contextmanager
    def _disk_errors_told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise OutsideError(
                "answers-unwritten",
                f"{self._path.name} could not be written: {error.strerror}",
                where=str(self._path),
                cause="The disk is full, or the folder may not be written to.",
                hint="Make room and give the same command again: it goes on with the answers that are there.",
            ) from error
