"""Writing what holds whatever others write meanwhile: planned again on what is there now, until the push arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlci.commands.ports import RegistryBranch
    from mlci.core.registry import Change, Registry

Planned = TypeVar("Planned", bound="Change | None")

ATTEMPTS: Final = 100
"""With so many others at once, somebody wins each time; it is a limit for what should never happen."""


def record(model: str, plan: Callable[[Registry], Planned], registry: RegistryBranch) -> Planned:
    """Push what PLAN makes of the registry, and return it; `None` where PLAN finds nothing to do.

    Where somebody else pushed meanwhile, PLAN sees what is there now and may refuse. One that moves a stage must refuse
    where the stage is no longer what it was decided against, as `plan_promotion` does.
    """
    for attempt in range(ATTEMPTS):
        loaded = registry.load(model)
        change = plan(loaded.registry)
        if change is None:
            return change
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
