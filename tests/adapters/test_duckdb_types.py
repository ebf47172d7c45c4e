"""Text means to DuckDB what `read_value` says."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, get_args

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.adapters.duckdb import DuckdbData
from mlci.adapters.duckdb_types import typed_text
from mlci.core.contract.constraints import constraints
from mlci.core.contract.model import Contract
from mlci.core.contract.scalar import NESTED, TYPE_WORDS, ColumnType, read_value
from mlci.core.data_files import one_file
from mlci.core.digits import Digits
from mlci.errors import UsageError
from tests.core.contract.texts import MONEY, RIGHT, WRONG

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TYPES: list[ColumnType] = [each for each in get_args(ColumnType) if each not in NESTED]
TEXTS = st.sampled_from(
    [text for _, pairs in RIGHT for text, _ in pairs] + [text for _, texts in WRONG for text in texts]
)
MOMENT = r"[012][0-9]{3}-[01][0-9]-[0-3][0-9][T ][012][0-9]:[0-6][0-9](:[0-6][0-9](\.[0-9]{1,7})?)?"
WRITTEN = (
    TEXTS
    | st.from_regex(r"\A[+-]?0{0,3}[0-9]{0,12}\.?[0-9]{0,4}0{0,3}\Z")
    | st.from_regex(r"\A[0-9]{4}-[01][0-9]-[0-3][0-9]\Z")
    | st.from_regex(rf"\A{MOMENT}(Z|[+-][01][0-9](:[0-6][0-9])?)?\Z")
    | st.text(alphabet="0123456789+-.eE:TZ _x", max_size=12)
    | st.tuples(TEXTS, st.sampled_from(["\n", " ", "0", "\N{ARABIC-INDIC DIGIT ONE}"])).map("".join)
)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute("SET TimeZone = 'America/New_York'")  # which must make no difference
        yield opened


def read(connection: duckdb.DuckDBPyConnection, text: str, type_: ColumnType, digits: Digits | None) -> Any:  # noqa: ANN401 - whatever DuckDB answers
    sql = f"SELECT {typed_text('raw', type_, digits)} FROM (SELECT CAST($text AS VARCHAR) AS raw)"  # noqa: S608 - no text of a user's
    ((found,),) = connection.execute(sql, {"text": text}).fetchall()
    return found


@pytest.mark.parametrize("type_", TYPES)
@given(text=WRITTEN)
def test_typed_text__is_what_the_text_means(
    connection: duckdb.DuckDBPyConnection, type_: ColumnType, text: str
) -> None:
    digits = MONEY if type_ == "decimal" else None
    assert read(connection, text, type_, digits) == read_value(text, type_, digits)


@given(text=st.from_regex(r"\A-?[0-9]{1,38}(\.[0-9]{0,38})?\Z"), scale=st.integers(0, 38))
def test_typed_text__of_decimals_is_exact(connection: duckdb.DuckDBPyConnection, text: str, scale: int) -> None:
    digits = Digits(38, scale)
    assert read(connection, text, "decimal", digits) == read_value(text, "decimal", digits)


def test_typed_text__of_a_moment_does_not_depend_on_the_session(connection: duckdb.DuckDBPyConnection) -> None:
    found = read(connection, "2024-07-01T12:00:00+02:00", "timestamp_with_zone", None)
    assert found == datetime(2024, 7, 1, 10)  # noqa: DTZ001 - UTC, without saying so


def test_typed_text__of_what_no_text_holds() -> None:
    with pytest.raises(TypeError, match="a list is not written as text"):
        typed_text("raw", "list")


CONTRACT = Contract.model_validate(
    {
        "columns": {
            "price": {"type": "decimal", "precision": 6, "scale": 2, "min": 0, "max": "100.50", "unit": "euro"},
            "day": {"type": "date", "min": "1960-01-01", "max": "2024-12-31"},
            "hour": {"type": "time", "enum": ["08:00", "09:30:00.5"]},
            "seen": {"type": "timestamp", "max": "2024-01-01 12:00", "required": False},
            "moment": {"type": "timestamp_with_zone", "unique": True},
        },
        "keys": [["price", "moment"]],
    }
)


def test_validate__of_decimals_dates_and_times(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(
        "price,day,hour,seen,moment\n"
        "1.50,2024-02-29,08:00:00,2024-01-01T12:00:00,2024-01-01T12:00Z\n"
        "1.5,1959-12-31,09:30:00.500,,2024-01-01T14:00:00+02:00\n"
        "100.51,2025-01-01,09:30,2024-01-01T12:00:00.000001,2024-01-01T12:00-01\n"
        "1.505,29.02.2024,8:00,2024-01-01T12:00Z,2024-01-01T12:00\n"
    )
    report = DuckdbData().validate("orders", one_file(path), constraints(CONTRACT))
    assert [(each.sentence, [row.line for row in each.examples]) for each in report.findings] == [
        (
            "`price` is not a decimal number of at most 6 digits, 2 of them after the point in 1 of 4 rows (25%)",
            [5],
        ),
        ("`price` is above 100.50 euro in 1 of 3 rows (33.3%)", [4]),
        ("`day` is not a date in 1 of 4 rows (25%)", [5]),
        ("`day` is before 1960-01-01 in 1 of 3 rows (33.3%)", [3]),
        ("`day` is after 2024-12-31 in 1 of 3 rows (33.3%)", [4]),
        ("`hour` is not a time in 1 of 4 rows (25%)", [5]),
        ("`hour` is none of 08:00:00, 09:30:00.500000 in 1 of 3 rows (33.3%)", [4]),
        ("`seen` is not a timestamp without a zone in 1 of 3 rows (33.3%)", [5]),
        ("`seen` is after 2024-01-01 12:00:00 in 1 of 2 rows (50%)", [4]),
        ("`moment` is not a timestamp with a zone in 1 of 4 rows (25%)", [5]),
        ("`moment` repeats an earlier value in 1 of 3 rows (33.3%)", [3]),
        ("`price`, `moment` together repeat an earlier row in 1 of 3 rows (33.3%)", [3]),
    ]


@pytest.mark.parametrize("type_", sorted(NESTED))
def test_validate__of_what_no_text_holds_says_so(tmp_path: Path, type_: ColumnType) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("tags\n[1]\n")
    contract = Contract.model_validate({"columns": {"tags": {"type": type_}}})
    with pytest.raises(UsageError) as caught:
        DuckdbData().validate("orders", one_file(path), constraints(contract))
    told = f"by the contract `tags` is {TYPE_WORDS[type_]}, and orders.csv is CSV"
    assert (caught.value.code, caught.value.problem) == ("type-not-in-text", told)
