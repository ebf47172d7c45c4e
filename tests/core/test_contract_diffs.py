from __future__ import annotations

from dataclasses import replace

from mlci.core.contract_diffs import contract_diffs
from mlci.core.report import Conclusion
from mlci.core.side import Side
from mlci.render.markdown import comment
from mlci.render.terminal import report_text
from tests.core.configurations import a_config, a_contract
from tests.core.reports import a_report

BASE = Side(a_config(), {"cells": a_contract(), "holdout": a_contract()})
WIDER = a_contract(("mean_radius:  {type: number, min: 0, max: 60", "mean_radius:  {type: number, min: 1, max: 600"))
HEAD = Side(a_config(), {"cells": WIDER, "holdout": WIDER})


def test_contract_diffs__of_data_sets_with_the_same_changes_are_one() -> None:
    (diff,) = contract_diffs(BASE, HEAD)
    assert diff.datasets == ("cells", "holdout")
    assert [(change.sentence, change.readers, change.model) for change in diff.changes] == [
        ("tightens `mean_radius` min: 0 → 1", "compatible", "breaking"),
        ("loosens `mean_radius` max: 60 → 600", "breaking", "compatible"),
    ]


def test_contract_diffs__are_none_where_nothing_changes_or_there_is_no_base() -> None:
    assert contract_diffs(BASE, BASE) == ()
    assert contract_diffs(None, HEAD) == ()
    assert contract_diffs(BASE, Side(a_config(), {})) == ()


def test_report__says_whom_a_changed_contract_breaks() -> None:
    report = replace(a_report(Conclusion.PASS), contracts=contract_diffs(BASE, HEAD))
    assert (
        "<details><summary>The contract of cells and holdout changes, which breaks readers of the data (1 change) "
        "and users of a model that reads them (1 change)</summary>\n\n"
        "| change | for readers of the data | for users of a model |\n|---|---|---|\n"
        "| tightens `mean_radius` min: 0 → 1 | compatible | breaking |\n"
        "| loosens `mean_radius` max: 60 → 600 | breaking | compatible |\n\n</details>\n"
    ) in comment(report)
    assert (
        "\nthe contract of cells and holdout changes, which breaks readers of the data (1 change) and users of\n"
        "a model that reads them (1 change)\n"
    ) in report_text(report)
    assert report.to_dict()["contract_changes"] == [diff.to_dict() for diff in report.contracts]


def test_report__says_where_nobody_is_broken_for_sure() -> None:
    added = a_contract(("rows: {min: 100}", "rows: {min: 200}"))
    report = replace(a_report(Conclusion.PASS), contracts=contract_diffs(BASE, Side(a_config(), {"cells": added})))
    assert "The contract of cells changes, which breaks nobody for sure (1 change)" in comment(report)
