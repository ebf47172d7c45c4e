"""A registry as people look at it: what there is, what points to it, and who moved it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mlci.core.nearest import did_you_mean
from mlci.core.plain_text import one_line
from mlci.core.registry.deployments import deployments
from mlci.core.registry.writing import write_time
from mlci.errors import UsageError

if TYPE_CHECKING:
    from mlci.core.registry.deployments import Deployed
    from mlci.core.registry.entries import Event, Version
    from mlci.core.registry.history import Registry


MOST_NAMED: Final = 8


@dataclass(frozen=True, slots=True)
class Entry:
    """One version, and what is known of it."""

    version: Version
    stages: tuple[str, ...]
    is_quarantined: bool
    is_deprecated: bool = False
    deployments: tuple[Deployed, ...] = ()
    """Where it answers, as far as the registry was told."""

    @property
    def mark(self) -> str:
        """What is said about the version, empty where there is nothing."""
        marks = (("quarantined", self.is_quarantined), ("deprecated", self.is_deprecated))
        return ", ".join(word for word, is_so in marks if is_so)

    @property
    def standing(self) -> str:
        """Where it is and what is said about it, empty where there is nothing: `staging, quarantined`."""
        return ", ".join(filter(None, (*self.stages, self.mark)))

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as a JSON object."""
        return {
            "version": self.version.number,
            "package_sha256": self.version.package_sha256,
            "commit": self.version.commit,
            "registered": write_time(self.version.time),
            "actor": self.version.actor.name,
            "why_this_number": self.version.number_reason,
            "stages": list(self.stages),
            "is_quarantined": self.is_quarantined,
            "is_deprecated": self.is_deprecated,
            "deployments": [{"target": each.target, "since": write_time(each.since)} for each in self.deployments],
        }


@dataclass(frozen=True, slots=True)
class History:
    """One version, or the whole model, with its events."""

    model: str
    entry: Entry | None
    stages: tuple[tuple[str, str], ...]
    """Each stage with the version that it points to."""
    events: tuple[Event, ...]

    @property
    def approvals(self) -> tuple[str, ...]:
        """Who approved the pull requests that brought it into a stage, as far as that is known; nobody twice."""
        return tuple(dict.fromkeys(login for event in self.events for login in event.approvals))

    def to_dict(self) -> dict[str, Any]:
        """Return the history as a JSON object."""
        return {
            "model": self.model,
            "entry": self.entry.to_dict() if self.entry else None,
            "stages": dict(self.stages),
            "events": [
                {
                    "sequence": event.sequence,
                    "type": event.type,
                    "version": event.version,
                    "stage": event.stage,
                    "target": event.target,
                    "approvals": list(event.approvals),
                    "actor": event.actor.name,
                    "actor_verified": event.actor.verified,
                    "time": write_time(event.time),
                    "reason": event.reason,
                }
                for event in self.events
            ],
        }


def entries(registry: Registry) -> tuple[Entry, ...]:
    """Return every version, the newest first."""
    deployed = deployments(registry)
    return tuple(_entry(registry, version, deployed) for version in reversed(tuple(registry.versions.values())))


def history(registry: Registry, reference: str | None) -> History:
    """Return the events of what REFERENCE names (a version or a stage), or of the whole model."""
    stages = tuple(
        (name, stage.version) for name, stage in sorted(registry.stages.items()) if stage.version is not None
    )
    if reference is None:
        return History(registry.model, None, stages, registry.events)
    name = reference.removeprefix(f"{registry.model}@")
    if reference.startswith(f"{registry.model}#"):
        name = reference.removeprefix(registry.model)
    version = registry.version_at(name[1:]) if name.startswith("#") else registry.versions.get(name)
    if version is None and name.startswith("#"):
        raise unknown_stage(name[1:], registry)
    if version is None:
        raise UsageError(
            "unknown-version",
            f"“{one_line(reference, 80)}” is not in the registry of {registry.model}",
            where=f"there are {', '.join((*_latest(registry), *(f'#{stage}' for stage, _ in stages))) or 'none yet'}",
            hint=stage_hint(reference, registry) or "mlci registry list",
        )
    events = tuple(event for event in registry.events if event.version == version.number)
    return History(registry.model, _entry(registry, version, deployments(registry)), stages, events)


def _latest(registry: Registry) -> tuple[str, ...]:
    """Return the numbers that an error names; of many versions only the latest."""
    numbers = tuple(registry.versions)
    return numbers if len(numbers) <= MOST_NAMED else ("…", *numbers[-MOST_NAMED:])


def unknown_stage(stage: str, registry: Registry) -> UsageError:
    """Return the error for a STAGE that points to no version."""
    there = [name for name, each in sorted(registry.stages.items()) if each.version is not None]
    return UsageError(
        "unknown-stage",
        f"nothing is in the stage {one_line(stage, 80)} of {registry.model}",
        where=f"stages: {', '.join(there) or 'none yet'}",
        hint=did_you_mean(f"#{stage}", [f"#{name}" for name in there], "mlci registry show"),
    )


def stage_hint(text: str, registry: Registry) -> str | None:
    """Return what was meant where TEXT is the bare name of a stage, or the number of a version without its v."""
    number = f"v{text.removeprefix(f'{registry.model}@')}"
    if number in registry.versions:
        return f"A version is written with v: {number}"
    return f'A stage is written with #, in quotes: "#{text}"' if text in registry.stages else None


def _entry(registry: Registry, version: Version, deployed: tuple[Deployed, ...]) -> Entry:
    stages = tuple(name for name, stage in sorted(registry.stages.items()) if stage.version == version.number)
    return Entry(
        version,
        stages,
        registry.is_quarantined(version.number),
        registry.is_deprecated(version.number),
        tuple(each for each in deployed if each.version == version.number),
    )
