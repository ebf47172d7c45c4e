from __future__ import annotations

import csv
import random
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.duckdb import DuckdbData
from mlci.core.contract.model import ColumnSpec
from mlci.core.data_files import one_file
from mlci.core.leak_rule import LeakRule
from mlci.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.contract.scalar import ColumnType
    from mlci.core.leaks import LeakEvidence, PairEvidence

HEADER = ["id", "patient", "taken", "radius", "texture", "cells", "band"]
TYPES: dict[str, ColumnType] = {
    "id": "integer", "patient": "string", "taken": "date", "radius": "number", "texture": "number", "cells": "integer",
    "band": "string", "casual": "integer", "registered": "integer", "cnt": "integer", "copy": "integer",
    "band_code": "string",
}  # fmt: skip
COLUMNS = {name: ColumnSpec(name, type_) for name, type_ in TYPES.items()}
Row = list[str]


def cells(count: int, first: int = 1) -> list[Row]:
    draw = random.Random(first)  # noqa: S311 - test data
    return [
        [
            str(number),
            f"p{number // 4}",
            f"2024-{1 + number // 28 % 12:02}-{1 + number % 28:02}",
            f"{draw.uniform(6, 28):.4f}",
            f"{draw.uniform(9, 40):.4f}",
            str(draw.randrange(1000)),
            draw.choice(["small", "large"]),
        ]
        for number in range(first, first + count)
    ]


def write(path: Path, header: Row, rows: list[Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    return path


def found(folder: Path, rule: LeakRule, sets: dict[str, list[Row]], header: Row = HEADER) -> LeakEvidence:
    files = {name: one_file(write(folder / f"{name}.csv", header, rows)) for name, rows in sets.items()}
    return DuckdbData().leaks(rule, files, COLUMNS)


def between(folder: Path, earlier: list[Row], later: list[Row], **keys: object) -> PairEvidence:
    rule = LeakRule.model_validate({"sets": ["train", "test"], "ignore": ["id"], **keys})
    (pair,) = found(folder, rule, {"train": earlier, "test": later}).pairs
    return pair


def renamed(rows: list[Row]) -> list[Row]:
    return [[str(9000 + number), *row[1:]] for number, row in enumerate(rows)]


def test_leaks__sets_of_different_rows_share_none(tmp_path: Path) -> None:
    pair = between(tmp_path, cells(300), cells(100, 301))
    assert (pair.exact.failing, pair.rounded.failing, pair.rows, pair.collapsed) == (0, 0, 100, 0.0)
    assert pair.columns == ("patient", "taken", "radius", "texture", "cells", "band")


@pytest.mark.parametrize("larger", [0, 1])
def test_leaks__rows_that_stand_in_both_are_counted_in_the_later_set(tmp_path: Path, larger: int) -> None:
    copied = cells(300)[10:17]
    sizes = [(300, 50), (300, 500)][larger]
    pair = between(tmp_path, cells(sizes[0]), [*cells(sizes[1], 1001), *renamed(copied), *renamed(copied)])
    assert (pair.exact.failing, pair.rounded.failing, pair.rows) == (14, 0, sizes[1] + 14)
    assert [example.line for example in pair.exact.examples] == [sizes[1] + 2 + each for each in range(5)]


def test_leaks__values_are_compared_not_how_they_are_written(tmp_path: Path) -> None:
    row = cells(300)[5]
    pair = between(tmp_path, cells(300), [["7777", row[1], row[2], f"{row[3]}000", row[4], f"+{row[5]}", row[6]]])
    assert pair.exact.failing == 1


def test_leaks__empty_fields_are_equal_to_each_other(tmp_path: Path) -> None:
    row = ["1", "p1", "2024-01-01", "", "9.5", "", "small"]
    assert between(tmp_path, [row], [["2", *row[1:]]]).exact.failing == 1


def test_leaks__rows_with_other_last_digits_meet_on_one_of_two_grids(tmp_path: Path) -> None:
    earlier = cells(300)
    moved = [[*row[:3], f"{float(row[3]) + 1e-4:.5f}", f"{float(row[4]) - 1e-4:.5f}", *row[5:]] for row in earlier[:40]]
    pair = between(tmp_path, earlier, renamed(moved))
    assert (pair.exact.failing, pair.rounded.failing) == (0, 40)


def test_leaks__numbers_on_the_edge_of_a_cell_meet_on_the_other_grid(tmp_path: Path) -> None:
    # The range is 0 to 1000, a step is 1: 1.5 and 2 are edges of a cell, each of one grid.
    rows = [["1", "a", "2024-01-01", value, "5", "5", "small"] for value in ("0", "1000", "1.49", "1.99")]
    near = [["9", "a", "2024-01-01", value, "5", "5", "small"] for value in ("1.51", "2.01", "500")]
    assert between(tmp_path, rows, near).rounded.failing == 2


def test_leaks__rounding_that_makes_rows_of_one_set_equal_is_told(tmp_path: Path) -> None:
    def rows(*values: str) -> list[Row]:
        return [["1", "a", "2024-01-01", value, "5", "5", "small"] for value in values]

    pair = between(tmp_path, rows("0", "1000", "7.1", "7.2"), rows("8", "9", "11", "12", "7.3"))
    assert (pair.rounded.failing, pair.collapsed) == (1, 0.25)


def test_leaks__groups_that_stand_in_both(tmp_path: Path) -> None:
    later = [[*row[:1], "p3", *row[2:]] for row in cells(6, 900)] + cells(20, 1000)
    pair = between(tmp_path, cells(40), later, group="patient")
    assert pair.groups is not None
    assert (pair.groups.failing, pair.groups.groups, pair.groups.examples[0].line) == (6, 1, 2)


def test_leaks__rows_without_a_group_belong_to_none(tmp_path: Path) -> None:
    nobody = [[row[0], "", *row[2:]] for row in cells(10, 900)]
    pair = between(tmp_path, [*cells(40), *nobody], nobody[:3], group="patient")
    assert pair.groups is not None
    assert pair.groups.failing == 0


def test_leaks__rows_that_are_not_later(tmp_path: Path) -> None:
    later = [
        [*row[:2], day, *row[3:]]
        for row, day in zip(cells(3, 900), ("2024-02-12", "2024-02-13", "2024-01-01"), strict=True)
    ]
    pair = between(tmp_path, cells(40), later, time="taken")  # whose last day is 2024-02-13
    assert pair.times is not None
    assert (pair.times.failing, [each.line for each in pair.times.examples]) == (3, [2, 3, 4])
    assert between(tmp_path, cells(40), cells(5, 41), time="taken").times != pair.times


def test_leaks__each_two_of_three_sets_are_compared(tmp_path: Path) -> None:
    rule = LeakRule.model_validate({"sets": ["a", "b", "c"], "ignore": ["id"]})
    pairs = found(tmp_path, rule, {"a": cells(30), "b": cells(30, 100), "c": cells(30)[:4]}).pairs
    assert [(pair.earlier, pair.later, pair.exact.failing) for pair in pairs] == [
        ("a", "b", 0),
        ("a", "c", 4),
        ("b", "c", 0),
    ]


RIDES = ["id", "hour", "casual", "registered", "cnt", "copy", "band", "band_code"]


def rides(count: int = 400) -> list[Row]:
    draw = random.Random(5)  # noqa: S311 - test data
    rows: list[Row] = []
    for number in range(count):
        casual, registered = draw.randrange(100), draw.randrange(500)
        band = draw.choice(["low", "high"])
        sum_ = str(casual + registered)
        rows.append([str(number), str(number % 24), str(casual), str(registered), sum_, sum_, band, band[0]])
    return rows


def of_label(folder: Path, label: str, rows: list[Row], ignore: list[str]) -> LeakEvidence:
    rule = LeakRule.model_validate({"sets": ["rides"], "label": label, "ignore": ["id", *ignore]})
    return found(folder, rule, {"rides": rows}, RIDES)


def test_leaks__two_columns_that_sum_to_the_label_are_named(tmp_path: Path) -> None:
    label = of_label(tmp_path, "cnt", rides(), ["copy"]).label
    assert label is not None
    assert label.relation is not None
    assert label.relation.text == "`casual` + `registered`"
    assert (label.equal, label.determining) == ((), ())


def test_leaks__a_sum_that_fails_in_one_row_is_none(tmp_path: Path) -> None:
    rows = rides(2_500)
    rows[2_400][4] = "7"  # after the rows from which it is guessed
    label = of_label(tmp_path, "cnt", rows, ["copy"]).label
    assert label is not None
    assert label.relation is None


def test_leaks__columns_that_equal_or_determine_the_label_are_named(tmp_path: Path) -> None:
    label = of_label(tmp_path, "cnt", rides(), []).label
    assert label is not None
    assert label.equal == ("copy",)
    label = of_label(tmp_path, "band", rides(), []).label
    assert label is not None
    assert (label.equal, label.determining, label.relation) == ((), (("band_code", 2),), None)


def test_leaks__a_column_that_determines_all_labels_but_one_is_not_named(tmp_path: Path) -> None:
    rows = rides(2_500)
    rows[2_400][7] = {"l": "h", "h": "l"}[rows[2_400][7]]
    label = of_label(tmp_path, "band", rows, []).label
    assert label is not None
    assert label.determining == ()


def test_leaks__labels_in_blocks_are_looked_at_as_a_whole(tmp_path: Path) -> None:
    rows = sorted(rides(6_000), key=lambda row: row[6])
    label = of_label(tmp_path, "band", rows, []).label
    assert label is not None
    assert label.determining == (("band_code", 2),)


def test_leaks__few_rows_give_nothing_away(tmp_path: Path) -> None:
    label = of_label(tmp_path, "cnt", rides(19), []).label
    assert label is not None
    assert (label.equal, label.determining, label.relation) == ((), (), None)


@pytest.mark.parametrize("key", ["group", "time", "label"])
def test_leaks__a_column_that_is_not_there_is_an_error(tmp_path: Path, key: str) -> None:
    with pytest.raises(UsageError, match=f"names the {key} `none`") as error:
        between(tmp_path, cells(4), cells(4), **{key: "none"})
    assert error.value.code == "leak-column-unknown"


def test_leaks__sets_without_a_column_in_common_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`train`, `test` have no column in common") as error:
        between(tmp_path, cells(4), cells(4), ignore=HEADER)
    assert error.value.code == "nothing-to-compare"


def test_leaks__of_sets_without_rows_are_none(tmp_path: Path) -> None:
    assert between(tmp_path, [], cells(4)).exact.failing == 0
    assert between(tmp_path, cells(4), []).exact.failing == 0
