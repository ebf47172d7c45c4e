"""`mlci rollback`: the stage gets back the version that was there before; the bad one is quarantined."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.commands.beginning import refuse_gone
from mlci.core.registry import plan_rollback, refuse_unexpected, rolled_back
from mlci.core.registry.deployments import deployments
from mlci.render.registry_page import registry_page

if TYPE_CHECKING:
    from mlci.commands.ports import Clock, RegistryBranch
    from mlci.commands.signatures import Vouching
    from mlci.core.registry import Actor, Registry


@dataclass(frozen=True, slots=True)
class Rollback:
    """What a rollback did, and what it leaves to do."""

    stage: str
    before: str
    """What was taken back."""
    version: str | None
    """What is in the stage instead; None where it was emptied."""
    moved: bool = True
    """False where an earlier rollback did this already, so that nothing was written."""
    answering: tuple[str, ...] = ()
    """The deployments that still answer with what was taken back, as far as the registry was told."""
    held_by: tuple[str, ...] = ()
    """The other stages that still hold it."""


def rollback(
    model: str,
    stage: str,
    *,
    to_version: str | None,
    reason: str,
    actor: Actor,
    registry: RegistryBranch,
    clock: Clock,
    vouching: Vouching,
    expect: str | None = None,
) -> Rollback:
    """Move STAGE of MODEL back in one push; raises `UsageError` where there is nothing to go back to.

    It takes back what is there when the registry is read, and nothing newer: whoever is overtaken is refused. EXPECT is
    what the caller means to take back, a version or the event that put it there; where the last move of the stage took
    just that back, nothing is written. TO VERSION may be `NOTHING`, which empties the stage. VOUCHING raises where what
    is there, or would come back, rests on an event that is not signed as it must be.
    """
    loaded = registry.load(model)
    refuse_gone(loaded, registry)
    if expect is not None:
        done = rolled_back(loaded.registry, stage, expect, to_version)
        if done is not None:
            return _told(loaded.registry, stage, *done, moved=False)
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
    vouched = [number for number in (before and before.number, change.version) if number]
    vouching(loaded.registry, vouched, stage)
    registry.push(model, change, loaded.commit)
    return _told(change.after, stage, before.number if before else "none", change.version)


def _told(state: Registry, stage: str, before: str, version: str | None, *, moved: bool = True) -> Rollback:
    """Return what was done, with where the version that was taken back still is."""
    answering = tuple(each.target for each in deployments(state) if each.version == before)
    held_by = tuple(name for name, each in sorted(state.stages.items()) if each.version == before)
    return Rollback(stage, before, version, moved, answering, held_by)
