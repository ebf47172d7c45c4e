"""A look at the sealed set, put on record."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from mlci.commands.retrying import record
from mlci.core.registry.looks import plan_look, refuse_beyond
from mlci.render.registry_page import registry_page

if TYPE_CHECKING:
    from mlci.commands.ports import Clock, RegistryBranch
    from mlci.core.registry import Actor, Change, Registry
    from mlci.core.registry.looks import LookOutcome


def record_look(
    model: str,
    sealed_sha256: str,
    outcome: LookOutcome,
    *,
    limit: int | None = None,
    actor: Actor,
    registry: RegistryBranch,
    clock: Clock,
) -> None:
    """Push that the sealed set of this digest was looked at; with LIMIT raise where it was looked at that often.

    Of several that look at once each is recorded, and the limit holds for all of them together.
    """

    def planned(found: Registry) -> Change:
        if limit is not None:
            refuse_beyond(found, sealed_sha256, limit)
        uuids = iter(uuid.uuid4, None)
        return plan_look(found, sealed_sha256, outcome, actor=actor, now=clock.now(), uuids=uuids, page=registry_page)

    record(model, planned, registry)
