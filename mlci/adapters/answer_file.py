"""Answers on their way into a file: parts that outlive a kill lie beside it, and it appears whole at the end."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final, Self

from mlci.adapters.ahead import Ahead
from mlci.adapters.answer_rows import AnswerRows, Form
from mlci.adapters.files import new_file
from mlci.core.answer_columns import ROW, csv_header
from mlci.core.nearest import alike_but_for_case
from mlci.core.words import code
from mlci.errors import OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from mlci.core.answer_columns import AnswerColumns
    from mlci.core.signature import Output

FORMS: Final[Mapping[str, Form]] = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_NAME_DIGITS: Final = 12
_WRITTEN: Final = 2
"""Raised where parts are written in another way, so that no file is half of one and half of the other."""


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
        self._held = ExitStack()
        # What stands first ends last: others may write once nothing is being written here.
        self._lock = self._held.enter_context(ExitStack())
        self._rows = self._held.enter_context(AnswerRows(form))
        self._ahead = self._held.enter_context(Ahead())
        self._count = 0
        self._outputs: Sequence[Output] = ()

    def begin(self, made_from: str, outputs: Sequence[Output]) -> int:
        """Return how many parts are here already of answers that were MADE FROM the same, in the same form.

        The columns are those of OUTPUTS. Raises `UsageError`: "answers-format" where the form cannot have their names,
        "answers-busy" where another process writes them; `OutsideError("answers-unwritten")`.
        """
        self._refuse_alike((ROW, *(output.name for output in outputs)))
        self._outputs = outputs
        name = hashlib.sha256(f"{self._form} {_WRITTEN} {made_from}".encode()).hexdigest()[:_NAME_DIGITS]
        self._parts = self._path.with_name(f".{self._path.name}.{name}.parts")
        with self._disk_errors_told():
            self._parts.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._parts, os.O_RDONLY | os.O_DIRECTORY)
            self._lock.callback(os.close, lock)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
        """Keep a part of the answers, whose rows begin with FIRST, meanwhile; it is there when the next one is added.

        Raises `OutsideError("answers-unwritten")` where this part, or the one before it, cannot be.
        """
        with self._disk_errors_told():
            self._ahead.do(lambda: self._write(part, answers, first))
        self._count = part + 1

    def _write(self, part: int, answers: AnswerColumns, first: int) -> None:
        with new_file(self._part(part)) as into:
            self._rows.write(into.fileno(), answers, first)

    def finish(self) -> None:
        """Let the file appear, and remove the parts; raises `OutsideError("answers-unwritten")`."""
        with self._disk_errors_told():
            self._ahead.done()
            with new_file(self._path) as into:
                self._join(into)
            shutil.rmtree(self._parts)

    def __enter__(self) -> Self:
        """Return the file itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let others write."""
        self._held.close()

    def _refuse_alike(self, names: Sequence[str]) -> None:
        alike = alike_but_for_case(names) if self._form == "parquet" else None
        if alike is not None:
            raise UsageError(
                "answers-format",
                f"columns of Parquet cannot be called both {code(alike[0])} and {code(alike[1])}",
                where=str(self._path),
                cause="Two classes or labels of the model differ in small and capital letters alone.",
                hint=f"--out {self._path.with_suffix('.csv')}",
            )

    def _part(self, number: int) -> Path:
        return self._parts / f"{number:06}"

    def _join(self, into: BinaryIO) -> None:
        parts = [self._part(number) for number in range(self._count)]
        if self._form == "parquet":
            self._rows.join(parts, into.fileno(), self._outputs)
            return
        if self._form == "csv":
            into.write(csv_header([output.name for output in self._outputs]).encode())
        for path in parts:
            with path.open("rb") as part:
                shutil.copyfileobj(part, into)

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
