"""The one error of a decision that was made against something that is no longer there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.plain_text import one_line
from mlci.core.registry.numbers import NUMBER
from mlci.core.registry.writing import write_time
from mlci.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from mlci.core.registry.entries import Event, Expectation
    from mlci.core.registry.history import Registry


def stale_promotion(registry: Registry, stage: str | None, expected: Expectation | None) -> IntegrityError:
    """Return the error that says what moved: `registry` as it is now, and what the decision expected in `stage`.

    A change that moves no stage was decided against the registry as a whole.
    """
    model = registry.model
    found = registry.expectation(stage) if stage is not None else None
    if found is None or expected is None or found == expected:
        problem = f"the registry of {model} changed while this was decided; nothing was written"
        mover = registry.events[-1] if registry.events else None
    else:
        problem = (
            f"{model}#{stage} moved: this was decided against {_shown(expected)}, but now there is {_shown(found)}; "
            "nothing was written"
        )
        mover = registry.events[found.sequence - 1] if found.sequence else None
    return IntegrityError(
        "stale-promotion",
        problem,
        where=f"mlci/registry/{model}",
        cause=None if mover is None else _moved_by(mover),
        hint="See what is there now, mlci registry list; then run the command again, which decides against that.",
    )


def stale_deployment(registry: Registry, stage: str, expected: Expectation) -> IntegrityError | None:
    """Return the error that says what moved a stage while a version was deployed; `None` where nothing did.

    REGISTRY is as it is now, EXPECTED what the stage held when it was looked up.
    """
    found = registry.expectation(stage)
    if found == expected:
        return None
    return IntegrityError(
        "stale-deployment",
        f"{registry.model}#{stage} moved: {_shown(expected)} was looked up, but now there is {_shown(found)}",
        where=f"mlci/registry/{registry.model}",
        cause=_moved_by(registry.events[found.sequence - 1]) if found.sequence else None,
        hint="Run mlci deploy again; it brings what is there now.",
    )


def refuse_unexpected(registry: Registry, stage: str, stated: str) -> None:
    """Raise unless the stage holds what a person STATED: a version, the sequence of its event, or `none`.

    Raises `IntegrityError("stale-promotion")` saying what is there, and `UsageError("bad-expectation")`.
    """
    if stated != "none" and not stated.isdecimal() and NUMBER.fullmatch(stated) is None:
        raise UsageError(
            "bad-expectation",
            f"“{one_line(stated, 80)}” is nothing that a stage could hold",
            hint="--expect v1.2.3, --expect 4 (the event that put it there), or --expect none",
        )
    found = registry.expectation(stage)
    if stated in {found.version or "none", str(found.sequence)}:
        return
    event = f"event {stated}" if stated.isdecimal() else stated
    raise IntegrityError(
        "stale-promotion",
        f"{registry.model}#{stage} holds {_shown(found)}, and {event} was expected; nothing was written",
        where=f"mlci/registry/{registry.model}",
        cause=_moved_by(registry.events[found.sequence - 1]) if found.sequence else None,
        hint="Judge against what is there now; then expect that, or nothing.",
    )


def _moved_by(mover: Event) -> str:
    what = " ".join(filter(None, [mover.type, mover.version]))
    return (
        f"Event {mover.sequence} ({what}) by {one_line(mover.actor.name, 120)} at {write_time(mover.time)}: "
        f"{one_line(mover.reason, 200)}"
    )


def _shown(expectation: Expectation) -> str:
    if expectation.version is None:
        return "no version"
    return f"{expectation.version} (event {expectation.sequence})"
