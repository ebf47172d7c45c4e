from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.contract.constraints import constraints
from mlci.core.contract.model import Contract
from mlci.core.findings import DatasetReport, finding
from mlci.core.no_rows import once_of_no_rows

if TYPE_CHECKING:
    from mlci.core.contract.part import Severity


def a_report(rows: int = 0, *, of_rows: bool = True, severity: Severity = "error") -> DatasetReport:
    """Return what is told of a data set by a contract that demands rows, young ones, and a mean."""
    contract = Contract.model_validate(
        {
            "columns": {"x": {"type": "number"}, "day": {"type": "date"}},
            "extra": False,
            "rows": {"min": 5},
            "aggregates": [{"name": "usual", "aggregate": "mean(x) > 1", "severity": severity}],
            "freshness": {"day": "3d"},
        }
    )
    told = {"extra", "aggregate", "freshness"} | ({"rows_min"} if of_rows else set())
    listed = tuple(each for each in constraints(contract) if each.kind in told)
    findings = tuple(finding("cells", each, 1, rows, names=["y"] * (each.kind == "extra")) for each in listed)
    return DatasetReport(dataset="cells", path="x.csv", sha256="a", rows=rows, columns=("x",), findings=findings)


def sentences(report: DatasetReport) -> list[str]:
    return [each.sentence for each in once_of_no_rows(report).findings]


def test_no_rows__are_told_once() -> None:
    assert sentences(a_report()) == [
        "the file has 1 column that the contract does not list: `y`",
        "there are 0 rows, at least 5 are demanded; 2 more rules fail since there is no row",
    ]


def test_no_rows__without_a_bound_are_told_by_the_first_rule_that_rejects() -> None:
    assert sentences(a_report(of_rows=False, severity="warn")) == [
        "the file has 1 column that the contract does not list: `y`",
        "`day` has no value in any row, so nothing tells how old the data is; 1 more rule fails since there is no row",
    ]


def test_no_rows__what_is_told_of_rows_stays() -> None:
    report = a_report(rows=4)
    assert once_of_no_rows(report) is report
