"""What a version may be used for: a quarantined one for nothing, a deprecated one for nothing new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.plain_text import one_line
from mlci.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from mlci.core.registry.entries import EventType
    from mlci.core.registry.history import Registry


def refuse_unusable(registry: Registry, number: str) -> None:
    """Raise where the version may not be put into a stage: `IntegrityError`: "quarantined", "deprecated"."""
    if registry.is_quarantined(number):
        raise IntegrityError(
            "quarantined",
            f"{registry.model}@{number} is quarantined: it can be neither promoted nor deployed",
            cause=why(registry, number, "quarantine"),
            hint=f'Fix the model and promote a new version; or an owner lifts it: mlci readmit {number} --reason "…"',
        )
    if registry.is_deprecated(number):
        raise IntegrityError(
            "deprecated",
            f"{registry.model}@{number} is deprecated: it is kept, but not promoted any more",
            cause=why(registry, number, "deprecate"),
            hint=f'Promote a newer version, or take it up again: mlci readmit {number} --reason "…"',
        )


def nothing_to_deploy(registry: Registry, stage: str) -> UsageError:
    """Return the error of a stage that points to no version: because none ever was in it, or it was emptied."""
    emptied = registry.expectation(stage).sequence
    if not emptied:
        cause, hint = "No candidate was promoted yet.", "mlci promote"
    else:
        event = registry.events[emptied - 1]
        who, reason = one_line(event.actor.name, 120), one_line(event.reason, 200)
        cause = f"Event {emptied} by {who} emptied it: {reason}"
        hint = "Promote a good version; until then the target answers as before, unless you take it down yourself."
    return UsageError("nothing-to-deploy", f"nothing is in {registry.model}#{stage}", cause=cause, hint=hint)


def why(registry: Registry, number: str, event_type: EventType) -> str | None:
    """Return who said so last, and why, as one sentence; None where no event of this type names the version."""
    event = next(
        (each for each in reversed(registry.events) if (each.type, each.version) == (event_type, number)), None
    )
    if event is None:
        return None
    return f"Event {event.sequence} by {one_line(event.actor.name, 120)}: {one_line(event.reason, 200)}"
