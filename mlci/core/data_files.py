"""The files that a data set is made of: where they lie on this machine, what they are called, what is in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.core.data_format import COMMA_SEPARATED

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.data_format import Format


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file with rows."""

    path: Path
    """Where its bytes lie on this machine, which may be a cache."""
    name: str
    """What people call it: its path in the repository, its address. The only name that an error or a report shows."""


@dataclass(frozen=True, slots=True)
class DataFiles:
    """A data set as a reader gets it: its files, at least one, in the order of their rows, all of one format."""

    name: str
    """What the configuration calls them together."""
    format: Format
    files: tuple[DataFile, ...]


def short(name: str) -> str:
    """Return the last part of the NAME of a file, for sentences.

    >>> short("data/cells.csv")
    'cells.csv'
    """
    return name.rstrip("/").rpartition("/")[2]


def one_file(path: Path, name: str | None = None) -> DataFiles:
    """Return the data set that is the one file at PATH; people call it NAME, by default as the caller does."""
    called = str(path) if name is None else name
    return DataFiles(called, COMMA_SEPARATED, (DataFile(path, called),))
