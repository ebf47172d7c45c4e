"""Messages in the wire format of Protocol Buffers, read by a closed list of fields.

What a list does not name, and what stands twice and may not, is an error: so nobody who reads the same bytes can see
more in them than was checked here. The format is https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LONGEST_NUMBER: Final = 10
_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_CONTINUES: Final = 0x80

ARRAYS: Final = frozenset({"numbers", "floats", "doubles"})
Kind = Literal["number", "text", "bytes", "float", "message", "numbers", "floats", "doubles"]


class MalformedProtobufError(ValueError):
    """The bytes are no message of the kind that was asked for."""


@dataclass(frozen=True, slots=True)
class Field:
    """What a field may hold: `numbers`, `floats` and `doubles` are arrays; `message` names the fields of another."""

    name: str
    kind: Kind
    repeated: bool = False
    fields: Mapping[int, Field] = field(default_factory=dict)


def decode(data: bytes, fields: Mapping[int, Field]) -> dict[str, Any]:
    """Return the message in DATA by the names of FIELDS; repeated fields as lists, numbers as signed, arrays as arrays.

    Raises MalformedProtobufError for damaged bytes, for other fields, and for one that may stand once and stands twice.
    """
    found: dict[str, Any] = {}
    view, place = memoryview(data), 0
    while place < len(data):
        tag, place = _number(view, place)
        known = fields.get(tag >> 3)
        if known is None:
            raise MalformedProtobufError(f"field {tag >> 3} is none that is allowed here")
        content, place = _content(view, place, tag & 7)
        value = _value(known, tag & 7, content)
        if known.repeated or known.kind in ARRAYS:
            found.setdefault(known.name, []).append(value)
        elif known.name in found:
            raise MalformedProtobufError(f"`{known.name}` stands twice")
        else:
            found[known.name] = value
    arrays = {each.name for each in fields.values() if each.kind in ARRAYS}
    return {name: np.concatenate(value) if name in arrays else value for name, value in found.items()}


def _number(data: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(LONGEST_NUMBER):
        if place >= len(data):
            break
        byte = data[place]
        place += 1
        value |= (byte & 0x7F) << (7 * shift)
        if not byte & _CONTINUES:
            return value & (2**64 - 1), place
    raise MalformedProtobufError("a number in it does not end")


def _content(data: memoryview, place: int, wire: int) -> tuple[int | memoryview, int]:
    if wire == _VARINT:
        return _number(data, place)
    if wire == _LENGTH:
        length, place = _number(data, place)
    elif wire in {_FIXED32, _FIXED64}:
        length = 4 if wire == _FIXED32 else 8
    else:
        raise MalformedProtobufError(f"the wire type {wire} is not known")
    if place + length > len(data):
        raise MalformedProtobufError("it ends within a field")
    return data[place : place + length], place + length


def _value(known: Field, wire: int, content: int | memoryview) -> Any:  # noqa: ANN401 - what the field holds
    if isinstance(content, int):
        if known.kind == "number":
            return _signed(content)
        if known.kind == "numbers":
            return np.array([_signed(content)], dtype=np.int64)
    elif wire == _LENGTH and known.kind in _READ:
        return _READ[known.kind](known, content)
    elif (known.kind, wire) in {("float", _FIXED32), ("floats", _FIXED32), ("doubles", _FIXED64)}:
        return _reals(known, content)
    raise MalformedProtobufError(f"`{known.name}` is written as something else")


def _reals(known: Field, content: memoryview) -> np.ndarray[Any, Any]:
    width = 8 if known.kind == "doubles" else 4
    if len(content) % width:
        raise MalformedProtobufError(f"`{known.name}` ends within a number")
    return np.frombuffer(content, f"<f{width}")


def _text(known: Field, content: memoryview) -> str:
    try:
        return bytes(content).decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedProtobufError(f"`{known.name}` is no UTF-8") from error


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


def _packed(_: Field, content: memoryview) -> np.ndarray[Any, Any]:
    """Return the numbers that stand one after the other, each in as many bytes as it needs."""
    data = np.frombuffer(content, np.uint8)
    if not len(data):
        return np.zeros(0, np.int64)
    ends = np.flatnonzero(data < _CONTINUES)
    if not len(ends) or ends[-1] != len(data) - 1:
        raise MalformedProtobufError("a number in it does not end")
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > LONGEST_NUMBER:
        raise MalformedProtobufError("a number in it does not end")
    shifts = (7 * (np.arange(len(data)) - np.repeat(starts, lengths))).astype(np.uint64)
    parts = (data & 0x7F).astype(np.uint64) << shifts
    return np.add.reduceat(parts, starts).view(np.int64)


_READ: Final[Mapping[Kind, Callable[[Field, memoryview], Any]]] = {
    "numbers": _packed,
    "floats": _reals,
    "doubles": _reals,
    "text": _text,
    "bytes": lambda _, content: bytes(content),
    "message": lambda known, content: decode(bytes(content), known.fields),
}
"""What a field of some length holds, by its kind."""
