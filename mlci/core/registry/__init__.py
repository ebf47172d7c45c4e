"""The registry: an append-only chain of events about the versions and stages of one model, as values and plans."""

from __future__ import annotations

from mlci.core.registry.audit import Trail
from mlci.core.registry.draft import Change, NewVersion, Tag
from mlci.core.registry.entries import Actor, Event, EventType, Expectation, Stage, Version
from mlci.core.registry.history import LoadedRegistry, Registry, read
from mlci.core.registry.marks import plan_deployment, plan_deprecation, plan_quarantine, plan_readmission
from mlci.core.registry.numbers import Part, next_number
from mlci.core.registry.plans import NOTHING, plan_promotion, plan_registration, plan_rollback, rolled_back
from mlci.core.registry.staleness import refuse_unexpected, stale_promotion

__all__ = [
    "NOTHING",
    "Actor",
    "Change",
    "Event",
    "EventType",
    "Expectation",
    "LoadedRegistry",
    "NewVersion",
    "Part",
    "Registry",
    "Stage",
    "Tag",
    "Trail",
    "Version",
    "next_number",
    "plan_deployment",
    "plan_deprecation",
    "plan_promotion",
    "plan_quarantine",
    "plan_readmission",
    "plan_registration",
    "plan_rollback",
    "read",
    "refuse_unexpected",
    "rolled_back",
    "stale_promotion",
]
