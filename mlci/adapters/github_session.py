"""Talking to GitHub's REST API: one token that goes to one place, time-outs, patience, and errors that help.

The token is in no address, no error and no log, and goes to the API's own host only: redirects are followed here and
not by requests, which knows nothing of that.
"""

from __future__ import annotations

import hashlib
import json
import time
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO, Final, TypeVar
from urllib.parse import urlencode, urljoin, urlsplit

import requests
from pydantic import TypeAdapter, ValidationError
from requests.utils import parse_header_links

from mlci.adapters.github_hosts import Authorize, WithoutRedirects, bearer, nobody, origin_of, uploads_of
from mlci.adapters.github_refusals import (
    Reply,
    limited_seconds,
    rate_limited,
    refusal,
    retry_after_seconds,
    unreachable,
)
from mlci.core.github_event import API_URL, LOOPBACK, checked_url
from mlci.core.plain_text import one_line
from mlci.errors import IntegrityError, OutsideError
from mlci.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from mlci.errors import MlciError

CONNECT_SECONDS: Final = 10
READ_SECONDS: Final = 60
ATTEMPTS: Final = 4
LONGEST_WAIT_SECONDS: Final = 120
"""The longest pause that GitHub may ask for; a longer one is an error that names it."""

PER_PAGE: Final = 100
MOST_PAGES: Final = 200
MOST_REDIRECTS: Final = 5
LARGEST_ANSWER_BYTES: Final = 32 << 20
_CHUNK_BYTES: Final = 1 << 20
_JSON: Final = "application/vnd.github+json"
_BYTES: Final = "application/octet-stream"
_TRANSIENT: Final = frozenset({500, 502, 503, 504})
# A renamed repository. Everything else leads to where bytes lie, and there no token goes.
_MOVED: Final = frozenset({301, 307, 308})
_SAME_METHOD: Final = frozenset({307, 308})
_REDIRECTS: Final = _MOVED | {302, 303}

Shape = TypeVar("Shape")
_Taken = TypeVar("_Taken")
# More digits than any length has; int() of very long texts is an error.
_DIGITS: Final = 16


@dataclass(frozen=True, slots=True)
class _Call:
    """One question; `is_repeatable`: asking twice is the same as once."""

    method: str
    url: str
    accept: str = _JSON
    content: bytes | BinaryIO | None = None
    is_repeatable: bool = True

    @property
    def headers(self) -> dict[str, str]:
        if self.content is None:
            return {"Accept": self.accept}
        return {
            "Accept": self.accept,
            "Content-Type": "application/json" if isinstance(self.content, bytes) else _BYTES,
        }

    @property
    def place(self) -> str:
        """What an error shows of the call: no query, which may be signed."""
        return one_line(f"{self.method} {urlsplit(self.url).path}", 200)


class GithubSession:
    """The API of one GitHub (github.com or an Enterprise), with one token or none."""

    def __init__(
        self,
        token: str | None,
        *,
        api_url: str = API_URL,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Speak to `api_url`; `now` (seconds since 1970) and `sleep` are arguments for tests, which do not wait.

        Raises `UsageError`: "bad-url" if a token must not go there, "bad-token" if it cannot be one.
        """
        is_local = checked_url(api_url).hostname in LOOPBACK
        self._api_url = api_url.rstrip("/")
        self._api = origin_of(api_url)
        self._uploads = uploads_of(self._api)
        self._now = now
        self._sleep = sleep
        self._authorize = bearer(token)
        self._date = ""
        self._requests = WithoutRedirects()
        self._requests.headers.update({"User-Agent": f"mlci/{VERSION}", "X-GitHub-Api-Version": "2022-11-28"})
        # A proxy of the environment would see a token that goes over http, as it does on this machine only.
        self._requests.trust_env = not is_local

    @property
    def time(self) -> datetime:
        """What time it was by GitHub's clock at its latest answer; our own may be wrong by a day.

        Raises `OutsideError("github-malformed")` where it did not say.
        """
        try:
            return parsedate_to_datetime(self._date)
        except ValueError:
            raise OutsideError(
                "github-malformed",
                "GitHub's answer does not say what time it is",
                cause="A proxy took out the header Date.",
                hint="Ask GitHub without that proxy.",
            ) from None

    def get(self, path: str, shape: type[Shape], query: Mapping[str, str] | None = None) -> Shape:
        """Return what lies at PATH as a SHAPE (a type that pydantic can read)."""
        return _shaped(self._ask(_Call("GET", self._address(path, query))), shape)

    def find(self, path: str, shape: type[Shape]) -> Shape | None:
        """Return what lies at PATH as a SHAPE, `None` if GitHub says that there is nothing."""
        reply = self._ask(_Call("GET", self._address(path)), or_nothing=True)
        return None if reply.status == HTTPStatus.NOT_FOUND else _shaped(reply, shape)

    def pages(self, path: str, shape: type[Shape], query: Mapping[str, str] | None = None) -> Iterator[Shape]:
        """Yield every page of the list at PATH as a SHAPE, as far as the `Link` headers lead."""
        url = self._address(path, {**(query or {}), "per_page": str(PER_PAGE)})
        for _ in range(MOST_PAGES):
            reply = self._ask(_Call("GET", url))
            yield _shaped(reply, shape)
            following = _next(reply)
            if following is None:
                return
            if origin_of(following) != self._api:
                raise _elsewhere(following)
            url = following
        raise OutsideError("github-endless", f"a list has more than {MOST_PAGES * PER_PAGE:,} entries", where=path)

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, object],
        shape: type[Shape],
        *,
        is_repeatable: bool | None = None,
    ) -> Shape:
        """Send BODY to PATH and return the answer as a SHAPE; a POST is repeated only if it is said to be harmless."""
        repeatable = method != "POST" if is_repeatable is None else is_repeatable
        content = json.dumps(body).encode()
        return _shaped(self._ask(_Call(method, self._address(path), _JSON, content, repeatable)), shape)

    def delete(self, path: str) -> None:
        """Delete what lies at PATH; that it is gone already is as good."""
        self._ask(_Call("DELETE", self._address(path)), or_nothing=True)

    def upload(self, url: str, query: Mapping[str, str], file: BinaryIO, shape: type[Shape]) -> Shape:
        """Send FILE to the `upload_url` that GitHub named, and return the answer as a SHAPE.

        Raises `IntegrityError("redirect-refused")` if that is not a host of this GitHub.
        """
        bare = url.partition("{")[0]
        call = _Call("POST", f"{bare}?{urlencode(query)}", _JSON, file, is_repeatable=False)
        if origin_of(bare) not in {self._api, self._uploads}:
            raise _elsewhere(bare)
        return _shaped(self._ask(call), shape)

    def download(self, path: str, into: BinaryIO, limit_bytes: int) -> str:
        """Write the bytes at PATH to INTO and return their sha256; another host that they lie on never sees the token.

        Raises `IntegrityError("download-too-large")` before more than LIMIT_BYTES are written.
        """
        start = into.tell()

        def take(response: requests.Response) -> str:
            into.seek(start)
            into.truncate()
            digest = hashlib.sha256()
            for chunk in _limited(response, limit_bytes):
                digest.update(chunk)
                into.write(chunk)
            return digest.hexdigest()

        return self._patiently(_Call("GET", self._address(path), _BYTES), take)

    def _address(self, path: str, query: Mapping[str, str] | None = None) -> str:
        return f"{self._api_url}{path}" + (f"?{urlencode(query)}" if query else "")

    def _ask(self, call: _Call, *, or_nothing: bool = False) -> Reply:
        reply = self._patiently(call, _read, or_nothing=or_nothing)
        self._date = reply.headers.get("date", "")
        return reply

    def _patiently(
        self, call: _Call, take: Callable[[requests.Response], _Taken], *, or_nothing: bool = False
    ) -> _Taken:
        """Return what TAKE makes of a success, asking again where that may help."""
        attempt = 0
        while True:
            taken = self._once(call, take, back_off=2.0**attempt, or_nothing=or_nothing)
            if not isinstance(taken, _Failure):
                return taken
            attempt += 1
            # Raised here, outside every `except`: an error of requests holds the request, and with it the token.
            if taken.pause is None or attempt == ATTEMPTS:
                raise taken.problem
            self._sleep(taken.pause)

    def _once(
        self, call: _Call, take: Callable[[requests.Response], _Taken], *, back_off: float, or_nothing: bool
    ) -> _Taken | _Failure:
        try:
            with self._followed(call) as response:
                if response.ok or (or_nothing and response.status_code == HTTPStatus.NOT_FOUND):
                    return take(response)
                reply = _read(response)
        except requests.RequestException as error:
            problem = unreachable(self._api_url, type(error).__name__, call.place)
            return _Failure(problem, back_off if call.is_repeatable else None)
        return self._failure(call, reply, back_off)

    def _failure(self, call: _Call, reply: Reply, back_off: float) -> _Failure:
        """Return what a refusal means and whether patience helps; a rate limit has done nothing yet, for POST too."""
        asked = limited_seconds(reply, self._now())
        if asked is None:
            problem = refusal(reply, call.place)
            if reply.status not in _TRANSIENT or not call.is_repeatable:
                return _Failure(problem, None)
            asked = retry_after_seconds(reply, self._now())
            pause = back_off if asked is None else asked
        else:
            problem, pause = rate_limited(asked, call.place), max(asked, back_off)
        return _Failure(problem, pause if pause <= LONGEST_WAIT_SECONDS else None)

    @contextmanager
    def _followed(self, call: _Call) -> Iterator[requests.Response]:
        """Yield the answer at the end of the redirects; the token goes to the API's own addresses only."""
        url, has_token = call.url, True
        for _ in range(MOST_REDIRECTS + 1):
            is_ours = origin_of(url) in {self._api, self._uploads}
            with self._send(call, url, self._authorize if has_token and is_ours else nobody) as response:
                if response.status_code not in _REDIRECTS:
                    yield response
                    return
                has_token = has_token and response.status_code in _MOVED
                url = self._target(call, url, response)
        raise IntegrityError("redirect-refused", f"more than {MOST_REDIRECTS} redirects", where=call.place)

    def _send(self, call: _Call, url: str, authorize: Authorize) -> requests.Response:
        if call.content is not None and not isinstance(call.content, bytes):
            call.content.seek(0)
        return self._requests.request(
            call.method,
            url,
            headers=call.headers,
            data=call.content,
            # Never None: requests would look into ~/.netrc.
            auth=authorize,
            allow_redirects=False,
            stream=True,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
        )

    def _target(self, call: _Call, url: str, response: requests.Response) -> str:
        """Return where a redirect leads, if we go there."""
        try:
            target = urljoin(url, response.headers.get("location", ""))
        except ValueError:
            raise _elsewhere("") from None
        origin = origin_of(target)
        is_same_request = response.status_code in _SAME_METHOD and origin == self._api
        if origin[0] not in {"https", self._api[0]} or not (call.method == "GET" or is_same_request):
            raise _elsewhere(target)
        return target


@dataclass(frozen=True, slots=True)
class _Failure:
    """What went wrong, and how long to wait before asking again; `None`: asking again is no use or no good."""

    problem: MlciError
    pause: float | None


def _next(reply: Reply) -> str | None:
    links = parse_header_links(reply.headers.get("link", ""))
    return next((link["url"] for link in links if link.get("rel") == "next"), None)


def _read(response: requests.Response) -> Reply:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Reply(response.status_code, headers, b"".join(_limited(response, LARGEST_ANSWER_BYTES)))


def _limited(response: requests.Response, limit_bytes: int) -> Iterator[bytes]:
    """Yield the body, unpacked, as long as it keeps the limit; what says at once that it does not is not begun."""
    said = response.headers.get("content-length", "")
    received = int(said) if said.isascii() and said.isdigit() and len(said) < _DIGITS else 0
    if received <= limit_bytes:
        received = 0
        for chunk in response.iter_content(_CHUNK_BYTES):
            received += len(chunk)
            if received > limit_bytes:
                break
            yield chunk
        else:
            return
    raise IntegrityError("download-too-large", f"GitHub's answer has more than {limit_bytes:,} bytes")


def _shaped(reply: Reply, shape: type[Shape]) -> Shape:
    try:
        return TypeAdapter(shape).validate_json(reply.body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    raise OutsideError(
        "github-malformed",
        f"GitHub's answer is not as its documentation says: {one_line(first['msg'], 120)}",
        where=one_line(place, 80) or None,
        cause="A proxy answered in GitHub's place, or GITHUB_API_URL is not the address of an API.",
        hint="On an Enterprise Server the address ends in /api/v3.",
    )


def _elsewhere(url: str) -> IntegrityError:
    return IntegrityError(
        "redirect-refused",
        "GitHub's answer leads to a place that mlci does not follow it to",
        where=one_line(origin_of(url)[1], 100) or None,
        cause="A proxy answered in GitHub's place, or GITHUB_API_URL is not the address of an API.",
    )
