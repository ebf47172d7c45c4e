"""The form of data files: which format they have, and which dialect of it.

It is said in the configuration, or told by the name of the file; it is never guessed from what is in the file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import Field, model_validator

from mlci.core.plain_text import one_line
from mlci.core.section import HEAD, Section
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Encoding = Literal["utf-8", "latin-1", "windows-1252", "utf-16"]
Compression = Literal["none", "gzip", "zstd"]

_COMPRESSED: Final[Mapping[str, Compression]] = {".gz": "gzip", ".zst": "zstd"}


class CsvFormat(Section):
    """Text with one record a line, its values parted by a sign: RFC 4180 unless it says otherwise."""

    delimiter: Annotated[Literal[",", ";", "\t", "|"], HEAD] = ","
    quote: Annotated[Literal['"', "'"], HEAD] = '"'
    escape: Annotated[Literal["\\"] | None, HEAD] = None
    encoding: Annotated[Encoding, HEAD] = "utf-8"
    compression: Annotated[Compression | None, HEAD] = None


class JsonLinesFormat(Section):
    """Text with one JSON object a line; its keys are the columns."""

    compression: Annotated[Compression | None, HEAD] = None


class ParquetFormat(Section):
    """Columns with types of their own."""


Format = CsvFormat | JsonLinesFormat | ParquetFormat

_BY_NAME: Final[Mapping[str, Format]] = {
    ".csv": CsvFormat(),
    ".tsv": CsvFormat(delimiter="\t"),
    ".parquet": ParquetFormat(),
    ".pq": ParquetFormat(),
    ".jsonl": JsonLinesFormat(),
    ".ndjson": JsonLinesFormat(),
}
SUFFIXES: Final = tuple(_BY_NAME)


class FormatSection(Section):
    """One format, as a word or with the dialect of it."""

    csv: Annotated[CsvFormat | None, HEAD] = None
    jsonl: Annotated[JsonLinesFormat | None, HEAD] = None
    parquet: Annotated[ParquetFormat | None, HEAD] = None

    @property
    def chosen(self) -> Format:
        """The format."""
        return next(each for each in (self.csv, self.jsonl, self.parquet) if each is not None)

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: object) -> object:
        return {value: {}} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _is_one(self) -> FormatSection:
        if sum(each is not None for each in (self.csv, self.jsonl, self.parquet)) != 1:
            message = "name one format: csv, jsonl or parquet"
            raise ValueError(message)
        return self


def _with_words(schema: dict[str, Any]) -> None:
    """Let the SCHEMA of a format know the words."""
    schema["anyOf"].insert(0, {"enum": list(FormatSection.model_fields)})


FormatField = Annotated[FormatSection | None, Field(json_schema_extra=_with_words)]


def format_of(name: str) -> Format | None:
    """Return the format that the NAME of a file tells; None where it tells none.

    >>> format_of("cells.parquet"), format_of("cells.txt")
    (ParquetFormat(), None)
    """
    stem = unpacked_name(name)
    return next((form for suffix, form in _BY_NAME.items() if stem.lower().endswith(suffix)), None)


def compression_of(name: str, form: CsvFormat | JsonLinesFormat) -> Compression:
    """Return how the file called NAME is compressed, where its FORMAT does not say so by its name."""
    if form.compression is not None:
        return form.compression
    return next((kind for suffix, kind in _COMPRESSED.items() if name.lower().endswith(suffix)), "none")


def unpacked_name(name: str) -> str:
    """Return the NAME of a file without the ending that says that it is packed.

    >>> unpacked_name("cells.csv.gz"), unpacked_name("cells.csv")
    ('cells.csv', 'cells.csv')
    """
    return next((name[: -len(suffix)] for suffix in _COMPRESSED if name.lower().endswith(suffix)), name)


def common_format(names: Sequence[str], *, where: str, hint: str) -> Format:
    """Return the format of files that have these NAMES, at least one: the same for all, or CSV where one tells none.

    Raises `UsageError("data-format-unknown")`, with WHERE and HINT, where a name tells none or another.
    """
    told = {name: format_of(name) for name in names}
    if len(names) == 1:
        return told[names[0]] or CsvFormat()
    unknown = next((name for name, form in told.items() if form is None), None)
    first = told[names[0]]
    other = unknown or next((name for name, form in told.items() if form != first), None)
    if other is None and first is not None:
        return first
    name, one = one_line(other or names[0], 120), one_line(names[0], 120)
    raise UsageError(
        "data-format-unknown",
        f"{name} does not tell its format" if unknown else f"{name} is of another format than {one}",
        where=where,
        cause=f"Every file of a data set has the same format. Names tell it by {', '.join(SUFFIXES)}.",
        hint=hint,
    )
