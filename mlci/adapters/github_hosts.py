"""Which address a token may go to: the one of the API, and the one beside it for uploads."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import requests
from typing_extensions import override

from mlci.core.github_event import checked_token

Origin = tuple[str, str, int]
"""Scheme, host and port."""

Authorize = Callable[[requests.PreparedRequest], requests.PreparedRequest]


class WithoutRedirects(requests.Session):
    """requests' session, but blind for redirects: it would prepare the next request even if told not to follow."""

    @override
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return that there is none."""


def bearer(token: str | None) -> Authorize:
    """Return what puts TOKEN into a request; nothing but this function holds it."""
    if token is None:
        return nobody
    checked_token(token)

    def authorize(request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {token}"
        return request

    return authorize


def nobody(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Return REQUEST as it is, without a token."""
    return request


def origin_of(url: str) -> Origin:
    """Return scheme, host and port of an address; an address without them is nowhere."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "", "", 0
    # A user in the address would become a header of requests' own making.
    return (parts.scheme, parts.hostname or "", port) if parts.username is None else ("", "", 0)


def uploads_of(api: Origin) -> Origin:
    """Return where files are uploaded: `uploads.` beside `api.`; an Enterprise Server has one host for both."""
    scheme, host, port = api
    return (scheme, f"uploads.{host.removeprefix('api.')}", port) if host.startswith("api.") else api
