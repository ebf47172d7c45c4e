from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mlci.adapters.duckdb import DuckdbData
from mlci.core.contract.constraints import constraints
from mlci.core.contract.model import Contract
from mlci.core.data_files import one_file

if TYPE_CHECKING:
    from pathlib import Path

CONTRACT = Contract.model_validate(
    {
        "columns": {
            "id": {"type": "integer", "unique": True},
            "at": {"type": "timestamp", "max": "2024-03-01T11:00:00"},
            "price": {"type": "number"},
            "town": {"type": "string", "enum": ["München", "Zürich"]},
            "flag": {"type": "boolean"},
        },
        "rows": {"min": 8},
    }
)
HEADER = ",".join(CONTRACT.columns)


def a_row(number: int, **changes: str) -> str:
    values = {
        "id": str(number),
        "at": f"2024-03-01T10:{number}0:00" if number < 6 else f"2024-03-01T10:0{number % 10}:00",
        "price": f"{number}.25",
        "town": "Zürich" if number % 2 else "München",
        "flag": "true" if number % 3 else "false",
    }
    return ",".join({**values, **changes}.values())


ROWS = [a_row(number) for number in range(1, 10)]


def causes(
    place: Path,
    rows: list[str],
    contract: Contract = CONTRACT,
    base: list[str] | None = ROWS,
    key: str | None = "id",
) -> dict[str, Any]:
    """Return the code of the suspected cause of each kind of finding."""
    for name, content in (("head.csv", rows), ("base.csv", base or [])):
        (place / name).write_text("".join(f"{line}\n" for line in (HEADER, *content)), encoding="utf-8")
    found = DuckdbData().validate(
        "towns",
        one_file(place / "head.csv"),
        constraints(contract),
        base=one_file(place / "base.csv") if base else None,
        key=key,
    )
    return {each.kind: each.cause.code if each.cause else None for each in found.findings}


def test_time_zone__is_seen_in_times_of_base(tmp_path: Path) -> None:
    rows = [row.replace("T10:", "T12:") for row in ROWS]
    assert causes(tmp_path, rows) == {"max": "time-zone"}
    rows[3] = a_row(4, at="2024-03-01T12:40:01")
    assert causes(tmp_path, rows) == {"max": None}


@pytest.mark.parametrize("key", [None, "row"])
def test_time_zone__is_seen_by_a_column_that_must_be_unique_where_nobody_names_a_row(
    tmp_path: Path, key: str | None
) -> None:
    rows = [row.replace("T10:", "T12:") for row in ROWS]
    assert causes(tmp_path, rows, key=key) == {"max": "time-zone"}


def test_new_category__is_seen_beside_base(tmp_path: Path) -> None:
    rows = [a_row(number, town="Basel") if number > 5 else a_row(number) for number in range(1, 10)]
    assert causes(tmp_path, rows) == {"enum": "new-category"}
    assert causes(tmp_path, rows, base=[*ROWS, a_row(10, town="Basel")]) == {"enum": None}
    assert causes(tmp_path, rows, base=None) == {"enum": None}


def test_new_category__shows_no_value_of_a_column_about_people(tmp_path: Path) -> None:
    masked = CONTRACT.model_dump(exclude_defaults=True)
    masked["columns"]["town"]["pii"] = True
    (tmp_path / "base.csv").write_text(f"{HEADER}\n{a_row(1)}\n", encoding="utf-8")
    (tmp_path / "head.csv").write_text(
        "\n".join([HEADER, *(a_row(number, town="Basel") for number in range(1, 10)), ""]), encoding="utf-8"
    )
    shown = [
        DuckdbData()
        .validate("towns", one_file(tmp_path / "head.csv"), constraints(each), base=one_file(tmp_path / "base.csv"))
        .findings[0]
        for each in (CONTRACT, Contract.model_validate(masked))
    ]
    assert [each.cause.values for each in shown if each.cause] == [("Basel",), ()]
    assert "Basel" not in str([each.bare() for each in shown])


def test_encoding_damage__is_seen_in_the_values(tmp_path: Path) -> None:
    rows = [a_row(number, town="MÃ¼nchen") for number in range(1, 10)]
    assert causes(tmp_path, rows) == {"enum": "encoding-damage"}
    assert causes(tmp_path, rows, base=None) == {"enum": "encoding-damage"}


def test_decimal_comma__is_seen_in_the_values(tmp_path: Path) -> None:
    rows = [a_row(number, price=f'"{number},5"') for number in range(1, 10)]
    assert causes(tmp_path, rows) == {"type": "decimal-comma"}
    assert causes(tmp_path, [*rows, a_row(10, price="n/a")]) == {"type": None}


def test_shifted_columns__are_seen_in_types_and_lists(tmp_path: Path) -> None:
    moved = ["7," + row.rsplit(",", 1)[0] for row in ROWS]
    found = causes(tmp_path, [*ROWS[:5], *(f"{90 + place}{row}" for place, row in enumerate(moved[5:]))])
    assert found == {"type": "shifted-columns", "enum": "shifted-columns"}


def test_duplicated_delivery__is_seen_in_whole_rows(tmp_path: Path) -> None:
    assert causes(tmp_path, [*ROWS, *ROWS[2:7]]) == {"unique": "duplicated-delivery"}
    assert causes(tmp_path, [*ROWS, *ROWS[2:6], a_row(7, price="1")]) == {"unique": None}


def test_truncated_delivery__is_seen_beside_base(tmp_path: Path) -> None:
    assert causes(tmp_path, ROWS[:5]) == {"rows_min": "truncated-delivery"}
    assert causes(tmp_path, ROWS[1:6]) == {"rows_min": None}


@pytest.mark.parametrize("base", [None, []])
def test_causes__without_a_base_are_those_that_need_none(tmp_path: Path, base: list[str] | None) -> None:
    assert causes(tmp_path, ROWS[:5], base=base) == {"rows_min": None}
