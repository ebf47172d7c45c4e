"""Entries that a registry held once and holds no more: its branch was set back, written anew or deleted."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlci.core.registry.entries import Event
    from mlci.core.registry.history import Registry

REPAIR: Final = "mlci registry repair"
_NAMED: Final = 3


def taken_off(before: Registry, now: Registry) -> tuple[Event, ...]:
    """Return the events that the registry held BEFORE and does not hold NOW, from the first that differs on."""
    pairs = enumerate(zip_longest(before.events, now.events[: len(before.events)]))
    first = next((place for place, (then, there) in pairs if there is None or then.digest != there.digest), None)
    return () if first is None else before.events[first:]


def loss_text(reference: str, taken: Sequence[Event]) -> str:
    """Return in a sentence what the branch does not hold any more of what REFERENCE has here."""
    named = ", ".join(_named(event) for event in taken[:_NAMED]) + (", …" if len(taken) > _NAMED else "")
    return f"the branch was set back or written anew: it lacks {named}, which this clone fetched ({reference})"


def branch_rewritten(model: str, taken: Mapping[str, Sequence[Event]]) -> IntegrityError:
    """Return the error of a branch that lacks what this clone saw on it: events TAKEN off, by where they still are."""
    reference, events = next(iter(taken.items()))
    return IntegrityError(
        "branch-rewritten",
        f"the registry of {model} is not to be relied on: {loss_text(reference, events)}",
        where=f"mlci/registry/{model}",
        cause="Somebody pushed over the branch by force; mlci only ever adds to it.",
        hint=f"{REPAIR} shows what was taken off, how it comes back, and how to go on without it",
    )


def registry_gone(model: str, remembered: str) -> IntegrityError:
    """Return the error of a model whose branch is gone, which is no model that has none yet.

    REMEMBERED is what still tells of it: a reference in this clone, or a tag.
    """
    return IntegrityError(
        "registry-gone",
        f"the origin has no branch mlci/registry/{model} any more, and {one_line(remembered, 200)} tells of one",
        where=f"mlci/registry/{model}",
        cause="Somebody deleted the branch. It does not begin anew by itself: what was quarantined would be forgotten.",
        hint=f"{REPAIR} shows how it comes back; if it is another tool's tag in a shallow clone: git fetch --unshallow",
    )


def _named(event: Event) -> str:
    what = " ".join(filter(None, [event.type, event.version]))
    return f"event {event.sequence} ({what}) by {one_line(event.actor.name, 80)}"
