"""One contract for data: the fake keeps it for small files, and so does DuckDB for all."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.adapters.duckdb import DuckdbData
from mlci.core.contract.constraints import constraints
from mlci.core.contract.model import ColumnRule, ColumnSpec, Contract, RowBounds
from mlci.core.data_files import one_file
from mlci.core.expression import parse_check
from mlci.core.findings import DatasetReport
from mlci.errors import RejectedError, UsageError
from mlci.testing import MemoryData

if TYPE_CHECKING:
    from mlci.commands.ports import Data

ROWS = b'id,radius,name,ill\n1,0.5,"a, b",true\n2,70,b,false\n3,61.5,,true\n'
CONTRACT = Contract(
    columns={
        "id": ColumnRule(type="integer", unique=True),
        "radius": ColumnRule(type="number", max=60),
        "name": ColumnRule(type="string"),
        "size": ColumnRule(type="number"),
    },
    rows=RowBounds(min=5),
)


def in_memory() -> Data:
    """Return the fake, told what DuckDB finds out by itself."""
    data = MemoryData()
    data.breaks(ROWS, ("columns", "radius", "max"), failing=2)
    data.breaks(ROWS, ("columns", "name", "required"), failing=1)
    data.breaks(ROWS, ("columns", "size", "present"), failing=3)
    data.breaks(ROWS, ("rows", "min"), failing=2)
    return data


@pytest.fixture(params=[in_memory, DuckdbData])
def data(request: pytest.FixtureRequest) -> Data:
    made: Data = request.param()
    return made


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    file = tmp_path / "rows.csv"
    file.write_bytes(ROWS)
    return file


def test_columns__are_those_of_the_header(data: Data, rows: Path) -> None:
    assert data.columns(one_file(rows)) == ("id", "radius", "name", "ill")


def test_read_table__types_values_and_order(data: Data, rows: Path) -> None:
    wanted = [ColumnSpec("ill", "boolean"), ColumnSpec("id", "integer"), ColumnSpec("radius", "number")]
    table = data.read_table(one_file(rows), wanted)
    assert (list(table.columns), table.rows) == (["ill", "id", "radius"], 3)
    assert [column.values.dtype.kind for column in table.columns.values()] == ["b", "i", "f"]
    assert [column.values.tolist() for column in table.columns.values()] == [
        [True, False, True],
        [1, 2, 3],
        [0.5, 70.0, 61.5],
    ]
    assert [column.missing for column in table.columns.values()] == [None] * 3


def test_read_table__text_as_it_is_written(data: Data, rows: Path) -> None:
    column = data.read_table(one_file(rows), [ColumnSpec("id", "string")]).columns["id"]
    assert (column.values.dtype.kind, column.values.tolist(), column.missing) == ("U", ["1", "2", "3"], None)


def test_read_table__what_is_missing(data: Data, tmp_path: Path) -> None:
    file = tmp_path / "gaps.csv"
    file.write_bytes(b"a,b,c,d\n,1.5,x,true\n7,,,\n")
    wanted = [
        ColumnSpec("a", "integer"), ColumnSpec("b", "number"), ColumnSpec("c", "string"), ColumnSpec("d", "boolean"),
    ]  # fmt: skip
    columns = data.read_table(one_file(file), wanted).columns
    masks = {name: None if column.missing is None else column.missing.tolist() for name, column in columns.items()}
    assert masks == {"a": [True, False], "b": [False, True], "c": [False, True], "d": [False, True]}
    np.testing.assert_array_equal(columns["a"].values, [np.nan, 7.0])
    np.testing.assert_array_equal(columns["b"].values, [1.5, np.nan])
    assert (columns["c"].values.tolist(), columns["d"].values.tolist()) == (["x", ""], [True, False])


def test_read_table__no_rows(data: Data, tmp_path: Path) -> None:
    file = tmp_path / "empty.csv"
    file.write_bytes(b"id,radius\n")
    table = data.read_table(one_file(file), [ColumnSpec("id", "string"), ColumnSpec("radius", "number")])
    assert (table.rows, [column.values.dtype.kind for column in table.columns.values()]) == (0, ["U", "f"])


def test_read_table__a_column_that_is_not_there(data: Data, rows: Path) -> None:
    with pytest.raises(RejectedError) as caught:
        data.read_table(one_file(rows), [ColumnSpec("size", "number")])
    assert caught.value.code == "data-column-missing"


def test_read_table__a_value_of_another_type(data: Data, rows: Path) -> None:
    with pytest.raises(RejectedError) as caught:
        data.read_table(one_file(rows), [ColumnSpec("name", "integer")])
    assert caught.value.code == "data-ill-typed"


def test_read_table__a_type_that_no_array_has(data: Data, rows: Path) -> None:
    with pytest.raises(RejectedError) as caught:
        data.read_table(one_file(rows), [ColumnSpec("name", "date")])
    assert caught.value.code == "data-not-an-array"


def test_a_file__that_is_not_there(data: Data, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        data.columns(one_file(tmp_path / "missing.csv"))
    assert caught.value.code == "data-missing"


def test_validate__finds_what_is_broken(data: Data, rows: Path) -> None:
    report = data.validate("cells", one_file(rows), constraints(CONTRACT), key="id").without_examples()
    assert [(finding.key, finding.failing, finding.checked) for finding in report.findings] == [
        (("columns", "radius", "max"), 2, 3),
        (("columns", "name", "required"), 1, 3),
        (("columns", "size", "present"), 3, 3),
        (("rows", "min"), 2, 3),
    ]
    assert report.findings[0].sentence == "`radius` is above 60 in 2 of 3 rows (66.7%)"


def test_validate__only_what_is_asked_for(data: Data, rows: Path) -> None:
    asked = [each for each in constraints(CONTRACT) if each.kind == "unique"]
    assert data.validate("cells", one_file(rows), asked) == DatasetReport(
        dataset="cells",
        path=rows.as_posix(),
        sha256=hashlib.sha256(ROWS).hexdigest(),
        rows=3,
        columns=("id", "radius", "name", "ill"),
        findings=(),
    )


def test_validate__other_content_is_not_broken(data: Data, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_bytes(b"id,radius\n1,2.5\n")
    asked = [each for each in constraints(CONTRACT) if each.kind == "max"]
    assert data.validate("cells", one_file(file), asked, base=one_file(file)).findings == ()


def test_matching__rows_where_a_check_is_true(data: Data, rows: Path) -> None:
    check = parse_check("radius > 1 or name == 'b'")
    columns = [ColumnSpec("radius", "number"), ColumnSpec("name", "string")]
    assert data.matching(one_file(rows), check, columns).tolist() == [False, True, True]


def test_matching__a_row_without_a_value_is_not_among_them(data: Data, rows: Path) -> None:
    matching = data.matching(one_file(rows), parse_check("name != 'b'"), [ColumnSpec("name", "string")])
    assert (matching.dtype.kind, matching.tolist()) == ("b", [True, False, False])


def test_matching__a_column_that_is_not_there(data: Data, rows: Path) -> None:
    with pytest.raises(RejectedError) as caught:
        data.matching(one_file(rows), parse_check("size > 1"), [ColumnSpec("size", "number")])
    assert caught.value.code == "data-column-missing"


def test_profile__has_the_figures_of_each_column(data: Data, rows: Path) -> None:
    profile = data.profile("cells", one_file(rows), [ColumnSpec("name", "string", pii=True)])
    assert (profile.dataset, profile.rows, profile.sampled, profile.is_exact) == ("cells", 3, 3, True)
    number, radius, name, ill = profile.columns
    assert (number.type, number.missing, number.distinct, number.smallest, number.largest) == ("integer", 0, 3, 1, 3)
    assert (radius.mean, radius.median, radius.sampled) == (44.0, 61.5, 3)
    assert (radius.quantiles[0], radius.quantiles[33], radius.quantiles[34], radius.quantiles[-1]) == (
        0.5,
        0.5,
        61.5,
        70,
    )
    assert [place for place, count in enumerate(radius.bars) if count] == [0, 17, 19]
    assert (name.missing, name.distinct, name.frequent, name.is_private) == (1, 2, (), True)
    assert ill.frequent == (("true", 2), ("false", 1))


TEXTS = {
    "integer": st.integers(-9, 9).map(str),
    "number": st.floats(-1e6, 1e6).map(repr),
    "boolean": st.sampled_from(["true", "false"]),
    "string": st.sampled_from(["a", "b", "Zürich", "a b"]),
}


@settings(max_examples=25, deadline=None)
@given(values=st.sampled_from(sorted(TEXTS)).flatmap(lambda type_: st.lists(TEXTS[type_] | st.just(""), max_size=30)))
def test_profile__is_what_plain_python_computes(values: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.csv"
        file.write_text("".join(f"{line}\n" for line in ["id,x", *(f"{n},{text}" for n, text in enumerate(values))]))
        fake, real = (data.profile("x", one_file(file), []) for data in (MemoryData(), DuckdbData()))
    # Each bar is a part of equal width; where a value lies on a border, rounding decides, in both alike.
    assert real == fake


def test_in_batches__are_the_table_in_parts(data: Data, rows: Path) -> None:
    wanted = [ColumnSpec("name", "string"), ColumnSpec("radius", "number"), ColumnSpec("ill", "boolean")]
    with data.in_batches(one_file(rows)) as opened:
        assert (opened.names, opened.rows) == (("id", "radius", "name", "ill"), 3)
        assert opened.sha256 == hashlib.sha256(ROWS).hexdigest()
        first, second = opened.batches(wanted, 2)
        (rest,) = opened.batches(wanted, 2, 1)
    assert (first.rows, second.rows, rest.rows) == (2, 1, 2)
    whole = data.read_table(one_file(rows), wanted)
    for name, column in whole.columns.items():
        values = [each for part in (first, second) for each in part.columns[name].values.tolist()]
        assert (values, rest.columns[name].values.tolist()) == (column.values.tolist(), column.values[1:].tolist())
    missing = second.columns["name"].missing
    assert missing is not None
    assert missing.tolist() == [True]


def test_in_batches__a_value_of_another_type_is_told_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("radius\n" + "1\n" * 5000 + "five\n")
    with (
        DuckdbData().in_batches(one_file(file)) as opened,
        pytest.raises(RejectedError, match="not a number in row 5,001") as caught,
    ):
        list(opened.batches([ColumnSpec("radius", "number")], 3000))
    assert caught.value.where == f"{file}:5002"


def test_in_batches__many_rows_in_their_order(tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("id\n" + "".join(f"{row}\n" for row in range(200_000)))
    with DuckdbData().in_batches(one_file(file)) as opened:
        parts = list(opened.batches([ColumnSpec("id", "integer")], 70_000, 10_000))
    assert [part.rows for part in parts] == [70_000, 70_000, 50_000]
    found = np.concatenate([part.columns["id"].values for part in parts])
    np.testing.assert_array_equal(found, np.arange(10_000, 200_000))
