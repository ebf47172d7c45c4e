"""What one fetch from the origin brought."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fetched:
    """The tip of a branch of the origin, as it was at the time of the fetch.

    `default_branch` is the origin's; it is `None` when a branch was named, because then nobody asked for it.
    """

    base_commit: str
    branch: str
    default_branch: str | None
