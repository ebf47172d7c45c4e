"""A host on loopback that answers as it was told, in order, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType
    from typing import Self


@dataclass(frozen=True)
class Answer:
    """One answer; `declared` is a Content-Length other than the body's."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    declared: int | None = None


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def token(self) -> str | None:
        return self.headers.get("authorization")


def answer(value: object, status: int = 200, **headers: str) -> Answer:
    """Return an answer with a JSON body; `Retry_After="1"` is the header Retry-After."""
    return Answer(status, json.dumps(value).encode(), {name.replace("_", "-"): text for name, text in headers.items()})


class ScriptedHost:
    """`with ScriptedHost() as host: host.answers(...)`; what is asked without an answer left gets 599."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._script: list[Answer] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def answers(self, *script: Answer) -> None:
        self._script.extend(script)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        host = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", "0")))
                headers = {name.lower(): value for name, value in self.headers.items()}
                host.asked.append(Asked(self.command, self.path, headers, body))
                said = host._script.pop(0) if host._script else Answer(599)
                # The library's own way tells the time of this machine, too.
                (self.send_response_only if "Date" in said.headers else self.send_response)(said.status)
                for name, value in said.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(said.body) if said.declared is None else said.declared))
                self.end_headers()
                if self.command != "HEAD":  # whose answer has no body, whatever length it tells
                    self.wfile.write(said.body)

            do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = do_DELETE = _answer  # noqa: N815 - http.server's names

            @override
            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler
