from __future__ import annotations

import csv
import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.adapters.contract_inference import infer, infer_all
from mlci.adapters.duckdb import DuckdbData
from mlci.core.contract.constraints import constraints, row_key
from mlci.core.contract.model import Contract
from mlci.core.data_files import one_file
from mlci.core.data_format import CsvFormat
from mlci.core.documents import read_model
from mlci.core.positive_class import LabelProfile
from mlci.errors import RejectedError, UsageError

if TYPE_CHECKING:
    from mlci.core.findings import DatasetReport

HEADER = ["id", "mean_radius", "size_band", "malignant", "postcode", "ill", "note"]


def write(path: Path, header: list[str], rows: list[list[str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
        writer.writerow(header)
        writer.writerows(rows)
    return path


def cells(count: int, seed: int = 0) -> list[list[str]]:
    draw = random.Random(seed)  # noqa: S311 - test data
    return [
        [
            str(1000 + number),
            f"{draw.uniform(6.5, 28.5):.3f}",
            draw.choice(["small", "medium", "large"]),
            draw.choice("01"),
            f"0{draw.randrange(1000, 9999)}",
            draw.choice(["true", "false"]),
            draw.choice(["", "seen"]),
        ]
        for number in range(count)
    ]


def drafted(path: Path) -> Contract:
    return read_model(infer(path).contract.encode(), Contract, "draft.yaml")


def check(path: Path, contract: Contract) -> DatasetReport:
    return DuckdbData().validate("cells", one_file(path), constraints(contract))


def test_infer__drafts_a_contract_that_reads_as_prose(tmp_path: Path) -> None:
    rows = [
        *(["7", "1.5", "NO", "0", "01000", "true", ""] for _ in range(5)),
        *(["8", "-2.25", "YES", "1", "01001", "False", "x"] for _ in range(5)),
    ]
    assert infer(write(tmp_path / "cells.csv", HEADER, rows)).contract == (
        "# Drafted by mlci from cells.csv (10 rows). Read it once: what is marked was guessed.\n"
        "columns:\n"
        "  id:          {type: integer, enum: [7, 8]}  # guessed: every value that was seen\n"
        "  mean_radius: {type: number, min: -4.2, max: 3.4}  # guessed from -2.25 to 1.5\n"
        "  size_band:   {type: string, enum: [NO, YES]}  # guessed: every value that was seen\n"
        "  malignant:   {type: integer, enum: [0, 1]}  # guessed: every value that was seen\n"
        '  postcode:    {type: string, enum: ["01000", "01001"]}  # guessed: every value that was seen\n'
        "  ill:         {type: boolean}\n"
        "  note:        {type: string, required: false, enum: [x]}  "
        "# 5 of 10 rows have no value; guessed: every value that was seen\n"
        "rows: {min: 5}  # guessed: at least about half of today's rows\n"
    )


def test_infer__half_of_the_rows_make_a_contract_that_the_other_half_satisfies(tmp_path: Path) -> None:
    rows = cells(400)
    contract = drafted(write(tmp_path / "half.csv", HEADER, rows[::2]))
    assert check(write(tmp_path / "other.csv", HEADER, rows[1::2]), contract).findings == ()
    assert {name: rule.type for name, rule in contract.columns.items()} == {
        "id": "integer",
        "mean_radius": "number",
        "size_band": "string",
        "malignant": "integer",
        "postcode": "string",
        "ill": "boolean",
        "note": "string",
    }
    assert row_key(None, contract.columns, constraints(contract)) == "id"


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [
        ("mean_radius", "18500.2", "max"),
        ("mean_radius", "-1", "min"),
        ("mean_radius", "17,99", "type"),
        ("mean_radius", "", "required"),
        ("size_band", "Small", "enum"),
        ("malignant", "2", "enum"),
        ("malignant", "benign", "type"),
        ("id", "1000", "unique"),
        ("ill", "1", "type"),
    ],
)
def test_infer__its_contract_catches_damage(tmp_path: Path, column: str, value: str, kind: str) -> None:
    rows = cells(200)
    contract = drafted(write(tmp_path / "cells.csv", HEADER, rows))
    rows[150][HEADER.index(column)] = value
    (found,) = check(write(tmp_path / "damaged.csv", HEADER, rows), contract).findings
    assert (found.columns, found.kind, found.examples[0].line) == ((column,), kind, 152)


def test_infer__a_file_that_is_cut_off_is_noticed(tmp_path: Path) -> None:
    contract = drafted(write(tmp_path / "cells.csv", HEADER, cells(200)))
    (found,) = check(write(tmp_path / "short.csv", HEADER, cells(90)), contract).findings
    assert found.sentence == "there are 90 rows, at least 100 are demanded"


def test_infer__a_file_without_rows_has_a_contract(tmp_path: Path) -> None:
    contract = drafted(write(tmp_path / "cells.csv", HEADER, []))
    assert {rule.type for rule in contract.columns.values()} == {"string"}


def test_infer__a_malformed_file_has_none(tmp_path: Path) -> None:
    (tmp_path / "cells.csv").write_text("a,b\n1\n")
    with pytest.raises(RejectedError):
        infer(tmp_path / "cells.csv")


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
VALUE = st.integers().map(str) | st.floats().map(repr) | st.sampled_from(["", "true", "007", "NO", "null", " 1"]) | TEXT
NAME = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=5)


@settings(max_examples=30, deadline=None)
@given(st.data(), st.lists(NAME, max_size=3, unique=True), st.integers(0, 12))
def test_infer__any_data_satisfies_its_own_contract(data: st.DataObject, names: list[str], count: int) -> None:
    header = ["known", *(name for name in names if name != "known")]
    rows = data.draw(st.lists(st.lists(VALUE, min_size=len(header), max_size=len(header)), max_size=count))
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "data.csv", [*header, "last one"], [[*row, "x"] for row in rows])
        report = check(path, drafted(path))
    assert report.findings == ()


@settings(max_examples=10, deadline=None)
@given(st.data(), st.lists(NAME, max_size=2, unique=True))
def test_infer__any_two_files_satisfy_their_contract(data: st.DataObject, names: list[str]) -> None:
    header = ["known", *(name for name in names if name != "known")]
    rows = st.lists(st.lists(VALUE, min_size=len(header), max_size=len(header)), max_size=8)
    with tempfile.TemporaryDirectory() as folder:
        paths = [write(Path(folder) / name, header, data.draw(rows)) for name in ("one.csv", "other.csv")]
        contract = read_model(infer(*paths).contract.encode(), Contract, "draft.yaml")
        assert [check(path, contract).findings for path in paths] == [(), ()]


@pytest.mark.parametrize(
    ("one", "other", "labels"),
    [
        (["0", "1", "0"], ["1"], (LabelProfile("integer", 2, (0, 1), (2, 1)), LabelProfile("integer", 1, (1,), (1,)))),
        (
            ["0", "1"],
            ["0.0", "1"],
            (LabelProfile("number", 2, (0.0, 1.0), (1, 1)), LabelProfile("number", 2, (0.0, 1.0), (1, 1))),
        ),
        (
            ["True", "false"],
            ["TRUE", "FALSE"],
            (LabelProfile("boolean", 2, (False, True), (1, 1)), LabelProfile("boolean", 2, (False, True), (1, 1))),
        ),
        (
            ["yes", "no"],
            ["1", "0"],
            (LabelProfile("string", 2, ("no", "yes"), (1, 1)), LabelProfile("string", 2, ("0", "1"), (1, 1))),
        ),
        (["", ""], ["1", ""], (LabelProfile("integer", 0, ()), LabelProfile("integer", 1, (1,), (1,)))),
        ([], [], (LabelProfile("string", 0, ()), LabelProfile("string", 0, ()))),
        (
            [str(number) for number in range(900)],
            ["5"],
            (LabelProfile("integer", 900, (0, 1, 2, 3, 4)), LabelProfile("integer", 1, (5,), (1,))),
        ),
    ],
)
def test_infer__tells_what_the_label_holds_in_each_file(
    tmp_path: Path, one: list[str], other: list[str], labels: tuple[LabelProfile, ...]
) -> None:
    paths = [
        write(tmp_path / name, ["id", "no"], [[str(row), value] for row, value in enumerate(values)])
        for name, values in (("one.csv", one), ("other.csv", other))
    ]
    assert infer(*paths, label="no").labels == labels


@pytest.mark.parametrize("label", [None, "ill"])
def test_infer__has_no_labels_where_there_is_no_such_column(tmp_path: Path, label: str | None) -> None:
    path = write(tmp_path / "one.csv", ["id"], [["1"]])
    assert infer(path, label=label).labels == ()


def test_infer__a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        infer(write(tmp_path / "one.csv", ["id"], [["1"]]), tmp_path / "othr.csv")
    assert (caught.value.code, caught.value.problem, caught.value.hint) == (
        "data-missing",
        "there is no file othr.csv",
        "Name a CSV file with labelled rows: mlci init DATA.csv --holdout HOLDOUT.csv --label COLUMN",
    )


def test_infer__a_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        infer(tmp_path)
    assert (caught.value.code, caught.value.problem, caught.value.hint) == (
        "data-missing",
        f"{tmp_path.name} is a folder",
        "Name a CSV file with labelled rows: mlci init DATA.csv --label COLUMN",
    )


@pytest.mark.parametrize(
    ("header", "rows", "repeated"),
    [
        (["id", "x"], [["7", "1"], ["8", "1"], ["7", "2"]], ("id", "7")),
        (["x", "sample_id"], [["1", "a"], ["1", "b"], ["2", "b"]], ("sample_id", "b")),
        (["id", "x"], [["7", "1"], ["8", "1"]], None),
        (["id", "x"], [["7", "1"], ["", "1"]], None),
        (["x", "y"], [["7", "1"], ["7", "1"]], None),
        (["id", "key"], [["7", "1"], ["7", "2"]], None),
    ],
)
def test_infer__tells_what_keeps_a_column_from_being_the_key(
    tmp_path: Path, header: list[str], rows: list[list[str]], repeated: tuple[str, str] | None
) -> None:
    assert infer(write(tmp_path / "one.csv", header, rows)).repeated == repeated


def test_infer__from_files_whose_lines_end_differently_is_refused(tmp_path: Path) -> None:
    one, other = tmp_path / "one.csv", tmp_path / "other file.csv"
    one.write_bytes(b"id,x\n1,1\n")
    other.write_bytes(b"id,x\r\n1,1\r\n")
    with pytest.raises(UsageError) as caught:
        infer(one, other)
    assert (caught.value.code, caught.value.hint) == ("line-ends-differ", f"dos2unix {one} '{other}'")


def test_infer__from_two_files_fits_the_rows_of_both(tmp_path: Path) -> None:
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_bytes(b"id,x\n1,1.5\n2,2.5")
    other.write_bytes(b"\xef\xbb\xbfid,x\n3,900\n")
    bound = read_model(infer(one, other).contract.encode(), Contract, "contract").columns["x"].max
    assert isinstance(bound, int | float)
    assert bound >= 900


def test_infer__wants_no_second_value_where_one_of_two_files_has_a_single_one(tmp_path: Path) -> None:
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    for path, year, first in ((one, 2011, 0), (other, 2012, 400)):
        rows = [[str(first + row), str(year), str(row % 3 + 1), f"{row}.5"] for row in range(400)]
        write(path, ["id", "year", "season", "degrees"], rows)
    contract = read_model(infer(one, other).contract.encode(), Contract, "contract")
    assert [each.name for each in contract.aggregates] == ["season_varies", "degrees_varies"]
    assert [check(path, contract).findings for path in (one, other)] == [(), ()]


@pytest.mark.parametrize(
    ("header", "cause"),
    [
        ("x,id", "The order differs. Column 1 is id in one.csv and x in other.csv."),
        ("id,y", "Only one.csv has x. Only other.csv has y."),
    ],
)
def test_infer__from_files_with_other_columns_is_refused(tmp_path: Path, header: str, cause: str) -> None:
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text("id,x\n1,1\n")
    other.write_text(f"{header}\n1,1\n")
    with pytest.raises(UsageError) as caught:
        infer(one, other)
    assert (caught.value.code, caught.value.cause) == ("headers-differ", cause)


def test_infer__says_how_values_are_parted_and_reads_by_it(tmp_path: Path) -> None:
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text("id;x\n1;1.5\n2;2.5\n")
    other.write_text("id;x\n3;900\n")
    inferred = infer(one, other, label="x")
    columns = read_model(inferred.contract.encode(), Contract, "contract").columns
    assert {name: column.type for name, column in columns.items()} == {"id": "integer", "x": "number"}
    assert (inferred.form, [each.distinct for each in inferred.labels]) == (CsvFormat(delimiter=";"), [2, 1])
    assert inferred.contract.splitlines()[1] == (
        '# mlci.yaml says how its values are parted: format: {csv: {delimiter: ";"}}'
    )


def test_infer__from_files_whose_values_are_parted_differently_is_refused(tmp_path: Path) -> None:
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text("id;x\n1;1\n")
    other.write_text("id,x\n2,1\n")
    with pytest.raises(UsageError) as caught:
        infer(one, other)
    assert (caught.value.code, caught.value.where) == ("dialects-differ", str(other))


def test_infer__from_two_files_bounds_the_rows_by_the_smaller_one(tmp_path: Path) -> None:
    one, other = tmp_path / "one.csv", tmp_path / "other.csv"
    one.write_text("id,x\n" + "".join(f"{row},1\n" for row in range(800)))
    other.write_text("id,x\n" + "".join(f"{row},1\n" for row in range(800, 1000)))
    rows = read_model(infer(one, other).contract.encode(), Contract, "contract").rows
    assert rows is not None
    assert rows.min is not None
    assert rows.min <= 200


def test_infer__tells_days_and_times_from_texts(tmp_path: Path) -> None:
    header = ["id", "day", "at", "sent", "opens", "mixed", "fresh"]
    rows = [
        [str(number), f"2011-02-{number:02}", f"2011-02-03 04:{number}:00", f"2011-02-{number:02}T04:00+02:00", "09:30",
         "2011-02-03" if number % 2 else "2011-02-03T04:00", "" if number % 2 else "2011-02-03"]
        for number in range(10, 26)
    ]  # fmt: skip
    path = write(tmp_path / "days.csv", header, rows)
    assert infer(path).contract.splitlines()[3:9] == [
        (
            '  day:   {type: date, min: "2009-01-01", max: "2032-01-01"}  '
            "# guessed from 2011-02-10 to 2011-02-25; later ones will come"
        ),
        (
            '  at:    {type: timestamp, min: "2009-01-01T00:00:00", max: "2032-01-01T00:00:00"}  '
            "# guessed from 2011-02-03 04:10:00 to 2011-02-03 04:25:00; later ones will come"
        ),
        (
            '  sent:  {type: timestamp_with_zone, min: "2009-01-01T00:00:00Z", max: "2032-01-01T00:00:00Z"}  '
            "# guessed from 2011-02-10 02:00:00 to 2011-02-25 02:00:00; later ones will come"
        ),
        "  opens: {type: time}",
        "  mixed: {type: string}",
        (
            '  fresh: {type: date, required: false, min: "2009-01-01", max: "2032-01-01"}  '
            "# 8 of 16 rows have no value; guessed from 2011-02-03 to 2011-02-03; later ones will come"
        ),
    ]
    assert check(path, drafted(path)).findings == ()


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_infer__what_it_drafts_from_files_with_types_they_satisfy(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"rows.{form}"
    values = """
        range AS id, range / 7 AS ratio, range % 2 = 0 AS even, DATE '2024-01-01' + CAST(range AS INTEGER) AS day,
        TIMESTAMP '2024-01-01 00:00:00' + range * INTERVAL 1 HOUR AS at, 'word ' || range AS word, [range] AS listed,
        {'x': range} AS struct"""
    more = ", CAST(range AS DECIMAL(9, 2)) AS price, encode('a' || range) AS bytes" if form == "parquet" else ""
    written = {"parquet": "PARQUET", "jsonl": "JSON"}[form]
    duckdb.sql(f"COPY (SELECT {values}{more} FROM range(40)) TO '{path}' (FORMAT {written})")  # noqa: S608 - constants
    contract = drafted(path)
    types = [contract.columns[name].type for name in ("id", "ratio", "even", "day", "word", "listed", "struct")]
    assert types == ["integer", "number", "boolean", "date", "string", "list", "struct"]
    assert check(path, contract).findings == ()


def test_infer__a_column_of_no_one_type_is_left_out_by_name(tmp_path: Path) -> None:
    path = tmp_path / "rows.parquet"
    duckdb.sql(f"COPY (SELECT range AS id, 'nan'::DOUBLE AS x FROM range(9)) TO '{path}'")  # noqa: S608 - a constant
    contract = infer(path).contract
    assert "  # x is not checked: no type is that of all its values\n" in contract
    assert check(path, drafted(path)).findings == ()


def test_infer__a_label_of_days_is_told_as_text(tmp_path: Path) -> None:
    path = write(tmp_path / "one.csv", ["id", "no"], [["1", "2024-01-01"], ["2", "2024-01-02"]])
    assert infer(path, label="no").labels == (LabelProfile("string", 2, ("2024-01-01", "2024-01-02"), (1, 1)),)


@pytest.mark.parametrize("path", [".", "year=*/*.csv"])
def test_infer_all__drafts_one_contract_for_the_files_of_a_folder(tmp_path: Path, path: str) -> None:
    for year, rows in ((2023, "1;0.5\n2;0.25\n"), (2024, "3;8.5\n")):
        (tmp_path / f"year={year}").mkdir()
        (tmp_path / f"year={year}" / "a.csv").write_text(f"id;x\n{rows}")
    inferred = infer_all(tmp_path / path)
    contract = read_model(inferred.contract.encode(), Contract, "contract")
    assert {name: rule.type for name, rule in contract.columns.items()} == {
        "id": "integer",
        "x": "number",
        "year": "integer",
    }
    assert inferred.form == CsvFormat(delimiter=";")
    assert inferred.contract.splitlines()[0].endswith("(3 rows). Read it once: what is marked was guessed.")


def test_infer_all__a_file_that_is_not_there_is_told_with_its_own_command(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        infer_all(tmp_path / "cels.csv")
    assert (caught.value.problem, caught.value.hint) == (
        "there is no file cels.csv",
        "mlci contract infer data/cells.csv -o contracts/cells.yaml",
    )
