from __future__ import annotations

import gzip
import hashlib
import json
import sys
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from mlci.adapters.data_reader import opened
from mlci.adapters.data_split import Written, split_by_key, split_by_time
from mlci.core.data_files import one_file
from mlci.core.splitting import parse_shares, set_of
from mlci.errors import MlciError, UsageError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

SHARES = parse_shares("60/20/20")
HEADER = b"patient,day,note\r\n"


def a_record(number: int) -> bytes:
    note = b'"a ""quoted"", text\r\nof two lines"' if number % 3 == 0 else b"plain"
    return f"p{number // 2},2024-01-{1 + number // 4:02},".encode() + note + b"\r\n"


RECORDS = [a_record(number) for number in range(100)]


def targets(path: Path) -> list[Path]:
    return [path.with_name(f"x-{name}{path.suffix}") for name in SHARES.names]


def by_key(path: Path, column: str = "patient", salt: str = "") -> tuple[Written, ...]:
    return split_by_key(path, targets(path), column, SHARES, salt)


def write(path: Path, records: Sequence[bytes] = RECORDS, head: bytes = HEADER) -> Path:
    path.write_bytes(head + b"".join(records))
    return path


def test_split__copies_each_record_as_it_stands_into_one_set(tmp_path: Path) -> None:
    written = by_key(write(tmp_path / "x.csv"))
    expected = [
        [record for number, record in enumerate(RECORDS) if set_of(f"p{number // 2}", "", SHARES) == place]
        for place in range(3)
    ]
    assert [each.path.read_bytes() for each in written] == [HEADER + b"".join(records) for records in expected]
    assert [each.rows for each in written] == [len(records) for records in expected]
    assert [each.sha256 for each in written] == [hashlib.sha256(each.path.read_bytes()).hexdigest() for each in written]


def test_split__gives_the_same_bytes_on_every_machine(tmp_path: Path) -> None:
    assert [each.sha256[:16] for each in by_key(write(tmp_path / "x.csv"))] == [
        "dee002ad95b37844",
        "e66b9c5c993bc1f1",
        "ebcd8390f8ea791f",
    ]


def test_split__a_last_record_without_its_end_gets_one(tmp_path: Path) -> None:
    written = by_key(write(tmp_path / "x.csv", [*RECORDS[:-1], RECORDS[-1].removesuffix(b"\r\n")]))
    assert sum(each.rows for each in written) == 100
    assert all(each.path.read_bytes().endswith(b"\r\n") for each in written)


def test_split__with_another_salt_is_another_one(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv")
    assert {each.sha256 for each in by_key(path)}.isdisjoint(each.sha256 for each in by_key(path, salt="2"))


def test_split__json_lines_stay_json_lines(tmp_path: Path) -> None:
    lines = [json.dumps({"id": number, "é": "x"}, ensure_ascii=False).encode() + b"\n" for number in range(50)]
    written = by_key(write(tmp_path / "x.jsonl", [*lines[:9], b"\n", *lines[9:]], b""), "id")
    assert sorted(line for each in written for line in each.path.read_bytes().splitlines(keepends=True)) == sorted(
        lines
    )
    assert all(
        set_of(str(json.loads(line)["id"]), "", SHARES) == place
        for place, each in enumerate(written)
        for line in each.path.read_bytes().splitlines()
    )


@pytest.mark.parametrize("times", [RECORDS, RECORDS[::-1]])
def test_split__by_time_puts_the_earliest_first_and_parts_no_time(tmp_path: Path, times: list[bytes]) -> None:
    path = write(tmp_path / "x.csv", times)
    written = split_by_time(path, targets(path), "day", SHARES)
    days = [
        {line[line.index(b",2024") :][:11] for line in each.path.read_bytes().split(b"\r\np")[1:]} for each in written
    ]
    assert max(days[0]) < min(days[1])
    assert max(days[1]) < min(days[2])
    assert [each.rows for each in written] == [60, 20, 20]


def test_split__by_numbers_orders_numbers_and_no_texts(tmp_path: Path) -> None:
    path = write(tmp_path / "x.csv", [f"{number}\n".encode() for number in range(1, 101)], b"step\n")
    written = split_by_time(path, targets(path), "step", SHARES)
    assert written[1].path.read_bytes().splitlines()[1] == b"61"


def failing(path: Path, *, column: str = "patient", time: str | None = None) -> MlciError:
    """Return the error, after which nothing lies beside the data."""
    with pytest.raises(MlciError) as caught:
        split_by_time(path, targets(path), time, SHARES) if time else by_key(path, column)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    return caught.value


def test_split__a_row_without_a_key_is_named(tmp_path: Path) -> None:
    error = failing(write(tmp_path / "x.csv", [*RECORDS[:5], b",2024-01-01,\r\n"]))
    assert (error.code, error.where) == ("key-missing", f"{tmp_path}/x.csv:9")


@pytest.mark.parametrize("day", [b"", b"31.12.2024", b"2024-01-01T00:00:00"])
def test_split__times_of_several_kinds_order_nothing(tmp_path: Path, day: bytes) -> None:
    error = failing(write(tmp_path / "x.csv", [*RECORDS, b"p1," + day + b",\r\n"]), time="day")
    assert error.code == "time-unreadable"


def test_split__a_set_without_rows_is_refused(tmp_path: Path) -> None:
    assert failing(write(tmp_path / "x.csv", RECORDS[:2])).code == "set-empty"


def test_split__an_unknown_column_is_refused(tmp_path: Path) -> None:
    error = failing(write(tmp_path / "x.csv"), column="xyz")
    assert (error.code, error.hint) == ("split-column-unknown", "One of: patient, day, note")
    assert failing(write(tmp_path / "x.csv"), column="pateint").hint == "Did you mean `patient`?"


@pytest.mark.parametrize(("suffix", "packed"), [(".gz", gzip.compress), (".zst", zstd.compress)])
def test_split__what_is_packed_is_parted_as_what_is_not(
    tmp_path: Path, suffix: str, packed: Callable[[bytes], bytes]
) -> None:
    plain = by_key(write(tmp_path / "x.csv"))
    (tmp_path / f"x.csv{suffix}").write_bytes(packed((tmp_path / "x.csv").read_bytes()))
    again = split_by_key(tmp_path / f"x.csv{suffix}", targets(tmp_path / "x.csv"), "patient", SHARES, "")
    assert again == plain


def test_split__values_that_semicolons_part_are_parted_by_them(tmp_path: Path) -> None:
    records = [record.replace(b",", b";", 2) for record in RECORDS]
    written = by_key(write(tmp_path / "x.csv", records, HEADER.replace(b",", b";")))
    assert [each.rows for each in written] == [each.rows for each in by_key(write(tmp_path / "y.csv"))]


def asked(path: Path, values: str = "*") -> list[tuple[Any, ...]]:
    return duckdb.connect().execute(f"SELECT {values} FROM '{path}'").fetchall()  # noqa: S608 - constants


def a_parquet(path: Path, rows: str = "range(5000)") -> Path:
    values = """
        'p' || range // 2 AS patient, DATE '2024-01-01' + CAST(range // 4 AS INTEGER) AS day, [range] AS "list; --",
        CASE WHEN range % 3 > 0 THEN range / 7 END AS ratio, {'x': range} AS struct"""
    duckdb.sql(f"COPY (SELECT {values} FROM {rows}) TO '{path}' (FORMAT parquet)")  # noqa: S608 - constants
    return path


def test_split__rows_of_parquet_come_to_the_set_of_their_key_in_their_order(tmp_path: Path) -> None:
    path = a_parquet(tmp_path / "x.parquet")
    written = by_key(path)
    rows = asked(path)
    for place, each in enumerate(written):
        with opened(one_file(each.path)) as reading:
            assert reading.names == ("patient", "day", "list; --", "ratio", "struct")
        assert asked(each.path) == [row for row in rows if set_of(row[0], "", SHARES) == place]
        assert each.sha256 == hashlib.sha256(each.path.read_bytes()).hexdigest()
    assert sum(each.rows for each in written) == len(rows)
    assert by_key(path) == written


def test_split__rows_of_parquet_are_parted_by_time(tmp_path: Path) -> None:
    written = split_by_time(a_parquet(tmp_path / "x.parquet"), targets(tmp_path / "x.parquet"), "day", SHARES)
    days = [asked(each.path, "min(day), max(day)")[0] for each in written]
    assert [each.rows for each in written] == [3000, 1000, 1000]
    assert days[0][1] < days[1][0] <= days[1][1] < days[2][0]


def test_split__parquet_whose_columns_differ_in_case_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    duckdb.sql(f"COPY (SELECT range AS ID, range AS ix FROM range(9)) TO '{path}'")  # noqa: S608 - a constant
    path.write_bytes(path.read_bytes().replace(b"ix", b"id"))
    with pytest.raises(UsageError) as caught:
        by_key(path, "ID")
    assert (caught.value.code, list(tmp_path.glob("*-train*"))) == ("split-form", [])


def test_split__a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        by_key(tmp_path / "y.csv")
    assert (caught.value.problem, caught.value.hint) == (
        "there is no file y.csv",
        "mlci split data/visits.csv --key patient",
    )
