"""What is wrong with a data set now, beside what was wrong with it at base: new, continuing, fixed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.profile import differences

if TYPE_CHECKING:
    from mlci.core.findings import DatasetReport, Finding

    Identity = tuple[tuple[str, ...], str, str]


def compared(head: DatasetReport, base: DatasetReport) -> DatasetReport:
    """Return head's report with what BASE, checked by the same constraints, says of each finding, and what is fixed.

    The constraints are the same, so a difference is one of the data: a rule that head brings is no new finding where
    base's data break it as well.
    """
    before = {_identity(each): each for each in base.findings}
    findings = tuple(
        each.model_copy(update={"before": before[_identity(each)].failing if _identity(each) in before else 0})
        for each in head.findings
    )
    now = {_identity(each) for each in head.findings}
    fixed = tuple(each for identity, each in before.items() if identity not in now)
    apart = differences(base.profile, head.profile) if base.profile and head.profile else ()
    certain = tuple(each for each in apart if each.is_certain)
    return head.model_copy(update={"findings": findings, "fixed": fixed, "is_compared": True, "differences": certain})


def _identity(finding: Finding) -> Identity:
    """Return which constraint broke; base and head may have one each at the same place."""
    return finding.key, finding.kind, finding.origin
