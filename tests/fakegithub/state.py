"""All that the fake remembers, as plain objects. Routes read and change it under one lock."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from tests.fakegithub.answers import not_found
from tests.fakegithub.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from tests.fakegithub.bare_repository import BareRepository
    from tests.fakegithub.permissions import Level
    from tests.fakegithub.ref_rules import Rule

Role = Literal["admin", "maintain", "write", "triage", "read"]

ACTIONS_APP: Final = "github-actions"
ACTIONS_LOGIN: Final = "github-actions[bot]"


@dataclass(frozen=True, slots=True)
class User:
    """A person, an organization, or the bot of an app."""

    id: int
    login: str
    kind: Literal["User", "Organization", "Bot"]


@dataclass(frozen=True, slots=True)
class App:
    """A GitHub App; GitHub Actions is one, too."""

    id: int
    slug: str


@dataclass(frozen=True, slots=True)
class Token:
    """What a secret stands for. `repository` is None for a person, who may do what their role allows anywhere."""

    secret: str = field(repr=False)
    login: str
    app: str | None
    repository: str | None
    permissions: Mapping[str, Level]
    run_id: int | None = None
    event: str | None = None


@dataclass(slots=True)
class Thread:
    """An issue, or the conversation of a pull request."""

    id: int
    number: int
    title: str
    body: str | None
    author: str
    created_at: datetime
    updated_at: datetime
    app: str | None = None
    state: Literal["open", "closed"] = "open"
    state_reason: str | None = None
    closed_at: datetime | None = None
    labels: list[str] = field(default_factory=list)
    pull_request: PullRequest | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """What somebody said of a pull request at a commit."""

    id: int
    author: str
    state: Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"]
    sha: str
    submitted_at: datetime


@dataclass(slots=True)
class PullRequest:
    """What a pull request has besides its conversation. `merge_commit` is the test merge until it is merged."""

    head_repository: str
    head_branch: str
    head_sha: str
    base_branch: str
    base_sha: str
    merge_commit: str | None = None
    is_draft: bool = False
    merged_at: datetime | None = None
    merged_by: str | None = None
    reviews: list[Review] = field(default_factory=list)


@dataclass(slots=True)
class Comment:
    """A comment on an issue or a pull request."""

    id: int
    number: int
    body: str
    author: str
    app: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class CommitStatus:
    """A status of a commit."""

    id: int
    sha: str
    context: str
    state: str
    description: str | None
    target_url: str | None
    creator: str
    created_at: datetime


@dataclass(slots=True)
class CheckRun:
    """A check run of a commit; `output` is what was sent last, `annotations` all that was ever sent."""

    id: int
    sha: str
    name: str
    app: str
    status: str
    conclusion: str | None
    started_at: str | None
    completed_at: str | None
    external_id: str | None
    details_url: str | None
    output: dict[str, object] = field(default_factory=dict)
    annotations: list[object] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class DeploymentStatus:
    """One step in the life of a deployment."""

    id: int
    state: str
    description: str
    environment: str
    environment_url: str
    log_url: str
    creator: str
    created_at: datetime


@dataclass(slots=True)
class Deployment:
    """A deployment with its statuses, the oldest first."""

    id: int
    sha: str
    ref: str
    task: str
    environment: str
    description: str | None
    payload: object
    is_transient: bool
    is_production: bool
    creator: str
    created_at: datetime
    updated_at: datetime
    statuses: list[DeploymentStatus] = field(default_factory=list)


@dataclass(slots=True)
class Asset:
    """A file of a release."""

    id: int
    name: str
    label: str | None
    content_type: str
    content: bytes = field(repr=False)
    uploader: str
    created_at: datetime
    download_count: int = 0


@dataclass(slots=True)
class Release:
    """A release; a draft has no tag yet, only the name of one."""

    id: int
    tag: str
    target: str
    name: str | None
    body: str | None
    is_draft: bool
    is_prerelease: bool
    author: str
    created_at: datetime
    published_at: datetime | None = None
    updated_at: datetime | None = None
    """When anything but its assets was changed; as long as nothing was, when it was created."""
    assets: dict[int, Asset] = field(default_factory=dict)


@dataclass(slots=True)
class Run:
    """A run of a workflow."""

    id: int
    number: int
    repository: str
    workflow: str
    name: str
    event: str
    head_repository: str
    head_branch: str
    head_sha: str
    actor: str
    created_at: datetime
    updated_at: datetime
    status: str = "in_progress"
    conclusion: str | None = None
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Artifact:
    """A zip that a run uploaded."""

    id: int
    run_id: int
    name: str
    content: bytes = field(repr=False)
    created_at: datetime
    is_expired: bool = False


@dataclass(frozen=True, slots=True)
class Push:
    """One ref that one push moved; `before` or `after` is forty zeros where there was nothing, or is nothing now."""

    repository: str
    ref: str
    before: str
    after: str
    login: str


@dataclass(slots=True)
class Repository:
    """A repository with all that GitHub keeps beside Git."""

    id: int
    owner: str
    name: str
    is_private: bool
    default_branch: str
    git: BareRepository
    parent: str | None
    created_at: datetime
    roles: dict[str, Role] = field(default_factory=dict)
    threads: dict[int, Thread] = field(default_factory=dict)
    comments: dict[int, Comment] = field(default_factory=dict)
    statuses: list[CommitStatus] = field(default_factory=list)
    check_runs: dict[int, CheckRun] = field(default_factory=dict)
    deployments: dict[int, Deployment] = field(default_factory=dict)
    releases: dict[int, Release] = field(default_factory=dict)
    latest_release: int | None = None
    runs: dict[int, Run] = field(default_factory=dict)
    artifacts: dict[int, Artifact] = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        """Return `owner/name`."""
        return f"{self.owner}/{self.name}"

    def pull_requests(self) -> list[tuple[Thread, PullRequest]]:
        """Return the pull requests, the oldest first."""
        return [(each, each.pull_request) for each in self.threads.values() if each.pull_request is not None]

    def latest_statuses(self, sha: str) -> list[CommitStatus]:
        """Return the newest status of each context of a commit."""
        newest = {each.context.lower(): each for each in self.statuses if each.sha == sha}
        return list(newest.values())


class State:
    """The whole of the fake's memory."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = ""
        self.lock = threading.RLock()
        self.push_lock = threading.Lock()  # taken before `lock`, never after it
        self.clock = Clock()
        self.users: dict[str, User] = {}
        self.apps: dict[str, App] = {}
        self.repositories: dict[str, Repository] = {}
        self.tokens: dict[str, Token] = {}
        self.blobs: dict[str, tuple[str, bytes]] = {}
        self.pushes: list[Push] = []
        self._last_id = 1000

    def new_id(self) -> int:
        """Return a number that nothing else has."""
        self._last_id += 1
        return self._last_id

    def repository(self, full_name: str) -> Repository:
        """Return a repository, found as on GitHub without regard to case; raises 404."""
        found = self.repositories.get(full_name.lower())
        if found is None:
            raise not_found()
        return found

    def user(self, login: str) -> User:
        """Return a user; raises 404."""
        found = self.users.get(login.lower())
        if found is None:
            raise not_found()
        return found

    def new_user(self, login: str, kind: Literal["User", "Organization", "Bot"]) -> User:
        """Return the user of that name, made if it is new."""
        return self.users.setdefault(login.lower(), User(self.new_id(), login, kind))

    def new_app(self, slug: str) -> App:
        """Return the app of that name, made (with its bot) if it is new."""
        self.new_user(f"{slug}[bot]", "Bot")
        return self.apps.setdefault(slug, App(self.new_id(), slug))

    def new_blob(self, content_type: str, content: bytes) -> str:
        """Return an address, valid without a token, where `content` can be fetched."""
        key = secrets.token_urlsafe(24)
        self.blobs[key] = (content_type, content)
        return f"{self.url}/_blobs/{key}?sig={secrets.token_urlsafe(12)}"

    def role(self, repository: Repository, login: str) -> Role | None:
        """Return the role of a user; None for somebody who does not work there."""
        if login.lower() == repository.owner.lower():
            return "admin"
        return repository.roles.get(login.lower())
