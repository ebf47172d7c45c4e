"""`mlci evaluate`: the candidate that is there, scored on base's rows; nothing is trained, nothing kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.commands.candidate import submitted
from mlci.commands.case import conclusion_of, open_case, production_of, report_on
from mlci.commands.evaluation import evidence_on
from mlci.commands.labelled_rows import set_of
from mlci.core.gates.judge import judge

if TYPE_CHECKING:
    from mlci.commands.case import Tools
    from mlci.commands.ports import Repository
    from mlci.core.evidence import Evidence
    from mlci.core.report import Report


def evaluate(base: str, *, repository: Repository, tools: Tools) -> tuple[Report, Evidence]:
    """Return what the candidate of the work tree scores by the rules and rows of the commit BASE, and on what.

    The report of the last check stays as it is: data was not validated here. Raises as `submitted` does where there is
    no candidate, or one that was made from something else.
    """
    case = open_case(repository.work_tree(), repository.tree(base), tools)
    submission = submitted(tools.work.submission(), case.inputs)
    candidate = submission.installed
    production = production_of(case, tools)
    rows = set_of(case.rules, case.rows_from, head=case.head, data=tools.data, objects=tools.work.objects)
    evidence = evidence_on(rows, case.rules, candidate=candidate, production=production, predictor=tools.predictor)
    verdict = judge(case.rules.gates, evidence, case.rules.config.statistics)
    report = report_on(
        case,
        conclusion_of(verdict, case),
        tools,
        candidate=candidate,
        verdict=verdict,
        as_submitted=("the data, which this verb does not check",),
        keep=False,
    )
    return report, evidence
