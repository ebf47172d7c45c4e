"""A GitHub on 127.0.0.1: the scene with its network."""

from __future__ import annotations

import re
import sys
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlsplit

from typing_extensions import override

from tests.fakegithub import git_http, rest
from tests.fakegithub.answers import ApiError, Reply
from tests.fakegithub.faults import Fault, Faults
from tests.fakegithub.permissions import Level, Permission, highest
from tests.fakegithub.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from socket import socket
    from types import TracebackType
    from typing import Self

    from tests.fakegithub.state import Token

BLOBS: Final = "/_blobs/"


class ViolationsError(AssertionError):
    """Requests were sent that GitHub does not know, or the fake gave an answer that GitHub would not give."""


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request. `permission` is the one that let it in; None where none was needed, or it was refused."""

    method: str
    path: str
    query: str
    status: int
    operation: str | None
    permission: Permission | None
    token: Token | None
    has_credentials: bool


class FakeGitHub(Scene):
    """A GitHub for tests; a context manager. With the end of the block, violations of GitHub's description are raised.

    `url` serves the REST interface, the uploads (below `/uploads`) and Git: it is GITHUB_API_URL and GITHUB_SERVER_URL.
    """

    def __init__(self, git_root: Path) -> None:
        """Keep the repositories below `git_root`, and listen on a free port of 127.0.0.1."""
        super().__init__(git_root)
        self.log: list[LoggedRequest] = []
        self.violations: list[str] = []
        self._faults = Faults()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _handler_for(self))
        self.url = self.state.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Self:
        """Start to answer."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop; raises `ViolationsError` if there were any and nothing else was raised."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        if error is None and self.violations:
            raise ViolationsError("\n".join(self.violations))

    def clone_url(self, full_name: str) -> str:
        """Return where Git finds a repository."""
        return f"{self.url}/{full_name}.git"

    def fail_next(
        self,
        status: int,
        *,
        headers: Mapping[str, str] | None = None,
        message: str | None = None,
        times: int = 1,
        match: str = "",
        takes_effect: bool = False,
    ) -> None:
        """Answer the next `times` requests whose `METHOD /path?query` the pattern `match` finds with an error.

        With 403 and 429 it is a secondary rate limit. With `takes_effect` the request is carried out before.
        """
        fault = Fault(re.compile(match), times, status, message, headers or {}, takes_effect=takes_effect)
        self._faults.add(fault)

    def drop_next(self, *, times: int = 1, match: str = "", takes_effect: bool = False) -> None:
        """Close the connection of the next requests without an answer."""
        self._faults.add(Fault(re.compile(match), times, 0, takes_effect=takes_effect))

    def delay_next(self, seconds: float, *, times: int = 1, match: str = "") -> None:
        """Answer the next requests late; the end of the block does not wait for it."""
        self._faults.add(Fault(re.compile(match), times, None, delay_seconds=seconds))

    def permissions_used(self, secret: str) -> dict[str, Level]:
        """Return the least `permissions:` that would have done for the requests that a token was let in with."""
        used = [each.permission for each in self.log if each.token is not None and each.token.secret == secret]
        return highest(each for each in used if each is not None)

    def requests(self, operation: str) -> list[LoggedRequest]:
        """Return the requests for an operation (an operationId, or `git-upload-pack`, `git-receive-pack`)."""
        return [each for each in self.log if each.operation == operation]

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply | None:
        """Answer one request, its headers by names in small letters; None: close the connection."""
        parts = urlsplit(target)
        fault = self._faults.next_for(f"{method} {target}")
        outcome = _Outcome(Reply(200))
        if fault is None or fault.is_carried_out():
            outcome = self._outcome(method, parts.path, parts.query, headers, body)
        reply: Reply | None = outcome.reply
        if fault is not None:
            self._closing.wait(fault.delay_seconds)
            reply = fault.instead_of(outcome.reply)
        entry = LoggedRequest(
            method=method,
            path=parts.path,
            query=parts.query,
            status=0 if reply is None else reply.status,
            operation=outcome.operation,
            permission=outcome.used,
            token=outcome.token,
            has_credentials="authorization" in headers,
        )
        self.log.append(entry)
        return reply

    def _outcome(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> _Outcome:
        if path.startswith(BLOBS):
            return _Outcome(self._blob(path.removeprefix(BLOBS), headers))
        if git_http.is_git(path):
            git = git_http.answer(self.state, git_http.GitRequest(method, path, query, headers, body))
            return _Outcome(git.reply, git.service, git.token, git.used)
        answer = rest.answer(self.state, rest.RestRequest(method, path, query, headers, body))
        if answer.violation is not None:
            self.violations.append(answer.violation)
        return _Outcome(answer.reply, answer.operation, answer.token, answer.used)

    def _blob(self, key: str, headers: Mapping[str, str]) -> Reply:
        """Answer as the blob store does, which takes a signed address and nobody's token."""
        if "authorization" in headers:
            return ApiError(400, "Authentication information is not given in the correct format.").reply()
        content_type, content = self.state.blobs.get(key, ("", b""))
        if not content_type:
            return ApiError(404, "The specified resource does not exist.").reply()
        return Reply(200, content, {"Content-Type": content_type})


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A reply, and what the log tells about it."""

    reply: Reply
    operation: str | None = None
    token: Token | None = None
    used: Permission | None = None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    @override
    def handle_error(self, request: socket | tuple[bytes, socket], client_address: object) -> None:
        """Take no notice of clients that did not wait for the answer."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler_for(fake: FakeGitHub) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        github = fake

    return Handler


class _Handler(BaseHTTPRequestHandler):
    github: ClassVar[FakeGitHub]
    protocol_version = "HTTP/1.1"
    server_version = "github.com"
    sys_version = ""
    wbufsize = -1  # head and body leave in one piece
    disable_nagle_algorithm = True

    @override
    def date_time_string(self, timestamp: float | None = None) -> str:
        """Return the time of the header `Date`, by the fake's own clock."""
        return super().date_time_string(self.github.state.clock.last.timestamp() if timestamp is None else timestamp)

    @override
    def log_message(self, format: str, *args: object) -> None:
        """Print nothing; FakeGitHub.log has it."""

    def do(self) -> None:
        """Answer one request of any method."""
        body = self._chunked() if self.headers.get("Transfer-Encoding") == "chunked" else self._counted()
        try:
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = self.github.answer(self.command, self.path, headers, body)
        except Exception as error:  # noqa: BLE001 - a bug in the fake has to reach the test, which waits in a client
            self.github.violations.append(f"the fake itself failed on {self.command} {self.path}: {error!r}")
            reply = Reply(500, {"message": repr(error)})
        if reply is None:
            self.close_connection = True
            return
        content, content_type = reply.content(), reply.content_type()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if content_type is not None:
            self.send_header("Content-Type", content_type)
        if reply.status != 204:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do  # noqa: N815 - the names are the library's

    def _counted(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunked(self) -> bytes:
        parts: list[bytes] = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # what follows the last chunk is of no interest
        return b"".join(parts)
