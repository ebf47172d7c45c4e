"""Finding what a run submitted: the pull request, and the artifact."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.forge import NoPullRequest
from mlci.errors import UsageError

if TYPE_CHECKING:
    from mlci.cli.wiring import Workplace
    from mlci.commands.ports import Forge
    from mlci.core.forge import PullRequest


def find_pull_request(place: Workplace, forge: Forge) -> tuple[PullRequest, int] | str:
    """Return the pull request of the event's run and the run's id, or why there is nothing to judge.

    It is found by head repository, branch and commit as the host knows them, never by the artifact.
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
    found = forge.find_pull_request(event.head)
    if isinstance(found, NoPullRequest):
        return f"nothing to report: {found.sentence}"
    return found, event.run.id
