"""A first contract for a data file: one pass for the profile, one more for what each part of the rows holds.

A column of text that is read as days or times gets a pass of its own.
"""

from __future__ import annotations

import shlex
import tempfile
from codecs import BOM_UTF8 as BYTE_ORDER_MARK
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlci.adapters.csv_dialect import dialect_of
from mlci.adapters.csv_file import read_header
from mlci.adapters.csv_reading import CsvReading
from mlci.adapters.data_reader import opened
from mlci.adapters.duckdb_connection import engine_errors_told, locked_connection, parted, select
from mlci.adapters.duckdb_query import Query
from mlci.adapters.named_files import files_at, is_file, no_such_file
from mlci.core.contract.scalar import NESTED, TEMPORAL
from mlci.core.contract_bounds import PARTS
from mlci.core.contract_draft import MOST_ENUM_VALUES, ColumnProfile, Inferred, draft, would_be_key
from mlci.core.data_files import one_file
from mlci.core.data_format import CsvFormat, format_of
from mlci.core.plain_text import one_line
from mlci.core.positive_class import MOST_LABEL_VALUES, LabelProfile
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

    from mlci.adapters.reading import Reading
    from mlci.core.contract.scalar import ColumnType
    from mlci.core.data_files import DataFiles

_LEADING_ZERO = "[+-]?0[0-9]+"
"""A postcode or an article number, not an integer: as a number it would lose its zeros."""
_AT_ONCE = 32
"""Columns that one query looks at: of each it asks a lot, and planning takes three times as long for 100 of them."""
_FIGURES = 6
"""How many figures the profile has of each column, besides one for each type."""
_GUESSED: tuple[ColumnType, ...] = (
    "integer", "number", "boolean", "date", "timestamp", "timestamp_with_zone", "time", "string",
)  # fmt: skip
"""The types that a column may have in any file, the narrowest first; decimals are numbers as well."""
_CLASSES: frozenset[ColumnType] = frozenset({"integer", "number", "boolean", "string"})
"""What the classes of a label may be; those of any other type are compared as text."""
_PLAIN: frozenset[ColumnType] = frozenset({"integer", "number"})
"""What no column is in which a number begins with a zero."""


def infer_all(path: Path) -> Inferred:
    """Return a contract that the file at PATH satisfies, or all files of the folder or pattern that it is, together.

    Raises as `files_at` and `opened` do.
    """
    files = files_at(path, "mlci contract infer data/cells.csv -o contracts/cells.yaml")
    contract, _, repeated = _infer(files, path.name or str(path), _declared(files))
    return Inferred(contract, repeated=repeated, form=_declared(files))


def _declared(files: DataFiles) -> CsvFormat | None:
    """Return how values are parted, where the names of FILES do not tell it."""
    form = files.format
    return form if isinstance(form, CsvFormat) and form != (format_of(files.files[0].name) or CsvFormat()) else None


def infer(path: Path, *more: Path, label: str | None = None) -> Inferred:
    """Return a contract that the CSV files satisfy, with comments for what was guessed, and what LABEL holds in each.

    Raises `UsageError`: "data-missing", "dialects-differ", "headers-differ", "line-ends-differ"; and
    `RejectedError("data-unreadable")` as `opened` does.
    """
    paths = (path, *more)
    for each in paths:
        if not is_file(each):
            holdout = "" if each == path else " --holdout HOLDOUT.csv"
            raise no_such_file(each, f"Name a CSV file with labelled rows: mlci init DATA.csv{holdout} --label COLUMN")
    form = dialect_of(path)
    if not more:
        contract, profiles, repeated = _infer(one_file(path, form=form), path.name, form)
    else:
        with tempfile.TemporaryDirectory(prefix="mlci-") as folder:
            _refuse_other_dialects(paths, form)
            joined = _joined(paths, Path(folder) / path.name, form)
            contract, profiles, repeated = _infer(one_file(joined, form=form), path.name, form, paths)
    profile = next((each for each in profiles if each.name == label), None)
    if label is None or profile is None:
        return Inferred(contract, repeated=repeated, form=form)
    type_ = profile.type if profile.type in _CLASSES else "string"
    return Inferred(contract, tuple(_label(each, form, label, type_) for each in paths), repeated, form)


def _rows(path: Path, form: CsvFormat | None) -> int:
    with opened(one_file(path, form=form)) as reading:
        return reading.rows


def _refuse_other_dialects(paths: Sequence[Path], form: CsvFormat | None) -> None:
    """Raise where the values of one of the files are parted otherwise than FORM says."""
    other = next((path for path in paths if dialect_of(path) != form), None)
    if other is not None:
        raise UsageError(
            "dialects-differ",
            f"the values of {other.name} and {paths[0].name} are parted by different signs",
            where=str(other),
            cause="One of the files was written by another program, or under other regional settings.",
            hint="Write both with the same sign between values.",
        )


def _joined(paths: Sequence[Path], whole: Path, form: CsvFormat | None) -> Path:
    """Write the rows of several files with one header to the file WHOLE, and return it."""
    header = read_header(paths[0], form)
    with whole.open("wb") as target:
        for place, path in enumerate(paths):
            if read_header(path, form).names != header.names:
                raise UsageError(
                    "headers-differ",
                    f"{path.name} has other columns than {paths[0].name}, so one contract cannot describe both",
                    where=str(path),
                    cause=_difference(paths[0].name, header.names, path.name, read_header(path, form).names),
                    hint="Bring both files to the same columns in the same order.",
                )
            if read_header(path, form).newline != header.newline:
                raise UsageError(
                    "line-ends-differ",
                    f"the lines of {path.name} and {paths[0].name} end differently, in one with CRLF, in one with LF",
                    where=str(path),
                    cause="One of the files was written or edited on another system.",
                    hint=f"dos2unix {shlex.join(str(each) for each in (paths[0], path))}",
                )
            first, *rows = path.read_bytes().removeprefix(BYTE_ORDER_MARK).splitlines(keepends=True)
            target.writelines([first, *rows] if place == 0 else rows)
            if not (rows or [first])[-1].endswith(b"\n"):
                target.write(b"\n")
    return whole


def _difference(one: str, names: Sequence[str], other: str, others: Sequence[str]) -> str:
    """Return in words how the columns of two files differ."""
    alone = {one: [each for each in names if each not in others], other: [each for each in others if each not in names]}
    parts = [f"Only {file} has {one_line(', '.join(columns), 160)}." for file, columns in alone.items() if columns]
    if parts:
        return " ".join(parts)
    place = next(place for place, pair in enumerate(zip(names, others, strict=True)) if pair[0] != pair[1])
    order = f"Column {place + 1} is {one_line(names[place], 80)} in {one} and {one_line(others[place], 80)} in {other}."
    return f"The order differs. {order}"


def _infer(
    files: DataFiles, name: str, form: CsvFormat | None, joined: Sequence[Path] = ()
) -> tuple[str, list[ColumnProfile], tuple[str, str] | None]:
    """Return the contract of FILES, called NAME, what it is made of, and what `_repeated` finds.

    FORM is what must be said of them. JOINED are those that the one was made of: the contract must fit each of them,
    so rules about all rows go by the one that has the fewest, and by the ones where a column holds a single value.
    """
    with (
        opened(files) as reading,
        locked_connection(reading.sources) as connection,
        engine_errors_told(reading),
    ):
        profiles = _with_values(connection, reading, _profiles(connection, reading))
        rows = min((_rows(each, form) for each in joined), default=reading.rows)
        single = {column for each in joined for column in _single(each, form, profiles)}
        drafted = [replace(each, varies=each.name not in single) for each in profiles]
        contract = draft(name, rows, drafted, form)
        return contract, profiles, _repeated(connection, reading, profiles)


def _single(path: Path, form: CsvFormat | None, profiles: Sequence[ColumnProfile]) -> list[str]:
    """Return the columns that hold one value at most in the file, as the year does of rows that were split by time."""
    looked_at = [each for each in profiles if each.values or each.parts]
    found: list[str] = []
    with (
        opened(one_file(path, form=form)) as reading,
        locked_connection(reading.sources) as connection,
        engine_errors_told(reading),
    ):
        for part in parted(looked_at, _AT_ONCE) if looked_at else ():
            query = Query(reading)
            values = [query.typed(each.name, each.type or "string") for each in part]
            several = [f"coalesce(min({value}) < max({value}), false)" for value in values]
            answers = select(connection, query, reading, several, numbered=False)
            found += [each.name for each, answer in zip(part, answers, strict=True) if not answer]
    return found


def _repeated(
    connection: duckdb.DuckDBPyConnection, reading: Reading, profiles: Sequence[ColumnProfile]
) -> tuple[str, str] | None:
    """Return a column that is named like an id and a value that stands there twice; None where a column is the key."""
    name = would_be_key(profiles)
    if name is None:
        return None
    query = Query(reading)
    (value,) = select(connection, query, reading, [f"mode({query.raw(name)})"], numbered=False)
    return name, str(value)


def _label(path: Path, form: CsvFormat | None, label: str, type_: ColumnType) -> LabelProfile:
    """Return what the column LABEL of one file holds, read as TYPE_."""
    with (
        opened(one_file(path, form=form)) as reading,
        locked_connection(reading.sources) as connection,
        engine_errors_told(reading),
    ):
        query = Query(reading)
        value = query.typed(label, type_)
        expressions = [f"count(DISTINCT {value})", f"min(DISTINCT {value}, {MOST_LABEL_VALUES})"]
        distinct, values = select(connection, query, reading, expressions, numbered=False)
        counts: dict[object, int] = {}
        if 0 < distinct <= MOST_LABEL_VALUES:  # a histogram of a million labels would be one of all rows
            (counts,) = select(connection, query, reading, [f"histogram({value})"], numbered=False)
    return LabelProfile(type_, distinct, tuple(values or ()), tuple(counts[each] for each in values or () if counts))


def _profiles(connection: duckdb.DuckDBPyConnection, reading: Reading) -> list[ColumnProfile]:
    """Return what was seen in each column; one whose values are of no one type has no `type`."""
    found = [_profiles_of(connection, reading, names) for names in parted(reading.names, _AT_ONCE)]
    return [profile for part in found for profile in part]


def _profiles_of(connection: duckdb.DuckDBPyConnection, reading: Reading, names: Sequence[str]) -> list[ColumnProfile]:
    """Return what was seen in the columns NAMES."""
    query = Query(reading)
    zero = query.parameter(_LEADING_ZERO)
    guessed = (*_GUESSED, *(() if isinstance(reading, CsvReading) else sorted(NESTED)))
    expressions: list[str] = []
    for name in names:
        raw = query.raw(name)
        plain = f" FILTER (WHERE NOT regexp_full_match({raw}, {zero}))"
        integer, number = query.typed(name, "integer"), query.typed(name, "number")
        expressions += [
            f"count({raw})",
            f"count(DISTINCT {raw})",
            f"count(DISTINCT {integer})",
            f"[min({integer}), max({integer})]",
            f"[min({number}), max({number})]",
            f"avg(CAST({number} AS DOUBLE))",
            *(f"count({query.typed(name, type_)}){plain if type_ in _PLAIN else ''}" for type_ in guessed),
        ]
    found = select(connection, query, reading, expressions, numbered=False)
    profiles: list[ColumnProfile] = []
    width = _FIGURES + len(guessed)
    for place, name in enumerate(names):
        figures = found[place * width : (place + 1) * width]
        present, distinct, distinct_integers, integer_range, number_range, mean, *counts = figures
        type_ = _type(present, dict(zip(guessed, counts, strict=True)))
        smallest, largest = {"integer": integer_range, "number": number_range}.get(type_ or "", (None, None))
        profiles.append(
            ColumnProfile(
                name=name,
                type=type_,
                rows=reading.rows,
                present=present,
                distinct=distinct_integers if type_ == "integer" else distinct,
                smallest=smallest,
                largest=largest,
                mean=mean if smallest is not None else None,
            )
        )
    return _with_moments(connection, reading, profiles)


def _type(present: int, counts: Mapping[ColumnType, int]) -> ColumnType | None:
    """Return the narrowest type that all present values have, by how many have each; text where there is none."""
    if present == 0:
        return "string"
    return next((type_ for type_, count in counts.items() if count == present), None)


def _with_moments(
    connection: duckdb.DuckDBPyConnection, reading: Reading, profiles: Sequence[ColumnProfile]
) -> list[ColumnProfile]:
    """Return the profiles with the first and the last of days and times, and how many there are."""
    moments = [each for each in profiles if each.type in TEMPORAL]
    if not moments:
        return list(profiles)
    query = Query(reading)
    values = [query.typed(each.name, each.type) for each in moments if each.type]
    expressions = [f"[min({value}), max({value})]" for value in values]
    expressions += [f"count(DISTINCT {value})" for value in values]
    found = select(connection, query, reading, expressions, numbered=False)
    known = {
        each.name: replace(each, first=first, last=last, distinct=distinct)
        for each, (first, last), distinct in zip(moments, found[: len(moments)], found[len(moments) :], strict=True)
    }
    return [known.get(each.name, each) for each in profiles]


def _with_values(
    connection: duckdb.DuckDBPyConnection, reading: Reading, profiles: Sequence[ColumnProfile]
) -> list[ColumnProfile]:
    """Return the profiles with what each part of the rows holds: numbers their range, small columns their values."""
    found = [_with_values_of(connection, reading, part) for part in parted(profiles, _AT_ONCE)]
    return [profile for part in found for profile in part]


def _with_values_of(
    connection: duckdb.DuckDBPyConnection, reading: Reading, profiles: Sequence[ColumnProfile]
) -> list[ColumnProfile]:
    """Return some of the profiles with that."""
    query = Query(reading)
    expressions = [told for each in profiles for told in _told(each, query.typed(each.name, each.type or "string"))]
    listed = ", ".join(["count(*)", *expressions])
    sql = f"WITH {query.tables(numbered=True)} SELECT {listed} FROM {query.name} GROUP BY row % {PARTS}"  # noqa: S608 - positions and parameters only
    parts = connection.execute(sql, query.parameters).fetchall()
    rows = sum(count for count, *_ in parts)
    if rows != reading.rows:
        problem = f"DuckDB reads {rows:,} rows, the file has {reading.rows:,}"
        raise reading.refusal(problem, "The file changed meanwhile.")
    told_by_part = [iter(told) for _, *told in parts]
    return [_with_parts(each, [list(islice(told, len(_told(each)))) for told in told_by_part]) for each in profiles]


def _told(profile: ColumnProfile, value: str = "") -> list[str]:
    """Return what rows tell of a column whose VALUE that is: the range of numbers, all of few values."""
    ranges = [f"[min({value}), max({value})]"] if profile.smallest is not None else []
    is_small = profile.type in {"integer", "string"} and 0 < profile.distinct <= MOST_ENUM_VALUES
    return ranges + [f"list(DISTINCT {value})"] * is_small


def _with_parts(profile: ColumnProfile, told: list[list[Any]]) -> ColumnProfile:
    """Return the profile with what each part of the rows told of it."""
    if profile.smallest is not None:
        ranges = tuple((low, high) for (low, high), *_ in told if low is not None)
        profile = replace(profile, parts=ranges)
    if told and len(told[0]) > (profile.smallest is not None):
        values = Counter(value for part in told for value in part[-1] or () if value is not None)
        profile = replace(profile, values=tuple(sorted(values.items())))
    return profile
