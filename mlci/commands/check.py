"""`mlci check`: what a pull request gets. Own tests, validate, train, compare with production, report."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from mlci.commands.case import (
    conclusion_of,
    is_broken,
    judge_case,
    open_case,
    rejected_by_data,
    report_on,
    validate_case,
    why_no_labels,
)
from mlci.commands.own_tests import run_tests
from mlci.commands.quarantine import quarantined_version, rejected_by_quarantine
from mlci.commands.train import train_side
from mlci.core.report import Conclusion, Training
from mlci.errors import MlciError, OutsideError

if TYPE_CHECKING:
    from mlci.commands.case import Case, Tools
    from mlci.commands.installed import Installed
    from mlci.commands.ports import Repository, Runner
    from mlci.core.report import Report


def check(base: str, *, repository: Repository, runner: Runner, tools: Tools, force: bool = False) -> Report:
    """Judge the work tree by the rules of the commit BASE; the report stays in `.mlci/`."""
    case = open_case(repository.work_tree(), repository.tree(base), tools)
    command = case.head_side.config.train.title
    if case.is_unchanged and not force:
        return report_on(case, Conclusion.NOTHING_CHANGED, tools)

    tests, failed = run_tests(case.head_side.config, case.head_ids, repository, runner, tools.work)
    case = replace(case, tests=tests)
    if failed:
        report_on(case, Conclusion.TESTS_FAILED, tools)
        raise failed
    datasets = validate_case(case, tools)
    if is_broken(datasets):
        return rejected_by_data(case, datasets, tools)

    try:
        trained = train_side(
            case.head_side,
            repository=repository,
            runner=runner,
            predictor=tools.predictor,
            data=tools.data,
            work=tools.work,
            force=force,
            config=case.rules.config,
            tell=tools.tell,
        )
    except MlciError as error:
        training = Training(command, "failed", error.problem.splitlines()[0])
        report_on(case, Conclusion.TRAINING_FAILED, tools, datasets=datasets, training=training)
        raise

    candidate = trained.candidate.installed
    for remark in trained.remarks:
        tools.tell(remark)
    quarantined = _quarantined_version(candidate, case, tools)
    if quarantined:
        return rejected_by_quarantine(case, quarantined, candidate, tools, datasets=datasets, training=trained.training)
    no_labels = why_no_labels(case, tools)
    if no_labels:
        tools.tell(f"not judged here: {no_labels}")
        return report_on(
            case, Conclusion.NOT_JUDGED, tools, candidate=candidate, datasets=datasets, training=trained.training
        )
    verdict = judge_case(case, candidate, tools, warns=True)
    return report_on(
        case,
        conclusion_of(verdict, case),
        tools,
        candidate=candidate,
        datasets=datasets,
        training=trained.training,
        verdict=verdict,
    )


def _quarantined_version(candidate: Installed, case: Case, tools: Tools) -> str | None:
    """Return the quarantined version whose model CANDIDATE is, as far as that can be seen here.

    A job without a token has the package of production alone. Who reports and who promotes look again, and have all.
    """
    try:
        return quarantined_version(candidate, case, tools)
    except OutsideError as error:
        if error.code != "package-missing":
            raise
        return None
