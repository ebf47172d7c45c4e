from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from mlci.adapters import duckdb_repeats
from mlci.adapters.data_reader import opened
from mlci.adapters.duckdb import DuckdbData
from mlci.adapters.duckdb_marks import marks
from mlci.adapters.duckdb_query import Query
from mlci.core.contract.constraints import constraints
from mlci.core.contract.model import ColumnSpec, Contract
from mlci.core.data_files import one_file

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.findings import DatasetReport

KEY = (ColumnSpec("a", "integer"), ColumnSpec("b", "integer"))
CONTRACT = {
    "columns": {name: {"type": "integer", "required": False, "max": 900_000_000} for name in "ab"},
    "keys": [["a", "b"]],
}


def parquet(path: Path, select: str) -> Path:
    with duckdb.connect() as connection:
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 2048)")
    return path


def check(path: Path) -> DatasetReport:
    told = constraints(Contract.model_validate(CONTRACT))
    return DuckdbData().validate("rows", one_file(path), told, profiled=True)


def told(report: DatasetReport) -> list[tuple[str, int, list[int]]]:
    return [(each.kind, each.failing, [row.line for row in each.examples]) for each in report.findings]


def marked(path: Path, *columns: ColumnSpec, few: int = -1) -> tuple[int, ...] | None:
    """Return how many different keys and keys a file has by its marks; None where it has none."""
    with opened(one_file(path)) as reading, duckdb.connect() as connection:
        query = Query(reading)
        listed = marks(query, reading, columns, few)
        sql = f"WITH {query.tables()} SELECT {', '.join(listed)} FROM data"  # noqa: S608 - no text of a user's
        return connection.execute(sql, query.parameters).fetchone() if listed else None


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ("SELECT i // 7 - 3 AS a, i % 7 AS b FROM range(5000) AS t(i)", (5000, 5000)),
        ("SELECT i // 7 AS a, i % 6 AS b FROM range(5000) AS t(i)", (4286, 5000)),
        ("SELECT i AS a, nullif(i % 7, 6) AS b FROM range(700) AS t(i)", (600, 600)),
        ("SELECT 1::UTINYINT AS a, -9223372036854775808 AS b", (1, 1)),
        ("SELECT i * 1000000 AS a, i AS b FROM range(5000) AS t(i)", None),
        ("SELECT -9223372036854775808 + i * 9223372036854775807 AS a, i AS b FROM range(2) AS t(i)", None),
        ("SELECT 18446744073709551615::UBIGINT AS a, 1 AS b", (0, 0)),
        ("SELECT 1.5 AS a, 1 AS b", None),
        ("SELECT NULL::INTEGER AS a, 1 AS b", None),
        ("SELECT 1 AS a, 1 AS b LIMIT 0", None),
    ],
    ids=["different", "repeated", "missing", "small", "far apart", "ends", "unsigned", "other type", "nothing", "none"],
)
def test_marks__count_keys_that_lie_close_together(tmp_path: Path, rows: str, found: tuple[int, int] | None) -> None:
    assert marked(parquet(tmp_path / "a.parquet", rows), *KEY) == found


def test_marks__are_not_made_of_text(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    assert marked(tmp_path / "a.csv", *KEY) is None


def test_marks__of_few_rows_are_the_keys_themselves(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n1,02\n,3\nx,3\n1,4\n")
    assert marked(tmp_path / "a.csv", *KEY, few=5) == (2, 3)
    assert marked(tmp_path / "a.csv", *KEY, few=4) is None


def test_key__that_marks_do_not_prove_is_searched(tmp_path: Path) -> None:
    path = parquet(tmp_path / "a.parquet", "SELECT i // 7 AS a, i % 6 AS b FROM range(5000) AS t(i)")
    with opened(one_file(path)) as reading, duckdb.connect() as connection:
        (searched,) = duckdb_repeats.find_repeats(connection, reading, [KEY])
    assert searched.failing == 714
    assert told(check(path)) == [("key", 714, list(searched.first))]


def lying(path: Path, value: int, other: int) -> Path:
    """Write OTHER for VALUE into the footer of a file, as its largest value of one part."""
    content = path.read_bytes()
    footer = len(content) - int.from_bytes(content[-8:-4], "little")
    here, there = (each.to_bytes(8, "little") for each in (value, other))
    assert here in content[footer:]
    path.write_bytes(content[:footer] + content[footer:].replace(here, there))
    return path


def test_footer__that_lies_about_a_key_costs_time_and_hides_nothing(tmp_path: Path) -> None:
    rows = "SELECT i // 2 AS a, least(i, 23900) % 2 AS b FROM range(24000) AS t(i)"
    path = lying(parquet(tmp_path / "a.parquet", rows), 11_999, 1_500)
    with pytest.raises(duckdb.OutOfRangeException):
        marked(path, *KEY)
    assert told(check(path)) == [("key", 50, [23902, 23904, 23906, 23908, 23910])]
