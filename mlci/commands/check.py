"""`mlci check`: what a pull request gets. Validate, train, compare with production, report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.commands.case import (
    conclusion_of,
    is_broken,
    judge_case,
    open_case,
    rejected_by_data,
    report_on,
    validate_case,
)
from mlci.commands.evaluation import Installed
from mlci.commands.train import train_side
from mlci.core.report import Conclusion, Training
from mlci.errors import MlciError

if TYPE_CHECKING:
    from mlci.commands.case import Tools
    from mlci.commands.ports import Repository, Runner
    from mlci.core.report import Report


def check(base: str, *, repository: Repository, runner: Runner, tools: Tools, force: bool = False) -> Report:
    """Judge the work tree by the rules of the commit BASE; the report stays in `.mlci/`."""
    case = open_case(repository.work_tree(), repository.tree(base), tools)
    command = case.head_side.config.train.run
    if case.is_unchanged and not force:
        return report_on(case, Conclusion.NOTHING_CHANGED, tools)

    datasets = validate_case(case, tools)
    if is_broken(datasets):
        return rejected_by_data(case, datasets, tools)

    try:
        trained = train_side(
            case.head_side,
            repository=repository,
            runner=runner,
            predictor=tools.predictor,
            work=tools.work,
            force=force,
            config=case.rules.config,
            tell=tools.tell,
        )
    except MlciError as error:
        training = Training(command, "failed", error.problem.splitlines()[0])
        report_on(case, Conclusion.TRAINING_FAILED, tools, datasets=datasets, training=training)
        raise

    verdict = judge_case(case, Installed(trained.candidate.package, trained.candidate.sha256), tools)
    return report_on(
        case,
        conclusion_of(verdict, case),
        tools,
        candidate_sha256=trained.candidate.sha256,
        datasets=datasets,
        training=trained.training,
        verdict=verdict,
    )
