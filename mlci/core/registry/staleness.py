"""The one error of a decision that was made against something that is no longer there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.plain_text import one_line
from mlci.core.registry.entries import Expectation, write_time
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from mlci.core.registry.history import Registry


def stale_promotion(registry: Registry, stage: str, expected: Expectation) -> IntegrityError:
    """Return the error that says what moved: `registry` as it is now, and what the decision expected in `stage`."""
    model = registry.model
    found = registry.expectation(stage)
    if found == expected:
        problem = f"the registry of {model} changed while this was decided; nothing was written"
        mover = registry.events[-1] if registry.events else None
    else:
        problem = (
            f"{model}#{stage} moved: this was decided against {_shown(expected)}, but now there is {_shown(found)}; "
            "nothing was written"
        )
        mover = registry.events[found.sequence - 1] if found.sequence else None
    cause = None
    if mover is not None:
        what = " ".join(filter(None, [mover.type, mover.version]))
        cause = (
            f"Event {mover.sequence} ({what}) by {one_line(mover.actor.name, 120)} at {write_time(mover.time)}: "
            f"{one_line(mover.reason, 200)}"
        )
    return IntegrityError(
        "stale-promotion",
        problem,
        where=f"mlci/registry/{model}",
        cause=cause,
        hint="Run the command again: it judges against what is there now.",
    )


def _shown(expectation: Expectation) -> str:
    if expectation.version is None:
        return "no version"
    return f"{expectation.version} (event {expectation.sequence})"
