"""What GitHub Actions tells a job about itself: its variables and its event, checked before anything is done with them.

Variables: https://docs.github.com/en/actions/reference/workflows-and-actions/variables; events:
https://docs.github.com/en/webhooks/webhook-events-and-payloads. Branch names in there are chosen by strangers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from mlci.core.forge import Head, checked_actor, checked_repository
from mlci.core.names import checked_branch, checked_commit
from mlci.core.plain_text import one_line
from mlci.errors import MlciError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

API_URL: Final = "https://api.github.com"
SERVER_URL: Final = "https://github.com"
ACTIONS_LOGIN: Final = "github-actions[bot]"
"""Who the token of a job is, in comments that it writes."""

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})

_EVENT: Final = re.compile(r"[a-z_]{1,64}")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,18}")
_PULL_REF: Final = re.compile(r"refs/pull/[1-9][0-9]{0,9}/(merge|head)")
# What GitHub's tokens are made of, and nothing that could end a header.
_TOKEN: Final = re.compile(r"[!-~]{1,4096}")


@dataclass(frozen=True, slots=True)
class SubmittedRun:
    """The run of another workflow that a `workflow_run` event is about; its code was the pull request's own."""

    id: int
    event: str
    conclusion: str | None


@dataclass(frozen=True, slots=True)
class GithubEvent:
    """What happened, as far as mlci asks for it.

    `head`: what is to be judged; `base`: the target branch, if the event says it; `number`: of the pull request;
    `run`: what a `workflow_run` event is about.
    """

    name: str
    head: Head | None = None
    base: str | None = None
    number: int | None = None
    run: SubmittedRun | None = None
    before: str | None = None
    """What a pushed branch was at; zeros where it did not exist."""

    @classmethod
    def parse(cls, name: str, payload: Mapping[str, object]) -> GithubEvent:
        """Return the event NAME with its PAYLOAD (`GITHUB_EVENT_PATH` as parsed JSON).

        Raises `UsageError("bad-event")` where the payload lacks what an event of this name has, or holds a name that
        cannot be one.
        """
        if _EVENT.fullmatch(name) is None:
            raise _bad_event(name, "its name")
        facts = _Facts(name, payload)
        try:
            if name in {"pull_request", "pull_request_target"}:
                return facts.pull_request()
            if name == "workflow_run":
                return facts.workflow_run()
            if name == "push":
                return facts.push()
        except MlciError as error:
            if error.code == "bad-event":
                raise
            raise _bad_event(name, error.problem) from error
        return cls(name)


@dataclass(frozen=True, slots=True)
class GithubEnvironment:
    """The variables of a job on GitHub Actions, read once."""

    repository: str
    api_url: str
    server_url: str
    event: GithubEvent
    commit: str
    ref: str
    head_branch: str | None
    base_branch: str | None
    run_id: int
    run_attempt: int
    actor: str
    step_summary: str | None
    output: str | None
    login: str
    token: str | None = field(repr=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str], payload: Mapping[str, object]) -> GithubEnvironment:
        """Return what the variables say; PAYLOAD is the parsed JSON of the file `GITHUB_EVENT_PATH`.

        `MLCI_TOKEN` is the token, `MLCI_TOKEN_LOGIN` whose it is, where it is not the job's own (`acme-ml[bot]`).
        Raises `UsageError("bad-environment")` naming the variable that is missing or is not what it should be.
        """
        variables = _Variables(environ)
        return cls(
            repository=variables.checked("GITHUB_REPOSITORY", checked_repository),
            api_url=variables.url("GITHUB_API_URL", API_URL),
            server_url=variables.url("GITHUB_SERVER_URL", SERVER_URL),
            event=GithubEvent.parse(variables.text("GITHUB_EVENT_NAME"), payload),
            commit=variables.checked("GITHUB_SHA", checked_commit),
            ref=variables.checked("GITHUB_REF", checked_ref),
            head_branch=variables.branch("GITHUB_HEAD_REF"),
            base_branch=variables.branch("GITHUB_BASE_REF"),
            run_id=variables.number("GITHUB_RUN_ID"),
            run_attempt=variables.number("GITHUB_RUN_ATTEMPT"),
            actor=variables.actor(),
            step_summary=variables.file("GITHUB_STEP_SUMMARY"),
            output=variables.file("GITHUB_OUTPUT"),
            login=variables.login("MLCI_TOKEN_LOGIN"),
            token=variables.token("MLCI_TOKEN"),
        )


def event_path(environ: Mapping[str, str]) -> str:
    """Return the file that holds the event's payload; raises `UsageError("bad-environment")`."""
    path = _Variables(environ).file("GITHUB_EVENT_PATH")
    if path is None:
        raise _bad_variable("GITHUB_EVENT_PATH", "it is not set")
    return path


def checked_ref(text: str) -> str:
    """Return `text` if it is a full reference to a branch, a tag or a pull request, else raise `UsageError`."""
    for prefix in ("refs/heads/", "refs/tags/"):
        if text.startswith(prefix):
            checked_branch(text.removeprefix(prefix))
            return text
    if _PULL_REF.fullmatch(text) is None:
        raise UsageError("bad-ref", f"“{one_line(text, 80)}” is not a full reference")
    return text


def checked_url(text: str) -> SplitResult:
    """Return the parts of an address that a token may be sent to: https, or http on this machine; no query, no user.

    Raises `UsageError("bad-url")` otherwise.
    """
    parts = _split(text)
    if parts is None:
        # Not shown: a user who put a password into the address would find it in a log.
        raise UsageError("bad-url", "the address is not https://host, without user, query and fragment")
    return parts


def _split(text: str) -> SplitResult | None:
    if not text.isascii() or not text.isprintable() or any(each in text for each in ' "<>\\^`{|}'):
        return None
    try:
        parts = urlsplit(text)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        has_place = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    has_more = parts.username is not None or bool(parts.query or parts.fragment)
    return parts if is_safe and has_place and not has_more else None


def checked_token(text: str) -> str:
    """Return `text` if it may be a token, else raise `UsageError("bad-token")`, which does not show it."""
    if _TOKEN.fullmatch(text) is None:
        raise UsageError("bad-token", "the token has a character that no token has, such as a blank or a line end")
    return text


class _Variables:
    """The environment, asked by name."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str) -> str:
        """Return a variable that must be set."""
        value = self._environ.get(name)
        if not value:
            raise _bad_variable(name, "it is not set")
        return value

    def checked(self, name: str, check: Callable[[str], str]) -> str:
        """Return a variable that must be set to what CHECK accepts."""
        try:
            return check(self.text(name))
        except UsageError as error:
            raise _bad_variable(name, error.problem) from error

    def branch(self, name: str) -> str | None:
        """Return the name of a branch, `None` where the variable is empty, as it is outside pull requests."""
        return self.checked(name, checked_branch) if self._environ.get(name) else None

    def url(self, name: str, default: str) -> str:
        """Return an address without a `/` at its end."""
        value = (self._environ.get(name) or default).rstrip("/")
        try:
            checked_url(value)
        except UsageError as error:
            raise _bad_variable(name, error.problem) from error
        return value

    def number(self, name: str) -> int:
        """Return a positive number."""
        value = self.text(name)
        if _NUMBER.fullmatch(value) is None:
            raise _bad_variable(name, "it is not a positive number")
        return int(value)

    def file(self, name: str) -> str | None:
        """Return the absolute path of a file."""
        value = self._environ.get(name)
        if value and (not value.startswith("/") or "\0" in value):
            raise _bad_variable(name, "it is not an absolute path")
        return value or None

    def actor(self) -> str:
        """Return who started this attempt; `GITHUB_ACTOR` stays who started the first one, whoever runs it again."""
        name = "GITHUB_TRIGGERING_ACTOR"
        return self.checked(name if self._environ.get(name) else "GITHUB_ACTOR", checked_actor)

    def login(self, name: str) -> str:
        """Return whose the token is."""
        return self.checked(name, checked_actor) if self._environ.get(name) else ACTIONS_LOGIN

    def token(self, name: str) -> str | None:
        """Return a secret, which no message shows."""
        return self.checked(name, checked_token) if self._environ.get(name) else None


class _Facts:
    """The payload of an event, asked by dotted paths."""

    def __init__(self, name: str, payload: Mapping[str, object]) -> None:
        self._name = name
        self._payload = payload

    def pull_request(self) -> GithubEvent:
        head = Head(
            self._text("pull_request.head.ref"),
            self._text("pull_request.head.sha"),
            self._text("pull_request.head.repo.full_name"),
        )
        base = checked_branch(self._text("pull_request.base.ref"))
        return GithubEvent(self._name, head, base, self._number("pull_request.number"))

    def workflow_run(self) -> GithubEvent:
        head = Head(
            self._text("workflow_run.head_branch"),
            self._text("workflow_run.head_sha"),
            self._text("workflow_run.head_repository.full_name"),
        )
        event = self._text("workflow_run.event")
        if _EVENT.fullmatch(event) is None:
            raise _bad_event(self._name, "workflow_run.event")
        conclusion = self._find("workflow_run.conclusion")
        if conclusion is not None and (not isinstance(conclusion, str) or _EVENT.fullmatch(conclusion) is None):
            raise _bad_event(self._name, "workflow_run.conclusion")
        # `workflow_run.pull_requests` is empty for forks and may name a later head: the API is asked instead.
        return GithubEvent(self._name, head, run=SubmittedRun(self._number("workflow_run.id"), event, conclusion))

    def push(self) -> GithubEvent:
        ref = checked_ref(self._text("ref"))
        if not ref.startswith("refs/heads/"):
            return GithubEvent(self._name)
        after = checked_commit(self._text("after"))
        before = checked_commit(self._text("before"))
        # All zeros: a branch that is gone.
        head = Head(ref.removeprefix("refs/heads/"), after) if after.strip("0") else None
        return GithubEvent(self._name, head, before=before)

    def _find(self, path: str) -> object:
        value: object = self._payload
        for part in path.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return value

    def _text(self, path: str) -> str:
        value = self._find(path)
        if not isinstance(value, str) or not value:
            raise _bad_event(self._name, path)
        return value

    def _number(self, path: str) -> int:
        value = self._find(path)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise _bad_event(self._name, path)
        return value


def _bad_event(name: str, what: str) -> UsageError:
    return UsageError(
        "bad-event",
        f"the event {one_line(name, 64)} is not as GitHub sends it: {one_line(what, 160)}",
        where="GITHUB_EVENT_PATH",
        cause="The head repository of a pull request was deleted, or the variable names another file.",
    )


def _bad_variable(name: str, problem: str) -> UsageError:
    return UsageError(
        "bad-environment",
        f"the variable {name} cannot be used: {problem}",
        cause="GitHub sets it in every job; something in the workflow changed it.",
        hint=f"Leave {name} as GitHub sets it.",
    )
