from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mlci.core.gates import Outcome
from mlci.core.report import Conclusion, Training
from mlci.core.rule_changes import RuleChange
from tests.core.reports import SUBJECT, TRUST, a_dataset, a_report, a_result, a_verdict

if TYPE_CHECKING:
    from mlci.core.report import Report


@pytest.mark.parametrize(
    ("conclusion", "blocks", "exit_code", "status"),
    [
        (Conclusion.PASS, False, 0, "success"),
        (Conclusion.FIRST, False, 0, "success"),
        (Conclusion.NOTHING_CHANGED, False, 0, "success"),
        (Conclusion.INCONCLUSIVE, False, 0, "success"),
        (Conclusion.INCONCLUSIVE, True, 3, "failure"),
        (Conclusion.NOT_COMPARABLE, False, 0, "success"),
        (Conclusion.NOT_COMPARABLE, True, 3, "failure"),
        (Conclusion.FAIL, False, 1, "failure"),
        (Conclusion.DATA_REJECTED, False, 1, "failure"),
        (Conclusion.TESTS_FAILED, False, 1, "failure"),
        (Conclusion.TRAINING_FAILED, False, 1, "failure"),
        (Conclusion.NOT_JUDGED, False, 5, "failure"),
        (Conclusion.PASS, True, 0, "success"),
        (Conclusion.FAIL, True, 1, "failure"),
    ],
)
def test_exit_code__is_that_of_the_designs_table(
    conclusion: Conclusion,
    blocks: bool,  # noqa: FBT001 - an argument of the table
    exit_code: int,
    status: str,
) -> None:
    report = a_report(conclusion, blocks=blocks)
    assert (report.exit_code, report.status) == (exit_code, status)


def test_exit_code__every_conclusion_has_one() -> None:
    assert {a_report(conclusion, blocks=True).exit_code for conclusion in Conclusion} == {0, 1, 3, 5}


RECALL_FAILS = a_result("recall", "not_worse", Outcome.FAIL)
READS_AREA = "production v1.0.0 reads `area`, which the evaluation set no longer has"
NOT_COMPARED = replace(
    a_verdict(a_result("recall", "not_worse", Outcome.NOT_COMPARABLE)), flips=None, not_comparable=READS_AREA
)
RECALL_IS_OPEN = a_verdict(a_result("recall", "not_worse", Outcome.INCONCLUSIVE))
HEADLINES = {
    "nothing changed": (
        a_report(Conclusion.NOTHING_CHANGED),
        "Nothing that matters to tumour changed; v1.0.0 stays.",
    ),
    "pass": (a_report(Conclusion.PASS), "Every gate is passed against production v1.0.0."),
    "pass without a gate": (
        a_report(Conclusion.PASS, verdict=a_verdict()),
        "No gate is configured, so nothing was compared.",
    ),
    "first": (
        replace(a_report(Conclusion.FIRST), subject=replace(SUBJECT, production=None)),
        "There is no production yet, and every floor is passed.",
    ),
    "first by rules of its own": (
        a_report(Conclusion.FIRST),
        "Every gate is passed against production v1.0.0, by the rules of this branch itself.",
    ),
    "training failed": (
        a_report(
            Conclusion.TRAINING_FAILED,
            training=Training("python train.py", "failed", "`python train.py` ended with exit code 1"),
        ),
        "No model was made: `python train.py` ended with exit code 1.",
    ),
    "not judged": (
        a_report(Conclusion.NOT_JUDGED),
        "A candidate was made. The labels are not here, so it is judged where they can be read.",
    ),
    "training failed without a word": (a_report(Conclusion.TRAINING_FAILED), "No model was made."),
    "one rule broken": (
        a_report(Conclusion.DATA_REJECTED, datasets=(a_dataset("cells", 31), a_dataset("holdout"))),
        "1 rule of the contract broken in `cells` (31 rows); nothing was trained.",
    ),
    "one rule broken in one row": (
        a_report(Conclusion.DATA_REJECTED, datasets=(a_dataset("cells", 1),)),
        "1 rule of the contract broken in `cells` (1 row); nothing was trained.",
    ),
    "rules broken in two data sets": (
        a_report(Conclusion.DATA_REJECTED, datasets=(a_dataset("cells", 31, 12), a_dataset("holdout", 2))),
        "3 rules of the contract broken in `cells`, `holdout` (at least 31 rows); nothing was trained.",
    ),
    "a rule about the number of rows": (
        a_report(Conclusion.DATA_REJECTED, datasets=(a_dataset("cells", 431, kind="rows_min"),)),
        "1 rule of the contract broken in `cells`; nothing was trained.",
    ),
    "a column that is missing": (
        a_report(Conclusion.DATA_REJECTED, datasets=(a_dataset("cells", 569, kind="present"),)),
        "1 rule of the contract broken in `cells`; nothing was trained.",
    ),
    "a rule about rows beside one about their number": (
        a_report(
            Conclusion.DATA_REJECTED,
            datasets=(a_dataset("cells", 1_431, kind="rows_min"), a_dataset("holdout", 1_002)),
        ),
        "2 rules of the contract broken in `cells`, `holdout` (1,002 rows); nothing was trained.",
    ),
    "one gate open": (
        a_report(Conclusion.INCONCLUSIVE, verdict=RECALL_IS_OPEN),
        "This would not be promoted, since `recall not_worse` can neither pass nor fail on these rows.",
    ),
    "one gate open that blocks": (
        a_report(Conclusion.INCONCLUSIVE, verdict=RECALL_IS_OPEN, blocks=True),
        "`recall not_worse` can neither pass nor fail on these rows.",
    ),
    "one gate open that would not block a promotion": (
        replace(a_report(Conclusion.INCONCLUSIVE, verdict=RECALL_IS_OPEN), promotion_blocks=False),
        "`recall not_worse` can neither pass nor fail on these rows.",
    ),
    "a gate open for want of a class": (
        a_report(
            Conclusion.INCONCLUSIVE,
            verdict=a_verdict(replace(a_result("roc_auc", "better", Outcome.INCONCLUSIVE), interval=None)),
        ),
        "This would not be promoted, since `roc_auc better` can neither pass nor fail on these rows.",
    ),
    "not comparable": (
        a_report(Conclusion.NOT_COMPARABLE, verdict=NOT_COMPARED),
        f"This would not be promoted, since nothing could be compared: {READS_AREA}.",
    ),
    "not comparable and blocked": (
        a_report(Conclusion.NOT_COMPARABLE, verdict=NOT_COMPARED, blocks=True),
        f"Nothing could be compared: {READS_AREA}.",
    ),
    "below the floor and not comparable": (
        a_report(
            Conclusion.FAIL,
            verdict=replace(
                NOT_COMPARED, results=(a_result("recall", "floor", Outcome.FAIL, limit="0.7", candidate=0.5),)
            ),
        ),
        f"`recall` is 0.500, below its floor of 0.7; nothing could be compared: {READS_AREA}.",
    ),
    "two gates open": (
        a_report(
            Conclusion.INCONCLUSIVE,
            verdict=a_verdict(
                replace(a_result("recall", "not_worse", Outcome.INCONCLUSIVE), rows_needed=684),
                replace(a_result("roc_auc", "better", Outcome.INCONCLUSIVE), rows_needed=900),
                a_result("recall", "floor", Outcome.PASS),
            ),
        ),
        (
            "This would not be promoted, since `recall not_worse` and `roc_auc better` can neither pass nor fail on so "
            "few rows."
        ),
    ),
    "worse": (
        a_report(Conclusion.FAIL, verdict=a_verdict(a_result("accuracy", "not_worse", Outcome.FAIL), lost=3)),
        "`accuracy` falls from 0.971 to 0.853 (margin 0.02).",
    ),
    "a worse loss": (
        a_report(Conclusion.FAIL, verdict=a_verdict(a_result("log_loss", "not_worse", Outcome.FAIL, candidate=1.2))),
        "`log_loss` rises from 0.971 to 1.200 (margin 0.02).",
    ),
    "not better": (
        a_report(Conclusion.FAIL, verdict=a_verdict(a_result("roc_auc", "better", Outcome.FAIL, candidate=0.975))),
        "`roc_auc` goes from 0.971 to 0.975 (wanted better by more than 0.02).",
    ),
    "the same bytes without rows": (
        a_report(Conclusion.FAIL, verdict=a_verdict(a_result("roc_auc", "better", Outcome.FAIL, candidate=None))),
        "`roc_auc` goes from 0.971 to – (wanted better by more than 0.02).",
    ),
    "below the floor": (
        a_report(
            Conclusion.FAIL,
            verdict=a_verdict(a_result("recall", "floor", Outcome.FAIL, limit="0.7", candidate=0.5)),
        ),
        "`recall` is 0.500, below its floor of 0.7.",
    ),
    "positive rows missed": (
        a_report(Conclusion.FAIL, verdict=a_verdict(RECALL_FAILS, lost=8)),
        "`recall` falls from 0.971 to 0.853 (margin 0.02): 8 positive rows that production finds are missed.",
    ),
    "one missed, one found": (
        a_report(Conclusion.FAIL, verdict=a_verdict(RECALL_FAILS, lost=1, found=1)),
        (
            "`recall` falls from 0.971 to 0.853 (margin 0.02): 1 positive row that production finds is missed, "
            "1 other is found."
        ),
    ),
    "two gates failed, some missed, some found": (
        a_report(
            Conclusion.FAIL,
            verdict=a_verdict(a_result("roc_auc", "not_worse", Outcome.FAIL), RECALL_FAILS, lost=12, found=2),
        ),
        (
            "`roc_auc` falls from 0.971 to 0.853 (margin 0.02); `recall` falls from 0.971 to 0.853 (margin 0.02): "
            "12 positive rows that production finds are missed, 2 others are found."
        ),
    ),
}


@pytest.mark.parametrize(("report", "headline"), HEADLINES.values(), ids=HEADLINES.keys())
def test_headline__says_why_in_one_sentence(report: Report, headline: str) -> None:
    assert report.headline == headline


def test_loosened__are_the_changes_that_loosen() -> None:
    looser, tighter = RuleChange("gates", "looser", "loosens x"), RuleChange("gates", "tighter", "tightens y")
    assert a_report(Conclusion.PASS, changes=(looser, tighter)).loosened == (looser,)


def test_to_dict__is_the_report_as_json() -> None:
    report = a_report(
        Conclusion.FAIL,
        verdict=a_verdict(RECALL_FAILS, lost=8),
        datasets=(a_dataset("cells"),),
        training=Training("python train.py", "trained", "the inputs are new"),
        changes=(RuleChange("gates", "looser", "loosens x"),),
    )
    written = json.loads(json.dumps(report.to_dict(), allow_nan=False))
    assert written == {
        "schema": "mlci/report/1",
        "model": "tumour",
        "conclusion": "fail",
        "headline": report.headline,
        "status": "failure",
        "exit_code": 1,
        "production": "v1.0.0",
        "production_sha256": "a" * 64,
        "candidate_sha256": "b" * 64,
        "fingerprint": "c" * 64,
        "contract_changes": [],
        "rule_changes": [
            {
                "subject": "gates",
                "direction": "looser",
                "sentence": "loosens x",
                "effect": "takes effect after merge",
            }
        ],
        "datasets": [
            {
                "dataset": "cells",
                "path": "data/cells.csv",
                "sha256": "d" * 64,
                "rows": 569,
                "columns": ["mean_radius"],
                "findings": [],
                "fixed": [],
                "is_compared": False,
                "not_compared": None,
                "differences": [],
            }
        ],
        "tests": None,
        "training": {
            "command": "python train.py",
            "outcome": "trained",
            "reason": "the inputs are new",
            "seeds": None,
            "stages": {},
        },
        "gates": [RECALL_FAILS.to_dict()],
        "rows": 183,
        "positives": 68,
        "flips": {
            "right_to_wrong": 8,
            "wrong_to_right": 0,
            "positive_right_to_wrong": 8,
            "positive_wrong_to_right": 0,
        },
        "trust": TRUST.line,
    }


def test_to_dict__without_a_verdict_there_are_no_gates() -> None:
    written = a_report(Conclusion.NOTHING_CHANGED).to_dict()
    assert (written["gates"], written["rows"], written["flips"], written["training"]) == ([], None, None, None)


def test_to_dict__the_same_report_is_the_same_bytes_and_names_no_row_no_time_and_no_machine() -> None:
    one, other = (
        json.dumps(a_report(Conclusion.FAIL, verdict=a_verdict(RECALL_FAILS, lost=8)).to_dict(), sort_keys=True)
        for _ in range(2)
    )
    assert one == other
    assert {"row-1", "time", "seconds", "host", "/"} & set(one.replace('"', " ").split()) == set()
