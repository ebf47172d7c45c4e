from __future__ import annotations

import gzip
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

import duckdb
import pytest

from mlci.adapters.data_reader import opened
from mlci.adapters.duckdb import DuckdbData
from mlci.adapters.duckdb_connection import locked_connection
from mlci.adapters.duckdb_query import Query
from mlci.core.contract.constraints import constraints
from mlci.core.contract.model import ColumnSpec, Contract
from mlci.core.contract.scalar import ColumnType
from mlci.core.data_files import DataFile, DataFiles, Pin, one_file
from mlci.core.data_format import CsvFormat, Format, JsonLinesFormat, ParquetFormat
from mlci.core.digits import Digits
from mlci.errors import IntegrityError, RejectedError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

if TYPE_CHECKING:
    from mlci.core.findings import DatasetReport

PARQUET, JSONL = ParquetFormat(), JsonLinesFormat()
COLUMNS = {
    "id": {"type": "integer", "unique": True},
    "radius": {"type": "number", "max": 60},
    "name": {"type": "string"},
}


def parquet(path: Path, select: str) -> Path:
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")
    return path


def data_set(*paths: Path, form: Format, **partition: list[str | None]) -> DataFiles:
    files = tuple(
        DataFile(path, path.name, partition=tuple((name, values[place]) for name, values in partition.items()))
        for place, path in enumerate(paths)
    )
    return DataFiles("cells", form, files)


def check(files: DataFiles, columns: dict[str, Any] = COLUMNS) -> DatasetReport:
    return DuckdbData().validate("cells", files, constraints(Contract.model_validate({"columns": columns})), key="id")


def read(files: DataFiles, **columns: ColumnType) -> dict[str, list[object]]:
    table = DuckdbData().read_table(files, [ColumnSpec(name, kind) for name, kind in columns.items()])
    return {name: column.values.tolist() for name, column in table.columns.items()}


def values_of(files: DataFiles) -> tuple[tuple[str, ...], int, dict[str, list[object]]]:
    with opened(files) as reading:
        names, rows = reading.names, reading.rows
    return names, rows, read(files, **cast("dict[str, ColumnType]", dict.fromkeys(names, "string")))


ROWS = "id,radius,name\n1,0.5,ä\n2,61,ü\n"
DIALECTS: dict[str, tuple[str, bytes, CsvFormat]] = {
    "semicolon": ("a.csv", ROWS.replace(",", ";").encode(), CsvFormat(delimiter=";")),
    "tab": ("a.csv", ROWS.replace(",", "\t").encode(), CsvFormat(delimiter="\t")),
    "bar": ("a.csv", ROWS.replace(",", "|").encode(), CsvFormat(delimiter="|")),
    "BOM": ("a.csv", ROWS.encode("utf-8-sig"), CsvFormat()),
    "latin-1": ("a.csv", ROWS.encode("latin-1"), CsvFormat(encoding="latin-1")),
    "windows-1252": ("a.csv", ROWS.encode("cp1252"), CsvFormat(encoding="windows-1252")),
    "utf-16 with BOM": ("a.csv", ROWS.encode("utf-16"), CsvFormat(encoding="utf-16")),
    "utf-16 big-endian": ("a.csv", b"\xfe\xff" + ROWS.encode("utf-16-be"), CsvFormat(encoding="utf-16")),
    "gzip": ("a.csv.gz", gzip.compress(ROWS.encode(), mtime=0), CsvFormat()),
    "gzip of two members": (
        "a.csv.gz",
        gzip.compress(ROWS[:9].encode(), mtime=0) + gzip.compress(ROWS[9:].encode(), mtime=0),
        CsvFormat(),
    ),
    "zstd": ("a.csv.zst", zstd.compress(ROWS.encode()), CsvFormat()),
    "gzip, latin-1": (
        "a.dat",
        gzip.compress(ROWS.encode("latin-1"), mtime=0),
        CsvFormat(encoding="latin-1", compression="gzip"),
    ),
    "apostrophe": ("a.csv", ROWS.replace("ä", "'ä'").encode(), CsvFormat(quote="'")),
    "backslash": ("a.csv", ROWS.replace("ä", '"ä"').encode(), CsvFormat(escape="\\")),
}


@pytest.mark.parametrize(("name", "content", "form"), DIALECTS.values(), ids=DIALECTS)
def test_csv__each_dialect_gives_the_same_values(tmp_path: Path, name: str, content: bytes, form: CsvFormat) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    files = one_file(path, name, form)
    assert values_of(files) == (
        ("id", "radius", "name"),
        2,
        {"id": ["1", "2"], "radius": ["0.5", "61"], "name": ["ä", "ü"]},
    )
    report = check(files)
    assert report.sha256 == hashlib.sha256(content).hexdigest()
    assert [(each.kind, each.failing, each.examples[0].line, each.examples[0].key) for each in report.findings] == [
        ("max", 1, 3, "2")
    ]


@pytest.mark.parametrize(
    ("form", "text", "value"),
    [
        (CsvFormat(escape="\\"), r'"5\" pipe"', '5" pipe'),
        (CsvFormat(escape="\\"), r'"a\\b"', r"a\b"),
        (CsvFormat(escape="\\"), r"a\b", r"a\b"),
        (CsvFormat(quote="'"), "'it''s'", "it's"),
        (CsvFormat(quote="'"), '5" pipe', '5" pipe'),
        (CsvFormat(delimiter=";"), '"a;b"', "a;b"),
        (CsvFormat(delimiter=";"), "1,5", "1,5"),
    ],
)
def test_csv__quotes_and_escapes_are_read_as_declared(tmp_path: Path, form: CsvFormat, text: str, value: str) -> None:
    path = tmp_path / "a.csv"
    path.write_text(form.delimiter.join(["id", "text"]) + "\n" + form.delimiter.join(["1", text]) + "\n")
    assert read(one_file(path, form=form), text="string") == {"text": [value]}


@pytest.mark.parametrize(
    ("form", "content", "problem"),
    [
        (CsvFormat(escape="\\"), b'a,b\n"x\\n",1\n', "a quote opens here and never closes"),
        (CsvFormat(delimiter=";"), b"a,b\n1,2\n", "the header has no semicolon"),
        (CsvFormat(encoding="utf-16"), b"a,b\n1,2", "the text is not utf-16"),
        (CsvFormat(encoding="windows-1252"), b"a,b\n1,\x81\n", "the text is not windows-1252"),
        (CsvFormat(compression="gzip"), b"a,b\n1,2\n", "it is not what gzip writes"),
        (
            CsvFormat(compression="gzip"),
            gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9],
            "it ends in the middle of what gzip packed",
        ),
        (CsvFormat(compression="zstd"), b"a,b\n1,2\n", "it is not what zstd writes"),
        (CsvFormat(compression="zstd"), zstd.compress(b"a,b\n1,2\n")[:-3], "it ends in the middle of what zstd packed"),
    ],
)
def test_csv__what_is_not_as_declared_is_refused(tmp_path: Path, form: CsvFormat, content: bytes, problem: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(RejectedError) as error, opened(one_file(path, "a.csv", form)):
        pass
    assert (error.value.code, error.value.problem) == ("data-unreadable", f"a.csv: {problem}")


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"a;b\n1;2\n", 'Say so in mlci.yaml: format: {csv: {delimiter: ";"}}'),
        (b"a\tb\n1\t2\n", 'Say so in mlci.yaml: format: {csv: {delimiter: "\\t"}}'),
        ("a,b\n1,ä\n".encode("latin-1"), "Say so in mlci.yaml, format: {csv: {encoding: windows-1252}}; or"),
        ("a,b\n1,ä\n".encode("utf-16"), "Say so in mlci.yaml, format: {csv: {encoding: utf-16}}; or"),
    ],
)
def test_csv__another_dialect_is_not_guessed_but_named(tmp_path: Path, content: bytes, hint: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(RejectedError) as error, opened(one_file(path)):
        pass
    assert str(error.value.hint).startswith(hint)


def test_csv__that_git_lfs_has_is_told_by_its_pointer(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n")
    with pytest.raises(RejectedError) as error:
        DuckdbData().columns(data_set(path, form=CsvFormat()))
    assert (error.value.code, error.value.problem, error.value.hint) == (
        "data-in-lfs",
        "a.csv holds no data, only where Git LFS keeps them",
        "dvc add a.csv, or git lfs migrate export --include=a.csv",
    )


def test_csv__what_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 1_000_000, mtime=0))
    files = DataFiles("a", CsvFormat(), (DataFile(path, "a.csv.gz"),), limit_bytes=1_000_000)
    with pytest.raises(RejectedError) as error, opened(files):
        pass
    assert (error.value.code, error.value.problem) == ("data-too-large", "a.csv.gz takes more than 1,000,000 bytes")


def fits(files: DataFiles) -> set[str]:
    """Return the types that the column `x` is of."""
    with opened(files) as reading, locked_connection(reading.sources) as connection:
        query = Query(reading)
        values = {}
        for kind in get_args(ColumnType):
            values[kind] = query.typed("x", kind, Digits(9, 2) if kind == "decimal" else None)
        listed = ", ".join(f"{value} IS NOT NULL" for value in values.values())
        found = connection.execute(f"WITH {query.tables()} SELECT {listed} FROM data", query.parameters).fetchone()  # noqa: S608 - no text of a user's
    return {kind for kind, is_there in zip(values, found or (), strict=True) if is_there}


NATIVE = "SELECT * FROM (VALUES (1, 0.5::DOUBLE, 'a'), (2, 61, 'b'), (2, NULL, NULL)) AS t(id, radius, name)"


def test_parquet__is_checked_by_its_own_types(tmp_path: Path) -> None:
    report = check(one_file(parquet(tmp_path / "a.parquet", NATIVE)))
    found = [(each.kind, each.columns, each.failing, [row.line for row in each.examples]) for each in report.findings]
    assert (report.rows, report.columns) == (3, ("id", "radius", "name"))
    assert found == [
        ("unique", ("id",), 1, [3]),
        ("required", ("radius",), 1, [3]),
        ("max", ("radius",), 1, [2]),
        ("required", ("name",), 1, [3]),
    ]


@pytest.mark.parametrize(
    ("value", "fitting"),
    [
        ("1::TINYINT", {"integer", "number", "decimal"}),
        ("1::UINTEGER", {"integer", "number", "decimal"}),
        ("9223372036854775807::UBIGINT", {"integer", "number"}),
        ("18446744073709551615::UBIGINT", {"number"}),
        ("1::DOUBLE", {"number"}),
        ("1.5::FLOAT", {"number"}),
        ("'nan'::DOUBLE", set()),
        ("'inf'::DOUBLE", set()),
        ("12345678901234567890123456789012345678::DECIMAL(38,0)", {"number"}),
        ("1234567.25::DECIMAL(20,5)", {"number", "decimal"}),
        ("1234567.255::DECIMAL(20,5)", {"number"}),
        ("true", {"boolean"}),
        ("'1'", {"string"}),
        ("''", {"string"}),
        ("'a'::BLOB", {"binary"}),
        ("DATE '1969-12-31'", {"date"}),
        ("DATE '10000-01-01'", set()),
        ("TIME '23:59:59.5'", {"time"}),
        ("TIMESTAMP '1969-12-31 23:59:59.999999'", {"timestamp"}),
        ("TIMESTAMP_NS '2024-01-01 00:00:00.000001'", {"timestamp"}),
        ("TIMESTAMP_NS '2024-01-01 00:00:00.000000001'", set()),
        ("TIMESTAMPTZ '2024-03-31 02:30:00+01'", {"timestamp_with_zone"}),
        ("[1]", {"list"}),
        ("[DATE '2024-01-01']", {"list"}),
        ("{'y': 1}", {"struct"}),
    ],
)
def test_parquet__nothing_is_widened_into_another_type(tmp_path: Path, value: str, fitting: set[str]) -> None:
    files = one_file(parquet(tmp_path / "a.parquet", f"SELECT {value} AS x"))
    assert fits(files) == fitting


def test_parquet__values_come_back_as_they_are(tmp_path: Path) -> None:
    files = one_file(
        parquet(
            tmp_path / "a.parquet",
            "SELECT * FROM (VALUES (1::INTEGER, 0.1::DOUBLE, true, 'ä'), (9, 2, false, '')) AS t(i, n, b, s)",
        )
    )
    assert read(files, i="integer", n="number", b="boolean", s="string") == {
        "i": [1, 9], "n": [0.1, 2.0], "b": [True, False], "s": ["ä", ""],
    }  # fmt: skip


def test_parquet__without_row_groups_has_no_rows(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", NATIVE + " LIMIT 0")
    footer = "SELECT num_row_groups FROM parquet_file_metadata($path)"
    with duckdb.connect() as connection:
        assert connection.execute(footer, {"path": str(path)}).fetchone() == (0,)
    report = check(one_file(path))
    assert (report.rows, report.passed) == (0, True)
    assert read(one_file(path), id="integer", name="string") == {"id": [], "name": []}


def test_parquet__columns_may_have_the_names_that_the_engine_gives(tmp_path: Path) -> None:
    names = ("filename", "FileName_", "file_row_number", "number", "row")
    rows = ", ".join(f'{place} + i AS "{name}"' for place, name in enumerate(names))
    path = parquet(tmp_path / "a.parquet", f"SELECT {rows} FROM range(3) AS t(i)")  # noqa: S608 - names of our own
    report = check(one_file(path), {name: {"type": "integer", "max": 5} for name in names})
    assert [(each.columns, each.failing, [row.line for row in each.examples]) for each in report.findings] == [
        (("row",), 1, [3])
    ]


def test_parquet__rows_are_counted_over_all_parts_and_files(tmp_path: Path) -> None:
    rows = "COPY (SELECT i = {at} AS bad, '{at}' AS name FROM range(5000) AS t(i)) TO '{path}' (ROW_GROUP_SIZE 2048)"
    paths = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    with duckdb.connect() as connection:
        for path in paths:
            connection.execute(rows.format(at=4500, path=path))
    columns = {"bad": {"type": "boolean"}, "name": {"type": "string", "enum": ["other"]}}
    rule = {"columns": columns, "rules": [{"name": "good", "check": "bad == false"}]}
    told = constraints(Contract.model_validate(rule))
    for files in (data_set(paths[0], form=PARQUET), data_set(*paths, form=PARQUET)):
        broken = {each.kind: each for each in DuckdbData().validate("cells", files, told).findings}
        assert broken["enum"].failing == 5000 * len(files.files)
        assert [row.line for row in broken["rule"].examples] == [4501] * len(files.files)


def test_parquet__nested_columns_are_one_column_each(tmp_path: Path) -> None:
    files = one_file(parquet(tmp_path / "a.parquet", "SELECT {'x': 1, 'y': [{'z': 2}]} AS a, [1] AS b, 3 AS c"))
    with opened(files) as reading:
        assert reading.names == ("a", "b", "c")
    assert read(files, c="integer") == {"c": [3]}


@pytest.mark.parametrize("cut", [0, 4, 10, 300, -1])
def test_parquet__cut_off_is_refused(tmp_path: Path, cut: int) -> None:
    path = parquet(tmp_path / "a.parquet", NATIVE)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(RejectedError) as error, opened(one_file(path, "a.parquet")):
        pass
    assert (error.value.code, error.value.problem, error.value.where) == (
        "data-unreadable",
        "a.parquet: it is no Parquet file, or not the whole of one",
        "a.parquet",
    )


@pytest.mark.parametrize("place", [0, 40, 200, -20, -1])
def test_pin__one_flipped_byte_is_an_integrity_error_and_never_a_value(tmp_path: Path, place: int) -> None:
    path = parquet(tmp_path / "a.parquet", NATIVE)
    whole = bytearray(path.read_bytes())
    pin = Pin("sha256", hashlib.sha256(whole).hexdigest())
    files = DataFiles("a", PARQUET, (DataFile(path, "a.parquet", pin),))
    assert check(files).rows == 3
    whole[place] ^= 1
    path.write_bytes(whole)
    with pytest.raises(IntegrityError) as error:
        check(files)
    assert (error.value.code, error.value.exit_code, error.value.where) == ("data-differs", 4, "a.parquet")


def test_pin__by_md5_is_verified(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"a\n1\n")
    right, wrong = (Pin("md5", hashlib.md5(text).hexdigest()) for text in (b"a\n1\n", b"a\n2\n"))  # noqa: S324
    assert read(DataFiles("a", CsvFormat(), (DataFile(path, "a.csv", right),)), a="integer") == {"a": [1]}
    with pytest.raises(IntegrityError), opened(DataFiles("a", CsvFormat(), (DataFile(path, "a.csv", wrong),))):
        pass


def json_lines(path: Path, *lines: object) -> Path:
    path.write_text("".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in lines))
    return path


MIXED: dict[str, ColumnType] = {"id": "integer", "radius": "number", "a/b~c": "string"}


def test_json_lines__keys_are_columns_and_what_lacks_one_has_no_value(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "a.jsonl", {"id": 1, "name": None}, "", {"radius": 61.5, "id": 2, "a/b~c": "x"})
    with opened(one_file(path)) as reading:
        assert (reading.names, reading.rows) == (("id", "name", "radius", "a/b~c"), 2)
        assert {row: place.line for row, place in reading.places([1, 2]).items()} == {1: 1, 2: 3}
    assert read(one_file(path), **MIXED) == {
        "id": [1, 2], "radius": [pytest.approx(float("nan"), nan_ok=True), 61.5], "a/b~c": ["", "x"],
    }  # fmt: skip
    assert [(each.kind, each.columns, each.failing) for each in check(one_file(path)).findings] == [
        ("required", ("radius",), 1),
        ("max", ("radius",), 1),
        ("required", ("name",), 2),
    ]


@pytest.mark.parametrize(
    ("text", "fitting"),
    [
        ("1", {"integer", "number", "decimal"}),
        ("-0", {"integer", "number", "decimal"}),
        ("1.0", {"number", "decimal"}),
        ("1.25", {"number", "decimal"}),
        ("1.255", {"number"}),
        ("1e3", {"number", "decimal"}),
        ("9223372036854775808", {"number"}),
        ("NaN", set()),
        ("Infinity", set()),
        ("true", {"boolean"}),
        ('"1"', {"string", "decimal"}),
        ('"true"', {"string"}),
        ('""', {"string"}),
        ('"2024-02-29"', {"string", "date"}),
        ('"2024-02-30"', {"string"}),
        ('"2024-02-29T12:00:00Z"', {"string", "timestamp_with_zone"}),
        ("[1]", {"list"}),
        ('{"y": 1}', {"struct"}),
    ],
)
def test_json_lines__nothing_is_widened_into_another_type(tmp_path: Path, text: str, fitting: set[str]) -> None:
    files = one_file(json_lines(tmp_path / "a.jsonl", f'{{"x": {text}}}'))
    assert fits(files) == fitting


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the file is empty"),
        (b'{"a": 1}\n[1]\n', "row 2 is no JSON object"),
        (b'{"a": 1}\nnull\n', "row 2 is no JSON object"),
        (b'{"a": 1}\n{"a": 1, "a": 2}\n', "row 2 has the key `a` twice"),
        (b'{"a": 1}\n{"a":\n', "a line is no JSON object"),
        (b'{"a": 1} {"a": 2}\n', "a line is no JSON object"),
        (b'{"a": "\xff"}\n', "a line is no JSON object"),
        (b"a,b\n1,2\n", "a line is no JSON object"),
        ('{"a": 1}\n'.encode("utf-16"), "a line is no JSON object"),
    ],
)
def test_json_lines__another_form_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    with pytest.raises(RejectedError) as error, opened(one_file(path, "a.jsonl")):
        pass
    assert (error.value.code, error.value.problem) == ("data-unreadable", f"a.jsonl: {problem}")
    assert "/dev/fd" not in f"{error.value.where}{error.value.cause}{error.value.hint}"


def test_names__that_differ_in_case_are_two_columns_in_every_format(tmp_path: Path) -> None:
    for_csv = tmp_path / "a.csv"
    for_csv.write_text("ID,id\n1,2\n")
    written = json_lines(tmp_path / "a.jsonl", {"ID": 1, "id": 2})
    for path in (for_csv, written):
        with opened(one_file(path)) as reading:
            assert (reading.names, reading.rows) == (("ID", "id"), 1)
        assert read(one_file(path), ID="integer", id="integer") == {"ID": [1], "id": [2]}


def test_several__csv_files_are_one_table_in_their_order(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("b.csv", "a.csv", "c.csv")]
    for path, text in zip(paths, ("id,x\n1,u\n2,v\n", "id,x\r\n", 'id,x\r\n3,"w\r\nw"\r\n3,y'), strict=True):
        path.write_bytes(text.encode())
    files = data_set(*paths, form=CsvFormat())
    assert read(files, id="integer", x="string") == {"id": [1, 2, 3, 3], "x": ["u", "v", "w\r\nw", "y"]}
    (found,) = check(files, {"id": {"type": "integer", "unique": True}, "x": {"type": "string"}}).findings
    assert [(each.file, each.line) for each in found.examples] == [("c.csv", 4)]


@pytest.mark.parametrize(
    ("form", "first", "other", "cause"),
    [
        (CsvFormat(), "a,b\n1,2\n", "b,a\n1,2\n", "Column 1 is b, and a in the first file."),
        (CsvFormat(), "a,b\n1,2\n", "a\n1\n", "It lacks b."),
        (CsvFormat(), "a,b\n1,2\n", "a,b,c\n1,2,3\n", "It adds c."),
        (CsvFormat(), "a,b\n1,2\n", "A,b\n1,2\n", "It lacks a. It adds A."),
    ],
)
def test_several__other_columns_or_another_order_are_refused(
    tmp_path: Path, form: Format, first: str, other: str, cause: str
) -> None:
    (tmp_path / "a").write_text(first)
    (tmp_path / "b").write_text(other)
    with pytest.raises(RejectedError) as error, opened(data_set(tmp_path / "a", tmp_path / "b", form=form)):
        pass
    assert (error.value.code, error.value.where, error.value.cause) == ("data-files-differ", "b", cause)


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        ("SELECT 'x' AS b, 1 AS a", "b.parquet has other columns than a.parquet"),
        ("SELECT 1::BIGINT AS a, 'x' AS b", "`a` is BIGINT in b.parquet and INTEGER in the first file"),
        ("SELECT 1 AS a, 2 AS b", "`b` is INTEGER in b.parquet and VARCHAR in the first file"),
    ],
)
def test_several__parquet_files_of_other_types_are_refused(tmp_path: Path, other: str, problem: str) -> None:
    first = parquet(tmp_path / "a.parquet", "SELECT 1 AS a, 'x' AS b")
    second = parquet(tmp_path / "b.parquet", other)
    with pytest.raises(RejectedError) as error, opened(data_set(first, second, form=PARQUET)):
        pass
    assert (error.value.code, error.value.problem) == ("data-files-differ", problem)


WRITTEN_AS = {CsvFormat: "csv, header true", ParquetFormat: "parquet", JsonLinesFormat: "json"}


@pytest.mark.parametrize("form", [CsvFormat(), PARQUET, JSONL], ids=["csv", "parquet", "jsonl"])
def test_partitions__are_columns_of_text(tmp_path: Path, form: Format) -> None:
    paths = []
    for number in (1, 2):
        path = tmp_path / f"{number}"
        rows = f"SELECT {number} AS id UNION ALL SELECT {number + 2}"
        with duckdb.connect() as connection:
            connection.execute(f"COPY ({rows}) TO '{path}' (FORMAT {WRITTEN_AS[type(form)]})")
        paths.append(path)
    files = data_set(*paths, form=form, year=["2024", None])
    assert read(files, id="integer", year="integer")["id"] == [1, 3, 2, 4]
    assert read(files, year="string") == {"year": ["2024", "2024", "", ""]}
    report = check(files, {"id": {"type": "integer"}, "year": {"type": "integer"}})
    assert (report.columns, [(each.kind, each.failing) for each in report.findings]) == (
        ("id", "year"),
        [("required", 2)],
    )


def test_partitions__that_are_columns_too_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("year,x\n1,2\n")
    with pytest.raises(RejectedError) as error, opened(data_set(path, form=CsvFormat(), year=["2024"])):
        pass
    assert error.value.code == "data-files-differ"


def test_files__their_hash_is_over_names_and_hashes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("x\n1\n")
    first, second = tmp_path / "a", tmp_path / "b"
    hashes = set()
    for paths in ((first, second), (second, first), (first,)):
        with opened(data_set(*paths, form=CsvFormat())) as reading:
            hashes.add(reading.sha256)
    assert len(hashes) == 3


def test_files__descriptors_are_given_back_also_where_one_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x\n1\n")
    (tmp_path / "b").write_text('x\n"1\n')
    before = len(list(Path("/dev/fd").iterdir()))
    with pytest.raises(RejectedError), opened(data_set(tmp_path / "a", tmp_path / "b", form=CsvFormat())):
        pass
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_files__a_thousand_are_read(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number:04}.csv" for number in range(1000)]
    for number, path in enumerate(paths):
        path.write_text(f"id\n{number}\n")
    assert read(data_set(*paths, form=CsvFormat()), id="integer") == {"id": list(range(1000))}
