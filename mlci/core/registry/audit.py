"""The history of a registry's branch against its content: commits only add, and tags stand where they were made."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal

from mlci.core.plain_text import one_line
from mlci.core.registry.entries import MOVES, event_path, version_path
from mlci.core.registry.history import PAGE
from mlci.core.registry.loss import loss_text
from mlci.core.registry.writing import write_time
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mlci.core.registry.entries import Event
    from mlci.core.registry.history import Registry

FindingCode = Literal[
    "history-edited", "edit-undone", "branch-rewritten", "time-goes-back", "tag-missing", "tag-moved", "tag-unknown"
]
WARNINGS: Final[frozenset[FindingCode]] = frozenset({"edit-undone", "time-goes-back"})
"""What is to be known, and changes nothing that anybody relies on."""
DAY: Final = timedelta(days=1)
"""How far clocks of different machines may lie apart."""
_SHOWN: Final = 12
_APPENDED: Final = re.compile(r"(events|versions|signatures|evaluations)/")
_WORDS: Final = {"M": "changed", "D": "removed", "A": "added", "T": "replaced"}


@dataclass(frozen=True, slots=True)
class Step:
    """One commit of the branch: by whom, with how many parents, and what it did, as (Git's status, path).

    `tree` is the id of all that the branch holds after it.
    """

    commit: str
    author: str
    parents: int
    changes: tuple[tuple[str, str], ...]
    tree: str = ""


@dataclass(frozen=True, slots=True)
class Trail:
    """The commits of the branch, the oldest first, and the tags of the model at the origin by the commit they name.

    `is_shallow`: the oldest commit here is not the first one; what happened before it is not known. `in_shallow_clone`:
    other commits than those of the branch may be missing here. `lost`: the references here to what the branch was
    before it was deleted, set back or written anew, the newest first; `taken`: the events of those that the branch does
    not hold any more. `foreign`: what tags name that is here, and is no commit of a registry.
    """

    commit: str | None
    steps: tuple[Step, ...]
    tags: Mapping[str, str]
    is_shallow: bool = False
    in_shallow_clone: bool = False
    lost: tuple[str, ...] = ()
    taken: Mapping[str, tuple[Event, ...]] = field(default_factory=dict)
    foreign: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing in history or tags that mlci would never have written."""

    code: FindingCode
    problem: str
    where: str
    found: str | None = None
    """The commit that a tag names."""
    wanted: str | None = None
    """The commit that it should name."""

    @property
    def is_warning(self) -> bool:
        """Whether it changes nothing that anybody relies on."""
        return self.code in WARNINGS

    @property
    def error(self) -> IntegrityError:
        """The finding as what a user meets."""
        return IntegrityError(
            self.code,
            self.problem,
            where=self.where,
            cause="Somebody did this by hand; mlci only adds to the branch, and makes each tag once.",
            hint="mlci registry repair",
        )


def audit(registry: Registry, trail: Trail) -> tuple[Finding, ...]:
    """Return what is wrong with the history of a registry whose content was read without a complaint."""
    return (*_losses(trail), *_edits(registry.model, trail), *_times(registry.events), *_tags(registry, trail))


def goes_back(event: Event, previous: Event) -> bool:
    """Return whether an event says that it is more than a day older than the PREVIOUS one."""
    return previous.time - event.time > DAY


def tagged(event: Event) -> str | None:
    """Return the tag that is made with an event, `None` where there is none: as GTO names them."""
    if event.type == "register":
        return f"{event.model}@{event.version}"
    mark = "!" if event.type == "unassign" else ""
    return f"{event.model}#{event.stage}{mark}#{event.sequence}" if event.type in MOVES else None


def tagged_version(event: Event) -> str | None:
    """Return the version that the tag of an event is about: where a stage was emptied, what was in it."""
    return event.expected.version if event.version is None and event.expected else event.version


def places(trail: Trail) -> dict[str, str]:
    """Return path → commit that added it, as far as history is here."""
    known = trail.steps[1:] if trail.is_shallow else trail.steps
    return {path: step.commit for step in known for status, path in step.changes if status == "A"}


def _commit_of(event: Event, added: Mapping[str, str]) -> str | None:
    """Return the commit that the tag of an event names: the one that registered its version."""
    number = tagged_version(event)
    return added.get(event_path(event.sequence) if number is None else version_path(number))


def _losses(trail: Trail) -> Iterator[Finding]:
    for reference, events in trail.taken.items():
        yield Finding("branch-rewritten", loss_text(reference, events), reference)


def _edits(model: str, trail: Trail) -> Iterator[Finding]:
    where = f"mlci/registry/{model}"
    undone = _undone(trail)
    for place, step in enumerate(trail.steps):
        if trail.is_shallow and place == 0:
            continue
        who = f"commit {step.commit[:_SHOWN]} by {one_line(step.author, 120)}"
        if step.parents > 1:
            yield Finding("history-edited", f"{who} is a merge; the branch is one line", where)
        for status, path in _edited(step):
            what = _WORDS.get(status, "changed")
            if place in undone:
                problem = f"{who} {what} {one_line(path, 120)}; it was undone, and all is as it was before"
                yield Finding("edit-undone", problem, where)
            else:
                kept = "is written once" if _APPENDED.match(path) else "is never removed"
                yield Finding("history-edited", f"{who} {what} {one_line(path, 120)}, which {kept}", where)


def _edited(step: Step) -> tuple[tuple[str, str], ...]:
    """Return what a commit did that is no addition, and no new page or move of a stage."""
    return tuple(
        (status, path)
        for status, path in step.changes
        if not (status == "A" or (status == "M" and (path == PAGE or path.startswith("stages/"))))
    )


def _undone(trail: Trail) -> frozenset[int]:
    """Return the places of commits by hand after which the branch came to hold just what it had held before them.

    Where an entry was added between and taken off again, nothing was undone: the entry was lost.
    """
    found: set[int] = set()
    for place, (previous, step) in enumerate(pairwise(trail.steps), start=1):
        if place in found or not previous.tree or not _edited(step):
            continue
        last = max((at for at, each in enumerate(trail.steps) if each.tree == previous.tree), default=0)
        if last > place and not _adds(trail.steps[place : last + 1]):
            found.update(range(place, last + 1))
    return frozenset(found)


def _adds(steps: Sequence[Step]) -> bool:
    """Return whether one of these commits added an entry that was not there before the first of them."""
    first: dict[str, str] = {}
    for step in steps:
        for status, path in step.changes:
            first.setdefault(path, status)
    return any(status == "A" and _APPENDED.match(path) for path, status in first.items())


def _times(events: Sequence[Event]) -> Iterator[Finding]:
    for previous, event in pairwise(events):
        if goes_back(event, previous):
            problem = (
                f"event {event.sequence} ({event.type}) by {one_line(event.actor.name, 120)} says that it is of "
                f"{write_time(event.time)}, and event {previous.sequence} before it is of {write_time(previous.time)}: "
                "a clock was wrong, or the time was made up"
            )
            yield Finding("time-goes-back", problem, event_path(event.sequence))


def _tags(registry: Registry, trail: Trail) -> Iterator[Finding]:
    added = places(trail)
    wanted = {tag: event for event in registry.events if (tag := tagged(event)) is not None}
    held = {step.commit for step in trail.steps}
    for tag, event in wanted.items():
        found, right = trail.tags.get(tag), _commit_of(event, added)
        if found is None:
            yield Finding(
                "tag-missing", f"the origin has no tag {tag}, which event {event.sequence} made", tag, None, right
            )
        elif right is not None and found != right:
            off = (
                ""
                if found in held
                else "; the branch does not hold that commit: the tag was moved, or the branch rewritten"
            )
            belongs = f"what event {event.sequence} says belongs to {right[:_SHOWN]}"
            problem = f"the tag {tag} names {found[:_SHOWN]}, and {belongs}{off}"
            yield Finding("tag-moved", problem, tag, found, right)
    for tag in sorted(trail.tags.keys() - wanted.keys()):
        problem = (
            f"the registry knows nothing of the tag {one_line(tag, 120)}: the branch was set back, or it is foreign"
        )
        yield Finding("tag-unknown", problem, tag, trail.tags[tag])
