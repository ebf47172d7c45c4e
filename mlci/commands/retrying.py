"""Writing what decides nothing about a stage: planned again on what is there now, until the push arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlci.commands.ports import RegistryBranch
    from mlci.core.registry import Change, Registry

    Plan = Callable[[Registry], Change | None]

ATTEMPTS: Final = 100
"""With so many others at once, somebody wins each time; it is a limit for what should never happen."""


def record(model: str, plan: Plan, registry: RegistryBranch) -> Change | None:
    """Push what PLAN makes of the registry, and return it; `None` where PLAN finds nothing to do.

    Where somebody else pushed meanwhile, PLAN sees what is there now and may refuse. A change that moves a stage must
    not be written so: it was decided against what it found.
    """
    for attempt in range(ATTEMPTS):
        loaded = registry.load(model)
        change = plan(loaded.registry)
        if change is None:
            return None
        try:
            registry.push(model, change, loaded.commit)
        except IntegrityError as error:
            # A branch that is as we read it did not move; it was removed, or it is not what was planned on.
            if (
                error.code != "stale-promotion"
                or registry.load(model).commit == loaded.commit
                or attempt + 1 == ATTEMPTS
            ):
                raise
        else:
            return change
    raise AssertionError  # the last attempt returns or raises
