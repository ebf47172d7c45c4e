from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.contract.constraints import Constraint, constraints
from mlci.core.contract.model import Contract
from mlci.core.findings import Cause, DatasetReport, ExampleRow, Finding, finding, holds
from mlci.errors import IntegrityError

CONTRACT = Contract.model_validate(
    {
        "columns": {
            "id": {"type": "integer", "unique": True},
            "radius": {"type": "number", "min": 0, "max": 60, "unit": "µm", "enum": [1, 2.5]},
            "code": {"type": "string", "length": {"min": 1, "max": 20}, "pattern": "[A-Z]+", "max_null": "2%"},
            "mail": {"type": "string", "format": "email", "severity": "warn", "owner": "@acme/data"},
        },
        "extra": False,
        "keys": [["id", "code"]],
        "rows": {"min": 1000, "max": 2000},
        "rules": [
            {"name": "strict", "check": "radius >= id"},
            {"name": "lax", "check": "radius >= id", "max_share": "1%"},
            {"name": "counted", "check": "radius >= id", "max_count": 1000, "when": "code == 'A'"},
            {"name": "some", "check": "radius >= id", "when": "code == 'A'"},
        ],
        "aggregates": [
            {"name": "all", "aggregate": "mean(radius) > 5"},
            {"name": "each", "aggregate": "mean(radius) > 5", "by": "code"},
        ],
    }
)
BY_KEY = {each.key: each for each in constraints(CONTRACT)}


def constraint(*key: str) -> Constraint:
    return BY_KEY[key]


@pytest.mark.parametrize(
    ("key", "failing", "checked", "sentence"),
    [
        (("columns", "id", "present"), 569, 569, "the column `id` is missing from the file"),
        (("columns", "id", "type"), 3, 569, "`id` is not a whole number in 3 of 569 rows (0.5%)"),
        (("columns", "id", "required"), 569, 569, "`id` has no value in 569 of 569 rows (100%)"),
        (("columns", "id", "unique"), 1, 1, "`id` repeats an earlier value in 1 of 1 row (100%)"),
        (("columns", "radius", "enum"), 31, 569, "`radius` is none of 1, 2.5 in 31 of 569 rows (5.4%)"),
        (("columns", "radius", "min"), 1, 12_345, "`radius` is below 0 µm in 1 of 12,345 rows (<0.1%)"),
        (("columns", "radius", "max"), 2, 4, "`radius` is above 60 µm in 2 of 4 rows (50%)"),
        (("rows", "min"), 431, 569, "there are 569 rows, at least 1,000 are demanded"),
        (("rows", "max"), 1, 2001, "there are 2,001 rows, at most 2,000 are allowed"),
        (("rules", "strict"), 12, 569, "`radius >= id` does not hold in 12 of 569 rows (2.1%)"),
        (("columns", "code", "required"), 12, 569, "`code` has no value in 12 of 569 rows (2.1%; at most 2% may)"),
        (("columns", "code", "length_min"), 1, 2, "`code` has fewer than 1 character in 1 of 2 rows (50%)"),
        (("columns", "code", "length_max"), 1, 2, "`code` has more than 20 characters in 1 of 2 rows (50%)"),
        (("columns", "code", "pattern"), 1, 2, "`code` does not match `[A-Z]+` in 1 of 2 rows (50%)"),
        (("columns", "mail", "format"), 1, 2, "`mail` is not an email address in 1 of 2 rows (50%)"),
        (("keys", "code", "id"), 1, 2, "`id`, `code` together repeat an earlier row in 1 of 2 rows (50%)"),
        (
            ("rules", "counted"),
            1001,
            2000,
            "`radius >= id` does not hold in 1,001 of 2,000 rows where `code == 'A'` (50%; at most 1,000 may)",
        ),
        (("aggregates", "all"), 1, 1, "`mean(radius) > 5` does not hold"),
        (("aggregates", "all"), 1, 0, "`mean(radius) > 5` cannot be told, since no row has a value"),
        (("aggregates", "each"), 1, 1, "`mean(radius) > 5` does not hold in 1 of 1 group of `code`"),
        (("rules", "some"), 1, 1, "`radius >= id` does not hold in 1 of 1 row where `code == 'A'` (100%)"),
        (("rules", "lax"), 12, 569, "`radius >= id` does not hold in 12 of 569 rows (2.1%; at most 1% may)"),
    ],
)
def test_finding__says_what_is_wrong_and_how_much(
    key: tuple[str, ...], failing: int, checked: int, sentence: str
) -> None:
    found = finding("cells", constraint(*key), failing, checked)
    assert found.sentence == sentence
    assert (found.key, found.failing, found.checked, found.origin) == (key, failing, checked, "base")


@pytest.mark.parametrize(("failing", "held"), [(0, True), (1, False)])
def test_holds__a_plain_constraint_tolerates_nothing(failing: int, held: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert holds(constraint("columns", "radius", "max"), failing, 1000) is held


@pytest.mark.parametrize(("failing", "held"), [(0, True), (10, True), (11, False)])
def test_holds__a_rule_tolerates_its_share(failing: int, held: bool) -> None:  # noqa: FBT001 - a parameter of the test
    assert holds(constraint("rules", "lax"), failing, 1000) is held


@pytest.mark.parametrize(
    ("key", "failing", "held"),
    [
        (("rules", "counted"), 1000, True),
        (("rules", "counted"), 1001, False),
        (("columns", "code", "required"), 40, True),
        (("columns", "code", "required"), 41, False),
    ],
)
def test_holds__a_count_and_missing_values_are_tolerated(key: tuple[str, ...], failing: int, *, held: bool) -> None:
    assert holds(constraint(*key), failing, 2000) is held


def test_finding__of_columns_too_many_names_them() -> None:
    found = finding("cells", constraint("extra"), 2, 9, names=["x", ""])
    assert found.sentence == "the file has 2 columns that the contract does not list: `x`, one without a name"
    assert found.columns == ("x", "")


def a_report_of(*findings: Finding) -> DatasetReport:
    return DatasetReport(dataset="cells", path="c.csv", sha256="0" * 64, rows=10, columns=("id",), findings=findings)


def test_report__a_warning_does_not_reject_the_data() -> None:
    warning = finding("cells", constraint("columns", "mail", "format"), 1, 2)
    error = finding("cells", constraint("rows", "min"), 1, 4)
    assert (warning.severity, warning.owner, error.severity, error.owner) == ("warn", "@acme/data", "error", None)
    only_warned, both = a_report_of(warning), a_report_of(warning, error)
    assert (only_warned.passed, only_warned.errors, only_warned.warnings) == (True, (), (warning,))
    assert (both.passed, both.errors, both.warnings) == (False, (error,), (warning,))


EXAMPLES = st.builds(
    ExampleRow, line=st.integers(0, 10**9), key=st.none() | st.text(max_size=5), value=st.none() | st.text(max_size=5)
)
CAUSES = st.builds(Cause, code=st.just("unit-changed"), sentence=st.text(max_size=5), ratio=st.floats(0.1, 1e6))
FINDINGS = st.builds(
    finding,
    st.just("cells"),
    st.sampled_from(list(BY_KEY.values())),
    st.integers(0, 5),
    st.integers(0, 5),
    examples=st.tuples(EXAMPLES, EXAMPLES) | st.just(()),
    cause=st.none() | CAUSES,
)
REPORTS = st.builds(
    DatasetReport,
    dataset=st.just("cells"),
    path=st.text(max_size=5),
    sha256=st.just("0" * 64),
    rows=st.integers(0, 10),
    columns=st.tuples(st.text(max_size=3)),
    findings=st.lists(FINDINGS, max_size=2).map(tuple),
)


@given(REPORTS)
def test_report__survives_json(report: DatasetReport) -> None:
    assert DatasetReport.from_dict(json.loads(json.dumps(report.to_dict()))) == report


def a_report(**changes: object) -> dict[str, Any]:
    found = finding(
        "cells", constraint("columns", "radius", "max"), 3, 10, examples=(ExampleRow(line=2, key="1", value="99"),)
    )
    report = DatasetReport(
        dataset="cells", path="cells.csv", sha256="0" * 64, rows=10, columns=("id",), findings=(found,)
    )
    return report.to_dict() | changes


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": -1},
        {"rows": "10"},
        {"rows": 1.5},
        {"columns": "id"},
        {"findings": [{}]},
        {"surplus": 1},
        {"sha256": None},
        {"rows": float("nan")},
        {"path": {1, 2}},
    ],
)
def test_report__refuses_another_form(changes: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError) as error:
        DatasetReport.from_dict(a_report(**changes))
    assert error.value.code == "findings-malformed"


@pytest.mark.parametrize("value", [None, [], "x", 3])
def test_report__refuses_what_is_no_object(value: object) -> None:
    with pytest.raises(IntegrityError):
        DatasetReport.from_dict(value)


def test_report__without_examples_holds_no_row_of_the_data() -> None:
    report = DatasetReport.from_dict(a_report())
    assert not report.passed
    assert report.findings[0].examples
    public = report.without_examples()
    assert public.findings[0].examples == ()
    assert "99" not in json.dumps(public.to_dict())


def test_report__without_examples_holds_nothing_that_was_computed() -> None:
    found = finding("cells", constraint("aggregates", "all"), 1, 1, measured=("mean(radius) = 4711",))
    assert "4711" not in json.dumps(a_report_of(found).without_examples().to_dict())


def test_finding__share_is_the_failing_part() -> None:
    assert finding("cells", constraint("columns", "radius", "max"), 3, 12).share == 0.25
    assert Finding.from_dict(finding("cells", constraint("rows", "min"), 1000, 0).to_dict()).share == 0.0
