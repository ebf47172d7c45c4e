"""A contract inferred from one half of a real table: the other half satisfies it, and twelve kinds of damage do not."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from sklearn import datasets

from mlci.adapters.contract_inference import infer
from mlci.adapters.duckdb import DuckdbData
from mlci.core.contract.constraints import constraints
from mlci.core.contract.model import Contract
from mlci.core.data_files import one_file
from mlci.core.documents import read_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlci.core.findings import Finding

Row = list[str]


@dataclass(frozen=True)
class Place:
    """Where a table can be damaged."""

    number: str
    other: str
    """A column whose values lie elsewhere than those of `number`."""
    label: str = "target"


TABLES = {
    "breast_cancer": Place("mean area", "mean smoothness"),
    "wine": Place("proline", "hue"),
    "iris": Place("sepal length (cm)", "petal width (cm)"),
    "diabetes": Place("target", "bmi"),
    "digits": Place("pixel_4_4", "target"),
}
HALVES = [(name, half) for name in TABLES for half in (0, 1)]


@cache
def table(name: str) -> tuple[Row, list[Row]]:
    """Return header and rows of one of scikit-learn's tables, with an id, and with its classes in words."""
    bunch = getattr(datasets, f"load_{name}")()
    has_words = name in {"breast_cancer", "wine", "iris"}
    labels = bunch.target_names[bunch.target] if has_words else bunch.target.astype(int)
    rows = [
        [str(number), *(f"{value:g}" if name == "digits" else repr(value) for value in row), str(label)]
        for number, (row, label) in enumerate(zip(bunch.data.tolist(), labels.tolist(), strict=True), start=1)
    ]
    return ["id", *map(str, bunch.feature_names), "target"], rows


def halves(name: str, half: int) -> tuple[Row, list[Row], list[Row]]:
    """Return the header, every second row, and the other rows."""
    header, rows = table(name)
    return header, rows[half::2], rows[1 - half :: 2]


def written(path: Path, header: Row, rows: list[Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    return path


@cache
def inferred(name: str, half: int) -> Contract:
    """Return the contract of one half of a table."""
    header, rows, _ = halves(name, half)
    with TemporaryDirectory() as folder:
        draft = infer(written(Path(folder) / "half.csv", header, rows)).contract
    return read_model(draft.encode(), Contract, "draft.yaml")


def found(folder: Path, name: str, half: int, header: Row, rows: list[Row]) -> tuple[Finding, ...]:
    """Return the errors in ROWS by the contract inferred from a half of the table."""
    contract = inferred(name, half)
    return DuckdbData().validate("x", one_file(written(folder / "x.csv", header, rows)), constraints(contract)).errors


@pytest.mark.parametrize(("name", "half"), HALVES)
def test_infer__one_half_of_a_real_table_tells_what_the_other_satisfies(tmp_path: Path, name: str, half: int) -> None:
    header, _, rows = halves(name, half)
    assert found(tmp_path, name, half, header, rows) == ()


def changed(header: Row, rows: list[Row], column: str, change: Callable[[str], str], *, every: int = 20) -> list[Row]:
    """Return the rows with the value of COLUMN changed in one of EVERY so many."""
    place = header.index(column)
    return [
        [*row[:place], change(row[place]), *row[place + 1 :]] if number % every == 0 else row
        for number, row in enumerate(rows)
    ]


def in_thousandths(header: Row, rows: list[Row], at: Place) -> list[Row]:
    return changed(header, rows, at.number, lambda value: repr(float(value) * 1000))


def shifted(header: Row, rows: list[Row], at: Place) -> list[Row]:  # noqa: ARG001 - one signature for all
    return [[*row[1:], row[0]] if number % 20 == 0 else row for number, row in enumerate(rows)]


def without_values(header: Row, rows: list[Row], at: Place) -> list[Row]:
    return changed(header, rows, at.number, lambda _: "")


def with_a_new_class(header: Row, rows: list[Row], at: Place) -> list[Row]:
    return changed(header, rows, at.label, lambda _: "unknown")


def swapped(header: Row, rows: list[Row], at: Place) -> list[Row]:
    one, other = header.index(at.number), header.index(at.other)
    order = {one: other, other: one}
    return [[row[order.get(place, place)] for place in range(len(row))] for row in rows]


def twice(header: Row, rows: list[Row], at: Place) -> list[Row]:  # noqa: ARG001 - as above
    return [*rows, *rows[:5]]


def cut_off(header: Row, rows: list[Row], at: Place) -> list[Row]:  # noqa: ARG001 - as above
    return rows[: len(rows) // 4]


def with_commas(header: Row, rows: list[Row], at: Place) -> list[Row]:
    return changed(header, rows, at.number, lambda value: f"{float(value):.1f}".replace(".", ","))


def with_words(header: Row, rows: list[Row], at: Place) -> list[Row]:
    return changed(header, rows, at.number, lambda _: "n/a")


def negative(header: Row, rows: list[Row], at: Place) -> list[Row]:
    return changed(header, rows, at.number, lambda value: f"-{float(value) + 1:.0f}")


def constant(header: Row, rows: list[Row], at: Place) -> list[Row]:
    column = at.label if at.other == at.label else at.number
    return changed(header, rows, column, lambda _: rows[0][header.index(column)], every=1)


def with_a_label_out_of_range(header: Row, rows: list[Row], at: Place) -> list[Row]:
    return changed(header, rows, at.label, lambda _: "9999")


DAMAGES: dict[str, tuple[Callable[[Row, list[Row], Place], list[Row]], set[str]]] = {
    "a unit that is a thousandth": (in_thousandths, {"max", "type"}),
    "columns that moved by one": (shifted, {"type", "enum", "min", "max"}),
    "values that are missing": (without_values, {"required"}),
    "a class that is new": (with_a_new_class, {"enum", "type"}),
    "two columns that changed places": (swapped, {"min", "max", "enum"}),
    "rows that came twice": (twice, {"unique"}),
    "a delivery that was cut off": (cut_off, {"rows_min"}),
    "commas for decimal points": (with_commas, {"type"}),
    "words for numbers": (with_words, {"type"}),
    "numbers that turned negative": (negative, {"min"}),
    "a column of one value": (constant, {"aggregate"}),
    "a label out of its range": (with_a_label_out_of_range, {"enum", "max"}),
}
"""Each kind of damage, and the kinds of finding that may tell of it."""


CASES = [(name, damage) for name in TABLES for damage in DAMAGES]


@pytest.mark.parametrize(("name", "damage"), CASES)
def test_infer__its_contract_catches(tmp_path: Path, name: str, damage: str) -> None:
    header, _, rows = halves(name, 0)
    broken, kinds = DAMAGES[damage]
    errors = found(tmp_path, name, 0, header, broken(header, rows, TABLES[name]))
    assert {error.kind for error in errors} & kinds, errors
