"""Who may do what: the token of a request, what it sees, and whether its permissions suffice."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from tests.fakegithub.answers import bad_credentials, forbidden, not_found, requires_authentication
from tests.fakegithub.permissions import satisfied

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakegithub.permissions import Access, Level, Permission
    from tests.fakegithub.state import Repository, State, Token


def token_of(state: State, authorization: str | None) -> Token | None:
    """Return the token that an `Authorization` header carries, in any of the forms that GitHub takes.

    None without a header. Raises 401 for a secret that was never issued.
    """
    if authorization is None:
        return None
    scheme, _, credentials = authorization.strip().partition(" ")
    match scheme.lower():
        case "bearer" | "token":
            secret = credentials.strip()
        case "basic":
            secret = _password(credentials.strip())
        case _:
            secret = ""
    if secret not in state.tokens:
        raise bad_credentials()
    return state.tokens[secret]


def permissions_in(state: State, token: Token, repository: Repository) -> Mapping[str, Level]:
    """Return what a token may do in a repository; empty where it has nothing to do with it."""
    if token.repository is not None:
        return token.permissions if token.repository == repository.full_name else {}
    match state.role(repository, token.login):
        case None:
            return {}
        case "read" | "triage":
            return dict.fromkeys(token.permissions, "read")
        case "admin" | "maintain" | "write":
            return token.permissions


def sees(state: State, token: Token | None, repository: Repository) -> bool:
    """Say whether a repository exists for a token."""
    return not repository.is_private or (token is not None and bool(permissions_in(state, token, repository)))


def permission_for(state: State, token: Token | None, repository: Repository, access: Access) -> Permission | None:
    """Return the permission by which a token may do something; None where it takes none.

    Raises 401, 403 or 404 as GitHub does.
    """
    if not sees(state, token, repository):
        raise not_found()
    granted = {} if token is None else permissions_in(state, token, repository)
    used = satisfied(access, granted)
    if used is None and access.alternatives and not (access.on_public and not repository.is_private):
        if token is None:
            raise requires_authentication()
        kind = "personal access token" if token.app is None else "integration"
        raise forbidden(f"Resource not accessible by {kind}")
    return used


def _password(credentials: str) -> str:
    try:
        decoded = base64.b64decode(credentials, validate=True).decode()
    except ValueError:
        return ""
    return decoded.partition(":")[2]
