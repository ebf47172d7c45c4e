"""Looks at a sealed set, counted where nobody can take one back: on the registry's branch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from mlci.core.registry.draft import Draft
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from uuid import UUID

    from mlci.core.registry.draft import Change, Page
    from mlci.core.registry.entries import Actor, Event
    from mlci.core.registry.history import Registry

LookOutcome = Literal["opened", "pass", "fail", "inconclusive", "not comparable"]
"""`opened` is written before anything is computed: a job that dies then has looked all the same."""
_OUTCOMES: Final[Mapping[str, LookOutcome]] = {each: each for each in get_args(LookOutcome)}


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the sealed set of this digest, and what came of it as far as it was told."""

    event: Event
    outcome: LookOutcome


def plan_look(
    registry: Registry,
    sealed_sha256: str,
    outcome: LookOutcome,
    *,
    actor: Actor,
    now: datetime,
    uuids: Iterator[UUID],
    page: Page,
) -> Change:
    """Return the change that says that the sealed set of this digest was looked at, and with what outcome.

    It moves nothing and decides nothing, so whoever lost a race may plan it again.
    """
    draft = Draft(registry, actor, now, uuids, outcome)
    draft.add("look", None, evaluation=sealed_sha256)
    return draft.change(None, None, f"{registry.model}: looked at the sealed set, {outcome}", page)


def looks(registry: Registry, sealed_sha256: str) -> tuple[Look, ...]:
    """Return every look at the sealed set of this digest, in the order of the branch.

    An outcome that follows the opening by the same actor ends that look; an opening without one is a look, too.
    """
    found: list[Look] = []
    for event in registry.events:
        if event.type != "look" or event.evaluation != sealed_sha256:
            continue
        outcome = _outcome(event)
        last = found[-1] if found else None
        if outcome != "opened" and last and last.outcome == "opened" and last.event.actor == event.actor:
            found[-1] = Look(event, outcome)
        else:
            found.append(Look(event, outcome))
    return tuple(found)


def refuse_beyond(registry: Registry, sealed_sha256: str, limit: int) -> None:
    """Raise `UsageError("looks-spent")` where the sealed set of this digest was looked at as often as is allowed."""
    done = len(looks(registry, sealed_sha256))
    if done >= limit:
        raise UsageError(
            "looks-spent",
            f"the sealed set was looked at {'once' if done == 1 else f'{done} times'}, of {limit} allowed",
            cause="Each look lets a little of it leak into what is tried next.",
            hint="Seal new rows; their digest begins a new count.",
        )


def _outcome(event: Event) -> LookOutcome:
    """Return the outcome; what another tool wrote there counts as a look without one."""
    return _OUTCOMES.get(event.reason, "opened")
