from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.adapters.duckdb_check import CheckSql
from mlci.core.expression import Check, Truth, parse_check, resolved, truth
from tests.core.expression.checks import CHECKS, ROWS, TYPES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.core.contract.scalar import Scalar
    from mlci.core.expression.truth import Value

Row = dict[str, Any]
COLUMNS = (
    "i BIGINT, j BIGINT, x DOUBLE, y DOUBLE, m DECIMAL(5, 2), n DECIMAL(8, 4), s TEXT, t TEXT, b BOOLEAN, "
    "d DATE, e DATE, h TIME, p TIMESTAMP, q TIMESTAMP, z TIMESTAMP"
)
TABLE = f"CREATE OR REPLACE TABLE data (row INTEGER, {COLUMNS})"


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def meaning(check: Check, row: Row) -> Truth:
    return truth(resolved(check.tree, TYPES), row)


def answered(connection: duckdb.DuckDBPyConnection, check: Check, rows: list[Row]) -> list[int]:
    connection.execute(TABLE)
    values = [[number, *(row[name] for name in TYPES)] for number, row in enumerate(rows)]
    places = ", ".join("?" * (1 + len(TYPES)))
    connection.executemany(f"INSERT INTO data VALUES ({places})", values)  # noqa: S608 - question marks
    parameters: dict[str, Value] = {}

    def parameter(value: Scalar) -> str:
        parameters[f"p{len(parameters)}"] = value
        return f"$p{len(parameters) - 1}"

    sql = CheckSql(str, parameter).truth(resolved(check.tree, TYPES))
    return [found for (found,) in connection.execute(f"SELECT {sql} FROM data ORDER BY row", parameters).fetchall()]  # noqa: S608 - our own tree


@given(CHECKS, st.lists(ROWS, min_size=1, max_size=8))
def test_truth__is_what_the_tree_means(connection: duckdb.DuckDBPyConnection, check: Check, rows: list[Row]) -> None:
    assert answered(connection, check, rows) == [int(meaning(check, row)) for row in rows]


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
    row: Row = dict.fromkeys(TYPES)
    assert answered(connection, parse_check(text), [row]) == [int(meaning(parse_check(text), row))]
    assert len(CheckSql(str, str).truth(parse_check(text).tree)) < 100_000
