"""The three forges, each with what a contract test does around it: push, open, submit, and look afterwards."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol, cast

from mlci.adapters.github_forge import GithubForge
from mlci.adapters.github_session import GithubSession
from mlci.adapters.local_forge import LocalForge
from mlci.core.forge import Deployment, DeploymentStatus, PullRequest, Status
from mlci.testing import MemoryForge
from tests.fakegithub.server import FakeGitHub

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from mlci.commands.ports import Forge
    from mlci.core.forge import DeploymentState, StatusState
    from tests.fakegithub import state

REPOSITORY = "acme/tumour"
REPORT_JOB = {"contents": "read", "pull-requests": "write", "statuses": "write", "actions": "read"}
DEPLOY_JOB = {"contents": "read", "deployments": "write"}
MARKERS = ("<!-- mlci:report -->", "<!-- mlci:incident -->")


class World(Protocol):
    @property
    def forge(self) -> Forge: ...

    def push(self, branch: str) -> str:
        """Push a commit to a branch that has a pull request, from the first push on, and return its id."""

    def merge(self, branch: str) -> str:
        """Merge the pull request of a branch, and return the commit that it became."""

    def submit(self, name: str, content: bytes) -> int:
        """Upload an artifact in a run and return the run's id."""

    def comments(self, pull_request: PullRequest) -> Mapping[str, str]: ...

    def statuses(self, commit: str) -> tuple[Status, ...]: ...

    def deployments(self) -> tuple[tuple[Deployment, tuple[DeploymentStatus, ...]], ...]: ...


class _Counted:
    """Commits of a world without Git."""

    def __init__(self) -> None:
        self._pushes = 0

    def push(self, branch: str) -> str:
        assert branch
        self._pushes += 1
        return f"{self._pushes:040x}"

    def merge(self, branch: str) -> str:
        return self.push(branch)


class MemoryWorld(_Counted):
    def __init__(self) -> None:
        super().__init__()
        self.forge = MemoryForge()
        self.comments = self.forge.comments
        self.statuses = self.forge.statuses
        self.deployments = self.forge.deployments

    def submit(self, name: str, content: bytes) -> int:
        self.forge.artifacts[7, name] = content
        return 7


class LocalWorld(_Counted):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.forge = LocalForge(folder)
        self.comments = self.forge.comments
        self.statuses = self.forge.statuses
        self.deployments = self.forge.deployments

    def submit(self, name: str, content: bytes) -> int:
        file = self._folder / "%artifacts" / "7" / f"{name}.zip"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        return 7


class GithubWorld:
    """One repository `acme/tumour` with a commit on main, and a token that may do what our jobs do."""

    def __init__(self, github: FakeGitHub, *, public: bool = True) -> None:
        self.github = github
        github.add_repository(REPOSITORY, public=public)
        github.commit(REPOSITORY, "main", {"mlci.yaml": b"version: 1\n"})
        self.token = github.issue_token(REPOSITORY, {**REPORT_JOB, **DEPLOY_JOB})
        self.slept: list[float] = []
        self.forge = self.forge_with(self.token)

    def session_with(self, token: str | None) -> GithubSession:
        return GithubSession(token, api_url=self.github.url, sleep=self.slept.append)

    def forge_with(self, token: str | None, **more: str) -> GithubForge:
        return GithubForge(self.session_with(token), REPOSITORY, **more)

    def push(self, branch: str) -> str:
        repository = self.github.state.repository(REPOSITORY)
        opened = {each.head_branch for _, each in repository.pull_requests()}
        count = len(self.github.pushes)
        commit = self.github.commit(REPOSITORY, branch, {"params.yaml": b"%d\n" % count}, start="main")
        if branch not in opened:
            self.github.open_pull_request(REPOSITORY, branch)
        return commit

    def number(self, branch: str) -> int:
        pull_requests = self.github.state.repository(REPOSITORY).pull_requests()
        return next(thread.number for thread, each in pull_requests if each.head_branch == branch)

    def merge(self, branch: str) -> str:
        return self.github.merge(REPOSITORY, self.number(branch))

    def submit(self, name: str, content: bytes) -> int:
        commit = self.push("submits")
        run = self.github.start_run(
            REPOSITORY, workflow="check.yml", event="pull_request", head_branch="submits", head_sha=commit
        )
        self.github.add_artifact(run, name, content)
        return run.id

    def comments(self, pull_request: PullRequest) -> dict[str, str]:
        assert pull_request.number is not None
        found: dict[str, str] = {}
        for comment in self.github.comments(REPOSITORY, pull_request.number):
            marker, _, body = comment.body.partition("\n")
            assert marker in MARKERS
            assert marker not in found
            found[marker] = body
        return found

    def statuses(self, commit: str) -> tuple[Status, ...]:
        latest = self.github.state.repository(REPOSITORY).latest_statuses(commit)
        given = [_status(each) for each in latest]
        return tuple(sorted(given, key=lambda each: each.context))

    def deployments(self) -> tuple[tuple[Deployment, tuple[DeploymentStatus, ...]], ...]:
        found = self.github.state.repository(REPOSITORY).deployments.values()
        return tuple(
            (
                Deployment(each.id, each.environment, each.sha, each.description or ""),
                tuple(_deployment_status(status) for status in each.statuses),
            )
            for each in found
        )


def _status(status: state.CommitStatus) -> Status:
    return Status(status.context, cast("StatusState", status.state), status.description or "", status.target_url)


def _deployment_status(status: state.DeploymentStatus) -> DeploymentStatus:
    said = cast("DeploymentState", status.state)
    return DeploymentStatus(said, status.description, status.environment_url or None)


@contextmanager
def in_memory(_: Path) -> Iterator[World]:
    yield MemoryWorld()


@contextmanager
def on_a_laptop(folder: Path) -> Iterator[World]:
    yield LocalWorld(folder)


@contextmanager
def on_github(folder: Path) -> Iterator[World]:
    with FakeGitHub(folder) as github:
        yield GithubWorld(github)
