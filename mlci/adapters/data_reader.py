"""Opening data sets: the one place that knows which reader a format has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.adapters.csv_reading import CsvReading
from mlci.adapters.json_lines_reading import JsonLinesReading
from mlci.adapters.parquet_reading import ParquetReading
from mlci.core.data_format import CsvFormat, JsonLinesFormat, ParquetFormat

if TYPE_CHECKING:
    from mlci.adapters.reading import Reading
    from mlci.core.data_files import DataFiles


def opened(files: DataFiles) -> Reading:
    """Return FILES, open.

    Raises `UsageError("data-missing")` where one is not there, `IntegrityError("data-differs")` where one is not what
    its pin names; `RejectedError`: "data-unreadable" with file and line where its bytes are not of its format,
    "data-files-differ" where files have other columns than the first, "data-too-large".
    """
    match files.format:
        case CsvFormat() as form:
            return CsvReading(files, form)
        case JsonLinesFormat():
            return JsonLinesReading(files)
        case ParquetFormat():
            return ParquetReading(files)
