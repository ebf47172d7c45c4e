"""Statuses of commits, and check runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakegithub.answers import ApiError, Reply, forbidden, invalid, no_commit, not_found
from tests.fakegithub.call import Call, Route, paged
from tests.fakegithub.clock import written
from tests.fakegithub.routes.pulls import minimal_view
from tests.fakegithub.state import CheckRun, CommitStatus
from tests.fakegithub.views import (
    View,
    app_view,
    filled,
    node_id,
    page_address,
    repository_address,
    repository_view,
    user_view,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_DESCRIPTION_CHARACTERS: Final = 140
MOST_STATUSES: Final = 1000
_CHECK_FIELDS: Final = frozenset(
    {"name", "status", "conclusion", "started_at", "completed_at", "external_id", "details_url", "output"}
)


def create_status(call: Call) -> Reply:
    sha = call.path.text("sha")
    if call.repository.git.commit_of(sha) != sha:
        raise no_commit(sha)
    text = call.body.optional_text("description")
    if text is not None and len(text) > MOST_DESCRIPTION_CHARACTERS:
        message = f"description is too long (maximum is {MOST_DESCRIPTION_CHARACTERS} characters)"
        raise invalid("Status", "description", "custom", message)
    context = call.body.text("context", "default")
    same = [each for each in call.repository.statuses if (each.sha, each.context) == (sha, context)]
    if len(same) >= MOST_STATUSES:
        message = "This SHA and context has reached the maximum number of statuses."
        raise ApiError(422, "Validation Failed", errors=[{"resource": "Status", "code": "custom", "message": message}])
    status = CommitStatus(
        id=call.state.new_id(),
        sha=sha,
        context=context,
        state=call.body.text("state"),
        description=text,
        target_url=call.body.optional_text("target_url"),
        creator=call.login,
        created_at=call.state.clock.now(),
    )
    call.repository.statuses.append(status)
    view = filled("status", **_status_view(call, status), creator=user_view(call.state, status.creator))
    return Reply(201, view, {"Location": f"{repository_address(call.state, call.repository)}/statuses/{sha}"})


def list_statuses(call: Call) -> Reply:
    sha = _commit(call)
    newest_first = [each for each in reversed(call.repository.statuses) if each.sha == sha]
    return paged(
        call,
        newest_first,
        lambda each: filled("status", **_status_view(call, each), creator=user_view(call.state, each.creator)),
    )


def get_combined_status(call: Call) -> Reply:
    sha = _commit(call)
    latest = call.repository.latest_statuses(sha)
    states = {each.state for each in latest}
    combined = "failure" if states & {"failure", "error"} else "success" if states == {"success"} else "pending"
    address = repository_address(call.state, call.repository)
    return paged(
        call,
        latest,
        lambda each: filled("simple-commit-status", **_status_view(call, each)),
        key="statuses",
        state=combined,
        sha=sha,
        repository=repository_view(call.state, call.repository, "minimal-repository"),
        commit_url=f"{address}/commits/{sha}",
        url=f"{address}/commits/{sha}/status",
    )


def create_check_run(call: Call) -> Reply:
    if call.app is None:
        raise forbidden("You must authenticate via a GitHub App.")
    sha = call.body.text("head_sha")
    if call.repository.git.commit_of(sha) != sha:
        raise no_commit(sha)
    check_run = CheckRun(
        id=call.state.new_id(),
        sha=sha,
        name=call.body.text("name"),
        app=call.app,
        status="queued",
        conclusion=None,
        started_at=written(call.state.clock.now()),
        completed_at=None,
        external_id=None,
        details_url=None,
    )
    _change(call, check_run)
    call.repository.check_runs[check_run.id] = check_run
    return Reply(201, _check_view(call, check_run), {"Location": _check_address(call, check_run)})


def update_check_run(call: Call) -> Reply:
    check_run = _check_run(call)
    if check_run.app != call.app:
        raise forbidden("Invalid app_id - check run can only be modified by the GitHub App that created it.")
    _change(call, check_run)
    return Reply(200, _check_view(call, check_run))


def get_check_run(call: Call) -> Reply:
    return Reply(200, _check_view(call, _check_run(call)))


def list_check_runs(call: Call) -> Reply:
    sha, name, status = _commit(call), call.query.optional_text("check_name"), call.query.optional_text("status")
    found = [
        each
        for each in call.repository.check_runs.values()
        if each.sha == sha and name in {None, each.name} and status in {None, each.status}
    ]
    if call.query.text("filter", "latest") == "latest":
        found = list({(each.app, each.name): each for each in found}.values())
    return paged(call, found, lambda each: _check_view(call, each), key="check_runs")


def _change(call: Call, check_run: CheckRun) -> None:
    check_run.name = call.body.text("name", check_run.name)
    check_run.status = call.body.text("status", check_run.status)
    check_run.external_id = call.body.text("external_id") or check_run.external_id
    check_run.details_url = call.body.text("details_url") or check_run.details_url
    check_run.started_at = call.body.text("started_at") or check_run.started_at
    conclusion = call.body.optional_text("conclusion")
    if conclusion is not None:
        check_run.status, check_run.conclusion = "completed", conclusion
        check_run.completed_at = call.body.text("completed_at") or written(call.state.clock.now())
    elif check_run.status == "completed" and check_run.conclusion is None:
        raise invalid("CheckRun", "conclusion", "missing_field")
    output = call.body.table("output")
    annotations = output.pop("annotations", [])
    check_run.annotations += annotations if isinstance(annotations, list) else []
    check_run.output |= output


def _commit(call: Call) -> str:
    sha = call.repository.git.commit_of(call.path.text("ref"))
    if sha is None:
        raise no_commit(call.path.text("ref"))
    return sha


def _check_run(call: Call) -> CheckRun:
    found = call.repository.check_runs.get(call.path.number("check_run_id"))
    if found is None:
        raise not_found()
    return found


def _status_view(call: Call, status: CommitStatus) -> View:
    return {
        "id": status.id,
        "node_id": node_id("SC", status.id),
        "url": f"{repository_address(call.state, call.repository)}/statuses/{status.sha}",
        "avatar_url": f"{call.state.url}/avatars/{status.creator}",
        "state": status.state,
        "context": status.context,
        "description": status.description,
        "target_url": status.target_url,
        "created_at": written(status.created_at),
        "updated_at": written(status.created_at),
    }


def _check_view(call: Call, check_run: CheckRun) -> View:
    address = _check_address(call, check_run)
    output = {
        "title": check_run.output.get("title"),
        "summary": check_run.output.get("summary"),
        "text": check_run.output.get("text"),
        "annotations_count": len(check_run.annotations),
        "annotations_url": f"{address}/annotations",
    }
    own = [
        (thread, pull_request)
        for thread, pull_request in call.repository.pull_requests()
        if pull_request.head_sha == check_run.sha and pull_request.head_repository == call.repository.full_name
    ]
    return filled(
        "check-run",
        id=check_run.id,
        node_id=node_id("CR", check_run.id),
        head_sha=check_run.sha,
        name=check_run.name,
        status=check_run.status,
        conclusion=check_run.conclusion,
        started_at=check_run.started_at,
        completed_at=check_run.completed_at,
        external_id=check_run.external_id,
        details_url=check_run.details_url,
        url=address,
        html_url=f"{page_address(call.state, call.repository)}/runs/{check_run.id}",
        output=output,
        app=app_view(call.state, check_run.app),
        pull_requests=[minimal_view(call.state, call.repository, *each) for each in own],
    )


def _check_address(call: Call, check_run: CheckRun) -> str:
    return f"{repository_address(call.state, call.repository)}/check-runs/{check_run.id}"


ROUTES: Final[Mapping[str, Route]] = {
    "repos/create-commit-status": Route(create_status, frozenset({"state", "context", "description", "target_url"})),
    "repos/list-commit-statuses-for-ref": Route(list_statuses),
    "repos/get-combined-status-for-ref": Route(get_combined_status),
    "checks/create": Route(create_check_run, _CHECK_FIELDS | {"head_sha"}),
    "checks/update": Route(update_check_run, _CHECK_FIELDS),
    "checks/get": Route(get_check_run),
    "checks/list-for-ref": Route(list_check_runs, frozenset({"check_name", "status", "filter"})),
}
