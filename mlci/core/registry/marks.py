"""Plans of what is said about a version and moves no stage: quarantined, readmitted, deprecated, deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.names import checked_name
from mlci.core.registry.deployments import deployed_at
from mlci.core.registry.draft import Draft
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from mlci.core.registry.draft import Change, Page
    from mlci.core.registry.entries import Actor
    from mlci.core.registry.history import Registry


def plan_quarantine(
    registry: Registry, number: str, *, actor: Actor, now: datetime, uuids: Iterator[UUID], reason: str, page: Page
) -> Change | None:
    """Return the change that quarantines a version, `None` where it is quarantined already.

    Raises `UsageError`: "unknown-version"; "in-stage", since what serves is taken out by a rollback, which quarantines
    it, too.
    """
    version = registry.version(number)
    if registry.is_quarantined(version.number):
        return None
    _refuse_in_stage(registry, number, 'mlci rollback --stage {stage} --reason "…" takes it out and quarantines it.')
    draft = Draft(registry, actor, now, uuids, reason)
    draft.add("quarantine", number)
    return draft.change(None, number, f"{registry.model}: {number} quarantined", page)


def plan_readmission(
    registry: Registry, number: str, *, actor: Actor, now: datetime, uuids: Iterator[UUID], reason: str, page: Page
) -> Change | None:
    """Return the change that lifts quarantine and deprecation of a version, `None` where there is neither.

    Whether the actor may do that is not decided here (see `owners`). Raises `UsageError("unknown-version")`.
    """
    version = registry.version(number)
    if not registry.is_quarantined(version.number) and not registry.is_deprecated(version.number):
        return None
    draft = Draft(registry, actor, now, uuids, reason)
    draft.add("readmit", number)
    return draft.change(None, number, f"{registry.model}: {number} readmitted", page)


def plan_deprecation(
    registry: Registry, number: str, *, actor: Actor, now: datetime, uuids: Iterator[UUID], reason: str, page: Page
) -> Change | None:
    """Return the change that deprecates a version, `None` where it is deprecated already.

    Record and package stay; the version can no longer be put into a stage. Raises `UsageError`: "unknown-version",
    "in-stage".
    """
    version = registry.version(number)
    if registry.is_deprecated(version.number):
        return None
    _refuse_in_stage(registry, number, "Promote another version first; then deprecate this one.")
    draft = Draft(registry, actor, now, uuids, reason)
    draft.add("deprecate", number)
    return draft.change(None, number, f"{registry.model}: {number} deprecated", page)


def plan_deployment(
    registry: Registry,
    number: str,
    target: str,
    *,
    is_new: bool,
    actor: Actor,
    now: datetime,
    uuids: Iterator[UUID],
    reason: str,
    page: Page,
) -> Change | None:
    """Return the change that says that TARGET answers with a version.

    `None` where the registry says so already, unless it IS NEW. It decides nothing, so whoever lost a race may plan it
    again. Raises `UsageError`: "unknown-version", "bad-name".
    """
    version = registry.version(number)
    if deployed_at(registry, checked_name(target, "deployment")) == number and not is_new:
        return None
    draft = Draft(registry, actor, now, uuids, reason)
    draft.add("deploy", version.number, target=target)
    return draft.change(None, version.number, f"{registry.model}: {version.number} answers at {target}", page)


def _refuse_in_stage(registry: Registry, number: str, hint: str) -> None:
    stage = next((name for name, stage in sorted(registry.stages.items()) if stage.version == number), None)
    if stage is not None:
        raise UsageError(
            "in-stage",
            f"{registry.model}@{number} is in {stage}; nothing was written",
            hint=hint.replace("{stage}", stage),
        )
