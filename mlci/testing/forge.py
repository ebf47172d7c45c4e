"""A forge in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.forge import (
    LARGEST_ARTIFACT_BYTES,
    LONGEST_COMMENT,
    Deployment,
    DeploymentStatus,
    Head,
    NoPullRequest,
    Permission,
    PullRequest,
    Status,
    artifact_missing,
    artifact_too_large,
    checked_actor,
    checked_artifact,
    checked_environment,
    checked_marker,
    checked_run,
    comment_too_long,
    newest_unfinished,
    shown_description,
)
from mlci.core.names import checked_commit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.proof import Proof


class MemoryForge:
    """Keeps comments by branch and marker, statuses by commit and context, deployments in their order.

    Every branch has a pull request, unless `opened` says otherwise: then only those heads have one.
    """

    def __init__(self, *, default_branch: str = "main", is_public: bool = False) -> None:
        """Begin with nothing."""
        self.default_branch = default_branch
        self.is_public = is_public
        self.opened: list[PullRequest] | None = None
        self.artifacts: dict[tuple[int, str], bytes] = {}
        self.permissions: dict[str, Permission] = {}
        self.approved: dict[str, tuple[str, ...]] = {}
        """By commit, who approved the pull request that it came from."""
        self._comments: dict[str, dict[str, str]] = {}
        self._statuses: dict[str, dict[str, Status]] = {}
        self._deployments: list[tuple[Deployment, list[DeploymentStatus]]] = []
        self._proofs: dict[str, Proof] = {}

    def find_pull_request(self, head: Head, base: str | None = None) -> PullRequest | NoPullRequest:
        """Return the pull request of a head."""
        if self.opened is None:
            return PullRequest(head.branch, head.commit, base=base, repository=head.repository)
        of_branch = [
            each
            for each in self.opened
            if (each.branch, each.repository) == (head.branch, head.repository) and base in {None, each.base}
        ]
        for each in of_branch:
            if each.commit == head.commit:
                return each
        if of_branch:
            return NoPullRequest("moved", f"{head.branch} was pushed to meanwhile")
        return NoPullRequest("absent", f"no open pull request has the head {head.branch}")

    def pull_request(self, branch: str | None, commit: str) -> PullRequest:
        """Return the pull request of a branch."""
        found = self.find_pull_request(Head(branch, commit))
        if isinstance(found, NoPullRequest):
            raise found.error()
        return found

    def comment(self, pull_request: PullRequest, marker: str, body: str) -> str:
        """Keep the one comment that `marker` names."""
        checked_marker(marker)
        if len(body) > LONGEST_COMMENT:
            raise comment_too_long(body)
        place = _place(pull_request)
        self._comments.setdefault(place, {})[marker] = body
        return f"memory:{place}"

    def set_status(self, commit: str, status: Status) -> None:
        """Keep a status."""
        self._statuses.setdefault(checked_commit(commit), {})[status.context] = status.shortened()

    def prove(self, commit: str, proof: Proof) -> None:
        """Keep a proof by its fingerprint."""
        checked_commit(commit)
        self._proofs[proof.fingerprint] = proof

    def proof(self, commit: str, fingerprint: str) -> Proof | None:
        """Return the last proof of these inputs; which commit merged what, nobody knows here."""
        checked_commit(commit)
        return self._proofs.get(fingerprint)

    def approvals(self, commit: str) -> tuple[str, ...]:
        """Return who approved."""
        return self.approved.get(checked_commit(commit), ())

    def deployment(self, environment: str, commit: str, description: str = "") -> Deployment:
        """Keep a deployment."""
        checked_environment(environment)
        checked_commit(commit)
        made = Deployment(len(self._deployments) + 1, environment, commit, shown_description(description))
        self._deployments.append((made, []))
        return made

    def set_deployment_status(self, deployment: Deployment, status: DeploymentStatus) -> None:
        """Keep how far a deployment is."""
        self._deployments[deployment.id - 1][1].append(status.shortened())

    def unfinished_deployment(self, environment: str) -> Deployment | None:
        """Return the newest deployment of an environment, if it did not end."""
        return newest_unfinished(self.deployments(), checked_environment(environment))

    def artifact(self, run_id: int, name: str, limit_bytes: int = LARGEST_ARTIFACT_BYTES) -> bytes:
        """Return what a test put into `artifacts`."""
        content = self.artifacts.get((checked_run(run_id), checked_artifact(name)))
        if content is None:
            raise artifact_missing(run_id, name)
        if len(content) > limit_bytes:
            raise artifact_too_large(name, limit_bytes)
        return content

    def permission(self, actor: str) -> Permission:
        """Return what a test put into `permissions`; nobody else may do anything."""
        return self.permissions.get(checked_actor(actor), "none")

    def comments(self, pull_request: PullRequest) -> Mapping[str, str]:
        """Return the comments of a pull request by their marker."""
        return dict(self._comments.get(_place(pull_request), {}))

    def statuses(self, commit: str) -> tuple[Status, ...]:
        """Return what is said about a commit, in the order of the contexts."""
        return tuple(status for _, status in sorted(self._statuses.get(commit, {}).items()))

    def deployments(self) -> tuple[tuple[Deployment, tuple[DeploymentStatus, ...]], ...]:
        """Return what was deployed and how it went, in the order of time."""
        return tuple((deployment, tuple(statuses)) for deployment, statuses in self._deployments)


def _place(pull_request: PullRequest) -> str:
    return pull_request.branch or pull_request.commit
