from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.adapters.duckdb_check import CheckSql
from mlci.core.expression import Check, parse_check, truth
from tests.core.expression.checks import CHECKS, ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.core.expression.truth import Value

Row = dict[str, Any]
TABLE = "CREATE OR REPLACE TABLE data (n INTEGER, i BIGINT, j BIGINT, x DOUBLE, y DOUBLE, s TEXT, t TEXT, b BOOLEAN)"


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def answered(connection: duckdb.DuckDBPyConnection, check: Check, rows: list[Row]) -> list[int]:
    connection.execute(TABLE)
    values = [[n, *(row[name] for name in "ijxystb")] for n, row in enumerate(rows)]
    connection.executemany("INSERT INTO data VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)
    parameters: dict[str, Value] = {}

    def parameter(value: float | str) -> str:
        parameters[f"p{len(parameters)}"] = value
        return f"$p{len(parameters) - 1}"

    sql = CheckSql(str, parameter).truth(check.tree)
    return [found for (found,) in connection.execute(f"SELECT {sql} FROM data ORDER BY n", parameters).fetchall()]  # noqa: S608 - our own tree


@given(CHECKS, st.lists(ROWS, min_size=1, max_size=8))
def test_truth__is_what_the_tree_means(connection: duckdb.DuckDBPyConnection, check: Check, rows: list[Row]) -> None:
    assert answered(connection, check, rows) == [int(truth(check.tree, row)) for row in rows]


@pytest.mark.parametrize(
    "text",
    [
        " + ".join(["x"] * 120) + " > 1",
        "x" + " % 3" * 120 + " > 1",
        "round(" * 24 + "x" + ")" * 24 + " > 1",
        " and ".join(["x > 1"] * 60),
        "not " * 25 + "b",
        "coalesce(x, " * 18 + "y" + ")" * 18 + " > 1",
    ],
)
def test_truth__of_the_longest_checks_stays_short(connection: duckdb.DuckDBPyConnection, text: str) -> None:
    row = dict.fromkeys("ijxystb")
    assert answered(connection, parse_check(text), [row]) == [int(truth(parse_check(text).tree, row))]
    assert len(CheckSql(str, str).truth(parse_check(text).tree)) < 100_000
