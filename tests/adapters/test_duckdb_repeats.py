from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.adapters.data_reader import opened
from mlci.adapters.duckdb_connection import locked_connection
from mlci.adapters.duckdb_repeats import Limits, Repeats, find_repeats
from mlci.core.contract.model import ColumnSpec
from mlci.core.data_files import one_file

NUMBER, TEXT = ColumnSpec("a", "number"), ColumnSpec("b", "string")
LIMITS = {
    "as it is": Limits(),
    "hashes that collide": Limits(bits=1),
    "ranges": Limits(few=0, at_once=2),
    "ranges of hashes that collide": Limits(few=1, at_once=3, bits=2),
}
Row = tuple[str, str]


def repeats(rows: list[Row], limits: Limits, *columns: ColumnSpec) -> Repeats:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cells.csv"
        path.write_text("a,b\n" + "".join(f"{number},{text}\n" for number, text in rows), encoding="utf-8")
        with opened(one_file(path)) as reading, locked_connection(reading.sources) as connection:
            (found,) = find_repeats(connection, reading, [columns], limits)
    return found


@pytest.mark.parametrize("limits", LIMITS.values(), ids=LIMITS)
@settings(max_examples=8, deadline=None)
@given(rows=st.lists(st.tuples(st.sampled_from(["", "0", "-0", "1", "1.0", "2"]), st.sampled_from(["", "x", "y"]))))
def test_repeats__are_those_of_the_values(limits: Limits, rows: list[Row]) -> None:
    there = [(place, (float(a), b)) for place, (a, b) in enumerate(rows, start=1) if a and b]
    again = [place for nth, (place, value) in enumerate(there) if value in [each for _, each in there[:nth]]]
    assert repeats(rows, limits, NUMBER, TEXT) == Repeats(len(again), len(there), tuple(again[:5]))


def test_repeats__different_values_of_one_hash_are_none() -> None:
    rows = [(str(number), "x") for number in range(50)]
    assert repeats(rows, Limits(bits=1), NUMBER) == Repeats(0, 50, ())


def test_repeats__several_keys_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "cells.csv"
    path.write_text("a,b\n1,x\n1,y\n2,x\n", encoding="utf-8")
    with opened(one_file(path)) as reading, locked_connection(reading.sources) as connection:
        found = find_repeats(connection, reading, [(NUMBER,), (TEXT,), (NUMBER, TEXT)])
    assert found == [Repeats(1, 3, (2,)), Repeats(1, 3, (3,)), Repeats(0, 3, ())]
