"""Files of JSON Lines as an engine reads them: the keys are the columns, and each value has its own type."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import duckdb

from mlci.adapters.csv_file import MOST_COLUMNS
from mlci.adapters.duckdb_connection import locked_connection
from mlci.adapters.duckdb_types import typed_text
from mlci.adapters.file_set import FileSet
from mlci.core.contract.part import LONGEST_COLUMN_NAME
from mlci.core.contract.scalar import NESTED
from mlci.core.plain_text import one_line
from mlci.core.words import code

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlci.adapters.open_file import OpenFile
    from mlci.adapters.reading import AddParameter
    from mlci.core.contract.scalar import ColumnType
    from mlci.core.data_files import DataFiles
    from mlci.core.digits import Digits

LONGEST_LINE: Final = 16_777_216
"""Bytes of one object."""
_READER: Final = (
    "read_json_objects({source}, format='newline_delimited', compression='uncompressed', filename=true, "
    f"maximum_object_size={LONGEST_LINE})"
)
_WHOLE: Final = ("BIGINT", "UBIGINT")
_KINDS: Final[Mapping[ColumnType, tuple[str, ...]]] = {
    "integer": _WHOLE,
    "number": (*_WHOLE, "DOUBLE"),
    "decimal": (*_WHOLE, "DOUBLE", "VARCHAR"),
    "boolean": ("BOOLEAN",),
    "list": ("ARRAY",),
    "struct": ("OBJECT",),
    "binary": (),
}
"""What JSON writes a type as; what is not listed is text."""


class JsonLinesReading(FileSet):
    """One or more files of JSON objects; a key that an object lacks has no value there."""

    def __init__(self, files: DataFiles) -> None:
        """Open FILES and read them through once; raises as `OpenFile` does.

        Raises `RejectedError("data-unreadable")` where a line is no JSON object, or one has a key twice.
        """
        super().__init__(files)
        try:
            read = [_keys(file) for file in self.opened]
            names = list(dict.fromkeys(name for keys, _ in read for name in keys))
            self._refuse_too_many(names)
            self.set_columns(names, [rows for _, rows in read], self._lines_of)
        except BaseException:
            self.close()
            raise

    def table(self, parameter: AddParameter) -> str:
        """Return the files as a table: `c0` is the text of the first key's value, `n0` that value as JSON."""
        own = range(self.own_columns)
        pointers = parameter([_pointer(name) for name in self.names[: self.own_columns]])
        reader = _READER.format(source=parameter(list(self.sources)))
        values = f"(SELECT json_extract(json, {pointers}) AS j, filename FROM {reader})"  # noqa: S608 - parameters only
        columns = [f"{_text(f'j[{place + 1}]')} AS c{place}, j[{place + 1}] AS n{place}" for place in own]
        return self.with_partitions(values, columns, parameter)

    def stored(self, place: int) -> str:
        """Return the text of a column."""
        return f"c{place}"

    def typed(self, place: int, type_: ColumnType, digits: Digits | None) -> str | None:
        """Return the value of a column, NULL where JSON gives it another type."""
        if place >= self.own_columns:
            return None
        kinds = _KINDS.get(type_, ("VARCHAR",))
        if not kinds:
            return "NULL"
        value = f"n{place}" if type_ in NESTED else typed_text(f"c{place}", type_, digits)
        return f"CASE WHEN json_type(n{place}) IN ({', '.join(map(repr, kinds))}) THEN {value} END"

    def _refuse_too_many(self, names: Sequence[str]) -> None:
        if len(names) > MOST_COLUMNS:
            raise self.refusal(f"the objects have more than {MOST_COLUMNS:,} different keys")

    def _lines_of(self, file: int, rows: Sequence[int]) -> Mapping[int, int]:
        """Return the line of each of ROWS of one file; blank lines are read over."""
        wanted, found, number = set(rows), {}, 0
        with open(self.opened[file].source, "rb") as content:  # noqa: PTH123 - leads to the open file
            for line, text in enumerate(content, start=1):
                number += bool(text.strip())
                if text.strip() and number in wanted:
                    found[number] = line
        return found


def _text(value: str) -> str:
    return (
        f"CASE json_type({value}) WHEN 'NULL' THEN NULL WHEN 'VARCHAR' THEN {value} ->> '$' "
        f"ELSE CAST({value} AS VARCHAR) END"
    )


def _pointer(name: str) -> str:
    """Return the JSON pointer (RFC 6901) of a key."""
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _keys(file: OpenFile) -> tuple[list[str], int]:
    """Return the keys of a file in the order in which they first stand there, and the number of rows."""
    if file.size == 0:
        raise file.fault(1, "the file is empty", "The step that writes it failed, or has not run.")
    sql = f"""
        WITH rows AS (
            SELECT row_number() OVER () AS row, json_type(json) AS kind, json_keys(json) AS keys
            FROM {_READER.format(source="$p")})
        SELECT kind, keys, len(keys) <> len(list_distinct(keys)), min(row) AS first, count(*)
        FROM rows GROUP BY ALL ORDER BY first"""  # noqa: S608 - a constant
    try:
        with locked_connection([file.source]) as connection:
            found = connection.execute(sql, {"p": [file.source]}).fetchall()
    except duckdb.Error as error:
        if "maximum_object_size" in str(error):
            problem = f"a line is longer than {LONGEST_LINE:,} bytes"
            raise file.fault(None, problem, "A value holds a whole document.", "Keep documents outside.") from None
        problem = one_line(str(error).partition("\n")[0].replace(file.source, file.name), 200)
        raise file.fault(None, "a line is no JSON object", problem) from error
    names: dict[str, None] = {}
    for kind, keys, repeats, row, _ in found:
        if kind != "OBJECT":
            raise file.fault(None, f"row {row:,} is no JSON object", 'Each line holds one object: {"column": value}.')
        if repeats:
            key = next(name for name, count in Counter(keys).items() if count > 1)
            shown = code(one_line(key, 80))
            raise file.fault(None, f"row {row:,} has the key {shown} twice", hint="Rename one of them.")
        names.update(dict.fromkeys(keys))
    wrong = next((name for name in names if len(name) > LONGEST_COLUMN_NAME or not name.isprintable()), None)
    if wrong is not None:
        raise file.fault(
            None, f"a key has more than {LONGEST_COLUMN_NAME} characters or a hidden one: {one_line(wrong, 80)}"
        )
    return list(names), sum(count for *_, count in found)
