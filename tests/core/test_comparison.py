from __future__ import annotations

import pytest

from mlci.core.comparison import compared
from mlci.core.findings import DatasetReport, ExampleRow, Finding


def a_finding(name: str, failing: int, origin: str = "base") -> Finding:
    return Finding.from_dict(
        {
            "dataset": "cells",
            "key": ["columns", name, "max"],
            "kind": "max",
            "columns": [name],
            "sentence": f"`{name}` is above 60 in {failing} of 100 rows ({failing}%)",
            "failing": failing,
            "checked": 100,
            "origin": origin,
        }
    )


def a_report(*findings: Finding) -> DatasetReport:
    return DatasetReport(
        dataset="cells", path="cells.csv", sha256="d" * 64, rows=100, columns=("x", "y"), findings=findings
    )


@pytest.mark.parametrize(
    ("before", "standing"), [(0, "new"), (3, "as at base"), (1_200, "at base 1,200"), (None, None)]
)
def test_standing__is_told_in_words(before: int | None, standing: str | None) -> None:
    assert a_finding("x", 3).model_copy(update={"before": before}).standing == standing


def test_compared__findings_are_new_or_continue_and_what_is_gone_is_fixed() -> None:
    found = compared(a_report(a_finding("x", 3), a_finding("y", 4)), a_report(a_finding("y", 9), a_finding("z", 1)))
    assert [(each.columns, each.before) for each in found.findings] == [(("x",), 0), (("y",), 9)]
    assert [each.columns for each in found.fixed] == [("z",)]
    assert found.is_compared


def test_compared__the_same_rule_of_base_and_of_head_are_two() -> None:
    found = compared(a_report(a_finding("x", 3), a_finding("x", 5, "head")), a_report(a_finding("x", 5, "head")))
    assert [each.before for each in found.findings] == [0, 5]
    assert found.fixed == ()


def test_compared__with_itself_everything_continues() -> None:
    report = a_report(a_finding("x", 3))
    assert [each.standing for each in compared(report, report).findings] == ["as at base"]


def test_compared__a_public_place_gets_no_rows_of_what_is_fixed() -> None:
    gone = a_finding("x", 3).model_copy(update={"examples": (ExampleRow(line=2, key="1", value="61"),)})
    bare = compared(a_report(), a_report(gone)).without_examples()
    assert [each.examples for each in bare.fixed] == [()]
