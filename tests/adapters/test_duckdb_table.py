from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.adapters.duckdb import DuckdbData
from mlci.core.contract.model import ColumnSpec
from mlci.core.data_files import one_file
from mlci.errors import RejectedError, UsageError

if TYPE_CHECKING:
    from mlci.core.contract.scalar import ColumnType
    from mlci.core.table import Column, Table


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "rows.csv"


def read(path: Path, content: str, **columns: ColumnType) -> Table:
    path.write_text(content, encoding="utf-8", newline="")
    return DuckdbData().read_table(one_file(path), [ColumnSpec(name, type_) for name, type_ in columns.items()])


def listed(column: Column) -> tuple[str, list[object], list[bool] | None]:
    missing = None if column.missing is None else column.missing.tolist()
    return column.values.dtype.str.lstrip("<|="), column.values.tolist(), missing


def test_read_table__each_type_has_its_array(path: Path) -> None:
    table = read(
        path, "i,n,s,b,more\n1,1.5,ä,true,x\n-2,1e3,abc,FALSE,y\n", i="integer", n="number", s="string", b="boolean"
    )
    assert {name: listed(column) for name, column in table.columns.items()} == {
        "i": ("i8", [1, -2], None),
        "n": ("f8", [1.5, 1000.0], None),
        "s": ("U3", ["ä", "abc"], None),
        "b": ("b1", [True, False], None),
    }


@pytest.mark.parametrize(("name", "form"), [("a.csv", "csv"), ("a.jsonl", "json"), ("a.parquet", "parquet")])
def test_read_table__what_names_a_row_is_text_whatever_the_file_makes_of_it(
    tmp_path: Path, name: str, form: str
) -> None:
    rows = "SELECT * FROM (VALUES (7, DATE '2024-02-29'), (NULL, NULL)) AS t(i, day)"
    duckdb.execute(f"COPY ({rows}) TO '{tmp_path / name}' (FORMAT {form})")
    wanted = [ColumnSpec(column, "string", is_name=True) for column in ("i", "day")]
    table = DuckdbData().read_table(one_file(tmp_path / name), wanted)
    assert listed(table.columns["i"]) == ("U1", ["7", ""], [False, True])
    assert listed(table.columns["day"]) == ("U10", ["2024-02-29", ""], [False, True])


def test_read_table__missing_values_have_a_mask_and_a_filler(path: Path) -> None:
    table = read(path, "i,n,s,b\n1,1.5,x,true\n,,,\n3,2,y,\n", i="integer", n="number", s="string", b="boolean")
    assert table.columns["i"].values.dtype == np.float64
    assert np.isnan(table.columns["i"].values).tolist() == [False, True, False]
    assert np.isnan(table.columns["n"].values).tolist() == [False, True, False]
    assert listed(table.columns["s"]) == ("U1", ["x", "", "y"], [False, True, False])
    assert listed(table.columns["b"]) == ("b1", [True, False, False], [False, True, True])


def test_read_table__columns_come_in_the_order_that_was_asked_for(path: Path) -> None:
    table = read(path, "a,b,c\n1,2,3\n", c="integer", a="integer")
    assert list(table.columns) == ["c", "a"]
    assert table.rows == 1


def test_read_table__rows_keep_the_order_of_the_file(path: Path) -> None:
    values = np.random.default_rng(7).permutation(50_000)
    table = read(path, "a\n" + "\n".join(map(str, values)), a="integer")
    assert np.array_equal(table.columns["a"].values, values)


@pytest.mark.parametrize(("type_", "dtype"), [("integer", "i8"), ("number", "f8"), ("string", "U1"), ("boolean", "b1")])
def test_read_table__a_table_without_rows_keeps_its_types(path: Path, type_: ColumnType, dtype: str) -> None:
    assert listed(read(path, "a,b\n", a=type_).columns["a"]) == (dtype, [], None)


def test_read_table__64_bits_are_kept(path: Path) -> None:
    table = read(path, "a\n9223372036854775807\n-9223372036854775808", a="integer")
    assert table.columns["a"].values.tolist() == [2**63 - 1, -(2**63)]


def test_read_table__a_value_of_another_type_is_refused_with_its_line(path: Path) -> None:
    with pytest.raises(RejectedError) as error:
        read(path, 'a,b\n"x\ny",1\nz,1.5\n', b="integer")
    assert (error.value.code, error.value.where) == ("data-ill-typed", f"{path}:4")
    assert error.value.problem == "rows.csv: `b` is not a whole number in row 2"


def test_read_table__a_missing_column_is_refused_with_what_there_is(path: Path) -> None:
    with pytest.raises(RejectedError) as error:
        read(path, "a,b\n1,2\n", c="integer")
    assert error.value.code == "data-column-missing"
    assert error.value.problem == "rows.csv has no column `c`"
    assert error.value.hint == "It has: `a`, `b`."


def test_read_table__one_long_text_does_not_fill_the_memory(path: Path) -> None:
    with pytest.raises(RejectedError) as error:
        read(path, "a\n" + "x" * 1_000_000 + "\n" + "y\n" * 1000, a="string")
    assert error.value.code == "data-too-wide"


def test_read_table__a_missing_file_is_wrong_usage(path: Path) -> None:
    with pytest.raises(UsageError):
        DuckdbData().read_table(one_file(path), [])


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=6)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), max_size=5), st.sampled_from(["\n", "\r\n"]))
def test_read_table__text_comes_back_as_it_was_written(rows: list[tuple[str, str]], newline: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerow(["a", "b"])
    writer.writerows(rows)
    with tempfile.TemporaryDirectory() as folder:
        table = read(Path(folder) / "rows.csv", text.getvalue(), a="string", b="string")
    assert list(zip(table.columns["a"].values, table.columns["b"].values, strict=True)) == rows


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=5))
def test_read_table__numbers_come_back_to_the_last_bit(numbers: list[float]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        table = read(Path(folder) / "rows.csv", "a\n" + "\n".join(map(repr, numbers)), a="number")
    assert table.columns["a"].values.tobytes() == np.array(numbers, dtype=np.float64).tobytes()
