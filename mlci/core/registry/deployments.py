"""What answers where, as far as the registry was told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from mlci.core.registry.history import Registry


@dataclass(frozen=True, slots=True)
class Deployed:
    """Since when a target has answered with a version."""

    target: str
    version: str
    since: datetime


def deployments(registry: Registry) -> tuple[Deployed, ...]:
    """Return what was deployed to each target last, by target; older deployments are in the events."""
    latest = {
        event.target: Deployed(event.target, event.version, event.time)
        for event in registry.events
        if event.type == "deploy" and event.target and event.version
    }
    return tuple(latest[target] for target in sorted(latest))


def deployed_at(registry: Registry, target: str) -> str | None:
    """Return the version that TARGET answers with as far as the registry was told, None where it never was."""
    return next((each.version for each in deployments(registry) if each.target == target), None)
