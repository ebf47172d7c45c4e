"""What a forge (GitHub, or the local stand-in) shows of a change: pull requests, statuses, deployments."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, Literal

from mlci.core.names import checked_branch, checked_commit, checked_name
from mlci.core.plain_text import one_line
from mlci.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

GATE_CONTEXT: Final = "mlci/gate"
"""The one status that a branch protection requires."""

LONGEST_DESCRIPTION: Final = 140
"""Characters that GitHub takes as the description of a status."""

LONGEST_COMMENT: Final = 65_536
"""Characters that GitHub takes as the body of a comment."""

LARGEST_ARTIFACT_BYTES: Final = 256 << 20
"""Bytes of a run's artifact that are read into memory, if the caller names no other limit."""

_MARKER: Final = re.compile(r"<!-- mlci:(?P<name>[a-z][a-z0-9_-]{0,62}) -->")
_REPOSITORY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}/(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
_ACTOR: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}(\[bot\])?")

StatusState = Literal["success", "failure", "error", "pending"]
DeploymentState = Literal["queued", "in_progress", "success", "failure", "error", "inactive"]
ENDED: Final[frozenset[DeploymentState]] = frozenset({"success", "failure", "error", "inactive"})
"""The states of a deployment that nothing is done for any more."""
Permission = Literal["admin", "write", "read", "none"]


def gate_context(base: str | None, default_branch: str | None) -> str:
    """Return the status for pull requests into BASE: only the one into the default branch is `mlci/gate` itself.

    >>> gate_context("main", "main"), gate_context("next", "main"), gate_context(None, None)
    ('mlci/gate', 'mlci/gate (next)', 'mlci/gate')
    """
    return GATE_CONTEXT if base == default_branch else f"{GATE_CONTEXT} ({one_line(str(base), 80)})"


@dataclass(frozen=True, slots=True)
class Head:
    """What is to be judged: a commit, the branch that it was the tip of, and whose branch that is.

    `repository` is `None` for the forge's own repository; `branch` is `None` when HEAD is detached.
    Raises `UsageError("bad-branch")`, `("bad-commit")` or `("bad-repository")`.
    """

    branch: str | None
    commit: str
    repository: str | None = None

    def __post_init__(self) -> None:
        """Check the names, which become parts of addresses and references."""
        checked_commit(self.commit)
        if self.branch is not None:
            checked_branch(self.branch)
        if self.repository is not None:
            checked_repository(self.repository)


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A branch that wants to be merged, at the commit that was judged.

    Locally it has no number, no base, and no branch when HEAD is detached. `repository` is where the branch lies: in
    a pull request from a fork, the fork.
    """

    branch: str | None
    commit: str
    number: int | None = None
    url: str | None = None
    base: str | None = None
    repository: str | None = None


@dataclass(frozen=True, slots=True)
class NoPullRequest:
    """Why a head has no open pull request: it was pushed to meanwhile (`moved`), or there is none (`absent`)."""

    reason: Literal["moved", "absent"]
    sentence: str

    def error(self) -> IntegrityError | UsageError:
        """Return the error for a verb that cannot go on without a pull request."""
        if self.reason == "moved":
            return IntegrityError("stale-head", self.sentence, hint="Nothing to do: the newer commit has its own run.")
        return UsageError("no-pull-request", self.sentence, hint="Open a pull request, or use `mlci check`.")


@dataclass(frozen=True, slots=True)
class Status:
    """What one check (`context`, such as `mlci/gate`) says about a commit."""

    context: str
    state: StatusState
    description: str
    url: str | None = None

    def shortened(self) -> Status:
        """Return the status with a description that every forge takes."""
        return replace(self, description=shown_description(self.description))


@dataclass(frozen=True, slots=True)
class Deployment:
    """One attempt to bring a commit into an environment."""

    id: int
    environment: str
    commit: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class DeploymentStatus:
    """How far a deployment is; `url` is where what was deployed answers."""

    state: DeploymentState
    description: str = ""
    url: str | None = None

    def shortened(self) -> DeploymentStatus:
        """Return the status with a description that every forge takes."""
        return replace(self, description=shown_description(self.description))


def newest_unfinished(
    deployments: Sequence[tuple[Deployment, Sequence[DeploymentStatus]]], environment: str
) -> Deployment | None:
    """Return the last of the DEPLOYMENTS to an environment, if none of its statuses, in the order of time, ended it."""
    last = next((each for each in reversed(deployments) if each[0].environment == environment), None)
    if last is None:
        return None
    deployment, statuses = last
    return None if statuses and statuses[-1].state in ENDED else deployment


def shown_description(text: str) -> str:
    """Return `text` as every forge takes it: one line of at most 140 characters."""
    return one_line(text, LONGEST_DESCRIPTION)


def checked_marker(text: str) -> str:
    """Return the name in a marker (`<!-- mlci:report -->` has `report`), else raise `UsageError("bad-marker")`."""
    match = _MARKER.fullmatch(text)
    if match is None:
        raise UsageError("bad-marker", f"“{one_line(text, 80)}” is no marker such as <!-- mlci:report -->")
    return match["name"]


def checked_repository(text: str) -> str:
    """Return `text` if it is a repository's full name (`acme/tumour`), else raise `UsageError("bad-repository")`."""
    if _REPOSITORY.fullmatch(text) is None:
        raise UsageError(
            "bad-repository",
            f"“{one_line(text, 80)}” is not the name of a repository",
            hint="Write it as owner/name, such as acme/tumour.",
        )
    return text


def checked_actor(text: str) -> str:
    """Return `text` if it may be the login of a user or a bot, else raise `UsageError("bad-actor")`."""
    if _ACTOR.fullmatch(text) is None:
        raise UsageError("bad-actor", f"“{one_line(text, 80)}” is not a login")
    return text


def checked_run(run_id: int) -> int:
    """Return `run_id` if it may be a workflow run's id, else raise `UsageError("bad-run")`."""
    if run_id < 1:
        raise UsageError("bad-run", f"{run_id} is not the id of a workflow run")
    return run_id


def checked_artifact(name: str) -> str:
    """Return `name` if it may name an artifact of ours, else raise `UsageError("bad-name")`."""
    return checked_name(name, "artifact")


def checked_environment(name: str) -> str:
    """Return `name` if it may name a deployment environment of ours, else raise `UsageError("bad-name")`."""
    return checked_name(name, "deployment")


def artifact_missing(run_id: int, name: str) -> UsageError:
    """Return the error for an artifact that a run does not have."""
    return UsageError(
        "artifact-missing",
        f"run {run_id} has no artifact {name}",
        cause="The job that makes it failed before, or the artifact has expired.",
        hint="Look at the job `check` of that run, and run it again.",
    )


def artifact_too_large(name: str, limit_bytes: int) -> IntegrityError:
    """Return the error for an artifact above the limit."""
    return IntegrityError(
        "artifact-too-large",
        f"the artifact {name} has more than {limit_bytes:,} bytes",
        cause="It comes from the job that runs the pull request's code, and nothing that large is read from there.",
        hint="Make the model smaller.",
    )


def comment_too_long(body: str) -> UsageError:
    """Return the error for a comment that no forge takes."""
    return UsageError("comment-too-long", f"the comment has {len(body):,} characters, GitHub takes {LONGEST_COMMENT:,}")
