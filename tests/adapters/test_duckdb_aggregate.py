from __future__ import annotations

import csv
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlci.adapters.duckdb import DuckdbData
from mlci.core.contract.constraints import constraints
from mlci.core.contract.model import Contract
from mlci.core.data_files import one_file
from mlci.core.expression import Check, Measure, Truth, measured, resolved, truth
from mlci.core.expression.tree import text_of
from mlci.core.findings import MASK, Finding
from tests.core.expression.checks import AGGREGATES, EXACT_ROWS, TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS: dict[str, dict[str, Any]] = {
    "g": {"type": "string", "required": False},
    **{name: {"type": "integer", "required": False} for name in "ij"},
    **{name: {"type": "number", "required": False} for name in "xy"},
    **{name: {"type": "string", "required": False} for name in "st"},
    "b": {"type": "boolean", "required": False},
    "m": {"type": "decimal", "precision": 5, "scale": 2, "required": False},
    "n": {"type": "decimal", "precision": 8, "scale": 4, "required": False},
    **{name: {"type": "date", "required": False} for name in "de"},
    "h": {"type": "time", "required": False},
    **{name: {"type": "timestamp", "required": False} for name in "pq"},
    "z": {"type": "timestamp_with_zone", "required": False},
}


def written(name: str, value: object) -> str:
    return "" if value is None else f"{value}{'Z' * (name == 'z')}"


def found(folder: Path, table: Sequence[dict[str, Any]], rule: dict[str, Any], **more: Any) -> tuple[Finding, ...]:  # noqa: ANN401 - parts of a contract
    path = folder / "rows.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([[written(name, row.get(name)) for name in COLUMNS] for row in table])
    document = {"columns": COLUMNS, "aggregates": [{"name": "rule", **rule}], **more}
    contract = Contract.model_validate(document)
    return DuckdbData().validate("cells", one_file(path), constraints(contract)).findings


def means(check: Check, rows: Sequence[dict[str, Any]]) -> Truth:
    row = {text_of(each): measured(ready(each), rows) for each in check.measures}
    return truth(resolved(check.tree, TYPES), row)


def ready(measure: Measure) -> Measure:
    """Return a measure whose test, if it has one, is resolved."""
    is_share = measure.function == "share" and measure.operand is not None
    return replace(measure, operand=resolved(measure.operand, TYPES)) if is_share and measure.operand else measure


GROUPED = st.tuples(st.sampled_from([None, "k", "l"]), EXACT_ROWS).map(lambda pair: {"g": pair[0], **pair[1]})


@settings(max_examples=60)
@given(AGGREGATES, st.lists(GROUPED, max_size=7))
def test_aggregate__of_all_rows_is_what_the_tree_means(check: Check, rows: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        findings = found(Path(folder), rows, {"aggregate": check.text})
    assert [each.failing for each in findings] == [1] * (means(check, rows) in {Truth.FALSE, Truth.ERROR})


@settings(max_examples=60)
@given(AGGREGATES, st.lists(GROUPED, max_size=7))
def test_aggregate__of_groups_is_what_the_tree_means(check: Check, rows: list[dict[str, Any]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        findings = found(Path(folder), rows, {"aggregate": check.text, "by": "g"})
    groups = {row["g"] for row in rows} - {None}
    says = [means(check, [row for row in rows if row["g"] == group]) for group in groups]
    failing = sum(each in {Truth.FALSE, Truth.ERROR} for each in says)
    expected = [(failing, sum(each is not Truth.UNKNOWN for each in says))] * bool(failing)
    assert [(each.failing, each.checked) for each in findings] == expected


PRICES: list[dict[str, Any]] = [
    {"g": "AT", "x": 10.0}, {"g": "AT", "x": 20.0}, {"g": "DE", "x": 30.0}, {"g": None, "x": 1000.0}, {"g": "CH"},
]  # fmt: skip


def test_aggregate__tells_what_was_computed(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, PRICES, {"aggregate": "mean(x) between 10 and 20 and count() > 1"})
    assert finding.sentence == "`(mean(x) >= 10 and mean(x) <= 20) and count() > 1` does not hold"
    assert finding.measured == ("mean(x) = 265, count() = 5",)
    assert (finding.key, finding.kind, finding.failing, finding.checked) == (("aggregates", "rule"), "aggregate", 1, 1)


def test_aggregate__of_groups_names_those_that_fail(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, PRICES, {"aggregate": "mean(x) < 20", "by": "g", "severity": "warn", "owner": "@acme"})
    assert finding.sentence == "`mean(x) < 20` does not hold in 1 of 2 groups of `g`"
    assert finding.measured == ("g = DE: mean(x) = 30",)
    assert (finding.severity, finding.owner, finding.columns) == ("warn", "@acme", ("x", "g"))


@pytest.mark.parametrize("bounds", [{}, {"max": 9}, {"min": 0}])
def test_aggregate__without_values_nothing_is_told(tmp_path: Path, bounds: dict[str, int]) -> None:
    assert found(tmp_path, [{"g": "a"}], {"aggregate": "mean(x) < 20"}, rows=bounds) == ()


def test_aggregate__without_values_fails_where_rows_are_demanded(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, [{"g": "a"}], {"aggregate": "mean(x) < 20"}, rows={"min": 1})
    assert finding.sentence == "`mean(x) < 20` cannot be told, since no row has a value"
    assert finding.measured == ("mean(x) = no value",)
    (finding,) = found(tmp_path, PRICES, {"aggregate": "mean(x) < 40", "by": "g"}, rows={"min": 1})
    assert finding.sentence == "`mean(x) < 40` does not hold in 1 of 3 groups of `g`"
    assert finding.measured == ("g = CH: mean(x) = no value",)


def test_aggregate__shows_the_first_five_groups(tmp_path: Path) -> None:
    rows = [{"g": f"k{place}", "x": 1.0} for place in range(9, 0, -1)]
    (finding,) = found(tmp_path, rows, {"aggregate": "sum(x) > 1", "by": "g"})
    assert [each.partition(":")[0] for each in finding.measured] == [f"g = k{place}" for place in range(1, 6)]


def test_aggregate__hides_what_tells_about_people(tmp_path: Path) -> None:
    masked = {**COLUMNS, "g": {**COLUMNS["g"], "pii": True}, "x": {**COLUMNS["x"], "pii": True}}
    rule = {"aggregate": "max(x) < 20 and distinct(x) > 0", "by": "g"}
    (finding,) = found(tmp_path, PRICES, rule, columns=masked)
    assert finding.measured == (
        f"g = {MASK}: max(x) = {MASK}, distinct(x) = 2",
        f"g = {MASK}: max(x) = no value, distinct(x) = 0",
        f"g = {MASK}: max(x) = {MASK}, distinct(x) = 1",
    )


def test_aggregate__that_reads_an_absent_optional_column_waits(tmp_path: Path) -> None:
    more = {**COLUMNS, "absent": {"type": "number", "optional": True}}
    assert found(tmp_path, PRICES, {"aggregate": "mean(absent) > 20"}, columns=more) == ()


def test_aggregate__integers_are_compared_exactly(tmp_path: Path) -> None:
    rows = [{"i": 2**53 + 1}]
    assert found(tmp_path, rows, {"aggregate": f"max(i) > {2**53}"}) == ()
    (finding,) = found(tmp_path, rows, {"aggregate": f"min(i) <= {2**53}"})
    assert finding.measured == (f"min(i) = {2**53 + 1}",)
