"""Strict YAML: the part of the language that small documents of people need, and that cannot surprise.

YAML 1.2 core scalars (`NO` is a string), no duplicate keys, no keys but text, no aliases or anchors, no tags, no tabs
between tokens, no control characters but by escapes, one document, at most 256 KiB. Every value knows its line and
column, so that an error can point at it.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

import yaml

from mlci.core.plain_text import one_line
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST_DOCUMENT: Final = 256 * 1024
DEEPEST_NESTING: Final = 20
LONGEST_INTEGER: Final = 400
"""Digits of a number that is read as one; Python itself refuses to convert more than 4,300."""

_LINE_BREAK: Final = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
_UNPRINTABLE: Final = yaml.reader.Reader.NON_PRINTABLE
_UTF_16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")

_HINTS: Final = {
    "mapping values are not allowed here": 'Put text that holds a colon in quotes: key: "a: b"',
    "cannot start any token": 'Put text that begins with a sign in quotes: key: "@text"',
}
"""What mends the syntax errors that people make most, by a part of PyYAML's message."""

Scalar = str | int | float | bool | None
Value = Scalar | list["Value"] | dict[str, "Value"]
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """A place in a document, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Document:
    """The value of a YAML text, with the place of every key and value."""

    name: str
    value: Value
    positions: dict[Path, Position] = field(repr=False)

    def where(self, path: Path) -> str:
        """Return `file:line:column` of the value at PATH, or of the nearest parent that exists."""
        while path and path not in self.positions:
            path = path[:-1]
        return _place(self.name, self.positions.get(path, Position(1, 1)))


def read_document(text: bytes, name: str) -> Document:
    """Return the document in TEXT; raises `UsageError` with line and column when it is not strict YAML."""
    if len(text) > LARGEST_DOCUMENT:
        raise UsageError(
            "yaml-too-large",
            f"{name} has {len(text):,} bytes; at most {LARGEST_DOCUMENT:,} are read",
            where=name,
            cause="A configuration is written by hand; this looks like data.",
            hint="Keep data in its own file and name its path.",
        )
    decoded = _decoded(text, name)
    loader = yaml.SafeLoader(decoded)
    try:
        return _Reader(_events(loader), name).read()
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, name) from None
    except (ValueError, OverflowError):
        # PyYAML converts what it has only looked at: `"\UFFFFFFFF"`, and versions of 5,000 digits.
        position = _position(loader.get_mark())
        raise UsageError(
            "yaml-syntax",
            "not valid YAML: a number that stands for a character or a version is too large",
            where=_place(name, position),
            hint="Write the character itself.",
        ) from None


def plain_scalar(text: str) -> Scalar:
    """Return an unquoted scalar by the YAML 1.2 core schema: `NO` and `1_000` are strings, `~` is null.

    >>> plain_scalar("NO"), plain_scalar("true"), plain_scalar("0o17"), plain_scalar("1e3"), plain_scalar("0.1%")
    ('NO', True, 15, 1000.0, '0.1%')
    """
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return text.lower() == "true"
    if re.fullmatch(r"[-+]?[0-9]+", text):
        return int(text) if len(text) <= LONGEST_INTEGER else text
    if re.fullmatch(r"0o[0-7]{1,100}|0x[0-9a-fA-F]{1,100}", text):
        return int(text, 0)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", text):
        return float(text)
    if re.fullmatch(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", text):
        return float(text.replace(".", "", 1))
    return text


def shown(text: str) -> str:
    """Return a key of a hostile document for a sentence: between backticks that it cannot close, short, one line."""
    return f"`{one_line(text.replace('`', chr(39)), 80)}`"


class _Mark(Protocol):
    """Where PyYAML stands, counted from 0."""

    line: int
    column: int


class _Reader:
    """Builds one value from YAML events; events have no aliases resolved, so nothing can grow."""

    def __init__(self, events: Iterator[yaml.Event], name: str) -> None:
        self.events = events
        self.name = name
        self.positions: dict[Path, Position] = {}

    def read(self) -> Document:
        next(self.events)  # the start of the stream
        if isinstance(next(self.events), yaml.StreamEndEvent):
            raise UsageError(
                "yaml-empty",
                f"{self.name} is empty",
                where=self.name,
                hint="Bring back what it held: `git log --patch` of the file shows it.",
            )
        value = self.value(next(self.events), (), 0)
        next(self.events)  # the end of the document
        following = next(self.events)
        if not isinstance(following, yaml.StreamEndEvent):
            raise self.refusal(
                following, "yaml-documents", "a second document begins here; one is read", "Give it a file of its own."
            )
        return Document(self.name, value, self.positions)

    def value(self, event: yaml.Event, path: Path, depth: int) -> Value:
        self.positions.setdefault(path, _position(event.start_mark))
        if depth > DEEPEST_NESTING:
            raise self.refusal(
                event, "yaml-depth", f"nested deeper than {DEEPEST_NESTING} levels", "Take levels out of it."
            )
        self.check_is_bare(event)
        if isinstance(event, yaml.ScalarEvent):
            return self.text(event) if event.style else plain_scalar(self.text(event))
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(path, depth)
        return self.mapping(path, depth)

    def sequence(self, path: Path, depth: int) -> list[Value]:
        items: list[Value] = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self.value(event, (*path, len(items)), depth + 1))
        return items

    def mapping(self, path: Path, depth: int) -> dict[str, Value]:
        mapping: dict[str, Value] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self.key(event)
            if key in mapping:
                first = self.positions[(*path, key)].line
                raise self.refusal(
                    event,
                    "yaml-duplicate-key",
                    f"{shown(key)} stands here again; first in line {first}",
                    "Keep one of the two.",
                )
            self.positions[(*path, key)] = _position(event.start_mark)
            mapping[key] = self.value(next(self.events), (*path, key), depth + 1)
        return mapping

    def key(self, event: yaml.Event) -> str:
        """Return a key, which must be text: `1:` and `true:` would be other things to another reader."""
        self.check_is_bare(event)
        if not isinstance(event, yaml.ScalarEvent):
            raise self.refusal(event, "yaml-key", "a list or a mapping is no key; a key is text", "Write `key: value`.")
        key = self.text(event)
        if event.style is None and not isinstance(plain_scalar(key), str):
            problem = f"the key {shown(key)} is not text" if key else "a key is missing before the colon"
            raise self.refusal(event, "yaml-key", problem, f'Put it in quotes: "{one_line(key, 80)}":')
        return key

    def text(self, event: yaml.ScalarEvent) -> str:
        """Return the text of a scalar; two escapes may join to one character, as in JSON."""
        try:
            return event.value.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            problem = "an escape in this text stands for half a character"
            raise self.refusal(event, "yaml-character", problem, "Write the character itself.") from None

    def check_is_bare(self, event: yaml.Event) -> None:
        """Raise where an alias, an anchor or a tag stands."""
        if isinstance(event, yaml.AliasEvent):
            raise self.refusal(event, "yaml-alias", "aliases (`*name`) are not read", "Write the value out.")
        if isinstance(event, yaml.ScalarEvent | yaml.SequenceStartEvent | yaml.MappingStartEvent):
            if event.anchor is not None:
                raise self.refusal(event, "yaml-alias", "anchors (`&name`) are not read", "Write the value out.")
            if event.tag is not None:
                raise self.refusal(event, "yaml-tag", "tags (`!name`) are not read", "Leave the tag out.")

    def refusal(self, event: yaml.Event, code: str, problem: str, hint: str) -> UsageError:
        return UsageError(code, problem, where=_place(self.name, _position(event.start_mark)), hint=hint)


def _events(loader: yaml.SafeLoader) -> Iterator[yaml.Event]:
    while loader.check_event():
        yield loader.get_event()  # type: ignore[no-untyped-call]  # the stubs have no types for it


def _decoded(text: bytes, name: str) -> str:
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode()
        encoding = "UTF-16" if text.startswith(_UTF_16_MARKS) else "LATIN1"
        raise UsageError(
            "yaml-encoding",
            f"{name} is not UTF-8",
            where=_place(name, _position_after(before)),
            cause="It was saved as UTF-16 or Latin-1.",
            hint=f"iconv -f {encoding} -t UTF-8 {shlex.quote(name)}",
        ) from None
    if control := _UNPRINTABLE.search(decoded):
        raise UsageError(
            "yaml-character",
            f"{name} holds a control character",
            where=_place(name, _position_after(decoded[: control.start()])),
            cause="It was saved as UTF-16, or pasted from a terminal.",
            hint="Remove the character.",
        )
    return decoded


def _place(name: str, position: Position) -> str:
    return f"{name}:{position.line}:{position.column}"


def _position(mark: _Mark | None) -> Position:
    # Only events that somebody makes by hand have no mark.
    return Position(1, 1) if mark is None else Position(mark.line + 1, mark.column + 1)


def _position_after(before: str) -> Position:
    """Return the place of the character that follows the text BEFORE."""
    ends = [found.end() for found in _LINE_BREAK.finditer(before)]
    return Position(len(ends) + 1, len(before) - (ends[-1] if ends else 0) + 1)


def _syntax_error(error: yaml.MarkedYAMLError, name: str) -> UsageError:
    mark = error.problem_mark or error.context_mark
    where = name if mark is None else _place(name, _position(mark))
    problem = error.problem or error.context or "it cannot be read"
    if r"'\t'" in problem:
        return UsageError(
            "yaml-tab",
            "a tab stands where YAML wants spaces",
            where=where,
            hint=f"expand -t 2 {shlex.quote(name)}",
        )
    return UsageError(
        "yaml-syntax",
        f"not valid YAML: {one_line(problem, 200)}",
        where=where,
        cause="An indentation, a colon, a quote or a closing bracket is missing at or above this line.",
        hint=next((hint for part, hint in _HINTS.items() if part in problem), None),
    )
