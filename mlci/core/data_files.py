"""The files that a data set is made of: where they lie on this machine, what they are called, what is in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from mlci.core.data_format import CsvFormat, format_of
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.data_format import Format

DEFAULT_BYTES: Final = 10_000_000_000
"""What the files of a data set may take together, unless the configuration says otherwise; unpacked, if packed."""
DEFAULT_FILES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Pin:
    """What bytes must be."""

    algorithm: Literal["sha256", "md5"]
    digest: str
    """In hexadecimal."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Bytes that lie outside of Git, by their hash."""

    name: str
    """What people call them: an address, or the path of what DVC keeps."""
    pin: Pin
    limit_bytes: int
    address: str | None = None
    """Where they are; None where DVC knows it."""
    endpoint_url: str | None = None
    region: str | None = None
    """Of a bucket, where boto3's own environment names none or another."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file with rows."""

    path: Path
    """Where its bytes lie on this machine, which may be a cache."""
    name: str
    """What people call it: its path in the repository, its address. The only name that an error or a report shows."""
    pin: Pin | None = None
    """What its bytes must be; None where Git or nobody vouches for them."""
    partition: tuple[tuple[str, str | None], ...] = ()
    """Columns that the folders of its path say, with their one value: `year=2024/…`."""


@dataclass(frozen=True, slots=True)
class DataFiles:
    """A data set as a reader gets it: its files, at least one, in the order of their rows, all of one format."""

    name: str
    """What the configuration calls them together."""
    format: Format
    files: tuple[DataFile, ...]
    limit_bytes: int = DEFAULT_BYTES
    """What the files may take together, unpacked."""


def short(name: str) -> str:
    """Return the last part of the NAME of a file, for sentences.

    >>> short("data/cells.csv")
    'cells.csv'
    """
    return name.rstrip("/").rpartition("/")[2]


def differs(file: DataFile, found: str) -> IntegrityError:
    """Return the error for a FILE with other bytes than its pin names: their hash is FOUND."""
    kind, wanted = (file.pin.algorithm, file.pin.digest) if file.pin else ("sha256", "")
    return IntegrityError(
        "data-differs",
        f"{short(file.name)} is not the file that is recorded: its {kind} is {found}, not {wanted}",
        where=file.name,
        cause="It was changed or damaged since it was recorded, or something else lies in its place.",
        hint="mlci data pull brings what is recorded; if the new bytes are meant, record their hash.",
    )


def one_file(path: Path, name: str | None = None, form: Format | None = None) -> DataFiles:
    """Return the data set that is the one file at PATH; people call it NAME, by default as the caller does.

    Its format is FORM, else what the name tells, else CSV.
    """
    called = str(path) if name is None else name
    return DataFiles(called, form or format_of(called) or CsvFormat(), (DataFile(path, called),))
