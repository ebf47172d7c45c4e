"""Every form of a report, read whole: the comment and the terminal."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from mlci.core.findings import Cause, DatasetReport, ExampleRow, Finding
from mlci.core.gates import Flips, GateResult, Outcome, Verdict
from mlci.core.report import Conclusion, Report, Training
from mlci.core.rules import RuleChange
from mlci.core.statistics.interval import Interval
from mlci.errors import IntegrityError
from mlci.render.lines import error_text
from mlci.render.markdown import LONGEST_COMMENT, comment, problem_comment, status_description
from mlci.render.terminal import report_text
from tests.core.reports import TRUST, a_dataset, a_report

if TYPE_CHECKING:
    from tests.conftest import Golden

HOSTILE = "x`|<img src=x onerror=alert(1)> @everyone #1 [a](http://evil.example)\n# big\u202e"


def a_gate(
    metric: str, require: str, limit: str, outcome: Outcome, values: tuple[float, float],
    interval: tuple[float, float, float], sentence: str, rows: int = 102,
) -> GateResult:  # fmt: skip
    return GateResult(
        metric=metric,
        require=require,
        limit=limit,
        origin="base",
        outcome=outcome,
        production=values[0],
        candidate=values[1],
        interval=Interval(*interval, None),
        rows=rows,
        sentence=sentence,
    )


ROC_AUC = a_gate(
    "roc_auc", "not_worse", "0.01", Outcome.PASS, (0.998, 0.998), (-0.0001, -0.0012, 0.001),
    "at worst −0.001, the margin is 0.01", 285,
)  # fmt: skip
RECALL = a_gate(
    "recall", "not_worse", "0.02", Outcome.FAIL, (0.9706, 0.8529), (-0.1176, -0.18, -0.075),
    "proven worse: at best −0.075, at worst −0.180",
)  # fmt: skip
UNDECIDED = replace(
    RECALL, candidate=0.9706, interval=Interval(0.0, -0.041, 0.041, None), outcome=Outcome.INCONCLUSIVE,
    sentence="could be as bad as −0.041, the margin is 0.02; could be as good as +0.041", rows_needed=684,
    smallest_visible=0.0612,
)  # fmt: skip
FLOOR = a_gate(
    "recall", "floor", "0.7", Outcome.PASS, (0.9706, 0.8529), (0.8529, 0.786, 0.901),
    "at least 0.786, the floor is 0.7",
)  # fmt: skip
FLIPS = Flips(tuple(str(1001 + 12 * place) for place in range(30)), ("1239",), 12, 1)
LOOSENS = RuleChange("gates", "looser", "loosens `recall` not_worse margin: 0.02 → 0.3")
TIGHTENS = RuleChange("gates", "tighter", "adds the gate `accuracy` floor 0.9")
TRAINED = Training("python train.py", "trained", "the inputs are new")


def a_broken_dataset(text: str = "", value: str = "14250") -> DatasetReport:
    finding = Finding(
        dataset="cells",
        key=("columns", "mean_radius", "max"),
        kind="max",
        columns=("mean_radius",),
        sentence=f"`mean_radius` is above 60 µm in 84 of 284 rows (29.6%){text}",
        failing=84,
        checked=284,
        examples=(ExampleRow(line=202, key="1402", value=value), ExampleRow(line=203, key=None, value=None)),
        cause=Cause(code="unit-changed", sentence=f"every failing row has 1000 × its value in base{text}", ratio=1000),
        origin="base",
    )
    return DatasetReport(
        dataset="cells", path="data/cells.csv", sha256="d" * 64, rows=284, columns=("mean_radius",), findings=(finding,)
    )


REPORTS = {
    "pass": a_report(
        Conclusion.PASS,
        verdict=Verdict(Outcome.PASS, (ROC_AUC,), Flips((), (), 0, 0), 285, 102),
        datasets=(a_dataset("cells"), a_dataset("holdout")),
        training=TRAINED,
    ),
    "fail": a_report(
        Conclusion.FAIL,
        verdict=Verdict(Outcome.FAIL, (ROC_AUC, RECALL, FLOOR), FLIPS, 285, 102),
        datasets=(a_dataset("cells"), a_dataset("holdout")),
        training=TRAINED,
        changes=(LOOSENS, TIGHTENS),
    ),
    "inconclusive": a_report(
        Conclusion.INCONCLUSIVE,
        verdict=Verdict(Outcome.INCONCLUSIVE, (ROC_AUC, UNDECIDED), Flips(("1069",), (), 0, 0), 285, 102),
        training=TRAINED,
    ),
    "data-rejected": a_report(
        Conclusion.DATA_REJECTED,
        datasets=(a_broken_dataset(), a_dataset("holdout")),
        training=Training("python train.py", "not started", "the data was rejected"),
    ),
    "training-failed": a_report(
        Conclusion.TRAINING_FAILED,
        datasets=(a_dataset("cells"),),
        training=Training("python train.py", "failed", "`python train.py` ended with exit code 1"),
    ),
    "nothing-changed": a_report(Conclusion.NOTHING_CHANGED),
}


@pytest.mark.parametrize("name", REPORTS)
def test_comment__reads_well(name: str, golden: Golden) -> None:
    golden(f"comment/{name}.md", comment(REPORTS[name]))


@pytest.mark.parametrize("name", REPORTS)
def test_terminal__reads_well(name: str, golden: Golden) -> None:
    golden(f"terminal/{name}.txt", report_text(REPORTS[name]) + "\n")


@pytest.mark.parametrize("name", REPORTS)
def test_status__fits_into_a_line_of_140_characters(name: str) -> None:
    text = status_description(REPORTS[name])
    assert len(text) <= 140
    assert "\n" not in text


def test_comment__in_a_public_place_has_no_ids_and_no_values() -> None:
    for name in ("fail", "data-rejected"):
        text = comment(REPORTS[name], rows=False)
        assert "<details>" not in text
        assert not [secret for secret in ("1001", "1402", "14250") if secret in text]


def test_comment__of_hostile_text_stays_text(golden: Golden) -> None:
    report = replace(
        a_report(
            Conclusion.FAIL,
            verdict=Verdict(Outcome.FAIL, (RECALL,), Flips((HOSTILE,), (), 1, 0), 285, 102),
            datasets=(a_broken_dataset(HOSTILE, HOSTILE),),
            training=Training(HOSTILE, "failed", HOSTILE),
            changes=(RuleChange("gates", "looser", f"loosens {HOSTILE}"),),
        ),
        positive=HOSTILE,
        notes=(HOSTILE,),
    )
    text = comment(report)
    assert "<img" not in text
    assert "@everyone" not in text
    assert "\n# big" not in text
    assert "\u202e" not in text
    golden("comment/hostile.md", text)


def test_terminal__of_hostile_text_is_on_its_line(golden: Golden) -> None:
    escape = "\x1b[31mred\x07\x1b]0;title\x07"
    report = replace(
        a_report(Conclusion.TRAINING_FAILED, training=Training(escape, "failed", escape)), notes=(escape, HOSTILE)
    )
    text = report_text(report)
    assert "\x1b" not in text
    golden("terminal/hostile.txt", text + "\n")


def test_comment__is_never_longer_than_a_host_takes() -> None:
    endless = Flips(tuple("x" * 4_000 for _ in range(40)), (), 0, 0)
    report = a_report(Conclusion.FAIL, verdict=Verdict(Outcome.FAIL, (RECALL,), endless, 285, 102))
    text = comment(report)
    assert len(text) <= LONGEST_COMMENT
    assert "| `recall`" in text


def test_comment__without_a_base_calls_no_gate_new() -> None:
    own = replace(FLOOR, origin="head")
    report = a_report(Conclusion.FIRST, verdict=Verdict(Outcome.FIRST, (own,), None, 285, 102))
    alone = replace(report, trust=replace(TRUST, has_base=False))
    assert "(new here)" in comment(report)
    assert "(new here)" not in comment(alone)


ERROR = IntegrityError(
    "stale-candidate",
    "the candidate was not made from this commit",
    where="fingerprint 0123456789ab",
    cause="Something was committed after the last training.",
    hint="mlci train",
)


def test_error__says_what_where_why_and_what_mends_it(golden: Golden) -> None:
    golden("terminal/error.txt", error_text(ERROR) + "\n")
    golden("comment/error.md", problem_comment(ERROR))


def test_report__is_the_same_text_every_time() -> None:
    again: Report = replace(REPORTS["fail"])
    assert (comment(again), report_text(again)) == (comment(REPORTS["fail"]), report_text(REPORTS["fail"]))
