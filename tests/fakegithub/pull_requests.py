"""What GitHub does with pull requests by itself: it keeps their refs, and closes them when they landed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fakegithub.state import PullRequest, Repository, State, Thread


def after_change(state: State, changed: Repository, login: str) -> None:
    """Bring all pull requests from or into a repository up to date, after its branches moved."""
    for repository in state.repositories.values():
        for thread, pull_request in repository.pull_requests():
            if thread.state == "open" and changed.full_name in {repository.full_name, pull_request.head_repository}:
                refresh(state, repository, thread, pull_request, login)


def refresh(state: State, repository: Repository, thread: Thread, pull_request: PullRequest, login: str) -> None:
    """Bring one open pull request up to date: its refs, its test merge, whether it landed or lost its branch."""
    source = state.repository(pull_request.head_repository)
    head = source.git.ref(f"refs/heads/{pull_request.head_branch}")
    base = repository.git.ref(f"refs/heads/{pull_request.base_branch}")
    if base is None or head is None:
        _close(state, thread)
        return
    if head != pull_request.head_sha:
        pull_request.head_sha, pull_request.base_sha = head, base
        thread.updated_at = state.clock.now()
    repository.git.fetch(source.git, head, f"refs/pull/{thread.number}/head")
    if repository.git.is_ancestor(head, base):
        pull_request.merge_commit = base
        pull_request.merged_at = state.clock.now()
        pull_request.merged_by = login
        repository.git.set_ref(f"refs/pull/{thread.number}/merge", None)
        _close(state, thread)
        return
    message = f"Merge {head} into {base}"
    pull_request.merge_commit = repository.git.merged(base, head, message, state.clock.now())
    repository.git.set_ref(f"refs/pull/{thread.number}/merge", pull_request.merge_commit)


def _close(state: State, thread: Thread) -> None:
    thread.state = "closed"
    thread.closed_at = thread.updated_at = state.clock.now()
