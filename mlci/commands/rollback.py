"""`mlci rollback`: the stage gets back the version that was there before; the bad one is quarantined."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.core.registry import plan_rollback
from mlci.render.registry_page import registry_page

if TYPE_CHECKING:
    from mlci.commands.ports import Clock, RegistryBranch
    from mlci.core.registry import Actor


@dataclass(frozen=True, slots=True)
class Rollback:
    """What a rollback did."""

    stage: str
    before: str
    version: str


def rollback(
    model: str,
    stage: str,
    *,
    to_version: str | None,
    reason: str,
    actor: Actor,
    registry: RegistryBranch,
    clock: Clock,
) -> Rollback:
    """Move STAGE of MODEL back in one push; raises `UsageError` where there is nothing to go back to."""
    loaded = registry.load(model)
    before = loaded.registry.version_at(stage)
    change = plan_rollback(
        loaded.registry,
        stage,
        to_version,
        actor=actor,
        now=clock.now(),
        uuids=iter(uuid.uuid4, None),
        reason=reason,
        page=registry_page,
    )
    registry.push(model, change, loaded.commit)
    return Rollback(stage, before.number if before else "none", change.version or "none")
