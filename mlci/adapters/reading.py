"""What an engine sees of a data set, whatever its format: columns by their position, and errors of one form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date, time
    from decimal import Decimal
    from types import TracebackType

    from mlci.core.contract.scalar import ColumnType
    from mlci.core.digits import Digits
    from mlci.errors import RejectedError

    Parameter = int | float | str | bool | Decimal | date | time | list[int] | list[str] | list[str | None]
    AddParameter = Callable[[Parameter], str]
    """Takes what differs from data set to data set, and returns the placeholder that stands for it."""


@dataclass(frozen=True, slots=True)
class RowPlace:
    """Where a row stands."""

    line: int
    """The line of its file in which it begins, or where a format has no lines its number; counted from 1."""
    text: str
    """`file:line`."""
    file: str | None = None
    """The file, where the data set has several."""


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
        """The sha256 of the bytes; of several files, over the hashes of all and their names."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The paths that an engine has to open; they lead to these very files, whatever happens to their names."""

    def table(self, parameter: AddParameter) -> str:
        """Return a FROM item whose columns are `c0`, `c1`, …: each value as text, NULL where there is none.

        What differs from data set to data set becomes a PARAMETER. There may be more columns, which `typed` reads.
        """

    def declared(self, types: Mapping[int, ColumnType]) -> Self | None:
        """Return this data set read by the TYPES of columns at once, instead of as text; None where there is no such.

        It takes nothing for a value that is not written as its type is, and engines refuse to read what has no value.
        """

    @property
    def numbering(self) -> str:
        """The number of a row of the table, counted from 1 over all files in their order, as SQL."""

    def extremes(self, place: int) -> tuple[int, int] | None:
        """Return whole numbers between which column PLACE lies by what the files say of themselves; None where nothing.

        They may lie: who counts on it must notice a value outside.
        """

    def stored(self, place: int) -> str:
        """Return column PLACE as the files hold it, to ask cheaply whether a row has a value."""

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
