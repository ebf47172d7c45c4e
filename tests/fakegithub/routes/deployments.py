"""Deployments and their statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakegithub.answers import ApiError, Reply, invalid, not_found
from tests.fakegithub.call import Call, Route, paged
from tests.fakegithub.clock import written
from tests.fakegithub.state import Deployment, DeploymentStatus
from tests.fakegithub.views import View, filled, node_id, repository_address, user_view

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_DESCRIPTION_CHARACTERS: Final = 140
_FILTERS: Final = ("sha", "ref", "task", "environment")


def create(call: Call) -> Reply:
    ref = call.body.text("ref")
    sha = call.repository.git.commit_of(ref)
    if sha is None:
        raise ApiError(422, f"No ref found for: {ref}")
    _needs_green_statuses(call, ref, sha)
    now = call.state.clock.now()
    environment = call.body.text("environment", "production")
    deployment = Deployment(
        id=call.state.new_id(),
        sha=sha,
        ref=ref,
        task=call.body.text("task", "deploy"),
        environment=environment,
        description=call.body.optional_text("description"),
        payload=call.body.raw("payload") or {},
        is_transient=call.body.flag("transient_environment", default=False),
        is_production=call.body.flag("production_environment", default=environment == "production"),
        creator=call.login,
        created_at=now,
        updated_at=now,
    )
    call.repository.deployments[deployment.id] = deployment
    return Reply(201, _view(call, deployment), {"Location": _address(call, deployment)})


def list_deployments(call: Call) -> Reply:
    wanted = {name: call.query.text(name) for name in _FILTERS if name in call.query}
    found = [
        each
        for each in reversed(call.repository.deployments.values())
        if all(getattr(each, name) == value for name, value in wanted.items())
    ]
    return paged(call, found, lambda each: _view(call, each))


def get(call: Call) -> Reply:
    return Reply(200, _view(call, _deployment(call)))


def create_status(call: Call) -> Reply:
    deployment = _deployment(call)
    state = call.body.text("state")
    status = DeploymentStatus(
        id=call.state.new_id(),
        state=state,
        description=_description(call),
        environment=call.body.text("environment", deployment.environment),
        environment_url=call.body.text("environment_url"),
        log_url=call.body.text("log_url") or call.body.text("target_url"),
        creator=call.login,
        created_at=call.state.clock.now(),
    )
    deployment.statuses.append(status)
    deployment.updated_at = status.created_at
    if state == "success" and call.body.flag("auto_inactive", default=True):
        _make_others_inactive(call, deployment)
    view = _status_view(call, deployment, status)
    return Reply(201, view, {"Location": f"{_address(call, deployment)}/statuses/{status.id}"})


def list_statuses(call: Call) -> Reply:
    deployment = _deployment(call)
    newest_first = list(reversed(deployment.statuses))
    return paged(call, newest_first, lambda each: _status_view(call, deployment, each))


def _needs_green_statuses(call: Call, ref: str, sha: str) -> None:
    """Refuse to deploy what is red: all statuses of the commit count, or those in `required_contexts`."""
    states = {each.context: each.state for each in call.repository.latest_statuses(sha)}
    wanted = call.body.items("required_contexts") if "required_contexts" in call.body else list(states)
    if any(states.get(str(context)) != "success" for context in wanted):
        raise ApiError(409, f"Conflict: Commit status checks failed for {ref}.")


def _make_others_inactive(call: Call, newest: Deployment) -> None:
    """Retire what was deployed to the same environment before; production and transient ones are left alone."""
    for each in call.repository.deployments.values():
        is_other = each.id != newest.id and each.environment == newest.environment
        is_live = bool(each.statuses) and each.statuses[-1].state == "success"
        if is_other and is_live and not each.is_production and not each.is_transient:
            now = call.state.clock.now()
            inactive = DeploymentStatus(call.state.new_id(), "inactive", "", each.environment, "", "", call.login, now)
            each.statuses.append(inactive)


def _deployment(call: Call) -> Deployment:
    found = call.repository.deployments.get(call.path.number("deployment_id"))
    if found is None:
        raise not_found()
    return found


def _description(call: Call) -> str:
    text = call.body.text("description")
    if len(text) > MOST_DESCRIPTION_CHARACTERS:
        message = f"description is too long (maximum is {MOST_DESCRIPTION_CHARACTERS} characters)"
        raise invalid("DeploymentStatus", "description", "custom", message)
    return text


def _address(call: Call, deployment: Deployment) -> str:
    return f"{repository_address(call.state, call.repository)}/deployments/{deployment.id}"


def _view(call: Call, deployment: Deployment) -> View:
    return filled(
        "deployment",
        id=deployment.id,
        node_id=node_id("DE", deployment.id),
        sha=deployment.sha,
        ref=deployment.ref,
        task=deployment.task,
        environment=deployment.environment,
        original_environment=deployment.environment,
        description=deployment.description,
        payload=deployment.payload,
        transient_environment=deployment.is_transient,
        production_environment=deployment.is_production,
        creator=user_view(call.state, deployment.creator),
        url=_address(call, deployment),
        statuses_url=f"{_address(call, deployment)}/statuses",
        repository_url=repository_address(call.state, call.repository),
        created_at=written(deployment.created_at),
        updated_at=written(deployment.updated_at),
    )


def _status_view(call: Call, deployment: Deployment, status: DeploymentStatus) -> View:
    address = _address(call, deployment)
    links = {"target_url": status.log_url, "log_url": status.log_url, "environment_url": status.environment_url}
    view = filled(
        "deployment-status",
        id=status.id,
        node_id=node_id("DS", status.id),
        state=status.state,
        description=status.description,
        environment=status.environment,
        creator=user_view(call.state, status.creator),
        url=f"{address}/statuses/{status.id}",
        deployment_url=address,
        repository_url=repository_address(call.state, call.repository),
        created_at=written(status.created_at),
        updated_at=written(status.created_at),
    )
    return {**view, **{name: link for name, link in links.items() if link}}


ROUTES: Final[Mapping[str, Route]] = {
    "repos/create-deployment": Route(
        create,
        # auto_merge: the fake merges nothing, as if every ref had the default branch in it.
        frozenset(
            {
                "ref", "task", "environment", "description", "payload", "auto_merge",
                "required_contexts", "transient_environment", "production_environment",
            }
        ),
    ),
    "repos/list-deployments": Route(list_deployments, frozenset(_FILTERS)),
    "repos/get-deployment": Route(get),
    "repos/create-deployment-status": Route(
        create_status,
        frozenset({"state", "description", "environment", "environment_url", "log_url", "target_url", "auto_inactive"}),
    ),
    "repos/list-deployment-statuses": Route(list_statuses),
}  # fmt: skip
