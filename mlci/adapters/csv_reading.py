"""CSV files as an engine reads them: every value is text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.adapters.csv_file import CsvFile
from mlci.adapters.file_set import FileSet, refuse_other_columns
from mlci.core.contract.constraints import TYPE_WORDS, code
from mlci.core.contract.scalar import NESTED
from mlci.core.data_files import short
from mlci.errors import UsageError

if TYPE_CHECKING:
    from mlci.adapters.reading import AddParameter
    from mlci.core.contract import ColumnType, Digits
    from mlci.core.data_files import DataFiles
    from mlci.core.data_format import CsvFormat


class CsvReading(FileSet):
    """One or more CSV files of one dialect with the same columns in the same order."""

    def __init__(self, files: DataFiles, form: CsvFormat) -> None:
        """Open FILES and read their form; raises as `OpenFile` and `CsvFile` do, and as `refuse_other_columns`."""
        super().__init__(files)
        self._form = form
        try:
            csv = [self.held.enter_context(CsvFile(file, form)) for file in self.opened]
            refuse_other_columns(self.opened, [each.header.names for each in csv])
            rows = [each.rows for each in csv]
            self.set_columns(csv[0].header.names, rows, lambda file, wanted: csv[file].lines_of(wanted))
        except BaseException:
            self.close()
            raise

    def table(self, parameter: AddParameter) -> str:
        """Return the files as a table of text."""
        own = [f"c{place}" for place in range(self.own_columns)]
        columns = ", ".join(f"'{name}': 'VARCHAR'" for name in own)
        form = self._form
        reader = (
            f"read_csv({parameter(list(self.sources))}, columns={{{columns}}}, auto_detect=false, header=true, "
            f"delim={parameter(form.delimiter)}, quote={parameter(form.quote)}, "
            f"escape={parameter(form.escape or form.quote)}, nullstr='', strict_mode=true, null_padding=false, "
            f"ignore_errors=false, compression='none', filename={str(self.has_partitions).lower()})"
        )
        return self.with_partitions(reader, own, parameter) if self.has_partitions else reader

    def stored(self, place: int) -> str:
        """Return the text of a column."""
        return f"c{place}"

    def typed(self, place: int, type_: ColumnType, digits: Digits | None) -> None:  # noqa: ARG002 - as the protocol says
        """Return None, since everything is text; raises `UsageError("type-not-in-text")` for what no text holds."""
        if type_ in NESTED:
            raise UsageError(
                "type-not-in-text",
                f"by the contract {code(self.names[place])} is {TYPE_WORDS[type_]}, and {short(self.name)} is CSV",
                where=self.name,
                cause="CSV holds text, from which lists, structs and bytes cannot be told for certain.",
                hint="Keep the data as Parquet or JSON Lines, or say `type: string`.",
            )
