"""The files of a data set, open together: what readers of every format have in common."""

from __future__ import annotations

import hashlib
import json
import resource
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Self

from mlci.adapters.open_file import OpenFile
from mlci.adapters.reading import RowPlace
from mlci.core.data_files import short
from mlci.core.plain_text import one_line
from mlci.errors import RejectedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from mlci.adapters.reading import AddParameter
    from mlci.core.contract.scalar import ColumnType
    from mlci.core.data_files import DataFiles

    Lines = Callable[[int, Sequence[int]], Mapping[int, int]]
    """Takes the place of a file and rows of it, and returns the line in which each begins."""

_SPARE_DESCRIPTORS = 64


class FileSet:
    """Open files of one format, and the columns that their folders say. A context manager."""

    def __init__(self, files: DataFiles) -> None:
        """Open FILES, each against its pin and all of them against the limit; raises as `OpenFile` does."""
        self.name = files.name
        self._files = files.files
        _make_room(len(files.files))
        limit = files.limit_bytes
        self.opened: list[OpenFile] = []
        self.held = ExitStack()
        """What is given back when the set is closed."""
        try:
            for file in files.files:
                opened = self.held.enter_context(OpenFile(file, files.format, limit))
                self.opened.append(opened)
                limit -= opened.size
        except BaseException:
            self.held.close()
            raise

    def set_columns(self, names: Sequence[str], rows: Sequence[int], lines: Lines | None = None) -> None:
        """Take the NAMES of the columns in the files, the number of ROWS of each, and what tells LINES of rows.

        Without LINES a row is told by its number.
        """
        self.own_columns = len(names)
        self._lines = lines or _numbers
        partition = tuple(name for name, _ in self._files[0].partition)
        for file in self._files:
            if tuple(name for name, _ in file.partition) != partition:
                raise RejectedError(
                    "data-files-differ",
                    f"the folders of {one_line(file.name, 120)} name other columns than those of {self._files[0].name}",
                    where=self.name,
                    cause="In one data set every file lies below folders of the same names: year=2024/month=5/…",
                )
        both = next((name for name in partition if name in names), None)
        if both is not None:
            raise RejectedError(
                "data-files-differ",
                f"`{one_line(both, 80)}` is a column of the files and a part of their folders' names",
                where=self.name,
                hint="Rename the folders, or leave the column out of the files.",
            )
        self.names = (*names, *partition)
        self._rows = list(rows)

    @property
    def has_partitions(self) -> bool:
        """Whether the folders say columns."""
        return len(self.names) > self.own_columns

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return sum(self._rows)

    @property
    def sha256(self) -> str:
        """The sha256 of the one file; of several, over their names and hashes."""
        if len(self.opened) == 1:
            return self.opened[0].sha256
        listed = json.dumps([[file.name, file.sha256] for file in self.opened], ensure_ascii=False)
        return hashlib.sha256(listed.encode(errors="surrogateescape")).hexdigest()

    @property
    def sources(self) -> tuple[str, ...]:
        """The paths that an engine has to open."""
        return tuple(file.source for file in self.opened)

    def declared(self, types: Mapping[int, ColumnType]) -> Self | None:  # noqa: ARG002 - as the protocol says
        """Return None: values are not read otherwise than they stand there."""
        return None

    @property
    def numbering(self) -> str:
        """The number of a row, counted from 1 over all files."""
        return "row_number() OVER ()"

    def extremes(self, place: int) -> tuple[int, int] | None:  # noqa: ARG002 - as the protocol says
        """Return None: text says nothing of its columns."""
        return None

    def with_partitions(self, reader: str, columns: Sequence[str], parameter: AddParameter) -> str:
        """Return READER, a FROM item with COLUMNS and `filename`, with the columns that the folders say, too."""
        said: list[str] = []
        if self.has_partitions:
            paths = parameter(list(self.sources))
            for place in range(len(self.names) - self.own_columns):
                values = parameter([file.partition[place][1] for file in self._files])
                said.append(f"list_extract({values}, list_position({paths}, filename)) AS c{self.own_columns + place}")
        return f"(SELECT {', '.join([*columns, *said])} FROM {reader})"  # noqa: S608 - positions and parameters only

    def places(self, rows: Sequence[int]) -> Mapping[int, RowPlace]:
        """Return where each of ROWS stands."""
        found: dict[int, RowPlace] = {}
        before = 0
        for place, (file, count) in enumerate(zip(self.opened, self._rows, strict=True)):
            inside = [row - before for row in rows if before < row <= before + count]
            several = file.name if len(self.opened) > 1 else None
            for row, line in self._lines(place, inside).items() if inside else ():
                found[row + before] = RowPlace(line, f"{file.name}:{line}", several)
            before += count
        return found

    def refusal(self, problem: str, cause: str | None = None) -> RejectedError:
        """Return the error for files that cannot be read."""
        if len(self.opened) == 1:
            return self.opened[0].fault(1, problem, cause)
        return RejectedError("data-unreadable", f"{short(self.name)}: {problem}", where=self.name, cause=cause)

    def close(self) -> None:
        """Give the files back."""
        self.held.close()

    def __enter__(self) -> Self:
        """Return the data set itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the files back."""
        self.close()


def refuse_other_columns(files: Sequence[OpenFile], columns: Sequence[Sequence[str]]) -> None:
    """Raise `RejectedError("data-files-differ")` where a file has other COLUMNS than the first, or in another order.

    Nothing is widened, filled up or dropped.
    """
    for file, names in zip(files, columns, strict=True):
        if tuple(names) != tuple(columns[0]):
            raise RejectedError(
                "data-files-differ",
                f"{short(file.name)} has other columns than {short(files[0].name)}",
                where=file.name,
                cause=difference(columns[0], names),
                hint="Bring all files of a data set to the same columns in the same order.",
            )


def difference(first: Sequence[str], other: Sequence[str]) -> str:
    """Return in words how the columns of one file differ from those of the FIRST."""
    lost, new = [each for each in first if each not in other], [each for each in other if each not in first]
    parts = [
        f"It {verb} {one_line(', '.join(names), 160)}." for verb, names in (("lacks", lost), ("adds", new)) if names
    ]
    if parts:
        return " ".join(parts)
    place = next(place for place, pair in enumerate(zip(first, other, strict=True)) if pair[0] != pair[1])
    return f"Column {place + 1} is {one_line(other[place], 80)}, and {one_line(first[place], 80)} in the first file."


def _numbers(_: int, rows: Sequence[int]) -> Mapping[int, int]:
    return {row: row for row in rows}


def _make_room(files: int) -> None:
    """Let this process open so many files at once, as far as it may; an engine opens each once more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * files + _SPARE_DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
