from __future__ import annotations

import gc
import gzip
import hashlib
import io
import json
import socket
import traceback
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel

from mlci.adapters.github_session import ATTEMPTS, GithubSession
from mlci.errors import IntegrityError, MlciError, OutsideError, UsageError
from tests.adapters.scripted_host import Answer, ScriptedHost, answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CANARY = "ghs_canary0123456789abcdefghijklmnopqrstuvwx"
NOW = 1_800_000_000.0


class Named(BaseModel):
    name: str


@pytest.fixture
def host() -> Iterator[ScriptedHost]:
    with ScriptedHost() as running:
        yield running


@pytest.fixture
def blobs() -> Iterator[ScriptedHost]:
    """Another host, as the one where artifacts lie."""
    with ScriptedHost() as running:
        yield running


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def session(host: ScriptedHost, slept: list[float]) -> GithubSession:
    return GithubSession(CANARY, api_url=host.url, now=lambda: NOW, sleep=slept.append)


def test_get__asks_as_github_wants_it(host: ScriptedHost, session: GithubSession) -> None:
    host.answers(answer({"name": "tumour", "more": 1}))
    assert session.get("/repos/acme/tumour", Named, {"a": "b/c d"}) == Named(name="tumour")
    asked = host.asked[0]
    assert (asked.method, asked.path) == ("GET", "/repos/acme/tumour?a=b%2Fc+d")
    assert asked.token == f"Bearer {CANARY}"
    assert asked.headers["accept"] == "application/vnd.github+json"
    assert asked.headers["x-github-api-version"] == "2022-11-28"
    assert asked.headers["user-agent"].startswith("mlci/")


def test_get__without_a_token_sends_none_even_if_netrc_has_one(
    host: ScriptedHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    host.answers(answer({"name": "x"}), answer({"name": "x"}))
    GithubSession(None, api_url=host.url).get("/x", Named)
    GithubSession(CANARY, api_url=host.url).get("/x", Named)
    assert [asked.token for asked in host.asked] == [None, f"Bearer {CANARY}"]


def test_get__on_this_machine_asks_no_proxy(
    host: ScriptedHost, session: GithubSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    host.answers(answer({"name": "x"}))
    assert session.get("/x", Named).name == "x"


def test_find__what_is_not_there(host: ScriptedHost, session: GithubSession) -> None:
    host.answers(answer({"message": "Not Found"}, 404))
    assert session.find("/x", Named) is None


def test_send__json(host: ScriptedHost, session: GithubSession) -> None:
    host.answers(answer({"name": "made"}, 201))
    assert session.send("POST", "/x", {"body": "größer"}, Named).name == "made"
    assert json.loads(host.asked[0].body) == {"body": "größer"}
    assert host.asked[0].headers["content-type"] == "application/json"


def test_delete__what_is_gone_already(host: ScriptedHost, session: GithubSession) -> None:
    host.answers(Answer(204, b""), answer({"message": "Not Found"}, 404))
    session.delete("/x")
    session.delete("/x")
    assert [asked.method for asked in host.asked] == ["DELETE", "DELETE"]


def test_pages__follow_the_links_to_the_end(host: ScriptedHost, session: GithubSession) -> None:
    following = f'<{host.url}/list?page=2>; rel="next", <{host.url}/list?page=2>; rel="last"'
    host.answers(answer([1, 2], Link=following), answer([3], Link=f'<{host.url}/list>; rel="first"'))
    assert list(session.pages("/list", list[int], {"state": "open"})) == [[1, 2], [3]]
    assert [asked.path for asked in host.asked] == ["/list?state=open&per_page=100", "/list?page=2"]


def test_pages__a_link_to_another_host_is_not_followed(
    host: ScriptedHost, blobs: ScriptedHost, session: GithubSession
) -> None:
    host.answers(answer([1], Link=f'<{blobs.url}/list>; rel="next"'))
    with pytest.raises(IntegrityError) as caught:
        list(session.pages("/list", list[int]))
    assert caught.value.code == "redirect-refused"
    assert blobs.asked == []


def test_pages__that_never_end(host: ScriptedHost, session: GithubSession) -> None:
    host.answers(*[answer([1], Link=f'<{host.url}/list>; rel="next"')] * 201)
    with pytest.raises(OutsideError) as caught:
        list(session.pages("/list", list[int]))
    assert (caught.value.code, len(host.asked)) == ("github-endless", 200)


# Patience


def test_transient__is_asked_again_with_longer_and_longer_pauses(
    host: ScriptedHost, session: GithubSession, slept: list[float]
) -> None:
    host.answers(Answer(502), Answer(503), Answer(504), answer({"name": "x"}))
    assert session.get("/x", Named).name == "x"
    assert slept == [1, 2, 4]


def test_transient__ends_after_some_attempts(host: ScriptedHost, session: GithubSession, slept: list[float]) -> None:
    host.answers(*[answer({"message": "Server Error"}, 502)] * 9)
    with pytest.raises(OutsideError, match="GitHub failed: Server Error") as caught:
        session.get("/x?sig=secret", Named)
    assert (caught.value.code, caught.value.where) == ("github-unavailable", "GET /x")
    assert (len(host.asked), len(slept)) == (ATTEMPTS, ATTEMPTS - 1)


def test_transient__a_post_is_not_repeated_unless_it_is_harmless(host: ScriptedHost, session: GithubSession) -> None:
    host.answers(Answer(502), Answer(502), answer({"name": "x"}, 201))
    with pytest.raises(OutsideError):
        session.send("POST", "/comments", {}, Named)
    session.send("POST", "/statuses", {}, Named, is_repeatable=True)
    assert [asked.path for asked in host.asked] == ["/comments", "/statuses", "/statuses"]


def test_transient__retry_after_is_kept(host: ScriptedHost, session: GithubSession, slept: list[float]) -> None:
    host.answers(Answer(503, headers={"Retry-After": "7"}), answer({"name": "x"}))
    session.get("/x", Named)
    assert slept == [7]


LIMITS: dict[str, tuple[Answer, float]] = {
    "seconds": (Answer(403, headers={"Retry-After": "9"}), 9),
    "date": (Answer(429, headers={"Retry-After": "Fri, 15 Jan 2027 08:00:30 GMT"}), 30),
    "reset": (Answer(403, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1800000042"}), 43),
    "secondary": (answer({"message": "You have exceeded a secondary rate limit."}, 403), 60),
    "too many": (Answer(429), 60),
    "at once": (Answer(429, headers={"Retry-After": "0"}), 1),
}


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("method", ["PATCH", "POST"])
def test_rate_limit__is_waited_for_with_a_post_too(
    host: ScriptedHost, session: GithubSession, slept: list[float], limit: str, method: str
) -> None:
    refused, seconds = LIMITS[limit]
    host.answers(refused, answer({"name": "x"}))
    session.send(method, "/x", {"body": "b"}, Named)
    assert slept == [seconds]
    assert [asked.body for asked in host.asked] == [b'{"body": "b"}'] * 2


def test_rate_limit__of_an_hour_is_told_and_not_waited_for(
    host: ScriptedHost, session: GithubSession, slept: list[float]
) -> None:
    host.answers(Answer(403, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(NOW) + 3599)}))
    with pytest.raises(OutsideError, match="no more calls for 3600 seconds") as caught:
        session.get("/x", Named)
    assert (caught.value.code, slept) == ("rate-limited", [])


def test_unreachable__is_tried_again_and_told(slept: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        closed = taken.getsockname()[1]
    session = GithubSession(CANARY, api_url=f"http://127.0.0.1:{closed}", sleep=slept.append)
    with pytest.raises(OutsideError, match=f"http://127.0.0.1:{closed} does not answer: ConnectionError") as caught:
        session.get("/x", Named)
    assert (caught.value.code, len(slept)) == ("github-unreachable", ATTEMPTS - 1)


# Refusals


def refusal(host: ScriptedHost, session: GithubSession, said: Answer) -> MlciError:
    host.answers(said)
    with pytest.raises(MlciError) as caught:
        session.send("POST", "/repos/acme/tumour/statuses/abc", {}, Named)
    return caught.value


def test_refused__the_token(host: ScriptedHost, session: GithubSession) -> None:
    error = refusal(host, session, answer({"message": "Bad credentials"}, 401))
    assert (error.code, error.exit_code) == ("token-refused", 5)
    assert error.hint == "Run the job again; in the workflow: MLCI_TOKEN: ${{ github.token }}"


@pytest.mark.parametrize(
    ("accepted", "line"),
    [
        ("statuses=write", "permissions: {statuses: write}"),
        ("issues=write; pull_requests=write", "permissions: {pull-requests: write}"),
        ("contents=write,actions=read", "permissions: {contents: write, actions: read}"),
        ("administration=write; contents=read", "permissions: {contents: read}"),
        ("contents=write,workflows=write", "permissions: {contents: write}"),
        ("metadata=read", None),
        ("", None),
        ("x: {y}\n=write", None),
    ],
)
def test_refused__a_permission_with_the_line_to_add(
    host: ScriptedHost, session: GithubSession, accepted: str, line: str | None
) -> None:
    header = {"X-Accepted-GitHub-Permissions": accepted.replace("\n", " ")}
    body = b'{"message": "Resource not accessible by integration"}'
    error = refusal(host, session, Answer(403, body, header))
    assert (error.code, error.exit_code) == ("permission-missing", 2)
    assert error.problem == "the token may not do this: Resource not accessible by integration"
    assert error.where == "POST /repos/acme/tumour/statuses/abc"
    assert error.hint == line


def test_refused__not_found_may_mean_not_allowed(host: ScriptedHost, session: GithubSession) -> None:
    error = refusal(host, session, answer({"message": "Not Found"}, 404))
    assert (error.code, error.hint) == ("github-not-found", "permissions: {contents: read}")


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            answer({"message": "Validation Failed", "errors": [{"field": "body", "code": "too_long"}, "x"]}, 422),
            "GitHub refused this with 422: Validation Failed; body too_long; x",
        ),
        (answer({"message": "a\n::error::b\u202e"}, 409), "GitHub refused this with 409: a ::error::b\ufffd"),
        (Answer(400, b"<html>"), "GitHub refused this with 400: status 400"),
        (Answer(400, b"[]"), "GitHub refused this with 400: status 400"),
        (answer({"message": ["?"], "errors": 1}, 400), "GitHub refused this with 400: ['?']"),
    ],
)
def test_refused__in_githubs_words_made_safe(
    host: ScriptedHost, session: GithubSession, said: Answer, shown: str
) -> None:
    error = refusal(host, session, said)
    assert (error.code, error.problem) == ("github-refused", shown)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"name": 1}', b"<html>", b'{"name": "\xff"}'])
def test_answer__that_is_not_what_the_documentation_says(
    host: ScriptedHost, session: GithubSession, body: bytes
) -> None:
    host.answers(Answer(200, body))
    with pytest.raises(OutsideError) as caught:
        session.get("/x", Named)
    assert caught.value.code == "github-malformed"


# Where the token goes


@pytest.mark.parametrize(
    "url",
    [
        "http://api.github.com",
        "http://10.0.0.1",
        "ftp://api.github.com",
        "https://me:secret@api.github.com",
        "https://api.github.com?x=1",
        "https://",
        "https://h:99999",
        "https://[",
        "",
    ],
)
def test_session__no_token_over_an_open_line(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        GithubSession(CANARY, api_url=url)
    assert caught.value.code == "bad-url"


@pytest.mark.parametrize("token", ["", "a b", "a\n", "a\r\nX-Evil: 1", "ü"])
def test_session__what_cannot_be_a_token(token: str) -> None:
    with pytest.raises(UsageError) as caught:
        GithubSession(token)
    assert caught.value.code == "bad-token"


@pytest.mark.parametrize("status", [301, 307, 308])
def test_redirect__of_a_renamed_repository_keeps_the_token(
    host: ScriptedHost, session: GithubSession, status: int
) -> None:
    host.answers(Answer(status, headers={"Location": "/repositories/1"}), answer({"name": "x"}))
    assert session.get("/repos/acme/old", Named).name == "x"
    assert [(asked.path, asked.token is not None) for asked in host.asked] == [
        ("/repos/acme/old", True),
        ("/repositories/1", True),
    ]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect__to_another_host_never_carries_the_token(
    host: ScriptedHost, blobs: ScriptedHost, session: GithubSession, status: int
) -> None:
    host.answers(Answer(status, headers={"Location": f"{blobs.url}/zip?sig=1"}))
    blobs.answers(Answer(200, b"bytes"))
    into = io.BytesIO()
    assert session.download("/artifacts/1/zip", into, 5) == hashlib.sha256(b"bytes").hexdigest()
    assert into.getvalue() == b"bytes"
    assert [asked.token for asked in host.asked] == [f"Bearer {CANARY}"]
    assert [asked.token for asked in blobs.asked] == [None]


def test_redirect__to_bytes_on_the_same_host_does_not_carry_it_either(
    host: ScriptedHost, session: GithubSession
) -> None:
    host.answers(Answer(302, headers={"Location": "/_blobs/1"}), Answer(200, b"bytes"))
    session.download("/artifacts/1/zip", io.BytesIO(), 5)
    assert [asked.token is not None for asked in host.asked] == [True, False]


def test_redirect__there_and_back_again_does_not_bring_it_back(
    host: ScriptedHost, blobs: ScriptedHost, session: GithubSession
) -> None:
    host.answers(Answer(302, headers={"Location": f"{blobs.url}/x"}), Answer(200, b"bytes"))
    blobs.answers(Answer(301, headers={"Location": f"{host.url}/y"}))
    session.download("/x", io.BytesIO(), 5)
    assert [asked.token is not None for asked in host.asked] == [True, False]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect__what_is_written_goes_to_no_other_host(
    host: ScriptedHost, blobs: ScriptedHost, session: GithubSession, status: int
) -> None:
    host.answers(Answer(status, headers={"Location": f"{blobs.url}/x"}))
    with pytest.raises(IntegrityError) as caught:
        session.send("POST", "/x", {"body": "b"}, Named)
    assert (caught.value.code, blobs.asked) == ("redirect-refused", [])


def test_redirect__what_is_written_is_sent_again_where_a_renamed_repository_is(
    host: ScriptedHost, session: GithubSession
) -> None:
    host.answers(Answer(307, headers={"Location": "/repositories/1/x"}), answer({"name": "x"}, 201))
    session.send("POST", "/x", {"body": "b"}, Named)
    assert [(asked.method, asked.path, asked.body) for asked in host.asked] == [
        ("POST", "/x", b'{"body": "b"}'),
        ("POST", "/repositories/1/x", b'{"body": "b"}'),
    ]


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/x", "http://[", "file:///etc/passwd", "http://u:p@127.0.0.1/x"])
def test_redirect__to_what_is_no_place(host: ScriptedHost, session: GithubSession, location: str) -> None:
    host.answers(Answer(302, headers={"Location": location}))
    with pytest.raises(IntegrityError) as caught:
        session.get("/x", Named)
    assert caught.value.code == "redirect-refused"


def test_redirect__in_circles(host: ScriptedHost, session: GithubSession) -> None:
    host.answers(*[Answer(302, headers={"Location": "/x"})] * 9)
    with pytest.raises(IntegrityError, match="more than 5 redirects"):
        session.get("/x", Named)


def test_upload__goes_to_a_host_of_github_only(host: ScriptedHost, blobs: ScriptedHost, session: GithubSession) -> None:
    host.answers(answer({"name": "a.tar"}, 201))
    made = session.upload(f"{host.url}/uploads/1/assets{{?name,label}}", {"name": "a.tar"}, io.BytesIO(b"bytes"), Named)
    assert made.name == "a.tar"
    assert (host.asked[0].path, host.asked[0].body) == ("/uploads/1/assets?name=a.tar", b"bytes")
    assert host.asked[0].headers["content-type"] == "application/octet-stream"
    with pytest.raises(IntegrityError) as caught:
        session.upload(f"{blobs.url}/uploads/1/assets", {"name": "a.tar"}, io.BytesIO(b"bytes"), Named)
    assert (caught.value.code, blobs.asked) == ("redirect-refused", [])


def test_upload__is_sent_whole_again_after_a_limit(host: ScriptedHost, session: GithubSession) -> None:
    host.answers(Answer(429, headers={"Retry-After": "1"}), answer({"name": "x"}, 201))
    session.upload(f"{host.url}/uploads", {}, io.BytesIO(b"bytes"), Named)
    assert [asked.body for asked in host.asked] == [b"bytes", b"bytes"]


# Sizes


def test_download__too_large_by_its_own_word(host: ScriptedHost, session: GithubSession) -> None:
    host.answers(Answer(200, b"123456"))
    into = io.BytesIO()
    with pytest.raises(IntegrityError) as caught:
        session.download("/x", into, 5)
    assert (caught.value.code, into.getvalue()) == ("download-too-large", b"")


def test_download__too_large_when_unpacked(host: ScriptedHost, session: GithubSession) -> None:
    host.answers(Answer(200, gzip.compress(bytes(9_000_000), mtime=0), {"Content-Encoding": "gzip"}))
    into = io.BytesIO()
    with pytest.raises(IntegrityError) as caught:
        session.download("/x", into, 3_000_000)
    assert caught.value.code == "download-too-large"
    assert len(into.getvalue()) <= 3_000_000


def test_download__a_torn_one_begins_anew(host: ScriptedHost, session: GithubSession, slept: list[float]) -> None:
    host.answers(Answer(200, b"12", declared=5), Answer(200, b"12345"))
    into = io.BytesIO()
    session.download("/x", into, 5)
    assert (into.getvalue(), slept) == (b"12345", [1])


# The canary


def everything_in(error: BaseException) -> str:
    """Return what any handler could print of an error and of what led to it."""
    shown = ["".join(traceback.format_exception(error)), repr(error), str(error), repr(vars(error))]
    linked = [each for each in (error.__cause__, error.__context__) if each is not None]
    return "\n".join([*shown, *(everything_in(each) for each in linked)])


FAILURES: dict[str, list[Answer]] = {
    "401": [answer({"message": "Bad credentials"}, 401)],
    "403": [answer({"message": "Resource not accessible by integration"}, 403)],
    "404": [answer({"message": "Not Found"}, 404)],
    "422": [answer({"message": "Validation Failed"}, 422)],
    "502": [Answer(502)] * ATTEMPTS,
    "limit": [Answer(429, headers={"Retry-After": "9999"})],
    "torn": [Answer(200, b"{", declared=9)] * ATTEMPTS,
    "malformed": [Answer(200, b"{")],
    "redirect": [Answer(302, headers={"Location": "ftp://x"})],
    "gzip": [Answer(200, b"no gzip", {"Content-Encoding": "gzip"})] * ATTEMPTS,
}


@pytest.mark.parametrize("failure", FAILURES)
def test_token__is_in_no_error(host: ScriptedHost, session: GithubSession, failure: str) -> None:
    host.answers(*FAILURES[failure])
    with pytest.raises(MlciError) as caught:
        session.get("/x", Named)
    assert host.asked[0].token == f"Bearer {CANARY}"
    assert CANARY not in everything_in(caught.value)
    # Not even a hidden link leads to requests' exception, which holds the request.
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


def test_token__is_in_no_text_of_the_session(session: GithubSession) -> None:
    assert CANARY not in repr(session) + repr(vars(session))
    assert all(CANARY not in repr(each) for each in gc.get_referents(session))
