"""CSV files as an engine reads them: every value is text."""

from __future__ import annotations

import re
from copy import copy
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from typing_extensions import override

from mlci.adapters.csv_file import CsvFile
from mlci.adapters.duckdb_types import cast_text
from mlci.adapters.file_set import FileSet, refuse_other_columns
from mlci.core.contract.scalar import NESTED, TYPE_WORDS
from mlci.core.data_files import short
from mlci.core.words import code
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.adapters.reading import AddParameter
    from mlci.core.contract.scalar import ColumnType
    from mlci.core.data_files import DataFiles
    from mlci.core.data_format import CsvFormat
    from mlci.core.digits import Digits


class CsvReading(FileSet):
    """One or more CSV files of one dialect with the same columns in the same order."""

    def __init__(self, files: DataFiles, form: CsvFormat) -> None:
        """Open FILES and read their form; raises as `OpenFile` and `CsvFile` do, and as `refuse_other_columns`."""
        super().__init__(files)
        self._form = form
        self._declared: Mapping[int, ColumnType] = {}
        try:
            csv = [self.held.enter_context(CsvFile(file, form)) for file in self.opened]
            refuse_other_columns(self.opened, [each.header.names for each in csv])
            rows = [each.rows for each in csv]
            self._residues = [each.shapes.residues() for each in csv]
            self.set_columns(csv[0].header.names, rows, lambda file, wanted: csv[file].lines_of(wanted))
        except BaseException:
            self.close()
            raise

    def table(self, parameter: AddParameter) -> str:
        """Return the files as a table of text, and of numbers where they are declared."""
        own = [f"c{place}" for place in range(self.own_columns)]
        kinds = {f"c{place}": _NUMBERS[type_].kind for place, type_ in self._declared.items()}
        columns = ", ".join(f"'{name}': '{kinds.get(name, 'VARCHAR')}'" for name in own)
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

    @override
    def declared(self, types: Mapping[int, ColumnType]) -> Self | None:
        """Return these files with columns of numbers read as such, those of TYPES where that is the same."""
        plain = {place: type_ for place, type_ in types.items() if self._is_plain(place, type_)}
        if not plain:
            return None
        view = copy(self)
        view._declared = plain  # noqa: SLF001 - a copy of this very object
        return view

    def _is_plain(self, place: int, type_: ColumnType) -> bool:
        """Tell whether DuckDB takes no text of a column for a number that is not written as one."""
        if type_ not in _NUMBERS or place >= self.own_columns:
            return False
        form = _NUMBERS[type_].residue
        return all(each is not None and all(map(form.fullmatch, each[place])) for each in self._residues)

    def typed(self, place: int, type_: ColumnType, digits: Digits | None) -> str | None:  # noqa: ARG002 - as the protocol says
        """Return the value of a column of plain numbers, else None, since everything is text.

        Raises `UsageError("type-not-in-text")` for what no text holds.
        """
        if type_ in NESTED:
            raise UsageError(
                "type-not-in-text",
                f"by the contract {code(self.names[place])} is {TYPE_WORDS[type_]}, and {short(self.name)} is CSV",
                where=self.name,
                cause="CSV holds text, from which lists, structs and bytes cannot be told for certain.",
                hint="Keep the data as Parquet or JSON Lines, or say `type: string`.",
            )
        return cast_text(f"c{place}", type_) if self._is_plain(place, type_) else None


class _Number(NamedTuple):
    """A type of numbers."""

    kind: str
    """DuckDB's type."""
    residue: re.Pattern[bytes]
    """What a text that DuckDB takes for one is without its digits, if it is written as one."""


_NUMBERS: Final[Mapping[ColumnType, _Number]] = {
    "integer": _Number("BIGINT", re.compile(rb"[+-]?")),
    "number": _Number("DOUBLE", re.compile(rb"[+-]?\.?(?:[eE][+-]?)?")),
}
