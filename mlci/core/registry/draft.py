"""Changes: what is to be written to a registry, as values; an adapter applies each in one push or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line
from mlci.core.registry.audit import tagged, tagged_version
from mlci.core.registry.entries import (
    Actor,
    Event,
    EventType,
    Expectation,
    Version,
    evaluation_path,
    event_path,
    sha256,
    stage_path,
    version_path,
)
from mlci.core.registry.history import PAGE, Registry, replay
from mlci.core.registry.numbers import Part, next_number
from mlci.core.registry.reading import read_event, read_version
from mlci.core.registry.writing import sealed, write_event, write_stage, write_version
from mlci.errors import UsageError

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
    """A tag that is created together with the change and never moved.

    It names the commit that registered `version` (this one, if the change does), since GTO reads from there which
    version an assignment is about; without a version, the commit of the change.
    """

    name: str
    message: str
    version: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be written in one push: files by path, tags, and what it was decided against.

    `events` are the new ones; `before` and `after` are the registry without and with them; `version` is what the
    stage points to afterwards. A change that moves no stage has neither stage nor expectation.
    """

    model: str
    stage: str | None
    version: str | None
    expected: Expectation | None
    files: Mapping[str, bytes]
    tags: tuple[Tag, ...]
    message: str
    actor: Actor
    time: datetime
    events: tuple[Event, ...]
    before: Registry
    after: Registry


class Draft:
    """Events, and the files of versions, that a plan collects before it becomes a change."""

    def __init__(self, registry: Registry, actor: Actor, now: datetime, uuids: Iterator[UUID], reason: str) -> None:
        """Begin on top of `registry`; raises `UsageError("reason-missing")` for an empty reason."""
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
        """Add the event and the file of a new version, and return it with its number."""
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

    def keep_evaluation(self, content: bytes) -> None:
        """Add the file of an evaluation; its name is its sha256, so that one which is there stays as it is."""
        self.files[evaluation_path(sha256(content))] = content

    def add(
        self,
        event_type: EventType,
        version: str | None,
        stage: str | None = None,
        *,
        version_sha256: str | None = None,
        evaluation: str | None = None,
        judged: str | None = None,
        target: str | None = None,
        approvals: tuple[str, ...] = (),
    ) -> None:
        """Add an event about a version or about none; one about a stage carries what is expected there."""
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
            target=target,
            judged=judged,
            approvals=approvals,
        )
        self.events.append(sealed(event))

    def change(self, stage: str | None, version: str | None, title: str, page: Page) -> Change:
        """Return all that was added as one change; raises `IntegrityError("registry-broken")` if it breaks a rule."""
        registry = self.registry
        version_files = {
            event.version: event.version_sha256
            for event in self.events
            if event.version is not None and event.version_sha256 is not None
        }
        after = replay(registry.model, self.versions, version_files, self.events)
        new = tuple(self.events[registry.sequence :])
        files = dict(self.files)
        for event in new:
            path = event_path(event.sequence)
            files[path] = write_event(event)
            read_event(files[path], path)  # as in `register`
        if stage is not None:
            files[stage_path(stage)] = write_stage(after.stages[stage])
        files[PAGE] = page(after).encode()
        return Change(
            model=registry.model,
            stage=stage,
            version=version,
            expected=None if stage is None else registry.expectation(stage),
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
        name, version = tagged(event), tagged_version(event)
        if name is None:
            continue
        place = "out of" if event.type == "unassign" else "in"
        told = f"{model} {version}" if event.type == "register" else f"{model}: {version} {place} {event.stage}"
        tags.append(Tag(name, f"{told}\n\n{event.reason}\n", version))
    return tuple(tags)
