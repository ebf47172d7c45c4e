"""What a forge (a host such as GitHub, or the local stand-in) shows of a change: a pull request, a status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

GATE_CONTEXT: Final = "mlci/gate"
"""The one status that a branch protection requires."""

StatusState = Literal["success", "failure", "error", "pending"]


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A branch that wants to be merged, at the commit that was judged.

    Locally it has no number, and no branch when HEAD is detached.
    """

    branch: str | None
    commit: str
    number: int | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What one check (`context`, such as `mlci/gate`) says about a commit."""

    context: str
    state: StatusState
    description: str
    url: str | None = None
