"""Which permission each operation needs, and whether a token has it.

Levels are those of "Permissions required for GitHub Apps" in GitHub's documentation. Names are written as in the
`permissions:` of a workflow (`pull-requests`); the header `X-Accepted-GitHub-Permissions` has underscores instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Level = Literal["read", "write"]

NAMES: Final = frozenset(
    {
        "actions", "attestations", "checks", "contents", "deployments", "discussions", "id-token", "issues", "metadata",
        "models", "packages", "pages", "pull-requests", "repository-projects", "security-events", "statuses",
    }
)  # fmt: skip
"""What `permissions:` of a job may name, and `metadata`, which every token may read."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One permission at one level."""

    name: str
    level: Level


@dataclass(frozen=True, slots=True)
class Access:
    """What an operation asks for: any one of `alternatives`; none at all where `on_public` and the repository is."""

    alternatives: tuple[Permission, ...] = ()
    on_public: bool = False

    def header(self) -> str:
        """Return the value of `X-Accepted-GitHub-Permissions`; a semicolon separates alternatives."""
        return "; ".join(f"{each.name.replace('-', '_')}={each.level}" for each in self.alternatives)


def reads(*names: str) -> Access:
    """Return the access of an operation that reads; on a public repository everybody may."""
    return Access(tuple(Permission(name, "read") for name in names), on_public=True)


def writes(*names: str) -> Access:
    """Return the access of an operation that changes something."""
    return Access(tuple(Permission(name, "write") for name in names))


OPERATIONS: Final[Mapping[str, Access]] = {
    "rate-limit/get": Access(),
    "users/get-authenticated": Access(),
    "repos/get": reads("metadata"),
    "repos/get-collaborator-permission-level": Access((Permission("metadata", "read"),)),
    "repos/get-commit": reads("contents"),
    "git/get-ref": reads("contents"),
    "git/delete-ref": writes("contents"),
    "pulls/list": reads("pull-requests"),
    "pulls/get": reads("pull-requests"),
    "pulls/list-files": reads("pull-requests"),
    "pulls/list-reviews": reads("pull-requests"),
    "repos/list-pull-requests-associated-with-commit": reads("pull-requests"),
    "issues/list-for-repo": reads("issues"),
    "issues/get": reads("issues"),
    "issues/create": writes("issues"),
    "issues/update": writes("issues", "pull-requests"),
    "issues/list-comments": reads("issues", "pull-requests"),
    "issues/get-comment": reads("issues", "pull-requests"),
    "issues/create-comment": writes("issues", "pull-requests"),
    "issues/update-comment": writes("issues", "pull-requests"),
    "issues/delete-comment": writes("issues", "pull-requests"),
    "repos/create-commit-status": writes("statuses"),
    "repos/list-commit-statuses-for-ref": reads("statuses"),
    "repos/get-combined-status-for-ref": reads("statuses"),
    "checks/create": writes("checks"),
    "checks/update": writes("checks"),
    "checks/get": reads("checks"),
    "checks/list-for-ref": reads("checks"),
    "repos/create-deployment": writes("deployments"),
    "repos/list-deployments": reads("deployments"),
    "repos/get-deployment": reads("deployments"),
    "repos/create-deployment-status": writes("deployments"),
    "repos/list-deployment-statuses": reads("deployments"),
    "actions/list-workflow-runs-for-repo": reads("actions"),
    "actions/get-workflow-run": reads("actions"),
    "actions/list-workflow-run-artifacts": reads("actions"),
    "actions/get-artifact": reads("actions"),
    # The bytes of an artifact are never given without a token that may read actions, not even in public.
    "actions/download-artifact": Access((Permission("actions", "read"),)),
    "repos/list-releases": reads("contents"),
    "repos/get-release": reads("contents"),
    "repos/get-release-by-tag": reads("contents"),
    "repos/get-latest-release": reads("contents"),
    "repos/list-release-assets": reads("contents"),
    "repos/get-release-asset": reads("contents"),
    "repos/create-release": writes("contents"),
    "repos/update-release": writes("contents"),
    "repos/delete-release": writes("contents"),
    "repos/upload-release-asset": writes("contents"),
    "repos/delete-release-asset": writes("contents"),
}
"""Every operation of the fake, by GitHub's `operationId`; `openapi.json` is cut to exactly these."""

FETCH: Final = reads("contents")
PUSH: Final = writes("contents")


def normalised(permissions: Mapping[str, str]) -> dict[str, Level]:
    """Return what a job declares, as a token carries it: names with hyphens, `none` left out, metadata added.

    Raises `ValueError` for a name or a level that GitHub does not have.
    """
    granted: dict[str, Level] = {"metadata": "read"}
    for written, level in permissions.items():
        name = written.replace("_", "-")
        if name not in NAMES:
            raise ValueError(f"GitHub knows no permission {written!r}")
        match level:
            case "read" | "write":
                granted[name] = level
            case "none":
                granted.pop(name, None)
            case _:
                raise ValueError(f"{written}: {level!r} is none of read, write, none")
    return granted


def read_only(permissions: Mapping[str, Level]) -> dict[str, Level]:
    """Return what is left of a token's permissions in a run for a pull request from a fork."""
    return {name: "read" for name in permissions if name != "id-token"}


def satisfied(access: Access, granted: Mapping[str, Level]) -> Permission | None:
    """Return the first alternative that a token fulfils; None when it fulfils none."""
    return next((each for each in access.alternatives if _covers(granted.get(each.name), each.level)), None)


def highest(used: Iterable[Permission]) -> dict[str, Level]:
    """Return the least `permissions:` that would have allowed all of `used`; metadata needs no line."""
    least: dict[str, Level] = {}
    for each in used:
        if each.name != "metadata" and least.get(each.name) != "write":
            least[each.name] = each.level
    return dict(sorted(least.items()))


def _covers(has: Level | None, needs: Level) -> bool:
    return has == "write" or (has is not None and has == needs)
