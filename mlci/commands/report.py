"""`mlci report`: judge what was submitted, and publish the report on the host.

This is the trusted half of a check. The submitted package is hostile input; everything else it needs (configuration,
contracts, data, fingerprint) is read from head's Git objects. No code of head runs.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlci.commands.candidate import submitted
from mlci.commands.case import (
    conclusion_of,
    is_broken,
    judge_case,
    open_case,
    rejected_by_data,
    report_on,
    validate_case,
)
from mlci.commands.quarantine import quarantined_version, rejected_by_quarantine
from mlci.commands.repackaging import repackaged
from mlci.core.forge import Status, gate_context
from mlci.core.proof import Proof
from mlci.core.registry.entries import sha256
from mlci.core.report import Conclusion, Training
from mlci.errors import MlciError, OutsideError
from mlci.render.markdown import MARKER, comment, problem_comment, status_description

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.commands.case import Case, Tools
    from mlci.commands.installed import Installed
    from mlci.commands.ports import Forge, Repository
    from mlci.core.forge import PullRequest, StatusState
    from mlci.core.report import Report
    from mlci.core.submission import Submission


def report(
    base: str,
    commit: str,
    pull_request: PullRequest,
    submission: Submission | None,
    *,
    repository: Repository,
    forge: Forge,
    tools: Tools,
    run: int | None = None,
) -> tuple[Report, str]:
    """Judge SUBMISSION for COMMIT by the rules of BASE, and publish; return the report and where it can be read.

    COMMIT is what would land (on a host the merge commit); comment and status go to the pull request's own commit, and
    so does the proof of which model was judged, with the RUN that submitted it.
    """
    context = gate_context(pull_request.base, forge.default_branch if pull_request.base else None)
    case = open_case(repository.tree(commit), repository.tree(base), tools)
    judged, candidate = _judge(case, submission, tools)
    # The status first: it is what blocks, and a comment may fail.
    forge.set_status(pull_request.commit, Status(context, judged.status, status_description(judged)))
    if candidate:
        forge.prove(pull_request.commit, Proof(case.inputs.digest, sha256(candidate.package.model), run))
    location = forge.comment(pull_request, MARKER, comment(judged, rows=not forge.is_public))
    return judged, location


@contextmanager
def problems_published(pull_request: PullRequest, forge: Forge) -> Iterator[None]:
    """Publish an error of the block on the pull request: a check that did not run to its end leaves word.

    That the pull request has moved on is no news there: the run of the newer commit will report.
    """
    context = gate_context(pull_request.base, forge.default_branch if pull_request.base else None)
    try:
        yield
    except MlciError as error:
        if error.code == "stale-head":
            raise
        state: StatusState = "error" if isinstance(error, OutsideError) else "failure"
        told = error.public() if forge.is_public else error
        forge.set_status(pull_request.commit, Status(context, state, told.problem))
        forge.comment(pull_request, MARKER, problem_comment(told))
        raise
    except BaseException:
        forge.set_status(pull_request.commit, Status(context, "error", "mlci did not come to an end; see its job"))
        raise


def _judge(case: Case, submission: Submission | None, tools: Tools) -> tuple[Report, Installed | None]:
    """Return the report on a case whose training was done elsewhere, and the candidate if it was scored."""
    if case.is_unchanged:
        return report_on(case, Conclusion.NOTHING_CHANGED, tools), None
    command = case.head_side.config.train.title
    datasets = validate_case(case, tools)
    if is_broken(datasets):
        return rejected_by_data(case, datasets, tools), None
    if submission is None:
        training = Training(command, "failed", "no candidate was submitted")
        return report_on(case, Conclusion.TRAINING_FAILED, tools, datasets=datasets, training=training), None
    packaged = repackaged(submitted(submission, case.inputs), case, tools)
    candidate = packaged.installed
    training, as_submitted = (
        Training(command, "trained", "as submitted"),
        (*(("own tests",) if case.head_side.config.tests else ()), "training"),
    )
    quarantined = quarantined_version(candidate, case, tools)
    if quarantined:
        rejected = rejected_by_quarantine(
            case, quarantined, candidate, tools, datasets=datasets, training=training, as_submitted=as_submitted
        )
        return rejected, None
    verdict = judge_case(case, candidate, tools)
    judged = report_on(
        case,
        conclusion_of(verdict, case),
        tools,
        candidate=candidate,
        datasets=datasets,
        training=training,
        verdict=verdict,
        as_submitted=as_submitted,
    )
    return judged, candidate
