from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.data_reader import opened
from mlci.adapters.duckdb_query import Query
from mlci.core.contract.constraints import constraints
from mlci.core.contract.model import ColumnSpec, Contract
from mlci.core.data_files import one_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlci.adapters.reading import Reading

CONTRACT = Contract.model_validate(
    {
        "columns": {
            'USER"id': {"type": "integer", "unique": True},
            "USER'radius": {"type": "number", "min": 4711, "max": 4712.5, "unit": "USER unit"},
            "USER; band": {"type": "string", "enum": ["USER a", "USER 'b'"], "length": {"max": 4715}},
            "USER code": {"type": "string", "pattern": "USER.[4-7]{71}|'; drop"},
        },
        "rules": [
            {"name": "user-rule", "check": "`USER\"id` * 4713 >= `USER'radius` - 4714.5", "when": '`USER"id` > 4716'}
        ],
    }
)
NAMES = ("first", *CONTRACT.columns)


@pytest.fixture
def reading(tmp_path: Path) -> Iterator[Reading]:
    path = tmp_path / "USER.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerow(NAMES)
    with opened(one_file(path)) as reading:
        yield reading


def test_query__holds_no_text_and_no_number_of_a_user(reading: Reading) -> None:
    query = Query(reading)
    conditions = [query.condition(each) for each in constraints(CONTRACT) if each.kind not in {"present", "unique"}]
    together = query.together([ColumnSpec('USER"id', "integer"), ColumnSpec("USER; band", "string")])
    sql = " ".join([query.tables(numbered=True), together, *(f"{each.fails} {each.checked}" for each in conditions)])
    assert "user" not in sql.lower()
    assert "471" not in sql
    pattern = r"\A(?:USER[^\x{a}][4-7]{71}|\x{27}\x{3b}\x{20}drop)\z"
    assert list(query.parameters.values()) == [
        *([*reading.sources], ",", '"', '"', 4711.0, 4712.5, ["USER a", "USER 'b'"], 4715, pattern, 4713, 4714.5, 4716),
    ]


def test_query__columns_are_called_by_their_position(reading: Reading) -> None:
    query = Query(reading)
    assert [query.raw(name) for name in NAMES] == ["c0", "c1", "c2", "c3", "c4"]
    assert query.typed("USER; band", "boolean") == "c3_boolean"


def test_query__a_value_is_typed_once_however_often_it_is_asked_for(reading: Reading) -> None:
    query = Query(reading)
    assert query.typed("first", "integer") == query.typed("first", "integer")
    assert query.tables().count("AS c0_integer") == 1


def test_query__two_that_share_parameters_do_not_share_names(reading: Reading) -> None:
    ours = Query(reading, name="head")
    theirs = Query(reading, ours.parameters, name="base")
    assert ours.parameter(1) != theirs.parameter(2)
    dialect = [[*reading.sources], ",", '"', '"']
    assert ours.parameters == {f"p{place}": value for place, value in enumerate([*dialect, *dialect, 1, 2])}
