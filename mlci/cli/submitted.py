"""Finding what a run submitted: the pull request, the commit that would land, and the artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.forge import NoPullRequest
from mlci.core.submission_zip import read_submission
from mlci.errors import UsageError

if TYPE_CHECKING:
    from mlci.cli.wiring import Workplace
    from mlci.commands.ports import Forge
    from mlci.core.forge import PullRequest
    from mlci.core.submission import Submission

ARTIFACT = "mlci-submission"


def find_submitted(place: Workplace, forge: Forge) -> tuple[PullRequest, str, Submission | None] | str:
    """Return pull request, merge commit and submission of the event's run, or why there is nothing to judge.

    The pull request is found by head repository, branch and commit as the host knows them, never by the artifact.
    """
    event = place.github.event if place.github else None
    if event is None or event.run is None or event.head is None:
        raise UsageError(
            "no-run",
            "--run judges what another workflow submitted, and this event is not workflow_run",
            hint="on: {workflow_run: {workflows: [mlci check], types: [completed]}}",
        )
    if event.run.event != "pull_request":
        return f"nothing to report: the run was about {event.run.event}"
    pull_request = forge.find_pull_request(event.head)
    if isinstance(pull_request, NoPullRequest):
        return f"nothing to report: {pull_request.sentence}"
    number = pull_request.number
    if number is None:
        raise UsageError("no-pull-request", "the host gave a pull request without a number")
    commit = place.repository.fetch_merge(number, pull_request.commit)
    try:
        submission = read_submission(forge.artifact(event.run.id, ARTIFACT))
    except UsageError as error:
        if error.code != "artifact-missing":
            raise
        submission = None
    return pull_request, commit, submission
