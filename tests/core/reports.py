"""Reports as tests want them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlci.core.findings import DatasetReport, Finding
from mlci.core.gates import Flips, GateResult, Outcome, Verdict
from mlci.core.report import Conclusion, Report, Subject, Training
from mlci.core.statistics.interval import Interval
from mlci.core.trust import Trust

if TYPE_CHECKING:
    from mlci.core.contract.constraints import ConstraintKind
    from mlci.core.gates import GateOutcome
    from mlci.core.rule_changes import RuleChange

SUBJECT = Subject("tumour", "v1.0.0", "a" * 64, "b" * 64, "c" * 64)
SENTENCES: dict[ConstraintKind, str] = {
    "max": "`mean_radius` is above 60 µm",
    "present": "the column `mean_radius` is missing from the file",
    "rows_min": "there are 569 rows, at least 1,000 are demanded",
}
TRUST = Trust(has_base=True, confined=True, confinement="confined with Landlock", labels="repository")


def a_result(
    metric: str, require: str, outcome: GateOutcome, *, limit: str = "0.02", candidate: float | None = 0.853
) -> GateResult:
    return GateResult(
        metric=metric,
        require=require,
        limit=limit,
        origin="base",
        outcome=outcome,
        candidate=candidate,
        production=None if require == "floor" else 0.971,
        interval=Interval(-0.118, -0.19, -0.06, None),
        rows=68,
        sentence="why",
    )


def a_verdict(*results: GateResult, lost: int = 0, found: int = 0) -> Verdict:
    flips = Flips(tuple(f"row-{row}" for row in range(lost)), (), lost, found)
    return Verdict(Outcome.FAIL, results, flips, rows=183, positives=68)


def a_dataset(name: str, *failing: int, kind: ConstraintKind = "max") -> DatasetReport:
    findings = tuple(
        Finding(
            dataset=name,
            key=("columns", "mean_radius", "max"),
            kind=kind,
            columns=("mean_radius",),
            sentence=SENTENCES[kind],
            failing=rows,
            checked=569,
            origin="base",
        )
        for rows in failing
    )
    return DatasetReport(
        dataset=name, path=f"data/{name}.csv", sha256="d" * 64, rows=569, columns=("mean_radius",), findings=findings
    )


def a_report(
    conclusion: Conclusion,
    *,
    blocks: bool = False,
    verdict: Verdict | None = None,
    datasets: tuple[DatasetReport, ...] = (),
    training: Training | None = None,
    changes: tuple[RuleChange, ...] = (),
) -> Report:
    return Report(
        subject=SUBJECT,
        conclusion=conclusion,
        blocks=blocks,
        changes=changes,
        datasets=datasets,
        training=training,
        verdict=verdict,
        positive="malignant = 1",
        trust=replace(TRUST, is_scored=verdict is not None),
    )
