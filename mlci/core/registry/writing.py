"""Each entry of a registry branch as the bytes of its file."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

from mlci.core.registry.entries import EVENT_SCHEMA, STAGE_SCHEMA, VERSION_SCHEMA, sha256

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from mlci.core.registry.entries import Actor, Event, Stage, Version

    Json = Mapping[str, object]


def write_version(version: Version) -> bytes:
    """Return the file of a version."""
    return _write(
        {
            "schema": VERSION_SCHEMA,
            "model": version.model,
            "number": version.number,
            "package": {"sha256": version.package_sha256, "size": version.package_size},
            "locations": list(version.locations),
            "run": version.run,
            "commit": version.commit,
            "evaluation": version.evaluation,
            "signature": version.signature,
            "actor": _actor_json(version.actor),
            "time": write_time(version.time),
            "number_reason": version.number_reason,
        }
    )


def write_stage(stage: Stage) -> bytes:
    """Return the file of a stage."""
    return _write(
        {
            "schema": STAGE_SCHEMA,
            "model": stage.model,
            "name": stage.name,
            "version": stage.version,
            "sequence": stage.sequence,
            "event_sha256": stage.event_sha256,
        }
    )


def write_event(event: Event) -> bytes:
    """Return the file of an event (without its `digest`, which is the sha256 of this)."""
    expected = event.expected
    return _write(
        {
            "schema": EVENT_SCHEMA,
            "model": event.model,
            "sequence": event.sequence,
            "uuid": str(event.uuid),
            "previous": event.previous,
            "type": event.type,
            "actor": _actor_json(event.actor),
            "time": write_time(event.time),
            "reason": event.reason,
            "version": event.version,
            "stage": event.stage,
            "expected": None if expected is None else {"version": expected.version, "sequence": expected.sequence},
            "version_sha256": event.version_sha256,
            "evaluation": event.evaluation,
            "target": event.target,
            **({"judged": event.judged} if event.judged else {}),
            **({"approvals": list(event.approvals)} if event.approvals else {}),
        }
    )


def sealed(event: Event) -> Event:
    """Return the event with its `digest` filled in."""
    return replace(event, digest=sha256(write_event(event)))


def write_time(time: datetime) -> str:
    """Return a time as ISO 8601 in UTC with whole seconds, `2026-01-31T12:00:00Z`."""
    return time.astimezone(UTC).isoformat(timespec="seconds").removesuffix("+00:00") + "Z"


def _write(value: Json) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _actor_json(actor: Actor) -> Json:
    return {"name": actor.name, "verified": actor.verified}
