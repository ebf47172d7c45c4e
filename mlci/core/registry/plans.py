"""Plans: what a promotion or a rollback writes, as values; an adapter applies them in one push or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlci.core.names import checked_name
from mlci.core.plain_text import one_line
from mlci.core.registry.entries import (
    MOVES,
    Actor,
    Event,
    EventType,
    Expectation,
    Version,
    event_path,
    read_version,
    sealed,
    sha256,
    stage_path,
    version_path,
    write_event,
    write_stage,
    write_version,
)
from mlci.core.registry.history import PAGE, Registry, replay
from mlci.core.registry.numbers import Part, next_number
from mlci.core.registry.staleness import stale_promotion
from mlci.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

Page = Callable[[Registry], str]
"""Renders the page of the branch from the registry as it will be."""

_LONGEST_REASON: Final = 2000
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A package that wants to become a version; `part` and `number_reason` say which number it gets, and why."""

    package_sha256: str
    package_size: int
    locations: tuple[str, ...]
    run: str
    commit: str
    evaluation: str | None
    signature: str
    part: Part
    number_reason: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag that is created together with the change and never moved."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be written in one push: files by path, tags, and what it was decided against.

    `events` are the new ones; `before` and `after` are the registry without and with them; `version` is what the
    stage points to afterwards.
    """

    model: str
    stage: str
    version: str
    expected: Expectation
    files: Mapping[str, bytes]
    tags: tuple[Tag, ...]
    message: str
    actor: Actor
    time: datetime
    events: tuple[Event, ...]
    before: Registry
    after: Registry


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
) -> Change:
    """Return the change that registers the candidate (unless its package is registered) and puts it into the stage.

    Raises `IntegrityError("stale-promotion")` when the stage is not as `expected`, `IntegrityError("quarantined")`
    for a package that was taken back, `UsageError("already-in-stage")` when there is nothing to do.
    """
    checked_name(stage, "stage")
    if registry.expectation(stage) != expected:
        raise stale_promotion(registry, stage, expected)
    version = registry.version_of(candidate.package_sha256)
    draft = _Draft(registry, actor, now, uuids, reason)
    if version is None:
        version = draft.register(candidate)
    elif registry.is_quarantined(version.number):
        raise _quarantined(registry, version.number)
    elif expected.version == version.number:
        raise UsageError(
            "already-in-stage",
            f"{registry.model}@{version.number} is in {stage} already",
            hint="Nothing is to be done; `mlci registry show` shows the stage.",
        )
    draft.add("assign", version.number, stage, evaluation=candidate.evaluation)
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

    Raises `UsageError`: "nothing-in-stage", "nothing-before", "unknown-version", "already-in-stage"; or
    `IntegrityError("quarantined")`.
    """
    checked_name(stage, "stage")
    bad = registry.version_at(stage)
    if bad is None:
        raise UsageError(
            "nothing-in-stage",
            f"{registry.model}#{stage} points to no version; there is nothing to roll back",
            hint="`mlci registry list` shows the stages.",
        )
    good = registry.version(to_version) if to_version is not None else registry.version_before(stage)
    if good is None:
        raise UsageError(
            "nothing-before",
            f"no healthy version was in {registry.model}#{stage} before {bad.number}",
            hint="Name one: mlci rollback --version v1.2.3 --reason …",
        )
    if good.number == bad.number:
        raise UsageError("already-in-stage", f"{registry.model}@{good.number} is in {stage} already")
    if registry.is_quarantined(good.number):
        raise _quarantined(registry, good.number)
    draft = _Draft(registry, actor, now, uuids, reason)
    # The stage moves first: at no event does it point to a version that is quarantined.
    draft.add("rollback", good.number, stage)
    draft.add("quarantine", bad.number)
    title = f"{registry.model}: {stage} back from {bad.number} to {good.number}"
    return draft.change(stage, good.number, title, page)


class _Draft:
    """Events, and the files of versions, that a plan collects before it becomes a change."""

    def __init__(self, registry: Registry, actor: Actor, now: datetime, uuids: Iterator[UUID], reason: str) -> None:
        self.reason = one_line(reason, _LONGEST_REASON)
        if not self.reason:
            raise UsageError(
                "reason-missing",
                "every entry of the registry has a reason; this one is empty",
                hint='Say why: --reason "…"',
            )
        self.registry = registry
        self.actor = Actor(one_line(actor.name, _LONGEST_NAME), actor.verified)
        self.now = now.replace(microsecond=0)
        self.uuids = uuids
        self.versions = dict(registry.versions)
        self.events = list(registry.events)
        self.files: dict[str, bytes] = {}

    def register(self, candidate: NewVersion) -> Version:
        latest = self.registry.latest
        number = next_number(None if latest is None else latest.number, candidate.part)
        version = Version(
            model=self.registry.model,
            number=number,
            package_sha256=candidate.package_sha256,
            package_size=candidate.package_size,
            locations=candidate.locations,
            run=candidate.run,
            commit=candidate.commit,
            evaluation=candidate.evaluation,
            signature=candidate.signature,
            actor=self.actor,
            time=self.now,
            number_reason=candidate.number_reason,
        )
        path = version_path(number)
        data = write_version(version)
        # Nothing is written that could not be read again: a broken registry would stop every reader.
        self.versions[number] = read_version(data, path)
        self.files[path] = data
        self.add("register", number, version_sha256=sha256(data))
        return version

    def add(
        self,
        event_type: EventType,
        version: str,
        stage: str | None = None,
        *,
        version_sha256: str | None = None,
        evaluation: str | None = None,
    ) -> None:
        previous = self.events[-1].digest if self.events else None
        event = Event(
            model=self.registry.model,
            sequence=len(self.events) + 1,
            uuid=next(self.uuids),
            previous=previous,
            type=event_type,
            actor=self.actor,
            time=self.now,
            reason=self.reason,
            version=version,
            stage=stage,
            expected=None if stage is None else self.registry.expectation(stage),
            version_sha256=version_sha256,
            evaluation=evaluation,
        )
        self.events.append(sealed(event))

    def change(self, stage: str, version: str, title: str, page: Page) -> Change:
        registry = self.registry
        version_files = {
            event.version: event.version_sha256
            for event in self.events
            if event.version is not None and event.version_sha256 is not None
        }
        after = replay(registry.model, self.versions, version_files, self.events)
        new = tuple(self.events[registry.sequence :])
        files = dict(self.files)
        files.update({event_path(event.sequence): write_event(event) for event in new})
        files[stage_path(stage)] = write_stage(after.stages[stage])
        files[PAGE] = page(after).encode()
        return Change(
            model=registry.model,
            stage=stage,
            version=version,
            expected=registry.expectation(stage),
            files=files,
            tags=_tags(registry.model, new),
            message=f"{title}\n\n{self.reason}\n",
            actor=self.actor,
            time=self.now,
            events=new,
            before=registry,
            after=after,
        )


def _tags(model: str, events: tuple[Event, ...]) -> tuple[Tag, ...]:
    """Return the tags that GTO users know; in `<model>#<stage>#<n>`, n is the sequence of the event."""
    tags = []
    for event in events:
        if event.type == "register":
            tags.append(Tag(f"{model}@{event.version}", f"{model} {event.version}\n\n{event.reason}\n"))
        elif event.type in MOVES:
            name = f"{model}#{event.stage}#{event.sequence}"
            tags.append(Tag(name, f"{model}: {event.version} in {event.stage}\n\n{event.reason}\n"))
    return tuple(tags)


def _quarantined(registry: Registry, number: str) -> IntegrityError:
    event = next(each for each in reversed(registry.events) if each.type == "quarantine" and each.version == number)
    return IntegrityError(
        "quarantined",
        f"{registry.model}@{number} is quarantined: it can be neither promoted nor deployed",
        cause=f"Event {event.sequence} by {one_line(event.actor.name, 120)}: {one_line(event.reason, 200)}",
        hint="Fix the model and promote a new version.",
    )
