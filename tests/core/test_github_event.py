from __future__ import annotations

import copy
from dataclasses import fields
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.forge import Head
from mlci.core.github_event import (
    ACTIONS_LOGIN,
    GithubEnvironment,
    GithubEvent,
    SubmittedRun,
    checked_ref,
    checked_token,
    checked_url,
    event_path,
)
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

COMMIT = "c" * 40
CANARY = "ghs_canary0123456789abcdefghijklmnopqrstuvwx"

ENVIRON: Mapping[str, str] = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "acme/tumour",
    "GITHUB_API_URL": "https://api.github.com",
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_EVENT_NAME": "pull_request",
    "GITHUB_EVENT_PATH": "/home/runner/_temp/event.json",
    "GITHUB_SHA": COMMIT,
    "GITHUB_REF": "refs/pull/7/merge",
    "GITHUB_HEAD_REF": "feature/größe",
    "GITHUB_BASE_REF": "main",
    "GITHUB_RUN_ID": "42",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_ACTOR": "alice",
    "GITHUB_STEP_SUMMARY": "/home/runner/_temp/summary",
    "GITHUB_OUTPUT": "/home/runner/_temp/output",
    "MLCI_TOKEN": CANARY,
}

PULL_REQUEST: Mapping[str, Any] = {
    "pull_request": {
        "number": 7,
        "head": {"ref": "feature/größe", "sha": "d" * 40, "repo": {"full_name": "mallory/tumour"}},
        "base": {"ref": "main", "sha": "e" * 40},
    }
}

WORKFLOW_RUN: Mapping[str, Any] = {
    "workflow_run": {
        "id": 41,
        "event": "pull_request",
        "conclusion": "failure",
        "head_branch": "better",
        "head_sha": "d" * 40,
        "head_repository": {"full_name": "mallory/tumour"},
        "pull_requests": [{"number": 99}],
    }
}

PUSH: Mapping[str, Any] = {"ref": "refs/heads/main", "before": "a" * 40, "after": "b" * 40}


def test_environment__of_a_pull_request() -> None:
    found = GithubEnvironment.from_environ(ENVIRON, PULL_REQUEST)
    assert found == GithubEnvironment(
        repository="acme/tumour",
        api_url="https://api.github.com",
        server_url="https://github.com",
        event=GithubEvent("pull_request", Head("feature/größe", "d" * 40, "mallory/tumour"), "main", 7),
        commit=COMMIT,
        ref="refs/pull/7/merge",
        head_branch="feature/größe",
        base_branch="main",
        run_id=42,
        run_attempt=2,
        actor="alice",
        step_summary="/home/runner/_temp/summary",
        output="/home/runner/_temp/output",
        login=ACTIONS_LOGIN,
        token=CANARY,
    )


def test_environment__what_may_be_left_out() -> None:
    left_out = {
        "GITHUB_API_URL", "GITHUB_SERVER_URL", "GITHUB_HEAD_REF", "GITHUB_BASE_REF", "GITHUB_STEP_SUMMARY",
        "GITHUB_OUTPUT", "MLCI_TOKEN",
    }  # fmt: skip
    found = GithubEnvironment.from_environ(dict.fromkeys(left_out, "") | _without(left_out), PULL_REQUEST)
    assert found == GithubEnvironment.from_environ(_without(left_out), PULL_REQUEST)
    assert (found.api_url, found.server_url) == ("https://api.github.com", "https://github.com")
    assert (found.head_branch, found.base_branch, found.step_summary, found.output) == (None, None, None, None)
    assert found.token is None


def test_environment__the_token_is_not_shown() -> None:
    found = GithubEnvironment.from_environ(ENVIRON, PULL_REQUEST)
    assert CANARY not in repr(found)
    assert [each.name for each in fields(found) if not each.repr] == ["token"]


def test_environment__whose_the_token_is() -> None:
    found = GithubEnvironment.from_environ({**ENVIRON, "MLCI_TOKEN_LOGIN": "acme-ml[bot]"}, PULL_REQUEST)
    assert found.login == "acme-ml[bot]"


@pytest.mark.parametrize(("triggering", "actor"), [("mallory", "mallory"), ("", "alice")])
def test_environment__who_runs_a_job_again_acts(triggering: str, actor: str) -> None:
    found = GithubEnvironment.from_environ({**ENVIRON, "GITHUB_TRIGGERING_ACTOR": triggering}, PULL_REQUEST)
    assert found.actor == actor


@pytest.mark.parametrize(
    "url", ["https://github.acme.com/api/v3/", "http://127.0.0.1:8080", "http://localhost", "http://[::1]:1"]
)
def test_environment__another_github(url: str) -> None:
    found = GithubEnvironment.from_environ({**ENVIRON, "GITHUB_API_URL": url}, PULL_REQUEST)
    assert found.api_url == url.rstrip("/")


BAD: dict[str, list[str]] = {
    "GITHUB_REPOSITORY": ["", "acme", "acme/..", "acme/.", "../x/y", "a/b/c", "acme/t?x", "-a/b", "a/b\n"],
    "GITHUB_API_URL": ["http://api.github.com", "https://me:pw@h", "https://h?x", "https://h#x", "file:///x", "h"],
    "GITHUB_SERVER_URL": ["http://github.com", "https://gi\u202ehub.com", "ssh://github.com"],
    "GITHUB_EVENT_NAME": ["", "Pull", "a b", "x" * 65],
    "GITHUB_SHA": ["", "HEAD", "c" * 39, "C" * 40],
    "GITHUB_REF": ["", "main", "refs/heads/../x", "refs/heads/", "refs/pull/0/merge", "refs/pull/7/x", "refs/mlci/x"],
    "GITHUB_HEAD_REF": ["-x", "a..b", "a b", "a\nb"],
    "GITHUB_BASE_REF": ["--upload-pack=x", "HEAD", "a:b"],
    "GITHUB_RUN_ID": ["", "0", "-1", "1e3", "\uff11", "9" * 20],
    "GITHUB_RUN_ATTEMPT": ["", "x", "1 "],
    "GITHUB_ACTOR": ["", "a/b", "[bot]", "a b"],
    "GITHUB_TRIGGERING_ACTOR": ["a/b", "[bot]", "a b"],
    "GITHUB_STEP_SUMMARY": ["summary", "../x", "/x\0"],
    "GITHUB_OUTPUT": ["output"],
    "MLCI_TOKEN": ["a b", "a\nb", "ü", " "],
    "MLCI_TOKEN_LOGIN": ["a/b", "x[bot]y"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_environment__a_variable_that_cannot_be_used(name: str, value: str) -> None:
    with pytest.raises(UsageError) as caught:
        GithubEnvironment.from_environ({**ENVIRON, name: value}, PULL_REQUEST)
    assert caught.value.code in {"bad-environment", "bad-event"}
    assert caught.value.problem.isprintable()
    assert name in caught.value.problem or caught.value.code == "bad-event"


@pytest.mark.parametrize("value", [f"{CANARY} ", f"{CANARY}\n", f"{CANARY}ü"])
def test_environment__a_token_that_is_none_is_not_shown(value: str) -> None:
    with pytest.raises(UsageError) as caught:
        GithubEnvironment.from_environ({**ENVIRON, "MLCI_TOKEN": value}, PULL_REQUEST)
    assert CANARY not in f"{caught.value!r} {caught.value.to_dict()} {caught.value.__cause__!r}"


def test_environment__a_password_in_an_address_is_not_shown() -> None:
    with pytest.raises(UsageError) as caught:
        GithubEnvironment.from_environ({**ENVIRON, "GITHUB_API_URL": "https://me:secret@h"}, PULL_REQUEST)
    assert "secret" not in f"{caught.value.to_dict()} {caught.value.__cause__!r}"


def test_event__of_a_workflow_run_asks_nothing_that_the_head_wrote() -> None:
    assert GithubEvent.parse("workflow_run", WORKFLOW_RUN) == GithubEvent(
        "workflow_run",
        Head("better", "d" * 40, "mallory/tumour"),
        run=SubmittedRun(41, "pull_request", "failure"),
    )


def test_event__of_a_push() -> None:
    assert GithubEvent.parse("push", PUSH) == GithubEvent("push", Head("main", "b" * 40), before="a" * 40)


def test_event__of_a_push_of_a_deletion_and_of_a_tag() -> None:
    assert GithubEvent.parse("push", {**PUSH, "after": "0" * 40}) == GithubEvent("push", before="a" * 40)
    assert GithubEvent.parse("push", {**PUSH, "ref": "refs/tags/v1"}) == GithubEvent("push")


def test_event__of_which_nothing_is_asked() -> None:
    assert GithubEvent.parse("workflow_dispatch", {"inputs": {}}) == GithubEvent("workflow_dispatch")


LEFT_OUT = [
    ("pull_request", PULL_REQUEST, "pull_request.number"),
    ("pull_request", PULL_REQUEST, "pull_request.head.ref"),
    ("pull_request", PULL_REQUEST, "pull_request.head.sha"),
    ("pull_request", PULL_REQUEST, "pull_request.head.repo"),
    ("pull_request", PULL_REQUEST, "pull_request.base"),
    ("workflow_run", WORKFLOW_RUN, "workflow_run.id"),
    ("workflow_run", WORKFLOW_RUN, "workflow_run.event"),
    ("workflow_run", WORKFLOW_RUN, "workflow_run.head_sha"),
    ("workflow_run", WORKFLOW_RUN, "workflow_run.head_branch"),
    ("workflow_run", WORKFLOW_RUN, "workflow_run.head_repository"),
    ("push", PUSH, "ref"),
    ("push", PUSH, "after"),
]
NOT_THESE: list[object] = [None, "", "../x", "--option", True, -1, [], {}, "x\ny"]


@pytest.mark.parametrize(("name", "payload", "path"), LEFT_OUT)
@pytest.mark.parametrize("value", NOT_THESE)
def test_event__with_something_else_in_it(name: str, payload: Mapping[str, Any], path: str, value: object) -> None:
    with pytest.raises(UsageError) as caught:
        GithubEvent.parse(name, _with(payload, path, value))
    assert caught.value.code == "bad-event"
    assert caught.value.problem.isprintable()


@pytest.mark.parametrize("value", ["a b", 1, ["success"]])
def test_event__a_conclusion_that_is_none(value: object) -> None:
    with pytest.raises(UsageError):
        GithubEvent.parse("workflow_run", _with(WORKFLOW_RUN, "workflow_run.conclusion", value))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda each: st.lists(each, max_size=3) | st.dictionaries(st.text(), each, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["pull_request", "workflow_run", "push"]), st.dictionaries(st.text(), JSON))
def test_event__any_other_payload_is_an_error_of_ours(name: str, payload: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        GithubEvent.parse(name, payload)


SCHEMES = st.sampled_from(["https://", "http://", "http://127.0.0.1", ""])
RESTS = st.text("a@:/.?#1[]%\\ \n", max_size=9)


@given(SCHEMES, RESTS)
def test_url__what_is_accepted_is_safe_to_send_a_token_to(scheme: str, rest: str) -> None:
    assert not accepts(checked_url, scheme + rest) or is_safe(scheme + rest)


@given(st.text(max_size=8))
def test_token__what_is_accepted_cannot_end_a_header(text: str) -> None:
    assert accepts(checked_token, text) == (text != "" and set(text) <= {chr(code) for code in range(33, 127)})


@pytest.mark.parametrize("ref", ["refs/heads/a/b", "refs/tags/tumour@v1.2.3", "refs/pull/12/head"])
def test_ref__full_ones(ref: str) -> None:
    assert checked_ref(ref) == ref


def test_event_path__of_the_payload() -> None:
    assert event_path(ENVIRON) == "/home/runner/_temp/event.json"
    for wrong in ("", "event.json"):
        with pytest.raises(UsageError, match="GITHUB_EVENT_PATH"):
            event_path({"GITHUB_EVENT_PATH": wrong})


def accepts(check: Callable[[str], object], text: str) -> bool:
    try:
        check(text)
    except UsageError:
        return False
    return True


def is_safe(url: str) -> bool:
    parts = urlsplit(url)
    has_more = parts.username or parts.password or parts.query or parts.fragment
    return bool(parts.hostname) and not has_more and (parts.scheme == "https" or parts.hostname == "127.0.0.1")


def _without(names: set[str]) -> dict[str, str]:
    return {name: value for name, value in ENVIRON.items() if name not in names}


def _with(payload: Mapping[str, Any], path: str, value: object) -> dict[str, Any]:
    changed = copy.deepcopy(dict(payload))
    *folders, last = path.split(".")
    place = changed
    for folder in folders:
        place = place[folder]
    place[last] = value
    return changed
