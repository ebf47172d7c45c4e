"""All routes, by operationId."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakegithub.routes import actions, deployments, issues, pulls, releases, repositories, statuses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.fakegithub.call import Route

ROUTES: Final[Mapping[str, Route]] = {
    **repositories.ROUTES,
    **pulls.ROUTES,
    **issues.ROUTES,
    **statuses.ROUTES,
    **deployments.ROUTES,
    **actions.ROUTES,
    **releases.ROUTES,
}
