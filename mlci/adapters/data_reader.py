"""Data sets, opened: whatever their format, an engine sees columns by their position, and errors have one form.

A reader for one more format keeps the `Reading` below and gets a line in `opened`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

from mlci.adapters.csv_file import CsvFile
from mlci.core.contract.constraints import TYPE_WORDS, code
from mlci.core.contract.scalar import NESTED
from mlci.core.data_files import short
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from mlci.core.contract import ColumnType, Digits
    from mlci.core.data_files import DataFiles
    from mlci.errors import RejectedError

    Parameter = int | float | str | bool


@dataclass(frozen=True, slots=True)
class RowPlace:
    """Where a row stands."""

    line: int
    """The line of the file in which it begins, counted from 1."""
    text: str
    """`file:line`."""


class Reading(Protocol):
    """An open data set of sound form: a context manager."""

    @property
    def name(self) -> str:
        """What people call the data set."""

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, all different."""

    @property
    def rows(self) -> int:
        """How many rows there are."""

    @property
    def sha256(self) -> str:
        """The sha256 of the bytes."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The paths that an engine has to open; they lead to these very files, whatever happens to their names."""

    def table(self, parameter: Callable[[Parameter], str]) -> str:
        """Return a FROM item whose columns are `c0`, `c1`, …: each value as text, NULL where there is none.

        What differs from data set to data set becomes a PARAMETER.
        """

    def typed(self, place: int, type_: ColumnType, digits: Digits | None) -> str | None:
        """Return the value of column PLACE, NULL where it has another type; None where its text is to be read.

        Raises `UsageError("type-not-in-text")` where files of this format hold no value of the type.
        """

    def places(self, rows: Sequence[int]) -> Mapping[int, RowPlace]:
        """Return where each of ROWS stands (counted from 1)."""

    def refusal(self, problem: str, cause: str | None = None) -> RejectedError:
        """Return the error for files that cannot be read."""

    def close(self) -> None:
        """Give the files back."""

    def __enter__(self) -> Self:
        """Return the data set itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the files back."""


class CsvReading:
    """A CSV file as an engine reads it: every value is text."""

    def __init__(self, files: DataFiles) -> None:
        """Open the file and read its form; raises as `CsvFile` does."""
        (file,) = files.files
        self.name = files.name
        self._file = CsvFile(file.path, file.name)

    @property
    def names(self) -> tuple[str, ...]:
        """The names in the header."""
        return self._file.header.names

    @property
    def rows(self) -> int:
        """How many records follow the header."""
        return self._file.rows

    @property
    def sha256(self) -> str:
        """The sha256 of the file."""
        return self._file.sha256

    @property
    def sources(self) -> tuple[str, ...]:
        """The one path."""
        return (self._file.source,)

    def table(self, parameter: Callable[[Parameter], str]) -> str:
        """Return the file as a table of text."""
        columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(self.names)))
        return (
            f"read_csv({parameter(self._file.source)}, columns={{{columns}}}, auto_detect=false, header=true, "
            "delim=',', quote='\"', escape='\"', nullstr='', strict_mode=true, null_padding=false, "
            "ignore_errors=false, compression='none')"
        )

    def typed(self, place: int, type_: ColumnType, digits: Digits | None) -> None:  # noqa: ARG002 - the protocol's argument
        """Return None, since everything is text; raises `UsageError("type-not-in-text")` for what no text holds."""
        if type_ in NESTED:
            raise UsageError(
                "type-not-in-text",
                f"by the contract {code(self.names[place])} is {TYPE_WORDS[type_]}, and {short(self.name)} is CSV",
                where=self.name,
                cause="CSV holds text, from which lists, structs and bytes cannot be told for certain.",
                hint="Keep the data as Parquet or JSON Lines, or say `type: string`.",
            )

    def places(self, rows: Sequence[int]) -> Mapping[int, RowPlace]:
        """Return the line in which each of ROWS begins."""
        return {row: RowPlace(line, f"{self._file.name}:{line}") for row, line in self._file.lines_of(rows).items()}

    def refusal(self, problem: str, cause: str | None = None) -> RejectedError:
        """Return the error for a file that cannot be read."""
        return self._file.fault(1, problem, cause)

    def close(self) -> None:
        """Give the file back."""
        self._file.close()

    def __enter__(self) -> Self:
        """Return the data set itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the file back."""
        self.close()


def opened(files: DataFiles) -> Reading:
    """Return FILES, open.

    Raises `UsageError("data-missing")` where one is not there, `RejectedError("data-unreadable")` with file and line
    where its bytes are not of its format.
    """
    return CsvReading(files)
