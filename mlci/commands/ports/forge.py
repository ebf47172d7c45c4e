"""The host of pull requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mlci.core.forge import Deployment, DeploymentStatus, Head, NoPullRequest, Permission, PullRequest, Status
    from mlci.core.proof import Proof


class Forge(Protocol):
    """The host of pull requests."""

    @property
    def default_branch(self) -> str:
        """The branch that pull requests go to unless they say otherwise."""

    @property
    def is_public(self) -> bool:
        """Whether everybody can read what is published here."""

    def find_pull_request(self, head: Head, base: str | None = None) -> PullRequest | NoPullRequest:
        """Return the open pull request (into `base`, if given) whose head is exactly this, or why there is none."""

    def pull_request(self, branch: str | None, commit: str) -> PullRequest:
        """Return the pull request of a branch of this repository at a commit; that there is none is an error."""

    def comment(self, pull_request: PullRequest, marker: str, body: str) -> str:
        """Write the one comment that the marker names, or replace it; return where it is."""

    def set_status(self, commit: str, status: Status) -> None:
        """Say what a check found about a commit."""

    def prove(self, commit: str, proof: Proof) -> None:
        """Keep which model was judged for a commit; what was proven of the same inputs before no longer counts."""

    def proof(self, commit: str, fingerprint: str) -> Proof | None:
        """Return what was proven of these inputs in a pull request of our own that was merged as this commit."""

    def approvals(self, commit: str) -> tuple[str, ...]:
        """Return the logins of those who approved, as it was merged, the pull request that became this commit."""

    def deployment(self, environment: str, commit: str, description: str = "") -> Deployment:
        """Begin to bring a commit into an environment."""

    def set_deployment_status(self, deployment: Deployment, status: DeploymentStatus) -> None:
        """Say how far a deployment is."""

    def unfinished_deployment(self, environment: str) -> Deployment | None:
        """Return the newest deployment of an environment, if it is ours and nobody said how it ended."""

    def artifact(self, run_id: int, name: str, limit_bytes: int = ...) -> bytes:
        """Return the zip archive that a run submitted under a name; it is hostile input, only its size is checked."""

    def permission(self, actor: str) -> Permission:
        """Return what somebody may do in this repository."""
