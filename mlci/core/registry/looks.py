"""Looks at sealed sets, counted where nobody can take one back: on the registry's branch.

A look is one event: which sealed set (`evaluation`), what was judged (`judged`), and `pass` or `not passed`. It is
pushed before its answer is told, so that no answer is known that was not paid for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.registry.draft import Draft
from mlci.core.registry.entries import NOT_PASSED, PASSED, broken, event_path
from mlci.core.statistics.sealed_budget import Look, SealedBudget, SealedLedger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from mlci.core.registry.draft import Change, Page
    from mlci.core.registry.entries import Actor, Event
    from mlci.core.registry.history import Registry


def ledger_of(registry: Registry, sealed_sha256: str, budget: SealedBudget) -> SealedLedger:
    """Return what was spent of the BUDGET of a sealed set; raises `IntegrityError` where the looks do not add up."""
    return SealedLedger(budget, looks(registry, sealed_sha256))


def looks(registry: Registry, sealed_sha256: str) -> tuple[Look, ...]:
    """Return every look at a sealed set, in the order of the branch."""
    return tuple(_look(event) for event in registry.events if _is_of(event, sealed_sha256))


def newest_sealed_set(registry: Registry) -> str | None:
    """Return the sealed set that was looked at last, None where none ever was."""
    return next((event.evaluation for event in reversed(registry.events) if event.type == "look"), None)


def plan_look(
    registry: Registry,
    sealed_sha256: str,
    judged: str,
    budget: SealedBudget,
    *,
    passed: bool,
    actor: Actor,
    now: datetime,
    uuids: Iterator[UUID],
    page: Page,
) -> Change | None:
    """Return the change that spends a look; None where this was judged before.

    It moves no stage, so whoever lost a race may plan it again: on what is there then, which may have nothing left.
    Raises `RejectedError("sealed-set-spent")`, and `IntegrityError` where another answer was given before.
    """
    before = ledger_of(registry, sealed_sha256, budget)
    if before.after(judged, passed=passed) == before:
        return None
    draft = Draft(registry, actor, now, uuids, PASSED if passed else NOT_PASSED)
    draft.add("look", None, evaluation=sealed_sha256, judged=judged)
    return draft.change(None, None, f"{registry.model}: a look at the sealed set", page)


def _is_of(event: Event, sealed_sha256: str) -> bool:
    return event.type == "look" and event.evaluation == sealed_sha256


def _look(event: Event) -> Look:
    if event.judged is None:
        raise broken(event_path(event.sequence), "a look says what was judged")
    return Look(event.judged, event.reason == PASSED)
