"""Repositories, commits, refs, collaborators, and the one who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakegithub.answers import ApiError, Reply, forbidden, no_commit, not_found
from tests.fakegithub.call import Call, Route
from tests.fakegithub.clock import STARTED, written
from tests.fakegithub.views import (
    View,
    file_view,
    filled,
    node_id,
    page_address,
    repository_address,
    repository_view,
    signature_view,
    user_view,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakegithub.bare_repository import Commit

HOURLY_LIMIT: Final = 5000
_ROLES: Final = {"maintain": "write", "triage": "read"}  # the old names that `permission` keeps to


def get(call: Call) -> Reply:
    return Reply(200, repository_view(call.state, call.repository, "full-repository"))


def get_commit(call: Call) -> Reply:
    git = call.repository.git
    revision = call.path.text("ref")
    sha = git.commit_of(revision)
    if sha is None:
        raise _empty() if not git.refs() else no_commit(revision)
    commit = git.commit(sha)
    files = git.changed_files(commit.parents[0] if commit.parents else None, sha)
    additions, deletions = sum(file.additions for file in files), sum(file.deletions for file in files)
    view = _commit_view(call, commit)
    view["stats"] = {"additions": additions, "deletions": deletions, "total": additions + deletions}
    view["files"] = [file_view(call.state, call.repository, sha, file) for file in files]
    return Reply(200, view)


def get_ref(call: Call) -> Reply:
    name = f"refs/{call.path.text('ref')}"
    sha = call.repository.git.ref(name)
    if sha is None:
        raise _empty() if not call.repository.git.refs() else not_found()
    address = repository_address(call.state, call.repository)
    kind = call.repository.git.kind(sha)
    target = {"type": kind, "sha": sha, "url": f"{address}/git/{kind}s/{sha}"}
    return Reply(200, filled("git-ref", ref=name, url=f"{address}/git/{name}", object=target))


def delete_ref(call: Call) -> Reply:
    name = f"refs/{call.path.text('ref')}"
    if call.repository.git.ref(name) is None:
        raise ApiError(422, "Reference does not exist")
    call.repository.git.set_ref(name, None)
    return Reply(204)


def get_collaborator_permission(call: Call) -> Reply:
    login = call.state.user(call.path.text("username")).login
    role = call.state.role(call.repository, login)
    if role is None:
        level = "none" if call.repository.is_private else "read"
        name = level
    else:
        level, name = _ROLES.get(role, role), role
    user = filled("nullable-collaborator", **user_view(call.state, login), role_name=name)
    return Reply(200, {"permission": level, "role_name": name, "user": user})


def get_authenticated_user(call: Call) -> Reply:
    if call.app is not None:
        raise forbidden("Resource not accessible by integration")
    times = {"created_at": written(STARTED), "updated_at": written(STARTED)}
    user = filled("private-user", **user_view(call.state, call.login), **times, user_view_type="private")
    return Reply(200, user)


def get_rate_limit(_call: Call) -> Reply:
    rate = {"limit": HOURLY_LIMIT, "remaining": HOURLY_LIMIT, "reset": int(STARTED.timestamp()) + 3600, "used": 0}
    return Reply(200, {"resources": {"core": rate, "search": rate}, "rate": rate})


def _empty() -> ApiError:
    return ApiError(409, "Git Repository is empty.")


def _commit_view(call: Call, commit: Commit) -> View:
    address = repository_address(call.state, call.repository)
    page = page_address(call.state, call.repository)
    return filled(
        "commit",
        sha=commit.sha,
        node_id=node_id("C", 0),
        url=f"{address}/commits/{commit.sha}",
        html_url=f"{page}/commit/{commit.sha}",
        comments_url=f"{address}/commits/{commit.sha}/comments",
        commit={
            "url": f"{address}/git/commits/{commit.sha}",
            "author": signature_view(commit.author),
            "committer": signature_view(commit.committer),
            "message": commit.message,
            "tree": {"sha": commit.tree, "url": f"{address}/git/trees/{commit.tree}"},
            "comment_count": 0,
        },
        author=None,  # who a mail address belongs to is not modelled
        committer=None,
        parents=[
            {"sha": each, "url": f"{address}/commits/{each}", "html_url": f"{page}/commit/{each}"}
            for each in commit.parents
        ],
    )


ROUTES: Final[Mapping[str, Route]] = {
    "repos/get": Route(get),
    "repos/get-commit": Route(get_commit),
    "git/get-ref": Route(get_ref),
    "git/delete-ref": Route(delete_ref),
    "repos/get-collaborator-permission-level": Route(get_collaborator_permission),
    "users/get-authenticated": Route(get_authenticated_user),
    "rate-limit/get": Route(get_rate_limit),
}
