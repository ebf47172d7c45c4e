"""`mlci quarantine`, `readmit`, `deprecate`: what is said about a version; no stage moves."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.commands.retrying import record
from mlci.core.registry import plan_deprecation, plan_quarantine, plan_readmission
from mlci.core.registry.owners import refuse_strangers
from mlci.render.registry_page import registry_page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlci.commands.ports import Clock, RegistryBranch
    from mlci.core.registry import Actor, Change, Registry


@dataclass(frozen=True, slots=True)
class Marked:
    """What became of a version; `changed` is False where it was so already."""

    version: str
    changed: bool
    note: str | None = None
    """As whom it was done."""


def quarantine(
    model: str, version: str, *, reason: str, actor: Actor, registry: RegistryBranch, clock: Clock
) -> Marked:
    """Quarantine VERSION of MODEL: it can be neither promoted nor deployed; raises `UsageError("in-stage")`."""
    return _mark(plan_quarantine, model, version, reason=reason, actor=actor, registry=registry, clock=clock)


def deprecate(model: str, version: str, *, reason: str, actor: Actor, registry: RegistryBranch, clock: Clock) -> Marked:
    """Deprecate VERSION of MODEL: record and package stay, no stage takes it; raises `UsageError("in-stage")`."""
    return _mark(plan_deprecation, model, version, reason=reason, actor=actor, registry=registry, clock=clock)


def readmit(
    model: str,
    version: str,
    *,
    reason: str,
    actor: Actor,
    owners: Sequence[str],
    registry: RegistryBranch,
    clock: Clock,
) -> Marked:
    """Lift quarantine and deprecation of VERSION, which one of OWNERS (of base) may.

    Raises `RejectedError("not-an-owner")`.
    """
    note = refuse_strangers(actor, owners, "readmit a version")
    return _mark(
        plan_readmission, model, version, reason=reason, actor=actor, registry=registry, clock=clock, note=note
    )


def _mark(
    plan: Callable[..., Change | None],
    model: str,
    version: str,
    *,
    reason: str,
    actor: Actor,
    registry: RegistryBranch,
    clock: Clock,
    note: str | None = None,
) -> Marked:
    number = version.removeprefix(f"{model}@")

    def planned(found: Registry) -> Change | None:
        uuids = iter(uuid.uuid4, None)
        return plan(found, number, actor=actor, now=clock.now(), uuids=uuids, reason=reason, page=registry_page)

    return Marked(number, record(model, planned, registry) is not None, note)
