from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.adapters.duckdb import DuckdbData
from mlci.core.contract.changes import combined
from mlci.core.contract.constraints import constraints
from mlci.core.contract.model import Contract
from mlci.core.contract.pattern import parse_pattern
from mlci.core.data_files import one_file
from mlci.core.findings import MASK, DatasetReport, ExampleRow, Finding
from mlci.errors import RejectedError, UsageError
from tests.core.contract.patterns import PATTERNS
from tests.core.contract.patterns import TEXTS as PATTERN_TEXTS

Rule = dict[str, Any]


def a_contract(columns: dict[str, Rule], **parts: object) -> Contract:
    return Contract.model_validate({"columns": columns, **parts})


def check(path: Path, contract: Contract, base: Path | None = None) -> DatasetReport:
    before = one_file(base) if base else None
    return DuckdbData().validate("cells", one_file(path), constraints(contract), base=before)


def only_finding(path: Path, contract: Contract, base: Path | None = None) -> Finding:
    (found,) = check(path, contract, base).findings
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cells.csv"


def write(path: Path, header: str, *rows: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in (header, *rows)), encoding="utf-8", newline="")
    return path


def column_of(path: Path, values: list[str]) -> Path:
    return write(path, "id,x", *(f'{number},"{value}"' for number, value in enumerate(values, start=1)))


CELLS = a_contract(
    {
        "id": {"type": "integer", "unique": True},
        "mean_radius": {"type": "number", "min": 0, "max": 60, "unit": "micrometre"},
        "worst_radius": {"type": "number", "max": 80, "required": False},
        "size_band": {"type": "string", "enum": ["small", "large"]},
    },
    rows={"min": 5},
    rules=[{"name": "ordered", "check": "worst_radius >= mean_radius", "max_share": "10%"}],
)


def test_validate__sound_data_has_no_finding(path: Path) -> None:
    write(path, "extra,id,size_band,mean_radius,worst_radius", *(f"?,{n},small,{n}.5,{n + 9}" for n in range(5)))
    report = check(path, CELLS)
    assert report.passed
    assert (report.dataset, report.path, report.rows) == ("cells", path.as_posix(), 5)
    assert report.columns == ("extra", "id", "size_band", "mean_radius", "worst_radius")


def test_validate__each_broken_constraint_is_one_finding_in_the_order_of_the_contract(path: Path) -> None:
    write(
        path,
        "id,mean_radius,worst_radius,size_band",
        "1,1,2,small",
        "2,61,70,small",
        "2,,,tiny",
        "x,5,4,",
    )
    assert [(each.key[1:], each.sentence, each.examples) for each in check(path, CELLS).findings] == [
        (
            ("id", "type"),
            "`id` is not a whole number in 1 of 4 rows (25%)",
            (ExampleRow(line=5, key="x", value="x"),),
        ),
        (
            ("id", "unique"),
            "`id` repeats an earlier value in 1 of 3 rows (33.3%)",
            (ExampleRow(line=4, key="2", value="2"),),
        ),
        (
            ("mean_radius", "required"),
            "`mean_radius` has no value in 1 of 4 rows (25%)",
            (ExampleRow(line=4, key="2", value=None),),
        ),
        (
            ("mean_radius", "max"),
            "`mean_radius` is above 60 micrometre in 1 of 3 rows (33.3%)",
            (ExampleRow(line=3, key="2", value="61"),),
        ),
        (
            ("size_band", "required"),
            "`size_band` has no value in 1 of 4 rows (25%)",
            (ExampleRow(line=5, key="x", value=None),),
        ),
        (
            ("size_band", "enum"),
            "`size_band` is none of small, large in 1 of 3 rows (33.3%)",
            (ExampleRow(line=4, key="2", value="tiny"),),
        ),
        (("min",), "there are 4 rows, at least 5 are demanded", ()),
        (
            ("ordered",),
            "`worst_radius >= mean_radius` does not hold in 1 of 3 rows (33.3%; at most 10% may)",
            (ExampleRow(line=5, key="x", value="worst_radius = 4, mean_radius = 5"),),
        ),
    ]


WRITTEN_RIGHT = {
    "integer": ["0", "-0", "+5", "007", "9223372036854775807", "-9223372036854775808"],
    "number": ["0", "-1", "+1.5", ".5", "5.", "1e3", "1E-3", "+1.5e+3", "1e-400", "123456789012345678901234567890"],
    "boolean": ["true", "false", "True", "FALSE"],
    "string": ["NaN", " 12 ", "NULL", "'; drop table x; --", "ä"],
}
WRITTEN_WRONG = {
    "integer": [
        *(" 12 ", "1e3", "0x1F", "1_000", "1.0", "1,5", "--1", "+", "12\n", "1 2", "NaN", "true", "abc"),
        *("\N{ARABIC-INDIC DIGIT ONE}", "\N{FULLWIDTH DIGIT ONE}", "9223372036854775808", "-9223372036854775809"),
    ],
    "number": [
        *("nan", "NaN", "inf", "-Infinity", "1e999", "-1e999", " 1.5", "1.5 ", "1_000.5", "1,5", "0x1F", "1e", "e3"),
        *(".", "1.5.2", "1e3.5", "\N{ARABIC-INDIC DIGIT ONE}", "1.5\n", "NULL", "NA", "12 µm"),
    ],
    "boolean": ["1", "0", "yes", "no", "t", " true", "NO", "tru\u0435"],
}


@pytest.mark.parametrize("type_", ["integer", "number", "boolean", "string"])
def test_type__what_is_written_right_is_taken(path: Path, type_: str) -> None:
    column_of(path, WRITTEN_RIGHT[type_])
    assert check(path, a_contract({"x": {"type": type_}})).passed


@pytest.mark.parametrize(("type_", "text"), [(type_, text) for type_ in WRITTEN_WRONG for text in WRITTEN_WRONG[type_]])
def test_type__what_is_written_otherwise_is_counted(path: Path, type_: str, text: str) -> None:
    column_of(path, [WRITTEN_RIGHT[type_][0], text])
    found = only_finding(path, a_contract({"x": {"type": type_}}))
    assert (found.kind, found.failing, found.checked) == ("type", 1, 2)
    assert found.examples[0].line == 3


def test_type__twenty_thousand_integers_do_not_make_the_next_one(path: Path) -> None:
    column_of(path, [*map(str, range(20_000)), "1.5"])
    found = only_finding(path, a_contract({"x": {"type": "integer"}}))
    assert (found.failing, found.examples[0].line, found.examples[0].value) == (1, 20_002, "1.5")


def test_type__a_value_at_fault_is_shown_with_its_blanks_and_hidden_characters(path: Path) -> None:
    column_of(path, [" 7 ", "1\u200b", "x" * 200])
    examples = only_finding(path, a_contract({"x": {"type": "integer"}})).examples
    assert [each.value for each in examples] == ["' 7 '", r"'1\u200b'", "x" * 79 + "…"]


@pytest.mark.parametrize("empty", ["", '""'])
def test_required__an_empty_field_is_no_value_quoted_or_not(path: Path, empty: str) -> None:
    write(path, "id,x", f"1,{empty}", "2,a")
    assert only_finding(path, a_contract({"x": {"type": "string"}})).kind == "required"
    assert check(path, a_contract({"x": {"type": "string", "required": False}})).passed


def test_bounds__missing_and_ill_typed_values_are_not_checked_again(path: Path) -> None:
    column_of(path, ["", "abc", "-1", "61", "60", "0"])
    report = check(path, a_contract({"x": {"type": "number", "min": 0, "max": 60, "required": False}}))
    assert [(each.kind, each.failing, each.checked) for each in report.findings] == [
        ("type", 1, 5),
        ("min", 1, 4),
        ("max", 1, 4),
    ]


@pytest.mark.parametrize(("value", "failing"), [("9007199254740992", 0), ("9007199254740993", 1)])
def test_bounds__of_integers_are_exact_beyond_double_precision(path: Path, value: str, failing: int) -> None:
    column_of(path, [value])
    report = check(path, a_contract({"x": {"type": "integer", "max": 2**53}}))
    assert sum(each.failing for each in report.findings) == failing


@pytest.mark.parametrize(
    ("rule", "values", "failing"),
    [
        ({"type": "integer", "enum": [0, 1]}, ["0", "1", "01", "+1", "2"], 1),
        ({"type": "number", "enum": [0.1, 2]}, ["0.1", "0.10", "2.0", "1e-1", "0.2"], 1),
        ({"type": "string", "enum": ["NO", "a'b", "ä"]}, ["NO", "a'b", "ä", "no", "A"], 2),
        ({"type": "boolean", "enum": [True]}, ["true", "TRUE", "false"], 1),
    ],
)
def test_enum__compares_values_not_how_they_are_written(
    path: Path, rule: Rule, values: list[str], failing: int
) -> None:
    column_of(path, values)
    found = only_finding(path, a_contract({"x": rule}))
    assert (found.kind, found.failing) == ("enum", failing)


def test_unique__counts_repetitions_of_values_and_shows_the_later_rows(path: Path) -> None:
    column_of(path, ["1", "2", "01", "", "", "3", "+2", "2"])
    found = only_finding(path, a_contract({"x": {"type": "integer", "unique": True, "required": False}}))
    assert (found.failing, found.checked) == (3, 6)
    assert [(each.line, each.value) for each in found.examples] == [(4, "01"), (8, "+2"), (9, "2")]


def test_unique__text_is_compared_as_it_stands(path: Path) -> None:
    column_of(path, ["1", "01", "a", "A", "a "])
    assert check(path, a_contract({"x": {"type": "string", "unique": True}})).passed


def test_examples__are_the_first_five_in_the_order_of_the_file(path: Path) -> None:
    column_of(path, [str(value) for value in range(100, 0, -1)])
    found = only_finding(
        path, a_contract({"id": {"type": "integer", "unique": True}, "x": {"type": "number", "max": 50}})
    )
    assert [(each.line, each.key, each.value) for each in found.examples] == [
        (2, "1", "100"),
        (3, "2", "99"),
        (4, "3", "98"),
        (5, "4", "97"),
        (6, "5", "96"),
    ]


def test_examples__lines_are_counted_as_an_editor_does(path: Path) -> None:
    path.write_bytes(b'id,x\r\n1,"a\r\nb\r\n"\r\n\r\n2,c\r\n3,d')
    found = only_finding(path, a_contract({"x": {"type": "string", "enum": ["d"]}}))
    assert [each.line for each in found.examples] == [2, 6]


def test_examples__values_of_people_are_masked_as_value_as_key_and_in_rules(path: Path) -> None:
    write(path, "id,age,limit", "12345678,150,120")
    contract = a_contract(
        {
            "id": {"type": "integer", "unique": True, "pii": True},
            "age": {"type": "integer", "max": 130, "pii": True},
            "limit": {"type": "integer"},
        },
        rules=[{"name": "below", "check": "age <= limit"}],
    )
    report = check(path, contract)
    assert [each.examples for each in report.findings] == [
        (ExampleRow(line=2, key=MASK, value=MASK),),
        (ExampleRow(line=2, key=MASK, value=f"age = {MASK}, limit = 120"),),
    ]
    assert "12345678" not in str(report.to_dict())


def test_examples__head_alone_cannot_unmask(path: Path) -> None:
    write(path, "id,age", "1,150")
    base = a_contract({"age": {"type": "integer", "max": 130, "pii": True}})
    head = a_contract({"age": {"type": "integer", "max": 130}})
    report = DuckdbData().validate("cells", one_file(path), combined(base, head))
    assert report.findings[0].examples[0].value == MASK


@pytest.mark.parametrize(
    ("text", "rows", "failing", "checked"),
    [
        ("a >= b", ["2,1", "1,1", "0,1"], 1, 3),
        ("a != b", ["2,1", "1,1.0"], 1, 2),
        ("a == b", ["0.3,0.3", "1,1.0", "1,2"], 1, 3),
        ("a < 2 * b + 1", ["2,1", "3,1", "4,1"], 2, 3),
        ("a - -b > (1 + 1) * 2", ["2,3", "2,2"], 1, 2),
        ("a > b", [",1", "1,", "x,1", "2,1"], 0, 1),
        ("a / b <= 1", ["1,0", "0,0", "1,2"], 2, 3),
        ("a * a > 0", ["1e200,0", "1e10,0"], 1, 2),
        ("a > 0", ["1,x"], 0, 1),
    ],
)
def test_rule__is_computed_row_by_row(path: Path, text: str, rows: list[str], failing: int, checked: int) -> None:
    write(path, "a,b", *rows)
    numbers = {"type": "number", "required": False}
    contract = a_contract({"a": numbers, "b": numbers}, rules=[{"name": "rule", "check": text}])
    assert [(each.failing, each.checked) for each in check(path, contract).findings if each.kind == "rule"] == [
        (failing, checked)
    ] * bool(failing)


def test_rule__integers_are_compared_exactly(path: Path) -> None:
    write(path, "a,b", "9007199254740993,9007199254740992", "-9223372036854775808,1")
    integers = {"type": "integer"}
    contract = a_contract({"a": integers, "b": integers}, rules=[{"name": "rule", "check": "a == b"}])
    assert only_finding(path, contract).failing == 2


def test_rule__the_smallest_integer_can_be_negated(path: Path) -> None:
    write(path, "a", "-9223372036854775808")
    contract = a_contract({"a": {"type": "integer"}}, rules=[{"name": "rule", "check": "-a * a < a + a"}])
    assert check(path, contract).passed


def test_rule__its_share_is_tolerated_exactly(path: Path) -> None:
    column_of(path, ["1"] * 999 + ["-1"])
    columns = {"x": {"type": "integer"}}
    tolerant = a_contract(columns, rules=[{"name": "rule", "check": "x > 0", "max_share": "0.1%"}])
    strict = a_contract(columns, rules=[{"name": "rule", "check": "x > 0", "max_share": "0.09%"}])
    assert check(path, tolerant).passed
    assert only_finding(path, strict).failing == 1


TEXTS = ["abc", "ab\n", "äöü", "\N{FACE PALM}", "1\N{ARABIC-INDIC DIGIT ONE}", "ABC"]


@pytest.mark.parametrize(
    ("rule", "failing"),
    [
        ({"length": 3}, ["\N{FACE PALM}", "1\N{ARABIC-INDIC DIGIT ONE}"]),
        ({"length": {"min": 2}}, ["\N{FACE PALM}"]),
        ({"length": {"max": 2}}, ["abc", "ab\n", "äöü", "ABC"]),
        ({"pattern": "[a-z]{2,3}"}, [each for each in TEXTS if each != "abc"]),
        ({"pattern": "..|..."}, ["ab\n", "\N{FACE PALM}"]),
        ({"pattern": r"\d+|[^\d]+"}, ["1\N{ARABIC-INDIC DIGIT ONE}"]),
        ({"format": "uuid"}, TEXTS),
    ],
)
def test_text__its_length_and_form_are_checked(path: Path, rule: Rule, failing: list[str]) -> None:
    column_of(path, TEXTS)
    contract = a_contract({"x": {"type": "string", **rule}})
    found = check(path, contract).findings
    assert sum(each.failing for each in found) == len(failing)
    expected = [each for each in TEXTS if each in failing][:5]
    assert [each.line for each in found[0].examples] == [line_of(each) for each in expected]


def line_of(text: str) -> int:
    """Return where a text of TEXTS begins in the file, the second of which has two lines."""
    place = TEXTS.index(text)
    return place + 2 + (place > 1)


@settings(max_examples=60, deadline=None)
@given(PATTERNS, st.lists(PATTERN_TEXTS.filter(bool), min_size=1, max_size=8))
def test_pattern__means_to_the_engine_what_it_means(pattern: str, texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = column_of(Path(folder) / "cells.csv", [text.replace('"', '""') for text in texts])
        findings = check(path, a_contract({"x": {"type": "string", "pattern": pattern}})).findings
    parsed = parse_pattern(pattern)
    assert sum(each.failing for each in findings) == sum(not parsed.matches(text) for text in texts)


@pytest.mark.parametrize("pattern", ["(a{30}){33}", "[^é]{990}b{0}", "a*", ".{990}|c{1000}"])
def test_pattern__the_largest_are_taken_by_the_engine(path: Path, pattern: str) -> None:
    column_of(path, ["a" * 990, "b"])
    assert len(check(path, a_contract({"x": {"type": "string", "pattern": pattern}})).findings) == 1


@pytest.mark.parametrize(("share", "failing"), [("24%", 1), ("25%", 0), ("100%", 0)])
def test_max_null__tolerates_a_share_of_all_rows(path: Path, share: str, failing: int) -> None:
    column_of(path, ["", "a", "b", "c"])
    findings = check(path, a_contract({"x": {"type": "string", "max_null": share}})).findings
    assert [(each.failing, each.checked) for each in findings] == [(1, 4)] * failing


def test_optional__a_column_that_is_absent_is_no_fault_and_its_rules_wait(path: Path) -> None:
    columns: dict[str, Rule] = {"id": {"type": "integer"}, "y": {"type": "integer", "min": 0, "optional": True}}
    contract = a_contract(columns, rules=[{"name": "r", "check": "y > id"}], keys=[["id", "y"]])
    assert check(column_of(path, ["a", "a"]), contract).passed
    write(path, "id,y", "1,-1")
    assert [each.kind for each in check(path, contract).findings] == ["min", "rule"]


def test_extra__columns_that_are_not_listed_are_one_finding(path: Path) -> None:
    write(path, "id,,x y,ID", "1,2,3,4")
    contract = a_contract({"id": {"type": "integer"}, "absent": {"type": "integer", "optional": True}}, extra=False)
    found = only_finding(path, contract)
    assert found.sentence == ("the file has 3 columns that the contract does not list: one without a name, `x y`, `ID`")
    assert (found.failing, found.checked, found.examples) == (3, 4, ())


def test_keys__count_rows_whose_values_together_were_there_before(path: Path) -> None:
    write(path, "a,b", "1,x", "1,y", "2,x", "01,x", "+1,y", "1,", "1,", ",x", "z,x", "z,x", "1,x")
    contract = a_contract(
        {"a": {"type": "integer", "required": False}, "b": {"type": "string", "required": False}}, keys=[["a", "b"]]
    )
    found = check(path, contract).findings[-1]
    assert found.sentence == "`a`, `b` together repeat an earlier row in 3 of 6 rows (50%)"
    assert [(each.line, each.value) for each in found.examples] == [
        (5, "a = 01, b = x"),
        (6, "a = +1, b = y"),
        (12, "a = 1, b = x"),
    ]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from(["", "a", "b", "a,b"])] * 3), min_size=1, max_size=12))
def test_keys__are_compared_value_by_value(rows: list[tuple[str, ...]]) -> None:
    contract = a_contract({name: {"type": "string", "required": False} for name in "abc"}, keys=[["c", "a", "b"]])
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "cells.csv", "a,b,c", *(",".join(f'"{value}"' for value in row) for row in rows))
        findings = check(path, contract).findings
    whole = [row for row in rows if all(row)]
    assert sum(each.failing for each in findings) == len(whole) - len(set(whole))


@pytest.mark.parametrize(
    ("rule", "failing", "checked"),
    [
        ({"when": "b > 0"}, 1, 2),
        ({"when": "b is null"}, 1, 1),
        ({"when": "b != 0"}, 1, 2),
        ({"when": "1 / b < 9"}, 1, 2),
        ({"when": "b > 0", "max_count": 1}, 0, 0),
        ({"max_count": 1}, 3, 4),
        ({"max_count": 2}, 3, 4),
        ({"max_count": 3}, 0, 0),
    ],
)
def test_rule__looks_only_where_it_is_told_to(path: Path, rule: Rule, failing: int, checked: int) -> None:
    write(path, "a,b", "5,1", "-5,1", "-5,0", "-5,", ",1")
    numbers = {"type": "number", "required": False}
    contract = a_contract({"a": numbers, "b": numbers}, rules=[{"name": "rule", "check": "a > 0", **rule}])
    assert [(each.failing, each.checked) for each in check(path, contract).findings] == [(failing, checked)] * bool(
        failing
    )


def test_severity__a_warning_is_found_and_rejects_nothing(path: Path) -> None:
    column_of(path, ["7"])
    contract = a_contract(
        {"id": {"type": "integer", "max": 0}, "x": {"type": "integer", "max": 5, "severity": "warn", "owner": "@acme"}},
    )
    report = check(path, contract)
    assert [(each.columns, each.severity, each.owner) for each in report.findings] == [
        (("id",), "error", None),
        (("x",), "warn", "@acme"),
    ]
    assert report.errors == report.findings[:1]


def test_columns__one_that_is_missing_is_one_finding_and_its_rules_wait(path: Path) -> None:
    write(path, "ID,mean_radius,size_band", "1,1,small", "2,2,large", "3,3,small", "4,4,small", "5,5,small")
    assert [each.sentence for each in check(path, CELLS).findings] == [
        "the column `id` is missing from the file; is it called `ID` now?",
        "the column `worst_radius` is missing from the file",
    ]


def test_columns__one_that_is_missing_may_be_one_that_the_contract_does_not_list(path: Path) -> None:
    contract = a_contract({name: {"type": "integer"} for name in ("customer", "customer_age", "year")})
    write(path, "custmer,customer_age,month", "1,30,4")
    assert [each.sentence for each in check(path, contract).findings] == [
        "the column `customer` is missing from the file; is it called `custmer` now?",
        "the column `year` is missing from the file",
    ]


def test_columns__a_thousand_that_are_missing_take_no_time(path: Path) -> None:
    contract = a_contract({f"wanted_column_{place}": {"type": "integer"} for place in range(1_000)})
    write(path, ",".join(f"column_{place}" for place in range(1_000)), "1," * 999 + "1")
    assert len(check(path, contract).findings) == 1_000


def test_columns__names_that_differ_in_case_are_two_columns(path: Path) -> None:
    write(path, "ID,id", "1,2", "3,4")
    report = check(path, a_contract({"id": {"type": "integer", "enum": [2, 4]}, "ID": {"type": "integer", "min": 2}}))
    assert [(each.key[1], each.failing) for each in report.findings] == [("ID", 1)]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_file__a_table_without_rows_is_checked(path: Path, newline: str) -> None:
    path.write_text(f"id,mean_radius,worst_radius,size_band{newline}", newline="")
    assert [each.sentence for each in check(path, CELLS).findings] == ["there are 0 rows, at least 5 are demanded"]


def test_file__rows_and_sha_are_those_of_the_bytes(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbfid,x\r\n1,a")
    report = check(path, a_contract({"id": {"type": "integer"}}, rows={"max": 1}))
    assert (report.rows, report.columns, report.passed) == (1, ("id", "x"), True)
    assert report.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_file__one_that_is_malformed_is_refused_with_its_line(path: Path) -> None:
    write(path, "id,x", "1,2", "3")
    with pytest.raises(RejectedError) as error:
        check(path, a_contract({"id": {"type": "integer"}}))
    assert error.value.where == f"{path}:3"


def test_file__one_that_is_missing_is_wrong_usage(path: Path) -> None:
    with pytest.raises(UsageError) as error:
        check(path, a_contract({"id": {"type": "integer"}}))
    assert error.value.code == "data-missing"


@pytest.mark.parametrize("name", ["c*.csv", "cell[1-9].csv", "ce?ls.csv", "x.csv.bz2", "a'b.csv", "ä ö.csv"])
def test_file__its_name_is_no_pattern_and_no_syntax(tmp_path: Path, name: str) -> None:
    write(tmp_path / "cells.csv", "id", "1", "2")
    write(tmp_path / "cell1.csv", "id", "1", "2")
    write(tmp_path / name, "id", "7")
    assert check(tmp_path / name, a_contract({"id": {"type": "integer", "enum": [7]}})).rows == 1


NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Co", "Zl", "Zp", "Zs"]), min_size=1, max_size=12)
HOSTILE = st.sampled_from(
    ['c0"; DROP TABLE data; --', "$p0", "c1", "row", "data", "'", "{raw}", "{}", "%s", "a`b", "select"]
)


@settings(max_examples=40, deadline=None)
@given(st.lists(NAMES | HOSTILE, min_size=1, max_size=4, unique=True))
def test_columns__any_name_works(names: list[str]) -> None:
    rule = {"name": "rule", "check": " + ".join("`" + name.replace("`", "``") + "`" for name in names) + " > 0"}
    contract = a_contract(
        {name: {"type": "integer", "enum": [place]} for place, name in enumerate(names)}, rules=[rule]
    )
    header = ",".join('"' + name.replace('"', '""') + '"' for name in (*names, "another one"))
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "data.csv", header, ",".join(["9"] * len(names) + ["0"]))
        found = check(path, contract).findings
    assert [(each.kind, each.columns) for each in found] == [("enum", (name,)) for name in names]


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12))
def test_values__any_text_is_compared_as_it_stands(value: str) -> None:
    quoted = value.replace('"', '""')
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder) / "data.csv", "id,x", f'1,"{quoted}"', "2,y")
        report = check(path, a_contract({"x": {"type": "string", "enum": [value, "y"]}}))
    assert report.passed


def test_validate__loads_neither_pandas_nor_numpy(path: Path) -> None:
    column_of(path, ["1"])
    script = (
        "import sys; from pathlib import Path; from mlci.adapters.duckdb import DuckdbData; "
        "import mlci.cli.wiring, mlci.commands.validate, mlci.render.terminal; "
        "from mlci.core.contract.model import Contract; from mlci.core.contract.constraints import constraints; "
        "from mlci.core.data_files import one_file; "
        "contract = Contract.model_validate({'columns': {'x': {'type': 'integer', 'max': 0, 'unique': True}}}); "
        "report = DuckdbData().validate('cells', one_file(Path(sys.argv[1])), constraints(contract)); "
        "print(len(report.findings), sorted({'numpy', 'pandas'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert found.stdout == "1 []\n"


# The unit that changed

BASE_RADII = [10.5, 12.25, 20.0, 31.0, 44.75, 0.015]


def radii(path: Path, values: list[float], first: int = 1) -> Path:
    return write(
        path, "id,radius,limit", *(f"{place},{value!r},100" for place, value in enumerate(values, start=first))
    )


RADII = a_contract(
    {
        "id": {"type": "integer", "unique": True},
        "radius": {"type": "number", "min": 0.01, "max": 60, "unit": "micrometre"},
        "limit": {"type": "number", "required": False},
    }
)


def test_unit_change__is_named_with_the_unit_and_the_rows_that_passed(path: Path, tmp_path: Path) -> None:
    base = radii(tmp_path / "base.csv", BASE_RADII)
    radii(path, [value * 1000 for value in BASE_RADII])
    found = only_finding(path, RADII, base)
    assert found.failing == 5
    assert found.cause is not None
    assert found.cause.ratio == 1000
    assert found.cause.sentence == (
        "every failing row has 1000 × its value of `radius` in base: delivered in nanometre instead of micrometre? "
        "1 more row changed by the same ratio and passed."
    )


def test_unit_change__is_named_below_a_minimum_and_for_some_rows_of_the_file(path: Path, tmp_path: Path) -> None:
    base = radii(tmp_path / "base.csv", [1.0, 2.0, 4.0, 5.0, 6.0])
    radii(path, [0.001, 0.002, 0.004, 5.0, 6.0])
    found = only_finding(path, RADII, base)
    assert (found.kind, found.failing) == ("min", 3)
    assert found.cause is not None
    assert found.cause.sentence == (
        "every failing row has 0.001 × its value of `radius` in base: delivered in millimetre instead of micrometre?"
    )


def test_unit_change__is_named_for_a_rule_by_the_column_that_changed(path: Path, tmp_path: Path) -> None:
    contract = a_contract(
        {"id": {"type": "string", "unique": True}, "radius": {"type": "number"}, "limit": {"type": "number"}},
        rules=[{"name": "below", "check": "limit >= radius"}],
    )
    base = radii(tmp_path / "base.csv", BASE_RADII)
    radii(path, [value * 25.4 for value in BASE_RADII])
    found = only_finding(path, contract, base)
    assert found.cause is not None
    assert found.cause.sentence.startswith(
        "every failing row has 25.4 × its value of `radius` in base: delivered in an"
    )


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([61_000, 62_000, 63_000, 64_000, 65_000], id="ratios differ"),
        pytest.param([10_000, 11_000, 12_000, 13_000.02, 14_000], id="ratios differ slightly"),
        pytest.param([10_000, 11_000, 12_000, 13_000, 99], id="only some of the failing rows"),
        pytest.param([10_000, 11_000, 12, 13, 14], id="two rows may be chance"),
    ],
)
def test_unit_change__is_not_named_for_a_near_miss(path: Path, tmp_path: Path, values: list[float]) -> None:
    base = radii(tmp_path / "base.csv", [10, 11, 12, 13, 14])
    radii(path, values)
    assert only_finding(path, RADII, base).cause is None


def test_unit_change__is_not_named_where_base_failed_alike(path: Path, tmp_path: Path) -> None:
    values = [61.0, 62.0, 63.0, 64.0]
    assert only_finding(radii(path, values), RADII, radii(tmp_path / "base.csv", values)).cause is None


def test_unit_change__is_not_named_where_a_key_is_new(path: Path, tmp_path: Path) -> None:
    base = radii(tmp_path / "base.csv", [10, 11, 12, 13])
    radii(path, [10_000, 11_000, 12_000, 13_000, 14_000])
    assert only_finding(path, RADII, base).cause is None


def test_unit_change__is_not_named_where_a_key_stands_in_base_twice(path: Path, tmp_path: Path) -> None:
    base = write(tmp_path / "base.csv", "id,radius,limit", "1,10,9", "2,11,9", "3,12,9", "3,12,9")
    radii(path, [10_000, 11_000, 12_000])
    assert only_finding(path, RADII, base).cause is None


@pytest.mark.parametrize(
    "base",
    [
        pytest.param("", id="empty"),
        pytest.param("id,radius\n1\n", id="malformed"),
        pytest.param("key,radius\n1,10\n2,11\n3,12\n", id="another key"),
        pytest.param("id,size\n1,10\n2,11\n3,12\n", id="without the column"),
        pytest.param("id,radius\n1,a\n2,b\n3,\n", id="ill-typed"),
        pytest.param("id,radius\n1,0\n2,0\n3,0\n", id="zero"),
    ],
)
def test_unit_change__a_base_that_tells_nothing_costs_only_the_cause(path: Path, tmp_path: Path, base: str) -> None:
    (tmp_path / "base.csv").write_text(base)
    found = only_finding(radii(path, [10_000, 11_000, 12_000]), RADII, tmp_path / "base.csv")
    assert (found.failing, found.cause) == (3, None)


def test_unit_change__a_base_that_is_missing_costs_only_the_cause(path: Path, tmp_path: Path) -> None:
    assert only_finding(radii(path, [10_000, 11_000, 12_000]), RADII, tmp_path / "none.csv").cause is None


def test_unit_change__without_a_key_nothing_is_compared(path: Path, tmp_path: Path) -> None:
    contract = a_contract({"radius": {"type": "number", "max": 60}})
    base = radii(tmp_path / "base.csv", BASE_RADII)
    assert only_finding(radii(path, [value * 1000 for value in BASE_RADII]), contract, base).cause is None
