"""`mlci rollback`: the stage gets back the version that was there before; the bad one is quarantined."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.commands.beginning import refuse_gone
from mlci.core.registry import plan_rollback, refuse_unexpected, rolled_back
from mlci.render.registry_page import registry_page

if TYPE_CHECKING:
    from mlci.commands.ports import Clock, RegistryBranch
    from mlci.core.registry import Actor


@dataclass(frozen=True, slots=True)
class Rollback:
    """What a rollback did."""

    stage: str
    before: str
    """What was taken back."""
    version: str
    moved: bool = True
    """False where an earlier rollback did this already, so that nothing was written."""


def rollback(
    model: str,
    stage: str,
    *,
    to_version: str | None,
    reason: str,
    actor: Actor,
    registry: RegistryBranch,
    clock: Clock,
    expect: str | None = None,
) -> Rollback:
    """Move STAGE of MODEL back in one push; raises `UsageError` where there is nothing to go back to.

    It takes back what is there when the registry is read, and nothing newer: whoever is overtaken is refused. EXPECT is
    what the caller means to take back, a version or the event that put it there; where the last move of the stage took
    just that back, nothing is written.
    """
    loaded = registry.load(model)
    refuse_gone(loaded, registry)
    if expect is not None:
        done = rolled_back(loaded.registry, stage, expect, to_version)
        if done is not None:
            return Rollback(stage, *done, moved=False)
        refuse_unexpected(loaded.registry, stage, expect)
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
