"""The form of data files: which format they have, and which dialect of it."""

from __future__ import annotations

from typing import Annotated, Literal

from mlci.core.section import HEAD, Section

Encoding = Literal["utf-8", "latin-1", "windows-1252", "utf-16"]
Compression = Literal["none", "gzip", "zstd"]


class CsvFormat(Section):
    """Text with one record a line, its values parted by a sign: RFC 4180 unless it says otherwise."""

    delimiter: Annotated[Literal[",", ";", "\t", "|"], HEAD] = ","


Format = CsvFormat

COMMA_SEPARATED = CsvFormat()
