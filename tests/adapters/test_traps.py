"""What goes wrong elsewhere, as a table: a column, the values of its rows, and the rows that must be found."""

from __future__ import annotations

import csv
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from mlci.adapters.duckdb import DuckdbData
from mlci.core.contract.constraints import constraints
from mlci.core.contract.model import LATER, Contract
from mlci.core.data_files import one_file
from mlci.core.documents import read_model
from mlci.errors import MlciError

if TYPE_CHECKING:
    from collections.abc import Sequence

ANY = "required: false"
NUMBER = {"type": "number", "optional": True}
NOW = datetime(2024, 3, 1, tzinfo=UTC)
TRAPS: list[tuple[str, str, str | None, list[str], set[int]]] = [
    # trap, the column x, a check, its values from row 1 on, the rows at fault
    ("NaN is text and no number", f"type: number, {ANY}", None, ["1.5", "NaN", "", "nan"], {2, 4}),
    ("an empty field is missing, NULL is a text", "type: string", None, ["", "NULL", "null", "NA"], {1}),
    ("integers with gaps stay integers", f"type: integer, {ANY}, max: 9007199254740992", None,
     ["9007199254740993", "", "9007199254740992"], {1}),
    ("blanks around a number", "type: integer", None, ["12", " 12 ", "12 ", "\t12"], {2, 3, 4}),
    ("an exponent is no integer", "type: integer", None, ["1e3", "1000"], {1}),
    ("hexadecimal is no integer", "type: integer", None, ["0x1F", "31"], {1}),
    ("underscores are no digits", "type: integer", None, ["1_000", "1000"], {1}),
    ("a half is rounded away from zero", "type: number", "round(x) in (1, 2, 3, -1, -3)",
     ["0.5", "1.5", "2.5", "-0.5", "-2.5", "0.49999999999999994"], {6}),
    ("a remainder has the sign of the divisor", "type: integer", "x % 3 == 2", ["2", "-1", "-4", "-2"], {4}),
    ("nothing is in a list, and nothing is not in it", f"type: integer, {ANY}", "x in (1, 2)", ["1", "", "3"], {3}),
    ("nothing is not outside of a list either", f"type: integer, {ANY}", "x not in (1, 2)", ["1", "", "3"], {1}),
    ("$ does not match before a line feed", "type: string, pattern: '[a-z]+'", None, ["ab", "ab\n"], {2}),
    ("digits of Unicode are no digits", "type: integer", None, ["\N{ARABIC-INDIC DIGIT ONE}", "1"], {1}),
    (r"nor to \d", r"type: string, pattern: '\d'", None, ["\N{FULLWIDTH DIGIT ONE}", "1"], {1}),
    ("lower changes A to Z alone", "type: string", "lower(x) == 'i'",
     ["I", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}"], {2}),
    ("a letter with an accent is not lowered", "type: string", "lower(x) == 'ä'", ["ä", "Ä"], {2}),
    ("true in Cyrillic is not true", "type: boolean", None, ["true", "TRUE", "tru\u0435"], {3}),
    ("length counts characters, not bytes", "type: string, length: {max: 3}", None, ["äöü", "日本語", "abcd"], {3}),
    ("an emoji with a tone is two characters", "type: string", "length(x) == 2",
     ["\N{FACE PALM}\N{EMOJI MODIFIER FITZPATRICK TYPE-4}", "\N{FACE PALM}"], {2}),
    ("38 digits are exact", "type: decimal, precision: 38, scale: 0, max: '99999999999999999999999999999999999998'",
     None, ["99999999999999999999999999999999999999", "99999999999999999999999999999999999998"], {1}),
    ("39 digits are too many", "type: decimal, precision: 38, scale: 0", None, ["1" * 39, "0" * 9 + "1" * 38], {1}),
    ("nothing is rounded to its scale", "type: decimal, precision: 5, scale: 2", None, ["0.005", "0.50", "0.500"], {1}),
    ("a tenth three times is three tenths", "type: decimal, precision: 5, scale: 2", "x + x + x == 0.3",
     ["0.1", "0.10"], set()),
    ("unsigned 64 bits are no integers", "type: integer", None, ["18446744073709551615", "9223372036854775807"], {1}),
    ("and fit into a decimal", "type: decimal, precision: 20, scale: 0", "x <= 9223372036854775807",
     ["18446744073709551615", "9223372036854775807"], {1}),
    ("days before 1970 are days", "type: date, min: '1900-01-01'", "weekday(x) == 3",
     ["1969-12-31", "1899-12-31", "1969-12-30"], {2, 3}),
    ("1900 was no leap year, 2000 was one", "type: date", None, ["1900-02-29", "2000-02-29"], {1}),
    ("an hour that summer time leaves out is an hour", "type: timestamp", "hour(x) == 2",
     ["2024-03-31T02:30:00"], set()),
    ("an hour that comes twice is two moments", "type: timestamp_with_zone, unique: true", None,
     ["2024-10-27T02:30+02:00", "2024-10-27T02:30+01:00", "2024-10-27T00:30Z"], {3}),
    ("zones and none do not mix", "type: timestamp", None, ["2024-01-01T00:00", "2024-01-01T00:00Z"], {2}),
    ("nor the other way round", "type: timestamp_with_zone", None, ["2024-01-01T00:00", "2024-01-01T00:00-05"], {1}),
    ("NO is Norway", "type: string, enum: [SE, NO]", None, ["NO", "false", "SE"], {2}),
    ("coalesce of whole numbers is whole", f"type: integer, {ANY}", "coalesce(x, -1) in (9007199254740993, -1)",
     ["9007199254740993", "9007199254740992", ""], {2}),
    ("the smallest integer can be negated", "type: integer", "-x > 0", ["-9223372036854775808", "1"], {2}),
    ("an integer is compared exactly", "type: integer", "x == 9007199254740993",
     ["9007199254740993", "9007199254740992"], {2}),
]  # fmt: skip


def written(folder: Path, values: Sequence[str]) -> Path:
    path = folder / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerows([["id", "x"], *([str(row), value] for row, value in enumerate(values, start=1))])
    return path


def rows_at_fault(folder: Path, contract: Contract, values: Sequence[str]) -> set[int]:
    path = written(folder, values)
    report = DuckdbData().validate("rows", one_file(path), constraints(contract), key="id")
    return {int(row.key or 0) for finding in report.findings for row in finding.examples}


@pytest.mark.parametrize(("column", "check", "values", "rows"), [trap[1:] for trap in TRAPS], ids=[t[0] for t in TRAPS])
def test_trap__is_stepped_over(
    tmp_path: Path, column: str, check: str | None, values: list[str], rows: set[int]
) -> None:
    rules = f'rules: [{{name: rule, check: "{check}"}}]\n' if check else ""
    text = f"columns:\n  id: {{type: integer}}\n  x: {{{column}}}\n{rules}"
    assert rows_at_fault(tmp_path, read_model(text.encode(), Contract, "c.yaml", later=LATER), values) == rows


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(), st.text(max_size=8),
    st.sampled_from(["2024-02-29", "12:00", "2024-01-01T00:00", "2024-01-01T00:00Z", "1.50", "1%"]),
)  # fmt: skip
TYPES = st.sampled_from(
    ["integer", "number", "decimal", "string", "boolean", "date", "time", "timestamp", "timestamp_with_zone", "list"]
)
RULES = st.fixed_dictionaries(
    {"type": TYPES},
    optional={
        "min": SCALARS, "max": SCALARS, "enum": st.lists(SCALARS, max_size=3), "unique": st.booleans(),
        "precision": st.integers(0, 40), "scale": st.integers(0, 40), "length": SCALARS, "pattern": SCALARS,
        "max_null": SCALARS, "format": st.sampled_from(["email", "uuid"]),
    },
)  # fmt: skip
WHOLE_CHECKS = st.sampled_from(
    ["x > 1", "x == 'a'", "x", "not x", "x >= date '2024-01-01'", "x < time '12:00'", "year(x) == 2024", "x is null",
     "days_between(x, x) == 0", "coalesce(x, 0.5) * x > -x", "x in (1, 2.5)", "x % 3 < round(x / 2)", "`'` > x",
     "x == timestamp '2024-01-01T00:00Z'", "length(trim(x)) < 3", "hour(x) + minute(x) > 0", "x * x * x < 1e9"]
)  # fmt: skip
WORDS = st.lists(
    st.sampled_from(
        ["x", "`'`", "1", "0.5", "'a'", "date '2024-01-01'", "and", "or", "not", "in", "(", ")", ",", "<", "==", "+",
         "*", "-", "%", "/", "is null", "between", "year(x)", "days_between(", "coalesce(", "round("]
    ),
    max_size=7,
).map(" ".join)  # fmt: skip
CHECKS = WHOLE_CHECKS | WORDS
SECTIONS = st.fixed_dictionaries(
    {},
    optional={
        "rules": CHECKS.map(lambda check: [{"name": "r", "check": check}]),
        "aggregates": CHECKS.map(lambda check: [{"name": "a", "aggregate": f"share({check}) > 0"}]),
        "freshness": st.just({"x": "2d"}),
        "balance": st.sampled_from(["1%", "50%"]).map(lambda share: {"x": {"min": share}}),
        "conflicts": st.just({"x": {}}),
    },
)


def read_or_refused(document: dict[str, Any]) -> Contract | None:
    """Return a contract; None where a document is none, which is said in pydantic's words and no others."""
    try:
        return Contract.model_validate(document)
    except ValidationError:
        return None


CONTRACTS = st.builds(
    lambda rule, sections: read_or_refused(
        {"columns": {"id": {"type": "integer"}, "x": rule, "'": NUMBER}, **sections}
    ),
    RULES,
    SECTIONS,
)


@pytest.mark.slow
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
@given(CONTRACTS, st.lists(SCALARS.map(str), max_size=3))
def test_contract__any_that_can_be_read_can_be_checked(contract: Contract | None, values: list[str]) -> None:
    assume(contract is not None)
    told = constraints(contract) if contract else ()
    with tempfile.TemporaryDirectory() as folder, suppress(MlciError):
        path = written(Path(folder), values)
        DuckdbData(lambda: NOW).validate("rows", one_file(path), told, key="id")
