"""Plans of what registers a version or moves a stage: a registration, a promotion, a rollback."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.core.names import checked_name
from mlci.core.registry.draft import Draft
from mlci.core.registry.staleness import stale_promotion
from mlci.core.registry.standing import refuse_unusable
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from uuid import UUID

    from mlci.core.registry.draft import Change, NewVersion, Page
    from mlci.core.registry.entries import Actor, Expectation, Version
    from mlci.core.registry.history import Registry

NOTHING: Final = "none"
"""What a person says in place of a version to empty a stage."""


def plan_registration(
    registry: Registry,
    candidate: NewVersion,
    *,
    actor: Actor,
    now: datetime,
    uuids: Iterator[UUID],
    reason: str,
    page: Page,
) -> Change | None:
    """Return the change that makes the candidate a version and moves no stage; `None` where its package is one.

    It decides nothing, so whoever lost a race may plan it again and push once more.
    """
    if registry.version_of(candidate.package_sha256) is not None:
        return None
    draft = Draft(registry, actor, now, uuids, reason)
    version = draft.register(candidate)
    return draft.change(None, version.number, f"{registry.model}: {version.number} registered", page)


def plan_promotion(
    registry: Registry,
    candidate: NewVersion,
    stage: str,
    expected: Expectation,
    *,
    actor: Actor,
    now: datetime,
    uuids: Iterator[UUID],
    reason: str,
    page: Page,
    evaluation: bytes | None = None,
    approvals: tuple[str, ...] = (),
) -> Change:
    """Return the change that registers the candidate (unless its package is registered) and puts it into the stage.

    EVALUATION is the file that the candidate names by its sha256; APPROVALS are the logins of who approved it.

    Raises `IntegrityError`: "stale-promotion" when the stage is not as `expected`, "quarantined" or "deprecated" for a
    package that was taken back or given up; `UsageError("already-in-stage")` when there is nothing to do.
    """
    checked_name(stage, "stage")
    if registry.expectation(stage) != expected:
        raise stale_promotion(registry, stage, expected)
    version = registry.version_of(candidate.package_sha256)
    draft = Draft(registry, actor, now, uuids, reason)
    if version is None:
        version = draft.register(candidate)
    elif expected.version == version.number:
        raise UsageError(
            "already-in-stage",
            f"{registry.model}@{version.number} is in {stage} already",
            hint="Nothing is to be done; `mlci registry show` shows the stage.",
        )
    else:
        refuse_unusable(registry, version.number)
    draft.add("assign", version.number, stage, evaluation=candidate.evaluation, approvals=approvals)
    if evaluation is not None:
        draft.keep_evaluation(evaluation)
    title = f"{registry.model}: {version.number} into {stage}"
    return draft.change(stage, version.number, title, page)


def plan_rollback(
    registry: Registry,
    stage: str,
    to_version: str | None,
    *,
    actor: Actor,
    now: datetime,
    uuids: Iterator[UUID],
    reason: str,
    page: Page,
) -> Change:
    """Return the change that moves the stage back (to the version before, or `to_version`) and quarantines the bad one.

    To `NOTHING` it empties the stage, for where no healthy version was in it before. Raises `UsageError`:
    "nothing-in-stage", "nothing-before", "unknown-version", "already-in-stage"; or `IntegrityError`: "quarantined",
    "deprecated".
    """
    checked_name(stage, "stage")
    bad = registry.version_at(stage)
    if bad is None:
        raise UsageError(
            "nothing-in-stage",
            f"{registry.model}#{stage} points to no version; there is nothing to roll back",
            hint="`mlci registry list` shows the stages.",
        )
    good = None if to_version == NOTHING else _healthy(registry, stage, bad, to_version)
    draft = Draft(registry, actor, now, uuids, reason)
    # The stage moves first: at no event does it point to a version that is quarantined.
    if good is None:
        draft.add("unassign", None, stage)
    else:
        draft.add("rollback", good.number, stage)
    draft.add("quarantine", bad.number)
    title = f"{registry.model}: {stage} back from {bad.number} to {good.number if good else 'nothing'}"
    return draft.change(stage, good.number if good else None, title, page)


def _healthy(registry: Registry, stage: str, bad: Version, to_version: str | None) -> Version:
    """Return what the stage goes back to."""
    good = registry.version(to_version) if to_version is not None else registry.version_before(stage)
    if good is None:
        raise UsageError(
            "nothing-before",
            f"no healthy version was in {registry.model}#{stage} before {bad.number}",
            hint=f'Empty the stage: mlci rollback --stage {stage} --version {NOTHING} --reason "…"; or name a version.',
        )
    if good.number == bad.number:
        raise UsageError(
            "already-in-stage",
            f"{registry.model}@{good.number} is in {stage} already",
            hint="Leave --version out to go back to what was there before; `mlci registry list` shows the versions.",
        )
    refuse_unusable(registry, good.number)
    return good


def rolled_back(registry: Registry, stage: str, stated: str, to_version: str | None) -> tuple[str, str | None] | None:
    """Return what the last move of the stage took back, and what it put there, `None` where it emptied the stage.

    `None` unless it was a rollback from what a person STATED (a version, or the sequence of the event that put it
    there), to `to_version` where one is named.
    """
    sequence = registry.expectation(stage).sequence
    move = registry.events[sequence - 1] if sequence else None
    if move is None or move.type not in {"rollback", "unassign"} or move.expected is None:
        return None
    taken = move.expected
    is_that = stated in {taken.version, str(taken.sequence)} and to_version in {None, move.version or NOTHING}
    return (taken.version, move.version) if taken.version is not None and is_that else None
