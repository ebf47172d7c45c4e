"""The payloads of events, as a workflow finds them in `github.event`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakegithub.bare_repository import NO_COMMIT
from tests.fakegithub.routes.actions import run_view
from tests.fakegithub.routes.pulls import full_view
from tests.fakegithub.views import View, repository_view, user_view

if TYPE_CHECKING:
    from tests.fakegithub.scene import Scene
    from tests.fakegithub.state import Push, Run


def pull_request_event(scene: Scene, full_name: str, number: int, *, action: str = "synchronize") -> View:
    """Return the payload of `pull_request`; raises `ValueError` where the number is no pull request's."""
    with scene.state.lock:
        repository = scene.state.repository(full_name)
        thread = repository.threads[number]
        if thread.pull_request is None:
            raise ValueError(f"#{number} is no pull request")
        return {
            "action": action,
            "number": number,
            "pull_request": full_view(scene.state, repository, thread, thread.pull_request),
            **_context(scene, full_name, thread.author),
        }


def push_event(scene: Scene, push: Push) -> View:
    """Return the payload of `push`, without its list of commits."""
    with scene.state.lock:
        git = scene.state.repository(push.repository).git
        return {
            "ref": push.ref,
            "before": push.before,
            "after": push.after,
            "created": push.before == NO_COMMIT,
            "deleted": push.after == NO_COMMIT,
            "forced": NO_COMMIT not in {push.before, push.after} and not git.is_ancestor(push.before, push.after),
            "pusher": {"name": push.login},
            **_context(scene, push.repository, push.login),
        }


def workflow_run_event(scene: Scene, run: Run, *, action: str = "completed") -> View:
    """Return the payload of `workflow_run`, in which the list of pull requests is empty for a fork's."""
    with scene.state.lock:
        repository = scene.state.repository(run.repository)
        return {
            "action": action,
            "workflow_run": run_view(scene.state, repository, run),
            "workflow": {"name": run.name, "path": run.workflow},
            **_context(scene, run.repository, run.actor),
        }


def _context(scene: Scene, full_name: str, login: str) -> View:
    repository = repository_view(scene.state, scene.state.repository(full_name), "repository")
    return {"repository": repository, "sender": user_view(scene.state, login)}
