"""Pull requests, their files, and those that a commit belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakegithub.answers import Reply, no_commit, not_found
from tests.fakegithub.call import Call, Route, paged
from tests.fakegithub.clock import written
from tests.fakegithub.views import (
    View,
    association,
    file_view,
    filled,
    node_id,
    page_address,
    repository_address,
    repository_view,
    user_view,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakegithub.bare_repository import ChangedFile
    from tests.fakegithub.state import PullRequest, Repository, Review, State, Thread

MOST_FILES: Final = 3000


def list_pulls(call: Call) -> Reply:
    state, base = call.query.text("state", "open"), call.query.optional_text("base")
    owner, colon, branch = call.query.text("head").partition(":")
    found = [
        (thread, pull_request)
        for thread, pull_request in call.repository.pull_requests()
        if state in {"all", thread.state}
        and base in {None, pull_request.base_branch}
        # Without a colon GitHub takes no notice of the filter, and answers with all of them.
        and (not colon or (_owner(pull_request).lower(), pull_request.head_branch) == (owner.lower(), branch))
    ]
    by_update = call.query.text("sort", "created") == "updated"
    direction = call.query.text("direction", "desc" if "sort" not in call.query or not by_update else "asc")
    found.sort(key=lambda each: each[0].updated_at if by_update else each[0].created_at, reverse=direction == "desc")
    return paged(call, found, lambda each: pull_view(call.state, call.repository, *each, "pull-request-simple"))


def get(call: Call) -> Reply:
    thread, pull_request = _pull_request(call)
    return Reply(200, full_view(call.state, call.repository, thread, pull_request))


def list_files(call: Call) -> Reply:
    _, pull_request = _pull_request(call)
    files = _files(call.repository, pull_request)[:MOST_FILES]
    return paged(call, files, lambda each: file_view(call.state, call.repository, pull_request.head_sha, each))


def list_reviews(call: Call) -> Reply:
    thread, pull_request = _pull_request(call)
    return paged(call, pull_request.reviews, lambda each: _review_view(call, thread, each))


def list_for_commit(call: Call) -> Reply:
    git = call.repository.git
    revision = call.path.text("commit_sha")
    sha = git.commit_of(revision)
    if sha is None:
        raise no_commit(revision)
    found = [
        (thread, pull_request)
        for thread, pull_request in call.repository.pull_requests()
        # GitHub looks at the branches of this repository only: a fork's pull request is never among the answers.
        if pull_request.head_repository == call.repository.full_name
        and (sha == pull_request.merge_commit or sha in _commits(call.repository, pull_request))
    ]
    return paged(call, found, lambda each: pull_view(call.state, call.repository, *each, "pull-request-simple"))


def pull_view(state: State, repository: Repository, thread: Thread, pull_request: PullRequest, schema: str) -> View:
    """Return a pull request by one of its schemas: `pull-request` or `pull-request-simple`."""
    address = repository_address(state, repository)
    own, issue = f"{address}/pulls/{thread.number}", f"{address}/issues/{thread.number}"
    page = f"{page_address(state, repository)}/pull/{thread.number}"
    addresses = {
        "comments": f"{issue}/comments",
        "commits": f"{own}/commits",
        "statuses": f"{address}/statuses/{pull_request.head_sha}",
        "review_comments": f"{own}/comments",
        "review_comment": f"{address}/pulls/comments{{/number}}",
    }
    links = {**addresses, "self": own, "html": page, "issue": issue}
    source = state.repository(pull_request.head_repository)
    return filled(
        schema,
        **{f"{name}_url": each for name, each in addresses.items()},
        _links={name: {"href": each} for name, each in links.items()},
        id=thread.id,
        node_id=node_id("PR", thread.id),
        number=thread.number,
        title=thread.title,
        body=thread.body,
        state=thread.state,
        draft=pull_request.is_draft,
        user=user_view(state, thread.author),
        url=own,
        html_url=page,
        issue_url=issue,
        diff_url=f"{page}.diff",
        patch_url=f"{page}.patch",
        head=_side(state, source, pull_request.head_branch, pull_request.head_sha),
        base=_side(state, repository, pull_request.base_branch, pull_request.base_sha),
        merge_commit_sha=pull_request.merge_commit,
        author_association=association(state, repository, thread.author),
        created_at=written(thread.created_at),
        updated_at=written(thread.updated_at),
        closed_at=None if thread.closed_at is None else written(thread.closed_at),
        merged_at=None if pull_request.merged_at is None else written(pull_request.merged_at),
    )


def full_view(state: State, repository: Repository, thread: Thread, pull_request: PullRequest) -> View:
    """Return a pull request with what only its own page shows: counts, and whether it can be merged."""
    files = _files(repository, pull_request)
    is_merged = pull_request.merged_at is not None
    is_mergeable = None if thread.state == "closed" else pull_request.merge_commit is not None
    return {
        **pull_view(state, repository, thread, pull_request, "pull-request"),
        "additions": sum(file.additions for file in files),
        "deletions": sum(file.deletions for file in files),
        "changed_files": len(files),
        "commits": len(_commits(repository, pull_request)),
        "comments": sum(each.number == thread.number for each in repository.comments.values()),
        "mergeable": is_mergeable,
        "mergeable_state": {None: "unknown", True: "clean", False: "dirty"}[is_mergeable],
        "merged": is_merged,
        "merged_by": user_view(state, pull_request.merged_by) if pull_request.merged_by is not None else None,
    }


def minimal_view(state: State, repository: Repository, thread: Thread, pull_request: PullRequest) -> View:
    """Return a pull request as runs and check runs name it."""
    return {
        "id": thread.id,
        "number": thread.number,
        "url": f"{repository_address(state, repository)}/pulls/{thread.number}",
        "head": {
            "ref": pull_request.head_branch,
            "sha": pull_request.head_sha,
            "repo": _minimal_repository(state, state.repository(pull_request.head_repository)),
        },
        "base": {
            "ref": pull_request.base_branch,
            "sha": pull_request.base_sha,
            "repo": _minimal_repository(state, repository),
        },
    }


def _review_view(call: Call, thread: Thread, review: Review) -> View:
    page = f"{page_address(call.state, call.repository)}/pull/{thread.number}"
    pull = f"{repository_address(call.state, call.repository)}/pulls/{thread.number}"
    own = f"{page}#pullrequestreview-{review.id}"
    return filled(
        "pull-request-review",
        id=review.id,
        node_id=node_id("PRR", review.id),
        user=user_view(call.state, review.author),
        body="",
        state=review.state,
        html_url=own,
        pull_request_url=pull,
        _links={"html": {"href": own}, "pull_request": {"href": pull}},
        submitted_at=written(review.submitted_at),
        commit_id=review.sha,
        author_association=association(call.state, call.repository, review.author),
    )


def _minimal_repository(state: State, repository: Repository) -> View:
    return {"id": repository.id, "url": repository_address(state, repository), "name": repository.name}


def _pull_request(call: Call) -> tuple[Thread, PullRequest]:
    thread = call.repository.threads.get(call.path.number("pull_number"))
    if thread is None or thread.pull_request is None:
        raise not_found()
    return thread, thread.pull_request


def _owner(pull_request: PullRequest) -> str:
    return pull_request.head_repository.partition("/")[0]


def _start(repository: Repository, pull_request: PullRequest) -> str:
    return repository.git.merge_base(pull_request.base_sha, pull_request.head_sha) or pull_request.base_sha


def _files(repository: Repository, pull_request: PullRequest) -> list[ChangedFile]:
    return repository.git.changed_files(_start(repository, pull_request), pull_request.head_sha)


def _commits(repository: Repository, pull_request: PullRequest) -> list[str]:
    return repository.git.commits_between(_start(repository, pull_request), pull_request.head_sha)


def _side(state: State, repository: Repository, branch: str, sha: str) -> View:
    return {
        "label": f"{repository.owner}:{branch}",
        "ref": branch,
        "sha": sha,
        "user": user_view(state, repository.owner),
        "repo": repository_view(state, repository, "repository"),
    }


ROUTES: Final[Mapping[str, Route]] = {
    "pulls/list": Route(list_pulls, frozenset({"state", "head", "base", "sort", "direction"})),
    "pulls/get": Route(get),
    "pulls/list-files": Route(list_files),
    "pulls/list-reviews": Route(list_reviews),
    "repos/list-pull-requests-associated-with-commit": Route(list_for_commit),
}
