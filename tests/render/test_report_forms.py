"""Every form of a report, read whole: the comment and the terminal."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlci.core.findings import Cause, DatasetReport, Difference, ExampleRow, Finding
from mlci.core.forge import LONGEST_COMMENT
from mlci.core.gates import Flips, GateResult, Outcome, SliceResult, Verdict
from mlci.core.report import Conclusion, OwnTests, Report, Training
from mlci.core.rule_changes import RuleChange, replaced_rules
from mlci.core.runs.seeds import SeedSummary, Spread
from mlci.core.statistics.interval import Interval
from mlci.errors import IntegrityError, UsageError
from mlci.render.escape import markdown_text
from mlci.render.lines import error_text
from mlci.render.markdown import MARKER, comment, problem_comment, status_description
from mlci.render.terminal import dataset_text, report_text
from tests.core.reports import SUBJECT, TRUST, a_dataset, a_report

if TYPE_CHECKING:
    from collections.abc import Callable

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
ONE_CLASS = replace(
    ROC_AUC, outcome=Outcome.INCONCLUSIVE, candidate=None, production=None, interval=None,
    sentence="roc_auc needs rows of both classes; there is only one",
)  # fmt: skip
READS_AREA = "production v1.0.0 reads `mean_area`, which the evaluation set no longer has"
LEFT_BEHIND = replace(ROC_AUC, outcome=Outcome.NOT_COMPARABLE, production=None, interval=None, sentence=READS_AREA)
NOTHING_YET = replace(
    ROC_AUC, outcome="not applicable", production=None, interval=None, sentence="no production yet to compare with"
)
ALONE = replace(FLOOR, production=None)
FLIPS = Flips(tuple(str(1001 + 12 * place) for place in range(30)), ("1239",), 12, 1)
LOOSENS = RuleChange("gates", "looser", "loosens `recall` not_worse margin: 0.02 → 0.3")
WAITS = RuleChange("statistics", "other", "changes `statistics.confidence`: 0.95 → 0.8")
TIGHTENS = RuleChange("gates", "tighter", "adds the gate `accuracy` floor 0.9")
TRAINED = Training("python train.py", "trained", "the inputs are new")


def only_warned(dataset: DatasetReport) -> DatasetReport:
    """Return the data set with findings that only warn, and what was computed for them."""
    update = {"severity": "warn", "owner": "@acme/imaging", "measured": ("mean(mean_radius) = 25.3",)}
    findings = tuple(finding.model_copy(update=update) for finding in dataset.findings)
    return dataset.model_copy(update={"findings": findings})


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


def beside_base(dataset: DatasetReport, before: int) -> DatasetReport:
    """Return the data set as it is told where base has it too, with so many rows failing there."""
    findings = tuple(finding.model_copy(update={"before": before}) for finding in dataset.findings)
    return dataset.model_copy(update={"findings": findings, "is_compared": True})


def a_difference(column: str, distance: float, detail: str | None) -> Difference:
    sentence = f"{100 * distance:.0f}% of the rows of `{column}` lie otherwise than at base"
    return Difference(column=column, distance=distance, chance=0.04, sentence=sentence, detail=detail)


def moved(dataset: DatasetReport) -> DatasetReport:
    """Return the data set with columns that differ from base."""
    apart = [a_difference("mean_radius", 0.97, "median 13.37 → 13370"), a_difference("b|nd", 0.2, "s*all: 40% → 60%")]
    more = [a_difference(f"c{place}", 0.1, None) for place in range(5)]
    return dataset.model_copy(update={"differences": (*apart, *more), "is_compared": True})


def mended(dataset: DatasetReport) -> DatasetReport:
    """Return the data set without its findings, which base had."""
    return dataset.model_copy(update={"findings": (), "fixed": dataset.findings, "is_compared": True})


def with_a_new_category() -> DatasetReport:
    """Return a data set whose suspected cause speaks of values."""
    cause = Cause(code="new-category", sentence="one value of `size` is new: a new category?", values=("hu|ge",))
    dataset = beside_base(a_broken_dataset(), 0)
    return dataset.model_copy(
        update={"findings": tuple(finding.model_copy(update={"cause": cause}) for finding in dataset.findings)}
    )


def a_slice(value: str, place: int, outcome: Outcome, values: tuple[float, float], *bounds: float) -> SliceResult:
    interval = Interval(bounds[0], bounds[1], bounds[2], None)
    return SliceResult("site", value, place, outcome, values[1], values[0], interval, 60 + place, "why")


SLICED = replace(
    RECALL, require="no_proven_regression", scope="in every slice", limit="0",
    sentence="fails in 1 of 6 slices, allowing for 12 comparisons; worst: proven worse: at best −0.031, the margin is "
    "0; 1 slice too small to say",
    slices=(
        a_slice("north", 1, Outcome.FAIL, (0.95, 0.8), -0.15, -0.29, -0.031),
        *(a_slice(f"ward {n}", n, Outcome.PASS, (0.95, 0.94), -0.01, -0.04, 0.02) for n in range(2, 7)),
        replace(a_slice("south", 7, Outcome.PASS, (1.0, 1.0), 0, 0, 0), outcome="too small", rows=4, interval=None),
    ),
)  # fmt: skip
GAP = replace(
    RECALL, require="gap_not_wider", scope="in sex", outcome=Outcome.INCONCLUSIVE, limit="0.05",
    sentence="the gap could grow by 0.081, the margin is 0.05; it could also narrow by 0.020",
    slices=(
        SliceResult("sex", None, 0, Outcome.INCONCLUSIVE, 0.05, 0.02, Interval(-0.03, -0.081, 0.02, None), 102, "why"),
    ),
)  # fmt: skip

REPORTS = {
    "slices": a_report(
        Conclusion.FAIL, verdict=Verdict(Outcome.FAIL, (SLICED, GAP), FLIPS, 285, 102), training=TRAINED
    ),
    "pass": a_report(
        Conclusion.PASS,
        verdict=Verdict(Outcome.PASS, (ROC_AUC,), Flips((), (), 0, 0), 285, 102),
        datasets=(a_dataset("cells"), a_dataset("holdout")),
        training=TRAINED,
    ),
    "seeds": a_report(
        Conclusion.PASS,
        verdict=Verdict(Outcome.PASS, (ROC_AUC,), Flips((), (), 0, 0), 285, 102),
        training=replace(TRAINED, seeds=SeedSummary(5, 5, {"fit|<b>": Spread(0.961, 0.003, 0.957, 0.966)})),
    ),
    "tests-passed": replace(
        a_report(
            Conclusion.PASS,
            verdict=Verdict(Outcome.PASS, (ROC_AUC,), Flips((), (), 0, 0), 285, 102),
            training=TRAINED,
        ),
        tests=OwnTests("pytest -q", "passed", ""),
    ),
    "tests-failed": replace(a_report(Conclusion.TESTS_FAILED), tests=OwnTests("pytest -q", "failed", "exit code 1")),
    "not-judged": replace(
        a_report(Conclusion.NOT_JUDGED, datasets=(a_dataset("cells"),), training=TRAINED),
        trust=replace(TRUST, is_scored=False),
    ),
    "warned": a_report(
        Conclusion.PASS,
        verdict=Verdict(Outcome.PASS, (ROC_AUC, replace(FLOOR, severity="warn")), Flips((), (), 0, 0), 285, 102),
        datasets=(only_warned(a_broken_dataset()), a_dataset("holdout")),
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
    "inconclusive-blocked": a_report(
        Conclusion.INCONCLUSIVE,
        blocks=True,
        verdict=Verdict(Outcome.INCONCLUSIVE, (ONE_CLASS,), Flips(("1069",), (), 1, 0), 285, 285),
        training=TRAINED,
        changes=(LOOSENS, WAITS, WAITS),
    ),
    "not-comparable": a_report(
        Conclusion.NOT_COMPARABLE,
        verdict=Verdict(Outcome.NOT_COMPARABLE, (LEFT_BEHIND, ALONE), None, 285, 102, READS_AREA),
        training=TRAINED,
        changes=(LOOSENS,),
    ),
    "floor-failed-not-comparable": a_report(
        Conclusion.FAIL,
        verdict=Verdict(
            Outcome.FAIL,
            (
                LEFT_BEHIND,
                replace(ALONE, outcome=Outcome.FAIL, limit="0.95", sentence="at most 0.901, the floor is 0.95"),
            ),
            None,
            285,
            102,
            READS_AREA,
        ),
        training=TRAINED,
    ),
    "first": replace(
        a_report(
            Conclusion.FIRST,
            verdict=Verdict(Outcome.FIRST, (NOTHING_YET, ALONE), None, 285, 102),
            datasets=(a_dataset("cells"), a_dataset("holdout")),
            training=TRAINED,
        ),
        subject=replace(SUBJECT, production=None, production_sha256=None),
        trust=replace(TRUST, has_base=False),
    ),
    "rules-replaced": replace(
        a_report(
            Conclusion.FIRST,
            verdict=Verdict(Outcome.PASS, (replace(ROC_AUC, origin="head"),), Flips((), (), 0, 0), 285, 102),
            training=TRAINED,
            changes=(replaced_rules("the evaluation set has no column `diagnosis`"),),
        ),
        trust=replace(TRUST, has_base=False, base_is_unusable=True),
    ),
    "rows-missing": a_report(
        Conclusion.DATA_REJECTED,
        datasets=(a_dataset("cells", 431, kind="rows_min"),),
        training=Training("python train.py", "not started", "the data was rejected"),
    ),
    "data-rejected": a_report(
        Conclusion.DATA_REJECTED,
        datasets=(beside_base(a_broken_dataset(), 0), a_dataset("holdout")),
        training=Training("python train.py", "not started", "the data was rejected"),
    ),
    "data-mended": a_report(
        Conclusion.PASS,
        verdict=Verdict(Outcome.PASS, (ROC_AUC,), Flips((), (), 0, 0), 285, 102),
        datasets=(mended(a_broken_dataset()), a_dataset("holdout")),
        training=TRAINED,
    ),
    "data-not-compared": a_report(
        Conclusion.DATA_REJECTED,
        datasets=(
            a_broken_dataset().model_copy(
                update={"not_compared": "cel|<b>ls.csv could not be brought from DVC's remote: a name\nis unknown"}
            ),
            a_dataset("holdout").model_copy(update={"not_compared": "DVC's remote does not have holdout.csv"}),
        ),
    ),
    "data-moved": a_report(
        Conclusion.DATA_REJECTED,
        datasets=(moved(beside_base(a_broken_dataset(), 0)), a_dataset("holdout")),
        training=Training("python train.py", "not started", "the data was rejected"),
    ),
    "data-with-a-new-category": a_report(
        Conclusion.DATA_REJECTED,
        datasets=(with_a_new_category(),),
        training=Training("python train.py", "not started", "the data was rejected"),
    ),
    "data-still-broken": a_report(
        Conclusion.DATA_REJECTED,
        datasets=(beside_base(a_broken_dataset(), 12), beside_base(a_broken_dataset(), 84)),
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


STATUSES = {
    "pass": "pass: Every gate is passed against production v1.0.0.",
    "inconclusive": "inconclusive: This would not be promoted, since recall not_worse can neither pass nor fail on so "
    "few rows.",
    "inconclusive-blocked": "inconclusive, blocked · loosens 1 rule and changes 2, which count after the merge: "
    "roc_auc not_worse can neither pass nor fail on these row…",
    "not-comparable": "not comparable · loosens 1 rule, which counts after the merge: This would not be promoted, "
    "since nothing could be compared: production v1.0…",
    "first": "first: There is no production yet, and every floor is passed.",
}


@pytest.mark.parametrize(("name", "text"), STATUSES.items(), ids=STATUSES)
def test_status__says_outcome_and_consequence_before_it_ends(name: str, text: str) -> None:
    assert status_description(REPORTS[name]) == text


@pytest.mark.parametrize("file", ["parts/2024.jsonl", "parts/a|b*.jsonl"])
def test_examples__of_several_files_name_the_file(file: str) -> None:
    dataset = a_broken_dataset()
    (finding,) = dataset.findings
    rows = tuple(row.model_copy(update={"file": file}) for row in finding.examples)
    parted = dataset.model_copy(update={"findings": (finding.model_copy(update={"examples": rows}),)})
    assert f"first rows: line 202 of {file} (1402), line 203 of {file}" in dataset_text(parted, rows=True)
    shown = comment(replace(REPORTS["data-rejected"], datasets=(parted,)))
    assert f"| 202 of {markdown_text(file)} |" in shown
    assert file not in comment(replace(REPORTS["data-rejected"], datasets=(parted,)), rows=False)


def test_comment__in_a_public_place_has_no_ids_and_no_values() -> None:
    for name in ("fail", "data-rejected", "warned", "data-mended", "data-with-a-new-category", "data-moved"):
        text = comment(REPORTS[name], rows=False) + report_text(REPORTS[name], rows=False)
        assert "<summary>Which rows" not in text
        assert "<summary>First" not in text
        assert not [
            secret for secret in ("1001", "1402", "14250", "25.3", "line 202", "ge (", "ge)", "13.37") if secret in text
        ]


@pytest.mark.parametrize("form", [comment, report_text])
def test_report__names_no_row_whose_id_identifies_somebody(form: Callable[[Report], str]) -> None:
    private = Flips(("1001",) * 30, ("1239",), 12, 1, has_private_ids=True)
    text = form(a_report(Conclusion.FAIL, verdict=Verdict(Outcome.FAIL, (RECALL,), private, 285, 102)))
    assert [name for name in ("1001", "1239", "Which rows", " more") if name in text] == []
    assert "(12 positive)" in text


@pytest.mark.parametrize("form", [comment, report_text])
def test_report__in_a_public_place_names_no_value_of_a_slice(form: Callable[..., str]) -> None:
    assert "north" in form(REPORTS["slices"])
    public = form(REPORTS["slices"], rows=False)
    assert [word for word in ("north", "south", "ward") if word in public] == []
    assert "site, value 1" in public


def test_report__as_json_in_a_public_place_names_no_value_of_a_slice() -> None:
    assert "north" in json.dumps(REPORTS["slices"].to_dict())
    assert "north" not in json.dumps(REPORTS["slices"].without_values().to_dict())


def test_comment__of_hostile_text_stays_text(golden: Golden) -> None:
    report = replace(
        a_report(
            Conclusion.FAIL,
            verdict=Verdict(Outcome.FAIL, (RECALL,), Flips((HOSTILE,), (), 1, 0), 285, 102),
            datasets=(a_broken_dataset(HOSTILE, HOSTILE),),
            training=Training(HOSTILE, "trained", HOSTILE),
            changes=(RuleChange("gates", "looser", f"loosens {HOSTILE}"),),
        ),
        positive=HOSTILE,
    )
    text = comment(report)
    assert "<img" not in text
    assert "@everyone" not in text
    assert "\n# big" not in text
    assert "\u202e" not in text
    golden("comment/hostile.md", text)


def test_terminal__of_hostile_text_is_on_its_line(golden: Golden) -> None:
    escape = "\x1b[31mred\x07\x1b]0;title\x07"
    report = a_report(Conclusion.TRAINING_FAILED, training=Training(HOSTILE, "failed", f"{escape} {HOSTILE}"))
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


TEXT = st.text(st.sampled_from("a@#`<&|:/*\\\n\u202e\x1b.-"), max_size=40).map(lambda text: text * 80)


@settings(deadline=None)
@given(TEXT, TEXT)
@example("@" * 2_000, "`" * 2_000)
@example("`@@@@`a" * 400, "www.a://" * 400)
def test_error__of_hostile_text_is_a_comment_of_one_line_a_part(one: str, other: str) -> None:
    text = problem_comment(UsageError("code", one, where=other, cause=one, hint=other))
    assert len(text) <= LONGEST_COMMENT
    parts = text.split("\n\n")
    assert (parts[0], parts[-1][-1], len(parts) <= 6) == (MARKER, "\n", True)
    assert not [part for part in parts[1:] if "\n" in part.removesuffix("\n")]
    assert not re.search(r"@a|<(?!/?code>)|[\x1b\u202e]", text.removeprefix(MARKER))


def test_report__is_the_same_text_every_time() -> None:
    again: Report = replace(REPORTS["fail"])
    assert (comment(again), report_text(again)) == (comment(REPORTS["fail"]), report_text(REPORTS["fail"]))
