from __future__ import annotations

import csv
import io

import pytest

from mlci.core.runs import KeptRun
from mlci.core.runs.listing import best, csv_text, differing, found, newest_first
from mlci.errors import UsageError
from tests.core.runs.records import a_record, kept

FIRST = kept(a_record(0, params={"C": 1, "kind": "a"}, metrics={"loss": 0.5, "roc_auc": 0.8}))
SECOND = kept(a_record(1, params={"C": 2, "kind": "a"}, metrics={"loss": 0.2, "roc_auc": 0.7}))
THIRD = kept(a_record(2, params={"C": 2, "kind": "a", "new": None}, metrics={"loss": 0.2}, fingerprint="e" * 64))
FAILED = kept(a_record(3, params={"C": 2, "kind": "a"}, metrics={"loss": 0.1}, outcome="failed"))
RUNS = (SECOND, FAILED, FIRST, THIRD)


def test_newest_first__is_in_the_order_of_time() -> None:
    assert newest_first(RUNS) == [FAILED, THIRD, SECOND, FIRST]


def test_differing__names_what_is_not_the_same_everywhere() -> None:
    assert differing([FIRST, SECOND]) == ("C",)
    assert differing([SECOND, THIRD]) == ("new",)
    assert differing([SECOND]) == ()


def test_differing__a_number_is_not_the_text_of_it() -> None:
    assert differing([kept(a_record(params={"C": 1})), kept(a_record(params={"C": "1"}))]) == ("C",)


@pytest.mark.parametrize("reference", [SECOND.id, SECOND.id[:6], f"run:{SECOND.id}"])
def test_found__by_the_beginning_of_its_name(reference: str) -> None:
    assert found(RUNS, reference) == SECOND


def test_found__by_a_fingerprint_is_the_newest_of_it() -> None:
    assert (found(RUNS, "f" * 12), found(RUNS, "eeee")) == (FAILED, THIRD)


@pytest.mark.parametrize("reference", ["", "run:", "abc", "zzzz", "\x1b[31m"])
def test_found__nowhere(reference: str) -> None:
    with pytest.raises(UsageError) as caught:
        found(RUNS, reference)
    assert (caught.value.code, "\x1b" in caught.value.problem) == ("unknown-run", False)


def test_found__twice() -> None:
    twin = KeptRun(FIRST.id[:4] + "0" * 12, SECOND.record)
    with pytest.raises(UsageError) as caught:
        found([FIRST, twin], FIRST.id[:4])
    assert (caught.value.code, caught.value.problem) == ("ambiguous-run", f"2 runs begin with {FIRST.id[:4]}")


def test_best__knows_the_metrics_of_gates() -> None:
    assert best(RUNS, "roc_auc", None) == FIRST
    assert best(RUNS, "roc_auc", "lowest") == SECOND


def test_best__of_equals_is_the_first_and_a_failed_run_is_none() -> None:
    assert best(RUNS, "loss", "lowest") == SECOND


def test_best__nobody_knows_what_is_better() -> None:
    with pytest.raises(UsageError) as caught:
        best(RUNS, "loss", None)
    assert (caught.value.code, caught.value.hint) == ("direction-unknown", "mlci runs best loss --highest, or --lowest")


@pytest.mark.parametrize("runs", [(), (FAILED,), (kept(a_record(metrics={"loss": "nan"})),)])
def test_best__without_a_number(runs: tuple[KeptRun, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        best(runs, "loss", "lowest")
    assert caught.value.code == "metric-unknown"


def test_csv__has_a_column_for_everything() -> None:
    first, second = csv.DictReader(io.StringIO(csv_text([FIRST, THIRD])))
    assert (first["run"], first["params.C"], first["metrics.roc_auc"], first["params.new"]) == (
        FIRST.id,
        "1",
        "0.8",
        "",
    )
    assert (second["metrics.roc_auc"], second["data.cells.sha256"], second["peak_bytes"]) == ("", "4" * 64, "209715200")


def test_csv__no_cell_is_a_formula() -> None:
    hostile = kept(a_record(params={"=cmd()": "=HYPERLINK(1)", "b": "+1", "c": -2}, metrics={"m": "-inf"}))
    (row,) = csv.DictReader(io.StringIO(csv_text([hostile])))
    assert (row["params.=cmd()"], row["params.b"], row["params.c"], row["metrics.m"]) == (
        "'=HYPERLINK(1)",
        "'+1",
        "-2",
        "-inf",
    )
