"""An event of the registry in words: what it did, and who it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.plain_text import one_line

if TYPE_CHECKING:
    from mlci.core.registry import Actor, Event
    from mlci.core.registry.entries import EventType


def happened(event: Event) -> str:
    """Return what an event did, in words.

    A type that names no version, such as a look at the sealed set, is told without one.
    """
    version, before = event.version or "", event.expected.version if event.expected else None
    sentences: dict[EventType, str] = {
        "register": f"{version} registered",
        "assign": f"{version} into {event.stage}" + (f", in place of {before}" if before else ""),
        "unassign": f"{before or 'nothing'} out of {event.stage}",
        "rollback": f"{event.stage} back to {version}" + (f", from {before}" if before else ""),
        "quarantine": f"{version} quarantined",
        "readmit": f"{version} readmitted",
        "deprecate": f"{version} deprecated",
        "deploy": f"{version} deployed" + (f" to {event.target}" if event.target else ""),
        "look": f"looked at the sealed set {version}".rstrip(),
        "note": f"noted {version}".rstrip(),
    }
    return sentences[event.type]


def person(actor: Actor) -> str:
    """Return who it was without the address, and whether a host vouches for it."""
    name = one_line(actor.name.partition("<")[0].strip() or actor.name, 30)
    return name if actor.verified else f"{name} (unverified)"
