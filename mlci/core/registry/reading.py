"""Entries of a registry branch read back from their files, strictly.

Written by hand and not with pydantic: ten thousand events are read before production is known, and the import alone
would cost a third of what that may take. For the same reason nothing here says what is wanted before it is missed.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeGuard, get_args
from uuid import UUID

from mlci.core.names import NAME
from mlci.core.plain_text import one_line
from mlci.core.registry.entries import (
    EVENT_SCHEMA,
    STAGE_SCHEMA,
    VERSION_SCHEMA,
    Actor,
    Event,
    EventType,
    Expectation,
    Stage,
    Version,
    broken,
    sha256,
)
from mlci.core.registry.numbers import NUMBER
from mlci.core.schema_name import refuse_newer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.errors import IntegrityError

_EVENT_TYPES: Final[Mapping[str, EventType]] = {each: each for each in get_args(EventType)}
_HEXADECIMAL: Final = re.compile(r"[0-9a-f]{64}")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LONGEST_TEXT: Final = 4000
_MISSING: Final = object()


def read_version(data: bytes, path: str) -> Version:
    """Return the version in a file; raises `IntegrityError("registry-broken")` naming the file and the field."""
    entry = _file(data, path, VERSION_SCHEMA)
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
        actor=entry.actor("actor"),
        time=entry.time("time"),
        number_reason=entry.text("number_reason"),
    )
    package.done()
    entry.done()
    return version


def read_stage(data: bytes, path: str) -> Stage:
    """Return the stage in a file; raises `IntegrityError("registry-broken")` naming the file and the field."""
    entry = _file(data, path, STAGE_SCHEMA)
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
    entry = _file(data, path, EVENT_SCHEMA)
    event = Event(
        model=entry.match("model", NAME),
        sequence=entry.count("sequence"),
        uuid=entry.uuid("uuid"),
        previous=entry.optional("previous", _HEXADECIMAL),
        type=entry.event_type("type"),
        actor=entry.actor("actor"),
        time=entry.time("time"),
        reason=entry.words("reason"),
        version=entry.optional("version", NUMBER),
        stage=entry.optional("stage", NAME),
        expected=entry.expectation("expected"),
        version_sha256=entry.optional("version_sha256", _HEXADECIMAL),
        evaluation=entry.optional("evaluation", _HEXADECIMAL),
        target=entry.optional("target", NAME),
        judged=entry.match("judged", _HEXADECIMAL) if "judged" in entry.fields else None,
        approvals=entry.texts("approvals") if "approvals" in entry.fields else (),
        digest=sha256(data),
    )
    entry.done()
    return event


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        msg = "a key is there twice"
        raise ValueError(msg)
    return value


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_pairs)
"""Made once: ten thousand files are read with it."""


def _file(data: bytes, path: str, schema: str) -> _Entry:
    """Return the JSON object in a file, which must say that it is of SCHEMA."""
    try:
        value = _DECODER.decode(data.decode())
    except (ValueError, RecursionError) as error:
        raise broken(path, f"it is no JSON that mlci wrote ({one_line(str(error), 120)})") from error
    if not isinstance(value, dict):
        raise broken(path, "it is no JSON object")
    found = value.pop("schema", None)
    if found != schema:
        refuse_newer(found, schema, path)
        raise broken(path, f"`schema` should be {schema}")
    return _Entry(path, value)


class _Entry:
    """One JSON object that is taken apart field by field; what is left over at the end is an error."""

    __slots__ = ("fields", "path")

    def __init__(self, path: str, fields: dict[str, object]) -> None:
        self.path = path
        self.fields = fields

    def text(self, key: str) -> str:
        value = self.fields.pop(key, _MISSING)
        if _is_text(value):
            return value
        raise self.unwanted(key, value, "a text")

    def words(self, key: str) -> str:
        value = self.fields.pop(key, _MISSING)
        if _is_text(value) and value.strip():
            return value
        raise self.unwanted(key, value, "a text that says something")

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.fields.pop(key, _MISSING)
        if isinstance(value, list) and all(_is_text(each) for each in value):
            return tuple(value)
        raise self.unwanted(key, value, "a list of texts")

    def match(self, key: str, pattern: re.Pattern[str]) -> str:
        value = self.fields.pop(key, _MISSING)
        if isinstance(value, str) and pattern.fullmatch(value):
            return value
        raise self.unwanted(key, value, f"of the form {pattern.pattern}")

    def optional(self, key: str, pattern: re.Pattern[str]) -> str | None:
        value = self.fields.pop(key, _MISSING)
        if value is None or (isinstance(value, str) and pattern.fullmatch(value)):
            return value
        raise self.unwanted(key, value, f"null or of the form {pattern.pattern}")

    def count(self, key: str) -> int:
        value = self.fields.pop(key, _MISSING)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        raise self.unwanted(key, value, "a whole number from 0 on")

    def truth(self, key: str) -> bool:
        value = self.fields.pop(key, _MISSING)
        if isinstance(value, bool):
            return value
        raise self.unwanted(key, value, "true or false")

    def time(self, key: str) -> datetime:
        value = self.fields.pop(key, _MISSING)
        if isinstance(value, str) and _TIME.fullmatch(value):
            try:
                return datetime.fromisoformat(value)
            except ValueError:  # the 31st of February
                pass
        raise self.unwanted(key, value, "a time such as 2026-01-31T12:00:00Z")

    def uuid(self, key: str) -> UUID:
        value = self.fields.pop(key, _MISSING)
        if isinstance(value, str) and _UUID.fullmatch(value):
            return UUID(value)
        raise self.unwanted(key, value, "a UUID")

    def event_type(self, key: str) -> EventType:
        value = self.fields.pop(key, _MISSING)
        if isinstance(value, str) and value in _EVENT_TYPES:
            return _EVENT_TYPES[value]
        raise self.unwanted(key, value, f"one of {', '.join(_EVENT_TYPES)}")

    def inner(self, key: str) -> _Entry:
        value = self.fields.pop(key, _MISSING)
        if isinstance(value, dict):
            return _Entry(self.path, value)
        raise self.unwanted(key, value, "a JSON object")

    def actor(self, key: str) -> Actor:
        inner = self.inner(key)
        actor = Actor(inner.text("name"), inner.truth("verified"))
        inner.done()
        return actor

    def expectation(self, key: str) -> Expectation | None:
        if self.fields.get(key, _MISSING) is None:
            del self.fields[key]
            return None
        inner = self.inner(key)
        expected = Expectation(inner.optional("version", NUMBER), inner.count("sequence"))
        inner.done()
        return expected

    def done(self) -> None:
        if self.fields:
            raise broken(self.path, f"`{one_line(min(self.fields), 60)}` is no key that mlci writes")

    def unwanted(self, key: str, value: object, wanted: str) -> IntegrityError:
        """Return the error of a field whose VALUE is not what is WANTED."""
        return broken(self.path, f"`{key}` is missing" if value is _MISSING else f"`{key}` should be {wanted}")


def _is_text(value: object) -> TypeGuard[str]:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        return False
    if value.isascii():
        return True
    try:
        value.encode()
    except UnicodeEncodeError:  # half a character, which only an escape brings in, could be written nowhere
        return False
    return True
