"""Parquet files as an engine reads them: each column has the type that the files say."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import duckdb
from typing_extensions import override

from mlci.adapters.duckdb_connection import locked_connection
from mlci.adapters.file_set import FileSet, refuse_other_columns
from mlci.core.plain_text import one_line
from mlci.errors import RejectedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlci.adapters.open_file import OpenFile
    from mlci.adapters.reading import AddParameter
    from mlci.core.contract.scalar import ColumnType
    from mlci.core.data_files import DataFiles
    from mlci.core.digits import Digits

_WHOLE: Final = frozenset(
    {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
)
_FITTING: Final = _WHOLE - {"HUGEINT", "UBIGINT", "UHUGEINT"}
"""What 64 bits with a sign always hold; what cannot fail needs not be tried."""
_MOMENTS: Final = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
_MICROSECONDS: Final = "TRY_CAST({value} AS TIMESTAMP)"
_IN_UTC: Final = "make_timestamp(epoch_us({value}))"
_YEARS: Final = "TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'"
_TYPED: Final[Mapping[ColumnType, tuple[frozenset[str], str]]] = {
    "integer": (_WHOLE, "TRY_CAST({value} AS BIGINT)"),
    "number": (
        _WHOLE | {"FLOAT", "DOUBLE", "DECIMAL"},
        "CASE WHEN isfinite(CAST({value} AS DOUBLE)) THEN CAST({value} AS DOUBLE) END",
    ),
    "decimal": (_WHOLE | {"DECIMAL"}, "CASE WHEN TRY_CAST({exact} AS {own}) = {value} THEN {exact} END"),
    "boolean": (frozenset({"BOOLEAN"}), "{value}"),
    "string": (frozenset({"VARCHAR", "ENUM"}), "CAST({value} AS VARCHAR)"),
    "date": (frozenset({"DATE"}), f"CASE WHEN {{value}} BETWEEN {_YEARS} THEN {{value}} END"),
    "time": (frozenset({"TIME"}), "{value}"),
    "timestamp": (
        _MOMENTS,
        f"CASE WHEN {_MICROSECONDS} BETWEEN {_YEARS} AND {_MICROSECONDS} = {{value}} THEN {_MICROSECONDS} END",
    ),
    "timestamp_with_zone": (
        frozenset({"TIMESTAMP WITH TIME ZONE"}),
        f"CASE WHEN {_IN_UTC} BETWEEN {_YEARS} THEN {_IN_UTC} END",
    ),
    "struct": (frozenset({"STRUCT"}), "{value}"),
    "binary": (frozenset({"BLOB"}), "{value}"),
}
"""Which types of DuckDB hold values of ours, and how they become it. What is in no other type is not of ours, and
nothing is rounded."""


class ParquetReading(FileSet):
    """One or more Parquet files with the same columns, of the same types, in the same order."""

    def __init__(self, files: DataFiles) -> None:
        """Open FILES and read their footers; raises as `OpenFile` does, and as `refuse_other_columns`.

        Raises `RejectedError("data-unreadable")` where a file is no Parquet or was cut off.
        """
        super().__init__(files)
        try:
            with locked_connection(self.sources) as connection:
                read = [_schema(connection, file) for file in self.opened]
            refuse_other_columns(self.opened, [list(columns) for columns, _ in read])
            self._refuse_other_types([columns for columns, _ in read])
            self.set_columns(list(read[0][0]), [rows for _, rows in read])
        except BaseException:
            self.close()
            raise
        self._types = list(read[0][0].values())
        self._extremes: dict[str, tuple[int, int]] | None = None

    def table(self, parameter: AddParameter) -> str:
        """Return the files as a table: `c0` is the text of the first column, `n0` its value."""
        own = range(self.own_columns)
        values = [f"n{place}" for place in own]
        texts = [f"CAST(n{place} AS VARCHAR) AS c{place}" for place in own]
        # Both would be refused where a column has the same name.
        numbers = ["number"] if self._is_numbered else []
        asked = ["file_row_number=true"] * self._is_numbered + [f"filename='{_unlike('filename', self.names)}'"]
        reader = f"read_parquet({parameter(list(self.sources))}, hive_partitioning=false, {', '.join(asked)})"
        aliases = ", ".join([*values, *numbers, "filename"])
        return self.with_partitions(f"{reader} AS t({aliases})", [*texts, *values, *numbers], parameter)

    @property
    @override
    def numbering(self) -> str:
        """The number of a row, which one file says itself, so that its parts need not all be read."""
        return "number + 1" if self._is_numbered else super().numbering

    @property
    def _is_numbered(self) -> bool:
        return len(self.opened) == 1 and _unlike("file_row_number", self.names) == "file_row_number"

    @override
    def extremes(self, place: int) -> tuple[int, int] | None:
        """Return the smallest and the largest whole number of a column by the files' footers."""
        if place >= self.own_columns or self._types[place] not in _WHOLE:
            return None
        if self._extremes is None:
            self._extremes = _extremes(self.sources)
        return self._extremes.get(self.names[place])

    def stored(self, place: int) -> str:
        """Return the value of a column, and of a partition its text."""
        return f"n{place}" if place < self.own_columns else f"c{place}"

    def typed(self, place: int, type_: ColumnType, digits: Digits | None) -> str | None:
        """Return the value of a column, NULL in every row where the files hold another type."""
        if place >= self.own_columns:
            return None
        kind = self._types[place]
        if kind.endswith("]"):
            return f"n{place}" if type_ == "list" else "NULL"
        if type_ == "integer" and kind in _FITTING:
            return f"CAST(n{place} AS BIGINT)"
        types, template = _TYPED.get(type_, (frozenset(), ""))
        if kind.partition("(")[0] not in types:
            return "NULL"
        decimal = f"DECIMAL({digits.precision}, {digits.scale})" if digits else "DECIMAL(38, 0)"
        return template.format(value=f"n{place}", exact=f"TRY_CAST(n{place} AS {decimal})", own=kind)

    def _refuse_other_types(self, schemas: list[dict[str, str]]) -> None:
        first = schemas[0]
        for file, schema in zip(self.opened, schemas, strict=True):
            name = next((name for name, kind in schema.items() if kind != first[name]), None)
            if name is not None:
                raise RejectedError(
                    "data-files-differ",
                    f"`{one_line(name, 80)}` is {schema[name]} in {file.name} and {first[name]} in the first file",
                    where=file.name,
                    cause="Files of one data set were written by different programs or versions.",
                    hint="Write all files of a data set with the same types; nothing is widened by itself.",
                )


def _schema(connection: duckdb.DuckDBPyConnection, file: OpenFile) -> tuple[dict[str, str], int]:
    """Return the columns of a file with DuckDB's types, and the number of its rows."""
    try:
        described = connection.execute("SELECT * FROM read_parquet($p) LIMIT 0", {"p": file.source})
        types = [str(each[1]) for each in described.description or ()]
        listed = connection.execute("SELECT name, num_children FROM parquet_schema($p)", {"p": file.source}).fetchall()
        found = connection.execute("SELECT num_rows FROM parquet_file_metadata($p)", {"p": file.source}).fetchone()
    except duckdb.Error as error:
        raise file.fault(
            None,
            "it is no Parquet file, or not the whole of one",
            f"It was cut off or damaged: {one_line(str(error).partition(chr(10))[0], 160)}",
        ) from error
    names = _top_names(listed)
    twice = next((name for name, count in Counter(names).items() if count > 1), None)
    if twice is not None:
        raise file.fault(None, f"two columns are called `{one_line(twice, 80)}`", hint="Rename one of them.")
    return dict(zip(names, types, strict=True)), int(found[0]) if found else 0


def _extremes(sources: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return the smallest and the largest whole number of each column by all footers."""
    sql = """
        SELECT path_in_schema, min(TRY_CAST(stats_min_value AS HUGEINT)) AS smallest,
               max(TRY_CAST(stats_max_value AS HUGEINT)) AS largest
        FROM parquet_metadata($files) GROUP BY ALL HAVING smallest IS NOT NULL AND largest IS NOT NULL"""
    with locked_connection(sources) as connection:
        found = connection.execute(sql, {"files": list(sources)}).fetchall()
    return {name: (smallest, largest) for name, smallest, largest in found}


def _unlike(name: str, names: Sequence[str]) -> str:
    """Return NAME, longer where one of NAMES is the same to DuckDB, which does not tell capitals from small letters."""
    taken = {each.casefold() for each in names}
    while name in taken:
        name += "_"
    return name


def _top_names(listed: list[tuple[str, int | None]]) -> list[str]:
    """Return the names of the columns: in the file's list each stands before what is inside of it."""
    names: list[str] = []
    place = 1  # the first is the whole
    while place < len(listed):
        names.append(listed[place][0])
        inside = 1
        while inside:
            inside += (listed[place][1] or 0) - 1
            place += 1
    return names
