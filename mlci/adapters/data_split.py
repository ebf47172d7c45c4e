"""A data file taken apart: its records are copied as they stand, one after the other, into a file for each set.

What is packed is unpacked for that, since no two versions of a packer make the same bytes. Rows of Parquet are written
anew, by one engine in one order.
"""

from __future__ import annotations

import hashlib
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from mlci.adapters.csv_dialect import dialect_of
from mlci.adapters.csv_file import CsvFile
from mlci.adapters.data_reader import opened
from mlci.adapters.duckdb_connection import engine_errors_told, locked_connection
from mlci.adapters.duckdb_query import Query
from mlci.adapters.files import new_file
from mlci.adapters.named_files import is_file, no_such_file
from mlci.adapters.open_file import OpenFile
from mlci.core.data_files import one_file, short
from mlci.core.data_format import CsvFormat, JsonLinesFormat
from mlci.core.nearest import did_you_mean
from mlci.core.plain_text import one_line
from mlci.core.splitting import WHOLE, set_of
from mlci.core.words import code
from mlci.errors import RejectedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import duckdb

    from mlci.adapters.reading import Reading
    from mlci.core.contract.scalar import ColumnType
    from mlci.core.splitting import Shares

    Numbers = Callable[[duckdb.DuckDBPyConnection, Reading], Iterator[int]]

_AT_ONCE: Final = 50_000
"""Rows whose keys are held at the same time."""
_TIMES: Final[tuple[ColumnType, ...]] = ("number", "date", "timestamp", "timestamp_with_zone")
"""What a column that orders rows in time may hold, all of it one of these."""


@dataclass(frozen=True, slots=True)
class Written:
    """One set."""

    path: Path
    rows: int
    sha256: str


def split_by_key(path: Path, targets: Sequence[Path], column: str, shares: Shares, salt: str) -> tuple[Written, ...]:
    """Write the rows of the file at PATH to TARGETS, by the hash of what stands in COLUMN.

    Targets are plain, whether the file is packed or not. Raises `UsageError`: "split-form", "split-column-unknown",
    "set-empty"; `RejectedError("key-missing")`; and what reading the file raises. Then no target was touched.
    """

    def numbers(connection: duckdb.DuckDBPyConnection, reading: Reading) -> Iterator[int]:
        query = Query(reading)
        sql = f"WITH {query.tables()} SELECT {query.raw(column)} FROM {query.name}"  # noqa: S608 - positions and parameters only
        found = connection.execute(sql, query.parameters)
        row = 0
        while keys := found.fetchmany(_AT_ONCE):
            for (key,) in keys:
                row += 1
                if key is None:
                    raise _missing(reading, row, column)
                yield set_of(key, salt, shares)

    return _split(path, targets, column, numbers)


def split_by_time(path: Path, targets: Sequence[Path], column: str, shares: Shares) -> tuple[Written, ...]:
    """Write the rows of the file at PATH to TARGETS, the earliest first; rows of one time stay together.

    Raises as `split_by_key` does, and `RejectedError("time-unreadable")`.
    """

    def numbers(connection: duckdb.DuckDBPyConnection, reading: Reading) -> Iterator[int]:
        type_ = _type_of_time(connection, reading, column)
        query = Query(reading)
        time = query.typed(column, type_)
        places = [bound / WHOLE for bound in shares.bounds[:-1]]
        ends = f"SELECT quantile_disc({time}, {places}) AS ends FROM {query.name}"  # noqa: S608 - as above
        cases = " ".join(f"WHEN {time} <= ends[{place + 1}] THEN {place}" for place in range(len(places)))
        sql = f"""WITH {query.tables()}, limits AS ({ends})
            SELECT CASE {cases} ELSE {len(places)} END FROM {query.name}, limits"""  # noqa: S608 - as above
        found = connection.execute(sql, query.parameters)
        while rows := found.fetchmany(_AT_ONCE):
            for (number,) in rows:
                yield number

    return _split(path, targets, column, numbers)


def _split(path: Path, targets: Sequence[Path], column: str, numbers: Numbers) -> tuple[Written, ...]:
    """Bring each row to the target that NUMBERS says."""
    if not is_file(path):
        raise no_such_file(path, "mlci split data/visits.csv --key patient")
    files = one_file(path, form=dialect_of(path))
    with ExitStack() as stack:
        reading = stack.enter_context(opened(files))
        if column not in reading.names:
            problem = f"{path.name} has no column {code(column)}"
            hint = did_you_mean(column, reading.names, f"One of: {one_line(', '.join(reading.names), 300)}")
            raise UsageError("split-column-unknown", problem, where=str(path), hint=hint)
        written = [stack.enter_context(new_file(target)) for target in targets]
        outputs = [f"/dev/fd/{each.fileno()}" for each in written]
        connection = stack.enter_context(locked_connection((*reading.sources, *outputs)))
        stack.enter_context(engine_errors_told(reading))
        if isinstance(files.format, CsvFormat | JsonLinesFormat):
            file = stack.enter_context(OpenFile(files.files[0], files.format, files.limit_bytes))
            if file.sha256 != reading.sha256:
                raise reading.refusal("the file changed while it was read")
            head, records = _records(stack, file, files.format)
            rows = _copied(numbers(connection, reading), head, records, written)
        else:
            rows = _written_as_parquet(connection, reading, numbers, outputs)
        if 0 in rows:
            raise UsageError(
                "set-empty",
                f"no row of {path.name} would be in {targets[rows.index(0)].name}",
                cause="There are few rows, or few different values in the column.",
                hint="Split by a column with more values, or into larger shares.",
            )
        return tuple(map(Written, targets, rows, map(_digest, written)))


def _copied(numbers: Iterator[int], head: bytes, records: Iterator[bytes], written: Sequence[BinaryIO]) -> list[int]:
    """Copy each of RECORDS to the file that NUMBERS says, after HEAD; return how many each has."""
    rows = [0] * len(written)
    for each in written:
        each.write(head)
    for number, record in zip(numbers, records, strict=True):
        written[number].write(record)
        rows[number] += 1
    return rows


def _written_as_parquet(
    connection: duckdb.DuckDBPyConnection, reading: Reading, numbers: Numbers, outputs: Sequence[str]
) -> list[int]:
    """Write the rows of one Parquet file to those that NUMBERS says, in their order; return how many each has."""
    (source,) = reading.sources
    rows = f"read_parquet('{source}', hive_partitioning=false)"  # a path that we made
    names = tuple(each[0] for each in connection.execute(f"SELECT * FROM {rows} LIMIT 0").description or ())  # noqa: S608 - as above
    if names != reading.names:
        raise UsageError(
            "split-form",
            f"{short(reading.name)} cannot be taken apart",
            where=reading.name,
            cause="Names of columns differ in case alone, which the engine that writes Parquet cannot keep apart.",
            hint="Rename one of them.",
        )
    connection.execute("CREATE TABLE places (place UTINYINT)")
    told = numbers(connection.cursor(), reading)  # which is read while this connection writes
    while chunk := list(islice(told, _AT_ONCE)):
        connection.execute("INSERT INTO places SELECT unnest($chunk)", {"chunk": chunk})
    counts: list[int] = []
    for place, output in enumerate(outputs):
        chosen = f"SELECT data.* FROM {rows} AS data POSITIONAL JOIN places WHERE places.place = {place}"  # noqa: S608 - as above
        (count,) = connection.execute(
            f"COPY ({chosen}) TO '{output}' (FORMAT parquet, USE_TMP_FILE false)"
        ).fetchone() or (0,)
        counts.append(count)
    return counts


def _digest(file: BinaryIO) -> str:
    """Return the sha256 of what was written to an open file."""
    file.flush()
    with open(f"/dev/fd/{file.fileno()}", "rb") as content:  # noqa: PTH123 - leads to the open file
        return hashlib.file_digest(content, "sha256").hexdigest()


def _records(stack: ExitStack, file: OpenFile, form: CsvFormat | JsonLinesFormat) -> tuple[bytes, Iterator[bytes]]:
    """Return what stands before the first record, and the records, each with the end of its line."""
    if isinstance(form, CsvFormat):
        return stack.enter_context(CsvFile(file, form)).records()
    lines = stack.enter_context(Path(file.source).open("rb"))  # noqa: SIM115 - the stack closes it
    return b"", (line if line.endswith(b"\n") else line + b"\n" for line in lines if line.strip())


def _type_of_time(connection: duckdb.DuckDBPyConnection, reading: Reading, column: str) -> ColumnType:
    """Return what all values of a column are."""
    query = Query(reading)
    counts = ", ".join(f"count({query.typed(column, type_)})" for type_ in _TIMES)
    sql = f"WITH {query.tables()} SELECT {counts} FROM {query.name}"  # noqa: S608 - positions and parameters only
    found = connection.execute(sql, query.parameters).fetchone() or ()
    for type_, count in zip(_TIMES, found, strict=True):
        if count == reading.rows:
            return type_
    raise RejectedError(
        "time-unreadable",
        f"{code(column)} does not order the rows of {reading.name} in time",
        where=reading.name,
        cause="Some rows have no value there, or not all are numbers, or days or times in ISO 8601.",
        hint="Name another column, or write its values as 2024-05-31 or 2024-05-31T12:00:00.",
    )


def _missing(reading: Reading, row: int, column: str) -> RejectedError:
    return RejectedError(
        "key-missing",
        f"a row has no value in {code(column)}, so no set is its own",
        where=reading.places([row])[row].text,
        hint="Fill it in, or split by another column.",
    )
