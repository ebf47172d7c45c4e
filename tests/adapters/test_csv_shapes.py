from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import duckdb
import pytest

from mlci.adapters.csv_shapes import Shapes
from mlci.adapters.data_reader import opened
from mlci.adapters.duckdb import DuckdbData
from mlci.core.contract.constraints import constraints
from mlci.core.contract.model import Contract
from mlci.core.contract.scalar import read_value
from mlci.core.data_files import one_file
from mlci.core.data_format import CsvFormat

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mlci.core.contract.scalar import ColumnType

STRANGE = ("{0}1", "1{0}", "1{0}1", "0{0}1", "{0}", "1{0}{0}1", "{0}{0}1", "inf{0}", "1e{0}1")


def texts() -> list[str]:
    """Return texts like numbers: every short one of the signs of numbers, and each character of ASCII around digits."""
    signs = ("".join(each) for size in range(1, 5) for each in itertools.product("01+-.e", repeat=size))
    around = (form.format(chr(code)) for form in STRANGE for code in range(32, 127) if chr(code) not in '",')
    return list(dict.fromkeys((*signs, *around, "1E5", "0x1F", "0b11", "NaN", "Infinity", "1e999", "9" * 19)))


def residue(text: str) -> bytes:
    shapes = Shapes(CsvFormat(), 1, b"\n")
    shapes.note(text.encode())
    (found,) = next(iter(shapes.residues() or ()))
    return found


def groups(listed: Sequence[str]) -> Iterator[list[str]]:
    """Yield texts that leave the same, as one column of a file of theirs would hold them."""
    for _, each in itertools.groupby(sorted(listed, key=residue), key=residue):
        yield list(each)


@pytest.mark.parametrize("type_", ["integer", "number"])
def test_residues__prove_that_the_engine_takes_for_a_number_what_is_written_as_one(
    tmp_path: Path, type_: ColumnType
) -> None:
    path, kind = tmp_path / "a.csv", {"integer": "BIGINT", "number": "DOUBLE"}[type_]
    proven: list[str] = []
    for each in groups(texts()):
        path.write_text("x\n" + "".join(f"{text}\n" for text in each))
        with opened(one_file(path)) as reading:
            proven += each if reading.declared({0: type_}) else []
    assert len(proven) > 100
    expected = {text for text in proven if read_value(text, type_) is not None}
    path.write_text("x,text\n" + "".join(f"{text},{text}\n" for text in proven))
    columns = f"columns={{'x': '{kind}', 'text': 'VARCHAR'}}, auto_detect=false, header=true"
    with duckdb.connect() as connection:
        read = connection.execute(f"SELECT text, x FROM read_csv('{path}', {columns}, ignore_errors=true)").fetchall()  # noqa: S608 - a path of our own
        tried = connection.execute(
            f"SELECT text, TRY_CAST(text AS {kind}) FROM (SELECT unnest($texts) AS text)",  # noqa: S608 - a constant
            {"texts": proven},
        ).fetchall()
    for found in (read, tried):
        assert {text for text, value in found if value is not None and math.isfinite(value)} == expected


def check(path: Path, columns: dict[str, object]) -> list[tuple[str, int, int, list[str | None]]]:
    told = constraints(Contract.model_validate({"columns": columns}))
    found = DuckdbData().validate("rows", one_file(path), told).findings
    return [(each.kind, each.failing, each.checked, [row.value for row in each.examples]) for each in found]


ROWS = [f"{i},{i}.5,text {i}" for i in range(2000)]
NUMBERS: dict[str, object] = {
    "a": {"type": "integer", "max": 1999},
    "b": {"type": "number"},
    "c": {"type": "string"},
}


@pytest.mark.parametrize(
    ("row", "found"),
    [
        ("+7,-.5,x", []),
        ("007,1e-3,x", []),
        ("12.0,1.5,x", [("type", 1, 2001, ["12.0"])]),
        (" 12 ,1.5,x", [("type", 1, 2001, ["' 12 '"])]),
        ("1e3,1.5,x", [("type", 1, 2001, ["1e3"])]),
        ("1_000,1.5,x", [("type", 1, 2001, ["1_000"])]),
        ("twelve,1.5,x", [("type", 1, 2001, ["twelve"])]),
        ("9223372036854775808,1.5,x", [("type", 1, 2001, ["9223372036854775808"])]),
        ("1,+-1,x", [("type", 1, 2001, ["+-1"])]),
        ("1,inf,x", [("type", 1, 2001, ["inf"])]),
        ("1,1e999,x", [("type", 1, 2001, ["1e999"])]),
        ('1,"1.5",x', []),
        ('" 1",1.5,x', [("type", 1, 2001, ["' 1'"])]),
        (",1.5,x", [("required", 1, 2001, [None])]),
        ("0002000,1.5,x", [("max", 1, 2001, ["0002000"])]),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_file__one_value_that_is_no_number_is_found_wherever_it_stands(
    tmp_path: Path, newline: str, row: str, found: list[object]
) -> None:
    path = tmp_path / "a.csv"
    for listed in ([row, *ROWS], [*ROWS, row]):
        path.write_bytes(newline.join(["a,b,c", *listed]).encode())
        assert check(path, NUMBERS) == found


def test_file__a_column_of_two_types_is_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n1.5\n2\n")
    told = [
        *constraints(Contract.model_validate({"columns": {"a": {"type": "number"}}})),
        *constraints(Contract.model_validate({"columns": {"a": {"type": "integer"}}})),
    ]
    (found,) = DuckdbData().validate("rows", one_file(path), told).findings
    assert (found.kind, found.failing, [row.value for row in found.examples]) == ("type", 1, ["1.5"])


def test_shapes__that_are_too_many_are_kept_no_more(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    values = (f"{'e' * (i % 500)}{'x' * (i // 500)},{i}" for i in range(110_000))
    path.write_text("\n".join(["c,a", *values, "z, 1", ""]))
    columns: dict[str, object] = {"c": {"type": "string", "required": False}, "a": {"type": "integer"}}
    assert check(path, columns) == [("type", 1, 110_001, ["' 1'"])]
