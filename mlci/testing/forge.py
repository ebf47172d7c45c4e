"""A forge in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.forge import PullRequest, Status
from mlci.core.names import checked_branch, checked_commit

if TYPE_CHECKING:
    from collections.abc import Mapping


class MemoryForge:
    """Keeps comments by branch and marker, statuses by commit and context."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._comments: dict[str, dict[str, str]] = {}
        self._statuses: dict[str, dict[str, Status]] = {}

    def pull_request(self, branch: str | None, commit: str) -> PullRequest:
        """Return the pull request of a branch; there always is one."""
        return PullRequest(None if branch is None else checked_branch(branch), checked_commit(commit))

    def comment(self, pull_request: PullRequest, marker: str, body: str) -> str:
        """Keep the one comment that `marker` names."""
        place = pull_request.branch or pull_request.commit
        self._comments.setdefault(place, {})[marker] = body
        return f"memory:{place}"

    def set_status(self, commit: str, status: Status) -> None:
        """Keep a status."""
        self._statuses.setdefault(checked_commit(commit), {})[status.context] = status

    def comments(self, pull_request: PullRequest) -> Mapping[str, str]:
        """Return the comments of a pull request by their marker."""
        return dict(self._comments.get(pull_request.branch or pull_request.commit, {}))

    def statuses(self, commit: str) -> tuple[Status, ...]:
        """Return what is said about a commit, in the order of the contexts."""
        return tuple(status for _, status in sorted(self._statuses.get(commit, {}).items()))
