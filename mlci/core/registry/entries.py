"""The entries of a registry branch: versions, stages, events; how each is written as a file and read back strictly."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Literal, TypeVar, get_args
from uuid import UUID

from mlci.core.names import NAME
from mlci.core.plain_text import one_line
from mlci.core.registry.numbers import NUMBER
from mlci.core.schema_name import refuse_newer
from mlci.errors import IntegrityError

EventType = Literal[
    "register", "assign", "unassign", "rollback", "quarantine", "readmit", "deprecate", "note", "look", "deploy"
]
_EVENT_TYPES: Final[Mapping[str, EventType]] = {each: each for each in get_args(EventType)}
MOVES: Final[frozenset[str]] = frozenset({"assign", "unassign", "rollback"})
"""The types that move a stage; each says what it expected to find there."""

Json = Mapping[str, object]
Value = TypeVar("Value")

_VERSION: Final = "mlci/version/1"
_STAGE: Final = "mlci/stage/1"
_EVENT: Final = "mlci/event/1"
_HEXADECIMAL: Final = re.compile(r"[0-9a-f]{64}")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_LONGEST_TEXT: Final = 4000


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something: a name as Git writes it, and whether a host vouches for it (Git itself does not)."""

    name: str
    verified: bool = False


@dataclass(frozen=True, slots=True)
class Expectation:
    """What was found in a stage when a decision was made: the version, and the sequence of the event that set it."""

    version: str | None
    sequence: int


@dataclass(frozen=True, slots=True)
class Version:
    """An immutable numbered package: what it is made of, where its bytes lie, and who registered it, when and why."""

    model: str
    number: str
    package_sha256: str
    package_size: int
    locations: tuple[str, ...]
    run: str
    commit: str
    evaluation: str | None
    signature: str
    actor: Actor
    time: datetime
    number_reason: str


@dataclass(frozen=True, slots=True)
class Stage:
    """A named pointer to a version (or to none), and the event that set it: its sequence and its file's sha256."""

    model: str
    name: str
    version: str | None
    sequence: int
    event_sha256: str


@dataclass(frozen=True, slots=True)
class Event:
    """One append-only entry. `digest` is the sha256 of its file, which the next event names as `previous`.

    `version_sha256` binds the file of a registered version into the chain; `evaluation` is the digest of what a
    promotion was decided on, of a look that of the sealed set; `target` is where a version was deployed to; `judged`
    is, of a look, the digest of what was judged; `approvals` are the logins of those who approved the pull request that
    a promotion came from. An event that has none of the last two leaves the key out.
    """

    model: str
    sequence: int
    uuid: UUID
    previous: str | None
    type: EventType
    actor: Actor
    time: datetime
    reason: str
    version: str | None = None
    stage: str | None = None
    expected: Expectation | None = None
    version_sha256: str | None = None
    evaluation: str | None = None
    target: str | None = None
    judged: str | None = None
    approvals: tuple[str, ...] = ()
    digest: str = ""


def version_path(number: str) -> str:
    """Return where the version lies on the branch."""
    return f"versions/{number}.json"


def stage_path(name: str) -> str:
    """Return where the stage lies on the branch."""
    return f"stages/{name}.json"


def event_path(sequence: int) -> str:
    """Return where the event lies on the branch: six digits or more."""
    return f"events/{sequence:06d}.json"


def signature_path(sequence: int) -> str:
    """Return where the signature of an event lies on the branch."""
    return f"signatures/{sequence:06d}.sig"


def evaluation_path(digest: str) -> str:
    """Return where the evaluation with this sha256 lies on the branch."""
    return f"evaluations/{digest}.json"


def sha256(data: bytes) -> str:
    """Return the sha256 of `data` in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def write_version(version: Version) -> bytes:
    """Return the file of a version."""
    return _write(
        {
            "schema": _VERSION,
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
            "schema": _STAGE,
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
            "schema": _EVENT,
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
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_version(data: bytes, path: str) -> Version:
    """Return the version in a file; raises `IntegrityError("registry-broken")` naming the file and the field."""
    entry = _Entry(data, path, _VERSION)
    package = entry.inner("package")
    version = Version(
        model=entry.match("model", NAME),
        number=entry.match("number", NUMBER),
        package_sha256=package.match("sha256", _HEXADECIMAL),
        package_size=package.count("size"),
        locations=entry.texts("locations"),
        run=entry.text("run"),
        commit=entry.match("commit", _COMMIT),
        evaluation=entry.optional("evaluation", _HEXADECIMAL),
        signature=entry.match("signature", _HEXADECIMAL),
        actor=entry.actor(),
        time=entry.time("time"),
        number_reason=entry.text("number_reason"),
    )
    package.done()
    entry.done()
    return version


def read_stage(data: bytes, path: str) -> Stage:
    """Return the stage in a file; raises `IntegrityError("registry-broken")` naming the file and the field."""
    entry = _Entry(data, path, _STAGE)
    stage = Stage(
        model=entry.match("model", NAME),
        name=entry.match("name", NAME),
        version=entry.optional("version", NUMBER),
        sequence=entry.count("sequence"),
        event_sha256=entry.match("event_sha256", _HEXADECIMAL),
    )
    entry.done()
    return stage


def read_event(data: bytes, path: str) -> Event:
    """Return the event in a file, with its digest; raises `IntegrityError("registry-broken")`, as above."""
    entry = _Entry(data, path, _EVENT)
    event = Event(
        model=entry.match("model", NAME),
        sequence=entry.count("sequence"),
        uuid=entry.uuid("uuid"),
        previous=entry.optional("previous", _HEXADECIMAL),
        type=entry.event_type(),
        actor=entry.actor(),
        time=entry.time("time"),
        reason=entry.text("reason"),
        version=entry.optional("version", NUMBER),
        stage=entry.optional("stage", NAME),
        expected=entry.expectation(),
        version_sha256=entry.optional("version_sha256", _HEXADECIMAL),
        evaluation=entry.optional("evaluation", _HEXADECIMAL),
        target=entry.optional("target", NAME),
        judged=entry.match("judged", _HEXADECIMAL) if "judged" in entry.fields else None,
        approvals=entry.texts("approvals") if "approvals" in entry.fields else (),
        digest=sha256(data),
    )
    entry.done()
    return event


def broken(path: str, problem: str) -> IntegrityError:
    """Return the error of a registry whose content does not hold, naming the file."""
    return IntegrityError(
        "registry-broken",
        f"the registry is broken at {one_line(path, 120)}: {problem}",
        where=one_line(path, 120),
        cause="Somebody edited or rewrote the registry branch by hand; mlci only ever adds to it.",
        hint=f"mlci registry repair shows how it comes back; who it was: git log -p --all -- {one_line(path, 120)}",
    )


def _write(value: Json) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()


def _actor_json(actor: Actor) -> Json:
    return {"name": actor.name, "verified": actor.verified}


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        msg = "a key is there twice"
        raise ValueError(msg)
    return value


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_pairs)
"""Made once: ten thousand files are read with it."""


class _Entry:
    """One JSON object that is taken apart field by field; what is left over at the end is an error.

    Written by hand and not with pydantic: ten thousand events are read before production is known, and the import
    alone would cost a third of what that may take.
    """

    def __init__(self, data: bytes, path: str, schema: str) -> None:
        self.path = path
        try:
            value = _DECODER.decode(data.decode())
        except (ValueError, RecursionError) as error:
            raise broken(path, f"it is no JSON that mlci wrote ({one_line(str(error), 120)})") from error
        if not isinstance(value, dict):
            raise broken(path, "it is no JSON object")
        self.fields: dict[str, object] = value
        self._check_schema(schema)

    def _check_schema(self, schema: str) -> None:
        found = self.fields.pop("schema", None)
        if found != schema:
            refuse_newer(found, schema, self.path)
            raise broken(self.path, f"`schema` should be {schema}")

    def take(self, key: str, read: Callable[[object], Value], wanted: str) -> Value:
        try:
            return read(self.fields.pop(key))
        except KeyError:
            raise broken(self.path, f"`{key}` is missing") from None
        except ValueError:
            raise broken(self.path, f"`{key}` should be {wanted}") from None

    def text(self, key: str) -> str:
        return self.take(key, _text, "a text")

    def texts(self, key: str) -> tuple[str, ...]:
        return self.take(key, _texts, "a list of texts")

    def match(self, key: str, pattern: re.Pattern[str]) -> str:
        return self.take(key, lambda value: _match(value, pattern), f"of the form {pattern.pattern}")

    def optional(self, key: str, pattern: re.Pattern[str]) -> str | None:
        wanted = f"null or of the form {pattern.pattern}"
        return self.take(key, lambda value: None if value is None else _match(value, pattern), wanted)

    def count(self, key: str) -> int:
        return self.take(key, _count, "a whole number from 0 on")

    def time(self, key: str) -> datetime:
        return self.take(key, _time, "a time such as 2026-01-31T12:00:00Z")

    def uuid(self, key: str) -> UUID:
        return self.take(key, _uuid, "a UUID")

    def event_type(self) -> EventType:
        return self.take("type", _event_type, f"one of {', '.join(_EVENT_TYPES)}")

    def inner(self, key: str) -> _Entry:
        inner = object.__new__(_Entry)
        inner.path = self.path
        inner.fields = self.take(key, _object, "a JSON object")
        return inner

    def actor(self) -> Actor:
        inner = self.inner("actor")
        actor = Actor(inner.text("name"), inner.take("verified", _boolean, "true or false"))
        inner.done()
        return actor

    def expectation(self) -> Expectation | None:
        if self.fields.get("expected", ...) is None:
            self.fields.pop("expected")
            return None
        inner = self.inner("expected")
        expected = Expectation(inner.optional("version", NUMBER), inner.count("sequence"))
        inner.done()
        return expected

    def done(self) -> None:
        if self.fields:
            raise broken(self.path, f"`{one_line(min(self.fields), 60)}` is no key that mlci writes")


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise ValueError
    value.encode()  # a lone surrogate raises UnicodeEncodeError, which is a ValueError
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError  # noqa: TRY004 - every reader here says "not what is wanted" in the same way
    return tuple(_text(each) for each in value)


def _match(value: object, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or pattern.fullmatch(value) is None:
        raise ValueError
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004 - as in _texts
    return value


def _object(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise ValueError  # noqa: TRY004 - as in _texts
    return value


def _time(value: object) -> datetime:
    return datetime.fromisoformat(_match(value, _TIME))


def _uuid(value: object) -> UUID:
    uuid = UUID(_text(value))
    if str(uuid) != value:
        raise ValueError
    return uuid


def _event_type(value: object) -> EventType:
    if not isinstance(value, str) or value not in _EVENT_TYPES:
        raise ValueError
    return _EVENT_TYPES[value]
