"""Runs of workflows, and their artifacts."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from tests.fakegithub.answers import ApiError, Reply, not_found
from tests.fakegithub.call import Call, Route, paged
from tests.fakegithub.clock import written
from tests.fakegithub.routes.pulls import minimal_view
from tests.fakegithub.views import (
    View,
    filled,
    node_id,
    page_address,
    repository_address,
    repository_view,
    user_view,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakegithub.state import Artifact, Repository, Run, State

KEPT: Final = timedelta(days=90)


def list_runs(call: Call) -> Reply:
    wanted = {name: call.query.text(name) for name in ("event", "head_sha", "actor") if name in call.query}
    if "branch" in call.query:
        wanted["head_branch"] = call.query.text("branch")
    status = call.query.optional_text("status")
    found = [
        each
        for each in reversed(call.repository.runs.values())
        if all(getattr(each, name) == value for name, value in wanted.items())
        and status in {None, each.status, each.conclusion}
    ]
    return paged(call, found, lambda each: run_view(call.state, call.repository, each), key="workflow_runs")


def get_run(call: Call) -> Reply:
    return Reply(200, run_view(call.state, call.repository, _run(call)))


def list_artifacts(call: Call) -> Reply:
    run, name = _run(call), call.query.optional_text("name")
    found = [each for each in call.repository.artifacts.values() if each.run_id == run.id and name in {None, each.name}]
    found.sort(key=lambda each: each.id, reverse=call.query.text("direction", "desc") == "desc")
    return paged(call, found, lambda each: _artifact_view(call, each), key="artifacts")


def get_artifact(call: Call) -> Reply:
    return Reply(200, _artifact_view(call, _artifact(call)))


def download_artifact(call: Call) -> Reply:
    artifact = _artifact(call)
    if call.path.text("archive_format") != "zip":
        raise not_found()
    if artifact.is_expired:
        raise ApiError(410, "Artifact has expired")
    return Reply(302, headers={"Location": call.state.new_blob("application/zip", artifact.content)})


def run_view(state: State, repository: Repository, run: Run) -> View:
    """Return a run, as the REST interface and the event `workflow_run` show it."""
    address = f"{repository_address(state, repository)}/actions/runs/{run.id}"
    source = state.repository(run.head_repository)
    # GitHub names pull requests from the repository itself only; for a fork's the list is empty.
    own = [
        minimal_view(state, repository, thread, pull_request)
        for thread, pull_request in repository.pull_requests()
        if run.head_repository == repository.full_name
        and (pull_request.head_repository, pull_request.head_branch) == (run.head_repository, run.head_branch)
        and thread.state == "open"
    ]
    return filled(
        "workflow-run",
        id=run.id,
        node_id=node_id("WFR", run.id),
        name=run.name,
        path=run.workflow,
        display_title=run.name,
        run_number=run.number,
        run_attempt=run.attempt,
        event=run.event,
        status=run.status,
        conclusion=run.conclusion,
        head_branch=run.head_branch,
        head_sha=run.head_sha,
        head_commit=_head_commit(source, run),
        head_repository=repository_view(state, source, "minimal-repository"),
        repository=repository_view(state, repository, "minimal-repository"),
        actor=user_view(state, run.actor),
        triggering_actor=user_view(state, run.actor),
        pull_requests=own,
        url=address,
        html_url=f"{page_address(state, repository)}/actions/runs/{run.id}",
        artifacts_url=f"{address}/artifacts",
        created_at=written(run.created_at),
        updated_at=written(run.updated_at),
        run_started_at=written(run.created_at),
    )


def _head_commit(source: Repository, run: Run) -> View | None:
    if source.git.commit_of(run.head_sha) is None:
        return None
    commit = source.git.commit(run.head_sha)
    return {
        "id": commit.sha,
        "tree_id": commit.tree,
        "message": commit.message,
        "timestamp": commit.author.date,
        "author": {"name": commit.author.name, "email": commit.author.email},
        "committer": {"name": commit.committer.name, "email": commit.committer.email},
    }


def _artifact_view(call: Call, artifact: Artifact) -> View:
    address = f"{repository_address(call.state, call.repository)}/actions/artifacts/{artifact.id}"
    run = call.repository.runs[artifact.run_id]
    return filled(
        "artifact",
        id=artifact.id,
        node_id=node_id("MDg", artifact.id),
        name=artifact.name,
        size_in_bytes=len(artifact.content),
        digest=f"sha256:{hashlib.sha256(artifact.content).hexdigest()}",
        url=address,
        archive_download_url=f"{address}/zip",
        expired=artifact.is_expired,
        created_at=written(artifact.created_at),
        updated_at=written(artifact.created_at),
        expires_at=written(artifact.created_at + KEPT),
        workflow_run={
            "id": run.id,
            "repository_id": call.repository.id,
            "head_repository_id": call.state.repository(run.head_repository).id,
            "head_branch": run.head_branch,
            "head_sha": run.head_sha,
        },
    )


def _run(call: Call) -> Run:
    found = call.repository.runs.get(call.path.number("run_id"))
    if found is None:
        raise not_found()
    return found


def _artifact(call: Call) -> Artifact:
    found = call.repository.artifacts.get(call.path.number("artifact_id"))
    if found is None:
        raise not_found()
    return found


ROUTES: Final[Mapping[str, Route]] = {
    "actions/list-workflow-runs-for-repo": Route(
        list_runs, frozenset({"event", "head_sha", "actor", "branch", "status"})
    ),
    "actions/get-workflow-run": Route(get_run),
    "actions/list-workflow-run-artifacts": Route(list_artifacts, frozenset({"name", "direction"})),
    "actions/get-artifact": Route(get_artifact),
    "actions/download-artifact": Route(download_artifact),
}
