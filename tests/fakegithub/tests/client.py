"""A small client of the REST interface, and the place that most tests begin with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakegithub.server import FakeGitHub

REPOSITORY = "acme/tumour"


class Client:
    """Sends requests about one repository with one token; follows no redirects."""

    def __init__(self, url: str, token: str | None = None, repository: str = REPOSITORY) -> None:
        self.url = url
        self.token = token
        self._prefix = f"{url}/repos/{repository}"
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy, no .netrc
        if token is not None:
            self._session.headers["Authorization"] = f"Bearer {token}"

    def ask(
        self,
        method: str,
        path: str = "",
        json: object = None,
        *,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send one request; `path` is what follows the repository, or a whole address."""
        address = path if path.startswith("http") else self._prefix + path
        return self._session.request(
            method, address, json=json, data=data, headers=headers, allow_redirects=False, timeout=20
        )

    def get(self, path: str = "", **query: str | int) -> Any:  # noqa: ANN401 - any JSON value
        """Return the JSON of an answer that is 200."""
        text = "&".join(f"{name}={value}" for name, value in query.items())
        return self.expect(200, "GET", f"{path}?{text}" if text else path)

    def expect(self, status: int, method: str, path: str = "", json: object = None) -> Any:  # noqa: ANN401 - as get
        """Return the JSON (None: no body) of an answer that has this status."""
        answer = self.ask(method, path, json)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None


@dataclass(frozen=True, slots=True)
class Place:
    """The repository that most tests begin with, and the tips of its two branches."""

    github: FakeGitHub
    base: str
    head: str

    def client(self, permissions: Mapping[str, str]) -> Client:
        """Return a client with a GITHUB_TOKEN that has these permissions."""
        return Client(self.github.url, self.github.issue_token(REPOSITORY, permissions))
