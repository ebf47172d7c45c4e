"""The REST interface: find the operation, let the token in or not, check what comes and what goes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote

from tests.fakegithub.answers import (
    DOCUMENTATION,
    ApiError,
    NotImitatedError,
    Reply,
    forbidden,
    not_found,
    requires_authentication,
)
from tests.fakegithub.call import PAGING, Call, Fields
from tests.fakegithub.gate import permission_for, token_of
from tests.fakegithub.openapi import Operation, description
from tests.fakegithub.permissions import OPERATIONS
from tests.fakegithub.routes.releases import UPLOADS
from tests.fakegithub.routes.repositories import HOURLY_LIMIT
from tests.fakegithub.routes.table import ROUTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakegithub.permissions import Permission
    from tests.fakegithub.state import Repository, State, Token

VERSION: Final = "2022-11-28"
_BY_ID: Final = re.compile(r"/repositories/(\d+)(/.*)?")


@dataclass(frozen=True, slots=True)
class RestRequest:
    """A request, as it came over HTTP; the names of its headers are in small letters."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class RestAnswer:
    """The answer, what the log tells of it, and what was wrong with the request or (our fault) with the answer."""

    reply: Reply
    operation: str | None
    token: Token | None
    used: Permission | None
    violation: str | None


class _ViolationError(Exception):
    """A request that GitHub's description does not allow, or an answer that it does not."""


def answer(state: State, request: RestRequest) -> RestAnswer:
    """Answer a request, under the lock of the state."""
    with state.lock:
        exchange = _Exchange(state, request)
        violation = None
        try:
            reply = exchange.reply()
        except ApiError as error:
            reply = error.reply(exchange.documentation_url())
            violation = exchange.objection_to(reply)
        except _ViolationError as error:
            reply, violation = Reply(500), str(error)
        except NotImitatedError as error:
            reply, violation = Reply(500), f"the fake does not know {error}"
        if violation is not None:
            reply = ApiError(500, violation).reply(exchange.documentation_url())
            violation = f"{request.method} {request.path}: {violation}"
        reply = Reply(reply.status, reply.body, {**exchange.headers(), **reply.headers})
        operation = None if exchange.operation is None else exchange.operation.name
        return RestAnswer(reply, operation, exchange.token, exchange.used, violation)


class _Exchange:
    """One request on its way; what is known of it by and by."""

    def __init__(self, state: State, request: RestRequest) -> None:
        self._state = state
        self._request = request
        self._path = _by_name(state, request.path.removeprefix(UPLOADS))
        found = description().find(request.method, self._path)
        self.operation: Operation | None = found[0] if found else None
        self._parameters = found[1] if found else {}
        self.token: Token | None = None
        self.used: Permission | None = None

    def reply(self) -> Reply:
        """Return the reply of the operation's route; raises `ApiError`, `_ViolationError`, `NotImitatedError`."""
        self._check_headers()
        self.token = token_of(self._state, self._request.headers.get("authorization"))
        if self.operation is None:
            raise not_found()
        repository = self._admit(self.operation)
        reply = ROUTES[self.operation.name].answer(self._call(self.operation, repository))
        objection = self.objection_to(reply)
        if objection is not None:
            raise _ViolationError(f"the fake itself: {objection}")
        return reply

    def objection_to(self, reply: Reply) -> str | None:
        """Return why GitHub would not give this reply."""
        if self.operation is None:
            return description().objection_to_error(reply.body)
        return description().objection_to_answer(self.operation, reply.status, reply.body)

    def documentation_url(self) -> str:
        """Return the page that GitHub's errors name."""
        return DOCUMENTATION if self.operation is None else self.operation.documentation_url

    def headers(self) -> dict[str, str]:
        """Return what GitHub sends with every answer."""
        accepted = "" if self.operation is None else OPERATIONS[self.operation.name].header()
        return {
            "X-GitHub-Media-Type": "github.v3; format=json",
            "X-GitHub-Api-Version-Selected": VERSION,
            "X-RateLimit-Limit": str(HOURLY_LIMIT),
            "X-RateLimit-Remaining": str(HOURLY_LIMIT - 1),
            **({"X-Accepted-GitHub-Permissions": accepted} if accepted else {}),
        }

    def _check_headers(self) -> None:
        if not self._request.headers.get("user-agent"):
            raise forbidden("Request forbidden by administrative rules. Please make sure it has a User-Agent header.")
        version = self._request.headers.get("x-github-api-version", VERSION)
        if version != VERSION:
            raise ApiError(400, f"The API version {version} is not supported.")

    def _admit(self, operation: Operation) -> Repository | None:
        if "owner" not in self._parameters:
            if self.token is None and operation.name == "users/get-authenticated":
                raise requires_authentication()
            return None
        repository = self._state.repository(f"{self._parameters['owner']}/{self._parameters['repo']}")
        self.used = permission_for(self._state, self.token, repository, OPERATIONS[operation.name])
        return repository

    def _call(self, operation: Operation, repository: Repository | None) -> Call:
        query = dict(parse_qsl(self._request.query, keep_blank_values=True))
        body = None if operation.takes_bytes else _json(self._request.body)
        objection = description().objection_to_query(operation, query)
        if objection is None and not operation.takes_bytes:
            objection = description().objection_to_body(operation, body)
        if objection is not None:
            raise _ViolationError(objection)
        fields = body if isinstance(body, dict) else {}
        unheeded = {*query, *fields} - ROUTES[operation.name].honours - PAGING
        if unheeded:
            raise NotImitatedError(f"{', '.join(sorted(unheeded))} of {operation.name}")
        return Call(
            state=self._state,
            token=self.token,
            used=self.used,
            place=repository,
            address=self._path,
            is_upload=self._request.path.startswith(UPLOADS),
            path=Fields(self._parameters),
            query=Fields(query),
            body=Fields(fields),
            content=self._request.body,
            content_type=self._request.headers.get("content-type", ""),
            accept=self._request.headers.get("accept", "*/*"),
        )


def _by_name(state: State, path: str) -> str:
    """Return a path that names its repository; GitHub's own links give the number of the repository instead."""
    matched = _BY_ID.fullmatch(path)
    names = {str(each.id): each.full_name for each in state.repositories.values()}
    if matched is None or matched[1] not in names:
        return path
    return f"/repos/{quote(names[matched[1]])}{matched[2] or ''}"


def _json(body: bytes) -> object:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError as error:
        raise ApiError(400, "Problems parsing JSON") from error
