"""What the fake answers: replies, and the errors with GitHub's words and form."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENTATION: Final = "https://docs.github.com/rest"
NOT_FOUND: Final = "Not Found"


@dataclass(frozen=True, slots=True)
class Reply:
    """A status with a JSON body, with bytes, or (None) without a body."""

    status: int
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> bytes:
        """Return the bytes of the body."""
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()

    def content_type(self) -> str | None:
        """Return the Content-Type that fits the body; None where the headers name it or there is no body."""
        if self.body is None or isinstance(self.body, bytes):
            return None
        return "application/json; charset=utf-8"


class NotImitatedError(Exception):
    """GitHub knows what was asked, and the fake does not imitate it: a test shall fail rather than believe it."""


class ApiError(Exception):
    """An error that GitHub answers with; `errors` says more about a 422."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        errors: list[dict[str, str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.errors = errors
        self.headers = headers or {}

    def reply(self, documentation_url: str = DOCUMENTATION) -> Reply:
        """Return the error as GitHub sends it."""
        body: dict[str, object] = {"message": self.message}
        if self.errors is not None:
            body["errors"] = self.errors
        body |= {"documentation_url": documentation_url, "status": str(self.status)}
        return Reply(self.status, body, self.headers)


def not_found() -> ApiError:
    """Return 404; also for what the token may not know of."""
    return ApiError(404, NOT_FOUND)


def bad_credentials() -> ApiError:
    """Return 401 for a token that GitHub never issued, or that is no longer valid."""
    return ApiError(401, "Bad credentials")


def requires_authentication() -> ApiError:
    """Return 401 for a request without a token."""
    return ApiError(401, "Requires authentication")


def forbidden(message: str) -> ApiError:
    """Return 403."""
    return ApiError(403, message)


def invalid(resource: str, field_name: str, code: str, message: str | None = None) -> ApiError:
    """Return 422 for one field; `code` is `missing_field`, `already_exists`, `invalid`, `custom` …"""
    error = {"resource": resource, "code": code, "field": field_name}
    if message is not None:
        error["message"] = message
    return ApiError(422, "Validation Failed", errors=[error])


def no_commit(revision: str) -> ApiError:
    """Return 422 for a commit that the repository does not have."""
    return ApiError(422, f"No commit found for SHA: {revision}")
