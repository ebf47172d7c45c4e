"""What a pattern means: its tree, how large that is, where its matches end, and how an engine is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, assert_never

if TYPE_CHECKING:
    from collections.abc import Iterator

Range = tuple[str, str]
"""The first and the last character."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """One character within one of the ranges, or, if negated, within none of them."""

    ranges: tuple[Range, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """One part after the other; of no part, the empty text."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of at least two."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """The same part again and again."""

    part: Node
    least: int
    most: int | None
    """None: without end."""


Node = OneOf | Sequence | Choice | Repeat

ANY: Final = OneOf((("\n", "\n"),), negated=True)


def size_of(node: Node) -> int:
    """Return how many parts NODE has when each repetition is written out."""
    match node:
        case OneOf():
            return 1
        case Sequence(parts) | Choice(parts):
            return sum(map(size_of, parts)) + 1
        case Repeat(part, least, most):
            return max(least if most is None else most, 1) * size_of(part) + 1
    assert_never(node)


def repetitions(node: Node) -> int:
    """Return the largest product of counts within each other."""
    match node:
        case OneOf():
            return 1
        case Sequence(parts) | Choice(parts):
            return max(map(repetitions, parts), default=1)
        case Repeat(part, least, most):
            return max(least, most or 0, 1) * repetitions(part)
    assert_never(node)


def match_ends(node: Node, text: str, starts: frozenset[int]) -> frozenset[int]:
    """Return every place where a match of NODE may end that begins at one of STARTS."""
    match node:
        case OneOf(ranges, negated):
            return frozenset(
                place + 1
                for place in starts
                if place < len(text) and any(first <= text[place] <= last for first, last in ranges) != negated
            )
        case Sequence(parts):
            for part in parts:
                starts = match_ends(part, text, starts)
            return starts
        case Choice(options):
            return frozenset().union(*(match_ends(option, text, starts) for option in options))
        case Repeat(part, least, most):
            return _repeats(part, text, starts, least, most)
    assert_never(node)


def _repeats(part: Node, text: str, starts: frozenset[int], least: int, most: int | None) -> frozenset[int]:
    for _ in range(least):
        starts = match_ends(part, text, starts)
    found, fresh, count = starts, starts, least
    while fresh and (most is None or count < most):
        fresh = match_ends(part, text, fresh) - found
        found, count = found | fresh, count + 1
    return found


def as_regular_expression(node: Node) -> str:
    """Return NODE for RE2 and its relatives, with no character but ASCII and no class of theirs."""
    match node:
        case OneOf(((first, last),), negated=False) if first == last:
            return _character(first)
        case OneOf(ranges, negated):
            return f"[{'^' * negated}{''.join(_ranges(ranges))}]"
        case Sequence(parts):
            return "".join(
                f"(?:{as_regular_expression(part)})" if isinstance(part, Choice) else as_regular_expression(part)
                for part in parts
            )
        case Choice(options):
            return "|".join(map(as_regular_expression, options))
        case Repeat(part, least, most):
            single = as_regular_expression(part) if isinstance(part, OneOf) else f"(?:{as_regular_expression(part)})"
            return single + _counts(least, most)
    assert_never(node)


def _ranges(ranges: tuple[Range, ...]) -> Iterator[str]:
    for first, last in ranges:
        yield _character(first) if first == last else f"{_character(first)}-{_character(last)}"


def _counts(least: int, most: int | None) -> str:
    short = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((least, most))
    if short is not None:
        return short
    if most is None:
        return f"{{{least},}}"
    return f"{{{least}}}" if most == least else f"{{{least},{most}}}"


def _character(character: str) -> str:
    return character if character.isascii() and character.isalnum() else f"\\x{{{ord(character):x}}}"
