"""A registry as it follows from its events, read from the files of its branch with every rule checked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line
from mlci.core.registry.entries import (
    MOVES,
    NOT_PASSED,
    PASSED,
    Event,
    Expectation,
    Stage,
    Version,
    broken,
    event_path,
    sha256,
    signature_path,
    stage_path,
    version_path,
)
from mlci.core.registry.numbers import sort_key
from mlci.core.registry.reading import read_event, read_stage, read_version
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from mlci.core.registry.entries import EventType

PAGE: Final = "README.md"
EVALUATIONS: Final = "evaluations/"
"""What lies there is read when somebody asks for it: no decision needs it, and there are many."""
_FILE: Final = re.compile(r"(versions|stages|events)/[^/]+\.json|signatures/[^/]+\.sig")
_SAYS_ABOUT: Final[Mapping[str, AbstractSet[str]]] = {
    "stage": MOVES | {"note"},
    "expected": MOVES,
    "version_sha256": {"register"},
    "evaluation": {"assign", "look"},
    "target": {"deploy"},
    "judged": {"look"},
    "approvals": {"assign"},
}
"""Field → the types of events that may say it; another type that did would be read in two ways."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What somebody signed, the file of an event byte for byte as it lies on the branch, and the signature of it."""

    content: bytes
    text: bytes


@dataclass(frozen=True, slots=True)
class Registry:
    """All versions and stages of one model, and the events that made them; `versions` is in the order of register."""

    model: str
    versions: Mapping[str, Version]
    stages: Mapping[str, Stage]
    events: tuple[Event, ...]
    quarantined: frozenset[str]
    deprecated: frozenset[str] = frozenset()
    signatures: Mapping[int, Signature] = field(default_factory=dict)
    """By the sequence of the event that each is about; what they are worth, only `verify` knows."""

    @classmethod
    def empty(cls, model: str) -> Registry:
        """Return the registry of a model that has no version yet."""
        return cls(model, {}, {}, (), frozenset())

    @property
    def sequence(self) -> int:
        """The sequence of the last event; 0 where there is none."""
        return len(self.events)

    @property
    def latest(self) -> Version | None:
        """The version with the highest number."""
        return max(self.versions.values(), key=lambda version: sort_key(version.number), default=None)

    def version(self, number: str) -> Version:
        """Return the version with this number; raises `UsageError("unknown-version")` naming those that exist."""
        sort_key(number)
        found = self.versions.get(number)
        if found is None:
            known = ", ".join(sorted(self.versions, key=sort_key)[-5:]) or "none"
            raise UsageError(
                "unknown-version",
                f"{self.model}@{number} is not in the registry",
                cause=f"The latest versions are: {known}.",
                hint="mlci registry list",
            )
        return found

    def version_at(self, stage: str) -> Version | None:
        """Return the version that the stage points to, or `None`."""
        number = self.expectation(stage).version
        return None if number is None else self.versions[number]

    def version_of(self, package_sha256: str) -> Version | None:
        """Return the version whose package has this digest, or `None`; there is at most one."""
        return next((each for each in self.versions.values() if each.package_sha256 == package_sha256), None)

    def is_quarantined(self, number: str) -> bool:
        """Say whether the version may be neither promoted nor deployed."""
        return number in self.quarantined

    def is_deprecated(self, number: str) -> bool:
        """Say whether the version is only kept, and may not be put into a stage any more."""
        return number in self.deprecated

    def expectation(self, stage: str) -> Expectation:
        """Return what is in the stage now, for a decision to carry."""
        found = self.stages.get(stage)
        return Expectation(None, 0) if found is None else Expectation(found.version, found.sequence)

    def version_before(self, stage: str) -> Version | None:
        """Return the version that was in the stage before the present one and is still usable, or `None`.

        A rollback undoes the assignments above the version that it goes back to, so that a second one goes further.
        """
        before: list[str] = []
        for event in self.events:
            if event.stage != stage or event.version is None:
                continue
            if event.type == "rollback" and event.version in before:
                del before[len(before) - 1 - before[::-1].index(event.version) :]
            if event.type in MOVES:
                before.append(event.version)
        present = self.expectation(stage).version
        unusable = self.quarantined | self.deprecated | {present}
        healthy = [number for number in before if number not in unusable]
        return self.versions[healthy[-1]] if healthy else None


@dataclass(frozen=True, slots=True)
class LoadedRegistry:
    """A registry and the commit of the branch that it was read from (`None`: there is no branch yet)."""

    registry: Registry
    commit: str | None


@dataclass(slots=True)
class _Replay:
    """The state while events are applied one after the other; each rule that an event could break is checked here."""

    model: str
    versions: Mapping[str, Version]
    version_files: Mapping[str, str]
    stages: dict[str, Stage] = field(default_factory=dict)
    registered: dict[str, Version] = field(default_factory=dict)
    packages: set[str] = field(default_factory=set)
    quarantined: set[str] = field(default_factory=set)
    deprecated: set[str] = field(default_factory=set)

    def apply(self, event: Event) -> None:
        path = event_path(event.sequence)
        if event.model != self.model:
            raise broken(path, f"it is an event of the model {event.model}")
        _check_fields(event, path)
        if event.type == "register":
            self._register(event, path)
        elif event.version is not None and event.version not in self.registered:
            raise broken(path, f"it names {event.version}, which was not registered before")
        elif event.type in MOVES:
            self._move(event, path)
        elif event.type in {"quarantine", "readmit", "deprecate", "deploy"} and event.version is None:
            raise broken(path, f"a {event.type} event must name a version")
        elif event.type == "deploy" and event.target is None:
            raise broken(path, "a deploy event must name its target")
        if event.version is not None:
            self._mark(event.type, event.version)

    def _mark(self, event_type: EventType, number: str) -> None:
        if event_type == "quarantine":
            self.quarantined.add(number)
        elif event_type == "deprecate":
            self.deprecated.add(number)
        elif event_type == "readmit":
            self.quarantined.discard(number)
            self.deprecated.discard(number)

    def _register(self, event: Event, path: str) -> None:
        number = event.version
        if number is None or event.version_sha256 is None:
            raise broken(path, "a register event must name a version and the sha256 of its file")
        version = self.versions.get(number)
        if version is None:
            raise broken(version_path(number), f"it is missing, but {path} registered it")
        if number in self.registered or version.package_sha256 in self.packages:
            raise broken(path, f"{number} or its package was registered before")
        if self.version_files[number] != event.version_sha256:
            raise broken(version_path(number), f"it is not the file that {path} registered")
        self.registered[number] = version
        self.packages.add(version.package_sha256)

    def _move(self, event: Event, path: str) -> None:
        if event.stage is None or (event.version is None) is not (event.type == "unassign"):
            raise broken(path, f"a {event.type} event must name a stage, and a version unless it unassigns")
        for marked, word in ((self.quarantined, "quarantined"), (self.deprecated, "deprecated")):
            if event.version in marked:
                raise broken(path, f"it puts {event.version}, which is {word}, into {event.stage}")
        present = self.stages.get(event.stage)
        found = Expectation(None, 0) if present is None else Expectation(present.version, present.sequence)
        if event.expected != found:
            raise broken(path, f"what it expected to find in {event.stage} is not what was there")
        self.stages[event.stage] = Stage(self.model, event.stage, event.version, event.sequence, event.digest)


def _check_fields(event: Event, path: str) -> None:
    for name, types in _SAYS_ABOUT.items():
        if getattr(event, name) and event.type not in types:
            raise broken(path, f"`{name}` does not belong into an event of the type {event.type}")
    if event.type == "look":
        _check_look(event, path)


def _check_look(event: Event, path: str) -> None:
    if event.version is not None or event.evaluation is None or event.judged is None:
        raise broken(path, "a look event must name the sealed set and what was judged, and no version")
    if event.reason not in {PASSED, NOT_PASSED}:
        raise broken(path, f"the reason of a look event is `{PASSED}` or `{NOT_PASSED}`")


def replay(
    model: str, versions: Mapping[str, Version], version_files: Mapping[str, str], events: Sequence[Event]
) -> Registry:
    """Return the registry that follows from its events; `version_files` has the sha256 of each version's file.

    Raises `IntegrityError("registry-broken")` naming the first entry that breaks a rule.
    """
    state = _Replay(model, versions, version_files)
    previous: Event | None = None
    uuids = set()
    for sequence, event in enumerate(events, start=1):
        path = event_path(sequence)
        if event.sequence != sequence:
            raise broken(path, f"its sequence is {event.sequence}")
        if event.previous != (None if previous is None else previous.digest):
            changed = path if previous is None else event_path(sequence - 1)
            raise broken(changed, f"its sha256 is not the one that {path} names as `previous`")
        if event.uuid in uuids:
            raise broken(path, "its UUID was used before")
        uuids.add(event.uuid)
        state.apply(event)
        previous = event
    for number in versions:
        if number not in state.registered:
            raise broken(version_path(number), "no event registered it")
    marks = frozenset(state.quarantined), frozenset(state.deprecated)
    return Registry(model, state.registered, state.stages, tuple(events), *marks)


def read(model: str, files: Mapping[str, bytes]) -> Registry:
    """Return the registry of `model` from the files of its branch (path → bytes).

    Checks the form of every file, the chain of events, that versions are those that were registered and stages those
    that follow from the events. The rendered page is not read. Raises `IntegrityError`: "registry-broken" naming the
    file, or "newer-schema".
    """
    for path in files:
        if path != PAGE and not path.startswith(EVALUATIONS) and _FILE.fullmatch(path) is None:
            raise broken(path, "it is no file of a registry")
    events = _events(files)
    versions: dict[str, Version] = {}
    version_files: dict[str, str] = {}
    for path in _paths(files, "versions"):
        version = read_version(files[path], path)
        _check_place(path, version_path(version.number), version.model, model)
        versions[version.number] = version
        version_files[version.number] = sha256(files[path])
    registry = replay(model, versions, version_files, events)
    _check_stages(registry, files)
    return replace(registry, signatures=_signatures(files, len(events)))


def _signatures(files: Mapping[str, bytes], events: int) -> dict[int, Signature]:
    wanted = {signature_path(sequence): sequence for sequence in range(1, events + 1)}
    found: dict[int, Signature] = {}
    for path in _paths(files, "signatures"):
        if path not in wanted:
            raise broken(path, "it signs no event that is there")
        found[wanted[path]] = Signature(files[event_path(wanted[path])], files[path])
    return found


def _events(files: Mapping[str, bytes]) -> list[Event]:
    paths = set(_paths(files, "events"))
    wanted = [event_path(sequence) for sequence in range(1, len(paths) + 1)]
    for path in wanted:
        if path not in paths:
            raise broken(path, "it is missing")
    return [read_event(files[path], path) for path in wanted]


def _check_stages(registry: Registry, files: Mapping[str, bytes]) -> None:
    stages: dict[str, Stage] = {}
    for path in _paths(files, "stages"):
        stage = read_stage(files[path], path)
        _check_place(path, stage_path(stage.name), stage.model, registry.model)
        stages[stage.name] = stage
    for name in sorted(stages.keys() | registry.stages.keys()):
        found, wanted = stages.get(name), registry.stages.get(name)
        if found is not None and found.version is not None and found.version not in registry.versions:
            raise broken(stage_path(name), f"it points to {found.version}, which nobody registered")
        if found != wanted:
            raise broken(stage_path(name), f"it does not say what follows from the events: {_wanted(wanted)}")


def _wanted(stage: Stage | None) -> str:
    if stage is None:
        return "there, nothing was ever in it"
    return f"there, event {stage.sequence} put {stage.version or 'nothing'} into it"


def _check_place(path: str, wanted: str, found: str, model: str) -> None:
    if path != wanted:
        raise broken(path, f"its content belongs to {wanted}")
    if found != model:
        raise broken(path, f"it belongs to the model {one_line(found, 80)}")


def _paths(files: Mapping[str, bytes], folder: str) -> list[str]:
    return sorted(path for path in files if path.startswith(f"{folder}/"))
