"""Git's smart HTTP: who may fetch and push, and `git http-backend` as a CGI program behind that."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tests.fakegithub.answers import ApiError, Reply
from tests.fakegithub.bare_repository import NO_COMMIT, environment
from tests.fakegithub.gate import permission_for, token_of
from tests.fakegithub.permissions import FETCH, PUSH
from tests.fakegithub.pull_requests import after_change
from tests.fakegithub.ref_rules import VARIABLE, Demand, as_variable
from tests.fakegithub.state import Push

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakegithub.permissions import Permission
    from tests.fakegithub.state import Repository, State, Token

_PATH: Final = re.compile(
    r"/(?P<owner>[\w.-]+)/(?P<name>[\w.-]+?)(?:\.git)?/(?P<service>info/refs|git-upload-pack|git-receive-pack)"
)


@dataclass(frozen=True, slots=True)
class GitRequest:
    """A request of a Git client, as it came over HTTP."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class GitAnswer:
    """The answer, and for the log whose token it was and which permission let it in."""

    reply: Reply
    service: str
    token: Token | None = None
    used: Permission | None = None


def is_git(path: str) -> bool:
    """Say whether a path is one that a Git client asks for."""
    return _PATH.fullmatch(path) is not None


def answer(state: State, request: GitRequest) -> GitAnswer:
    """Answer a Git client; refs of pull requests follow a push at once."""
    matched = _PATH.fullmatch(request.path)
    if matched is None:
        raise ValueError(f"not a path of Git: {request.path}")
    service = matched["service"]
    if service == "info/refs":
        service = request.query.removeprefix("service=")
    is_push = service == "git-receive-pack"
    try:
        with state.lock:
            token, used, repository = _admitted(state, request, matched, is_push=is_push)
            demands = [] if token is None else demands_on(repository, token.login)
    except ApiError as error:
        return GitAnswer(_refusal(error), service)
    path_info = f"/{repository.full_name}.git/{matched['service']}"
    if token is None or matched["service"] != "git-receive-pack":
        return GitAnswer(_backend(state, request, path_info, demands, ""), service, token, used)
    # One push at a time, so that each is recorded with its own refs only. Clients still race: they saw the refs before.
    with state.push_lock:
        before = repository.git.refs()
        reply = _backend(state, request, path_info, demands, token.login)
        with state.lock:
            _record(state, repository, before, token.login)
    return GitAnswer(reply, service, token, used)


def demands_on(repository: Repository, login: str) -> list[Demand]:
    """Return what the rules of a repository ask of somebody who moves a ref."""
    return [
        Demand(
            rule.pattern,
            rule.restricts,
            rule.required_status,
            tuple(
                each.sha
                for sha in {status.sha for status in repository.statuses}
                for each in repository.latest_statuses(sha)
                if each.context == rule.required_status
                and each.state == "success"
                and rule.status_from in {None, each.creator}
            ),
        )
        for rule in repository.rules
        if login not in rule.bypass
    ]


def _admitted(
    state: State, request: GitRequest, matched: re.Match[str], *, is_push: bool
) -> tuple[Token | None, Permission | None, Repository]:
    token = token_of(state, request.headers.get("authorization"))
    try:
        repository = state.repository(f"{matched['owner']}/{matched['name']}")
        return token, permission_for(state, token, repository, PUSH if is_push else FETCH), repository
    except ApiError as error:
        if token is None:
            # A client that sent no token is asked for one, whether the repository exists or not.
            raise ApiError(401, "Repository not found.") from error
        if is_push and error.status == 403:
            name = f"{matched['owner']}/{matched['name']}"
            raise ApiError(403, f"Permission to {name}.git denied to {token.login}.") from error
        raise ApiError(404, "Repository not found.") from error


def _refusal(error: ApiError) -> Reply:
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="GitHub"'
    return Reply(error.status, f"{error.message}\n".encode(), headers)


def _backend(state: State, request: GitRequest, path_info: str, demands: list[Demand], login: str) -> Reply:
    environ = {
        **environment(state.root),
        "GIT_PROJECT_ROOT": os.fspath(state.root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REQUEST_METHOD": request.method,
        "PATH_INFO": path_info,
        "QUERY_STRING": request.query,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_USER": login,
        VARIABLE: as_variable(demands),
    }
    done = subprocess.run(["git", "http-backend"], env=environ, input=request.body, capture_output=True, check=False)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = {name: value for name, _, value in (line.partition(": ") for line in head.decode().split("\r\n"))}
    status = int(headers.pop("Status", "200").split(" ")[0])
    return Reply(status, body, headers)


def _record(state: State, repository: Repository, before: Mapping[str, str], login: str) -> None:
    after = repository.git.refs()
    for ref in sorted(before.keys() | after.keys()):
        old, new = before.get(ref, NO_COMMIT), after.get(ref, NO_COMMIT)
        if old != new:
            state.pushes.append(Push(repository.full_name, ref, old, new, login))
    if before != after:
        after_change(state, repository, login)
