"""The registry: an append-only chain of events about the versions and stages of one model, as values and plans."""

from __future__ import annotations

from mlci.core.registry.entries import Actor, Event, EventType, Expectation, Stage, Version
from mlci.core.registry.history import LoadedRegistry, Registry, read
from mlci.core.registry.numbers import Part, next_number
from mlci.core.registry.plans import Change, NewVersion, Tag, plan_promotion, plan_rollback
from mlci.core.registry.staleness import stale_promotion

__all__ = [
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
    "Version",
    "next_number",
    "plan_promotion",
    "plan_rollback",
    "read",
    "stale_promotion",
]
