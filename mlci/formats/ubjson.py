"""Universal Binary JSON as XGBoost writes it, read within limits.

The format is draft 12 of ubjson.org with big-endian numbers; XGBoost writes lengths as `L`, and typed arrays.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

DEEPEST: Final = 32
_NUMBERS: Final = {
    ord("i"): ">i1", ord("U"): ">u1", ord("I"): ">i2", ord("l"): ">i4", ord("L"): ">i8",
    ord("d"): ">f4", ord("D"): ">f8",
}  # fmt: skip
_WHOLE: Final = frozenset(b"iUIlL")
_CONSTANTS: Final = {ord("T"): True, ord("F"): False, ord("Z"): None}


class MalformedUbjsonError(ValueError):
    """The bytes are no UBJSON of the kind that XGBoost writes."""


@dataclass(slots=True)
class _Reader:
    """A place in the bytes; what would lie behind their end is an error."""

    data: bytes
    place: int = 0

    def take(self, count: int) -> bytes:
        if count < 0 or self.place + count > len(self.data):
            raise MalformedUbjsonError("it ends within a value")
        self.place += count
        return self.data[self.place - count : self.place]

    def marker(self) -> int:
        return self.take(1)[0]

    def peek(self) -> int:
        return self.data[self.place] if self.place < len(self.data) else -1

    def count(self) -> int:
        """Return a length, which a whole number says."""
        kind = self.marker()
        if kind not in _WHOLE:
            raise MalformedUbjsonError("a length is no whole number")
        number = self.numbers(kind, 1)
        return int(number[0])

    def numbers(self, kind: int, count: int) -> np.ndarray[Any, Any]:
        dtype = np.dtype(_NUMBERS[kind])
        return np.frombuffer(self.take(dtype.itemsize * count), dtype=dtype)

    def text(self) -> str:
        try:
            return self.take(self.count()).decode("utf-8")
        except UnicodeDecodeError as error:
            raise MalformedUbjsonError("a text is no UTF-8") from error


def decode(data: bytes) -> Any:  # noqa: ANN401 - a JSON value of any kind
    """Return the value in DATA: objects as dict, arrays as list, single precision as the shortest number that says it.

    Raises MalformedUbjsonError for everything else, a key that occurs twice, and bytes behind the value.
    """
    reader = _Reader(data)
    value = _value(reader, reader.marker(), 0)
    if reader.place != len(data):
        raise MalformedUbjsonError("something follows its end")
    return value


def _value(reader: _Reader, marker: int, depth: int) -> Any:  # noqa: ANN401 - a JSON value of any kind
    if depth > DEEPEST:
        raise MalformedUbjsonError(f"it is nested more than {DEEPEST} levels deep")
    if marker in _NUMBERS:
        return _plain(reader.numbers(marker, 1))[0]
    if marker in _CONSTANTS:
        return _CONSTANTS[marker]
    if marker == ord("S"):
        return reader.text()
    if marker == ord("{"):
        return _object(reader, depth)
    if marker == ord("["):
        return _array(reader, depth)
    raise MalformedUbjsonError(f"the marker {chr(marker)!r} is not known")


def _object(reader: _Reader, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while reader.peek() != ord("}"):
        key = reader.text()
        if key in found:
            raise MalformedUbjsonError(f"the key {key[:40]!r} occurs twice")
        found[key] = _value(reader, reader.marker(), depth + 1)
    reader.marker()
    return found


def _array(reader: _Reader, depth: int) -> list[Any]:
    if reader.peek() == ord("$"):
        reader.marker()
        kind = reader.marker()
        if kind not in _NUMBERS or reader.marker() != ord("#"):
            raise MalformedUbjsonError("a typed array is none of numbers")
        return _plain(reader.numbers(kind, reader.count()))
    if reader.peek() == ord("#"):
        reader.marker()
        count = reader.count()
        if count > len(reader.data):
            raise MalformedUbjsonError("an array is longer than the file")
        return [_value(reader, reader.marker(), depth + 1) for _ in range(count)]
    items: list[Any] = []
    while (marker := reader.marker()) != ord("]"):
        items.append(_value(reader, marker, depth + 1))
    return items


def _plain(numbers: np.ndarray[Any, Any]) -> list[Any]:
    if numbers.dtype.kind == "f" and numbers.dtype.itemsize == 4:  # noqa: PLR2004 - single precision
        return [float(text) for text in numbers.astype(np.float32).astype(str).tolist()]
    return list(numbers.tolist())
