from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.adapters.data_reader import opened
from mlci.adapters.duckdb_aggregate import Told
from mlci.adapters.duckdb_conflicts import Limits, contradictions
from mlci.adapters.duckdb_connection import locked_connection
from mlci.core.contract.model import ColumnSpec
from mlci.core.data_files import one_file

if TYPE_CHECKING:
    from pathlib import Path

LABEL = ColumnSpec("ill", "boolean")
FEATURES = (ColumnSpec("a", "number"), ColumnSpec("b", "string"))
Row = tuple[str, str, str]
VALUES = (["", "1", "1.0", "?", "2"], ["", "x"], ["", "true", "false"])
ROWS = st.lists(st.tuples(*map(st.sampled_from, VALUES)), min_size=1, max_size=12)


def looked_for(path: Path, rows: list[Row], limits: Limits) -> Told:
    path.write_text("".join(",".join(row) + "\n" for row in (("a", "b", "ill"), *rows)))
    with opened(one_file(path)) as reading, locked_connection(reading.sources) as connection:
        return contradictions(connection, reading, LABEL, FEATURES, limits)


def by_hand(rows: list[Row]) -> Told:
    """Return what each row says that is compared with each."""
    same = {"1.0": "1"}
    labelled = [(place, (same.get(a, a), b), ill) for place, (a, b, ill) in enumerate(rows, start=1) if ill]
    failing = [
        place for place, alike, ill in labelled if any(alike == other and ill != said for _, other, said in labelled)
    ]
    return Told(len(failing), len(labelled), first=tuple(failing[:5]))


@settings(max_examples=12)
@given(rows=ROWS)
@pytest.mark.parametrize(
    "limits",
    [
        Limits(),
        Limits(rows=0),
        pytest.param(Limits(rows=0, few=0, at_once=2), id="ranges of hashes"),
        pytest.param(Limits(rows=0, few=0, at_once=2, bits=1), id="hashes that many rows share"),
        pytest.param(Limits(rows=0, bits=1), id="suspects that are none"),
    ],
)
def test_contradictions__are_those_that_comparing_each_with_each_finds(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], limits: Limits
) -> None:
    path = tmp_path_factory.getbasetemp() / "conflicts.csv"
    assert looked_for(path, rows, limits) == by_hand(rows)


def test_contradictions__of_many_rows_are_found_among_them(tmp_path: Path) -> None:
    rows = [(str(number), "x", "true") for number in range(21_000)]
    rows[20_500] = ("7", "x", "false")
    assert looked_for(tmp_path / "x.csv", rows, Limits()) == Told(2, 21_000, first=(8, 20_501))


def test_contradictions__of_equal_rows_with_one_label_are_none(tmp_path: Path) -> None:
    assert looked_for(tmp_path / "x.csv", [("1", "x", "true")] * 21_000, Limits()) == Told(0, 21_000)
