"""A data set without rows: one thing is wrong with it, whatever many rules say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.core.words import counted

if TYPE_CHECKING:
    from mlci.core.contract.constraints import ConstraintKind
    from mlci.core.findings import DatasetReport

_OF_NONE: Final[frozenset[ConstraintKind]] = frozenset(
    {"rows_min", "rows_change", "aggregate", "freshness", "balance_min", "balance_change"}
)
"""What a data set without rows may break by that alone."""


def once_of_no_rows(report: DatasetReport) -> DatasetReport:
    """Return REPORT with one finding for all that fails because there is no row: an error if one of them is.

    A report on rows is returned as it is.
    """
    alike = [each for each in report.findings if each.kind in _OF_NONE]
    if report.rows or len(alike) < 2:  # noqa: PLR2004 - one is told as it is
        return report
    errors = [each for each in alike if each.severity == "error"]
    first = next((each for each in errors if each.kind == "rows_min"), (errors or alike)[0])
    more = len(alike) - 1
    fail = f"{counted(more, 'more rule')} {'fails' if more == 1 else 'fail'} since there is no row"
    told = first.model_copy(update={"sentence": f"{first.sentence}; {fail}"})
    kept = (told if each is first else each for each in report.findings if each is first or each.kind not in _OF_NONE)
    return report.model_copy(update={"findings": tuple(kept)})
