"""Issues, and the comments on issues and pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakegithub.answers import NotImitatedError, Reply, forbidden, invalid, not_found
from tests.fakegithub.call import Call, Route, paged
from tests.fakegithub.clock import written
from tests.fakegithub.state import Comment, Thread
from tests.fakegithub.views import (
    View,
    app_view,
    association,
    filled,
    node_id,
    page_address,
    repository_address,
    user_view,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_CHARACTERS: Final = 65_536


def list_issues(call: Call) -> Reply:
    state, labels = call.query.text("state", "open"), call.query.text("labels")
    wanted = {label.strip().lower() for label in labels.split(",") if label.strip()}
    creator = call.query.optional_text("creator")
    found = [
        each
        for each in call.repository.threads.values()
        if state in {"all", each.state}
        and wanted <= {label.lower() for label in each.labels}
        and creator in {None, each.author}
    ]
    found.sort(key=lambda each: each.number, reverse=call.query.text("direction", "desc") == "desc")
    return paged(call, found, lambda each: thread_view(call, each))


def get(call: Call) -> Reply:
    return Reply(200, thread_view(call, _thread(call)))


def create(call: Call) -> Reply:
    now = call.state.clock.now()
    thread = Thread(
        id=call.state.new_id(),
        number=len(call.repository.threads) + 1,
        title=_checked_title(call.body.text("title")),
        body=_checked(call.body.optional_text("body"), "Issue"),
        author=call.login,
        app=call.app,
        created_at=now,
        updated_at=now,
        labels=_labels(call),
    )
    call.repository.threads[thread.number] = thread
    return Reply(201, thread_view(call, thread), {"Location": _thread_address(call, thread)})


def update(call: Call) -> Reply:
    thread = _thread(call)
    _needs_fitting_permission(call, thread)
    if "title" in call.body:
        thread.title = _checked_title(call.body.text("title"))
    if "body" in call.body:
        thread.body = _checked(call.body.optional_text("body"), "Issue")
    if "labels" in call.body:
        thread.labels = _labels(call)
    match call.body.optional_text("state"):
        case "closed" if thread.state == "open":
            thread.state, thread.closed_at = "closed", call.state.clock.now()
            thread.state_reason = call.body.text("state_reason", "completed")
        case "open" if thread.state == "closed":
            thread.state, thread.closed_at, thread.state_reason = "open", None, "reopened"
        case _:
            pass
    thread.updated_at = call.state.clock.now()
    return Reply(200, thread_view(call, thread))


def list_comments(call: Call) -> Reply:
    number = _thread(call).number
    since = call.query.text("since")
    found = [
        each
        for each in call.repository.comments.values()
        if each.number == number and written(each.updated_at) >= since
    ]
    return paged(call, found, lambda each: comment_view(call, each))


def get_comment(call: Call) -> Reply:
    return Reply(200, comment_view(call, _comment(call)))


def create_comment(call: Call) -> Reply:
    thread = _thread(call)
    _needs_fitting_permission(call, thread)
    body = _checked(call.body.text("body"), "IssueComment")
    now = call.state.clock.now()
    comment = Comment(call.state.new_id(), thread.number, body or "", call.login, call.app, now, now)
    call.repository.comments[comment.id] = comment
    thread.updated_at = now
    return Reply(201, comment_view(call, comment), {"Location": _comment_address(call, comment)})


def update_comment(call: Call) -> Reply:
    comment = _comment(call)
    _needs_fitting_permission(call, call.repository.threads[comment.number])
    comment.body = _checked(call.body.text("body"), "IssueComment") or ""
    comment.updated_at = call.state.clock.now()
    return Reply(200, comment_view(call, comment))


def delete_comment(call: Call) -> Reply:
    comment = _comment(call)
    _needs_fitting_permission(call, call.repository.threads[comment.number])
    del call.repository.comments[comment.id]
    return Reply(204)


def comment_view(call: Call, comment: Comment) -> View:
    """Return a comment."""
    thread = call.repository.threads[comment.number]
    return filled(
        "issue-comment",
        id=comment.id,
        node_id=node_id("IC", comment.id),
        url=_comment_address(call, comment),
        html_url=f"{_page(call, thread)}#issuecomment-{comment.id}",
        issue_url=_thread_address(call, thread),
        body=comment.body,
        user=user_view(call.state, comment.author),
        author_association=association(call.state, call.repository, comment.author),
        performed_via_github_app=app_view(call.state, comment.app),
        created_at=written(comment.created_at),
        updated_at=written(comment.updated_at),
    )


def thread_view(call: Call, thread: Thread) -> View:
    """Return an issue; a pull request is shown as one, too."""
    address = _thread_address(call, thread)
    view = filled(
        "issue",
        id=thread.id,
        node_id=node_id("I", thread.id),
        number=thread.number,
        title=thread.title,
        body=thread.body,
        state=thread.state,
        state_reason=thread.state_reason,
        user=user_view(call.state, thread.author),
        author_association=association(call.state, call.repository, thread.author),
        performed_via_github_app=app_view(call.state, thread.app),
        labels=[{"id": 0, "node_id": "", "name": each, "color": "ededed", "default": False} for each in thread.labels],
        comments=sum(each.number == thread.number for each in call.repository.comments.values()),
        url=address,
        html_url=_page(call, thread),
        comments_url=f"{address}/comments",
        repository_url=repository_address(call.state, call.repository),
        created_at=written(thread.created_at),
        updated_at=written(thread.updated_at),
        closed_at=None if thread.closed_at is None else written(thread.closed_at),
    )
    if thread.pull_request is not None:
        page = _page(call, thread)
        view["pull_request"] = {
            "url": f"{repository_address(call.state, call.repository)}/pulls/{thread.number}",
            "html_url": page,
            "diff_url": f"{page}.diff",
            "patch_url": f"{page}.patch",
        }
    return view


def _thread(call: Call) -> Thread:
    found = call.repository.threads.get(call.path.number("issue_number"))
    if found is None:
        raise not_found()
    return found


def _comment(call: Call) -> Comment:
    found = call.repository.comments.get(call.path.number("comment_id"))
    if found is None:
        raise not_found()
    return found


def _needs_fitting_permission(call: Call, thread: Thread) -> None:
    # `pull-requests: write` is enough on a pull request only.
    if call.used is not None and call.used.name == "pull-requests" and thread.pull_request is None:
        raise forbidden("Resource not accessible by integration")


def _checked(body: str | None, resource: str) -> str | None:
    if resource == "IssueComment" and not (body or "").strip():
        raise invalid(resource, "body", "missing_field")
    if body is not None and len(body) > MOST_CHARACTERS:
        message = f"Body is too long (maximum is {MOST_CHARACTERS} characters)"
        raise invalid(resource, "data", "unprocessable", message)
    return body


def _checked_title(title: str) -> str:
    if not title.strip():
        raise invalid("Issue", "title", "missing_field")
    return title


def _labels(call: Call) -> list[str]:
    labels = [each for each in call.body.items("labels") if isinstance(each, str)]
    if len(labels) != len(call.body.items("labels")):
        raise NotImitatedError("labels other than by their names")
    return labels


def _thread_address(call: Call, thread: Thread) -> str:
    return f"{repository_address(call.state, call.repository)}/issues/{thread.number}"


def _comment_address(call: Call, comment: Comment) -> str:
    return f"{repository_address(call.state, call.repository)}/issues/comments/{comment.id}"


def _page(call: Call, thread: Thread) -> str:
    kind = "issues" if thread.pull_request is None else "pull"
    return f"{page_address(call.state, call.repository)}/{kind}/{thread.number}"


ROUTES: Final[Mapping[str, Route]] = {
    "issues/list-for-repo": Route(list_issues, frozenset({"state", "labels", "creator", "direction"})),
    "issues/get": Route(get),
    "issues/create": Route(create, frozenset({"title", "body", "labels"})),
    "issues/update": Route(update, frozenset({"title", "body", "labels", "state", "state_reason"})),
    "issues/list-comments": Route(list_comments, frozenset({"since"})),
    "issues/get-comment": Route(get_comment),
    "issues/create-comment": Route(create_comment, frozenset({"body"})),
    "issues/update-comment": Route(update_comment, frozenset({"body"})),
    "issues/delete-comment": Route(delete_comment),
}
