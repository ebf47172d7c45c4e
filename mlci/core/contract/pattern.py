r"""Patterns for text: the part of regular expressions that means the same in every engine. The grammar, in full:

pattern    = branch { "|" branch }
branch     = { piece }
piece      = single [ "*" | "+" | "?" | "{" count "}" | "{" count "," [ count ] "}" ]
single     = character | "." | "\d" | "\w" | "\s" | "[" [ "^" ] item { item } "]" | "(" [ "?:" ] pattern ")"
item       = character [ "-" character ] | "\d" | "\w" | "\s"
character  = any but . \ [ ] ( ) { } | * + ? ^ $, or one of these and - after a backslash

In brackets . ( ) { } | * + ? $ stand for themselves; ^ - [ ] \ need a backslash.

A pattern matches a text as a whole. Characters are code points and are compared as they are, without regard to case or
kind: `\d` is 0 to 9, `\w` those, A to Z, a to z and _, `\s` a blank, a tab, a line feed or a carriage return, `.` any
character but a line feed.
"""  # noqa: D415 - the grammar follows

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Annotated, Final

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from mlci.core.contract.pattern_tree import (
    ANY,
    Choice,
    Node,
    OneOf,
    Range,
    Repeat,
    Sequence,
    as_regular_expression,
    match_ends,
    repetitions,
    size_of,
)

LONGEST_PATTERN: Final = 500
DEEPEST: Final = 10
"""How many groups may stand within each other."""
MOST_REPEATED: Final = 1_000
"""The largest count, and the largest product of counts within each other."""
LARGEST: Final = 5_000
"""Characters and sets of a pattern when each repetition is written out."""

_CLASSES: Final[dict[str, tuple[Range, ...]]] = {
    "d": (("0", "9"),),
    "w": (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z")),
    "s": (("\t", "\n"), ("\r", "\r"), (" ", " ")),
}
_SPECIAL: Final = frozenset(".\\[](){}|*+?^$")
_SPECIAL_IN_BRACKETS: Final = frozenset("[]\\^-")
_COUNTS: Final = re.compile(r"\{([0-9]{1,5})(,([0-9]{1,5})?)?\}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a text must look like; two that have the same tree are equal, however they are written."""

    tree: Node
    text: str = field(compare=False)
    """As a person wrote it."""

    def matches(self, text: str) -> bool:
        """Tell whether the whole of TEXT matches, which every engine must agree with; in polynomial time.

        >>> parse_pattern("[A-Z]{2}[0-9]+").matches("AB12")
        True
        """
        return len(text) in match_ends(self.tree, text, frozenset({0}))

    @property
    def regular_expression(self) -> str:
        r"""The pattern for RE2 and its relatives, to be matched as a whole: no character but ASCII, no class of theirs.

        >>> parse_pattern(r"\d+ µm").regular_expression
        '[0-9]+\\x{20}\\x{b5}m'
        """
        return as_regular_expression(self.tree)


def parse_pattern(text: object) -> Pattern:
    """Return a pattern; raises `ValueError` with the character's place when TEXT is none, or is too large."""
    if isinstance(text, Pattern):
        return text
    if not isinstance(text, str):
        msg = "a pattern is text such as '[A-Z]{3}'"
        raise ValueError(msg)  # noqa: TRY004 - pydantic turns a ValueError into a problem with its place
    if len(text) > LONGEST_PATTERN:
        msg = f"a pattern has at most {LONGEST_PATTERN} characters, this one has {len(text):,}"
        raise ValueError(msg)
    tree = _Parser(text).whole()
    if size_of(tree) > LARGEST:
        msg = f"a pattern has at most {LARGEST:,} characters and sets when its repetitions are written out"
        raise ValueError(msg)
    if repetitions(tree) > MOST_REPEATED:
        msg = f"counts within each other repeat a part more than {MOST_REPEATED:,} times"
        raise ValueError(msg)
    return Pattern(tree, text)


PatternField = Annotated[
    Pattern,
    BeforeValidator(parse_pattern),
    PlainSerializer(lambda pattern: pattern.text),
    WithJsonSchema({"type": "string", "maxLength": LONGEST_PATTERN}),
]


class _Parser:
    """Recursive descent."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.depth = 0

    def peek(self) -> str:
        """Return the next character, nothing at the end."""
        return self.text[self.place : self.place + 1]

    def take(self) -> str:
        found = self.peek()
        self.place += 1
        return found

    def takes(self, text: str) -> bool:
        """Take TEXT, if it comes next."""
        found = self.text.startswith(text, self.place)
        self.place += len(text) * found
        return found

    def wrong(self, problem: str, place: int | None = None) -> ValueError:
        return ValueError(f"character {(self.place if place is None else place) + 1}: {problem}")

    def whole(self) -> Node:
        tree = self.choice()
        if self.peek():
            raise self.wrong(r"a bracket closes that never opened; as a character it is written \)")
        return tree

    def choice(self) -> Node:
        options = [self.sequence()]
        while self.takes("|"):
            options.append(self.sequence())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def sequence(self) -> Node:
        parts: list[Node] = []
        while self.peek() not in {"", "|", ")"}:
            parts.append(self.piece())
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def piece(self) -> Node:
        part = self.single()
        counts = self.counts()
        if counts is None:
            return part
        if self.peek() and self.peek() in "*+?{":
            raise self.wrong("what is repeated already is repeated again; put it in brackets: (a+)*")
        return Repeat(part, *counts)

    def counts(self) -> tuple[int, int | None] | None:
        """Take how often the part before is repeated."""
        if self.takes("*"):
            return 0, None
        if self.takes("+"):
            return 1, None
        if self.takes("?"):
            return 0, 1
        if self.peek() != "{":
            return None
        found = _COUNTS.match(self.text, self.place)
        if found is None:
            raise self.wrong(r"a count is {3}, {2,5} or {2,}; as a character { is written \{")
        least = int(found[1])
        most = least if found[2] is None else None if found[3] is None else int(found[3])
        if max(least, most or 0) > MOST_REPEATED:
            raise self.wrong(f"a count is at most {MOST_REPEATED:,}")
        if most is not None and most < least:
            raise self.wrong("the second count is below the first")
        self.place = found.end()
        return least, most

    def single(self) -> Node:
        place, found = self.place, self.take()
        match found:
            case "(":
                return self.group(place)
            case "[":
                return self.brackets(place)
            case ".":
                return ANY
            case "\\":
                return OneOf(self.escaped(place))
            case "^" | "$":
                raise self.wrong(
                    f"a pattern always matches the whole text; leave {found} out, or write \\{found}", place
                )
            case "*" | "+" | "?" | "{":
                raise self.wrong(f"nothing stands before {found} that could be repeated", place)
            case "]" | "}":
                raise self.wrong(f"{found} closes what never opened; as a character it is written \\{found}", place)
            case _:
                return OneOf((self.visible(found, place),))

    def group(self, place: int) -> Node:
        if self.peek() == "?" and not self.takes("?:"):
            raise self.wrong("of groups with a question mark there is only (?:…)", place)
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.wrong(f"more than {DEEPEST} groups within each other", place)
        inner = self.choice()
        self.depth -= 1
        if not self.takes(")"):
            raise self.wrong("a group opens here and never closes", place)
        return inner

    def escaped(self, place: int) -> tuple[Range, ...]:
        """Return what stands after a backslash."""
        found = self.take()
        if found in _CLASSES:
            return _CLASSES[found]
        if found and (found in _SPECIAL or found == "-"):
            return ((found, found),)
        if found and found in "123456789":
            raise self.wrong("a pattern cannot refer back to a group", place)
        raise self.wrong(rf"\{found} has no meaning here; there are \d, \w, \s, and a backslash before a sign", place)

    def brackets(self, place: int) -> OneOf:
        negated = self.takes("^")
        ranges: list[Range] = []
        while not self.takes("]"):
            if not self.peek():
                raise self.wrong("a set opens here and never closes", place)
            ranges += self.item()
        if not ranges:
            raise self.wrong(r"a set holds something; as characters [ and ] are written \[ and \]", place)
        return OneOf(tuple(sorted(set(ranges))), negated)

    def item(self) -> tuple[Range, ...]:
        place, first = self.place, self.member()
        if self.peek() != "-":
            return first
        self.place += 1
        if len(first) > 1 or first[0][0] != first[0][1] or self.peek() in {"", "]"}:
            raise self.wrong(r"- stands between two characters; as a character it is written \-", self.place - 1)
        last = self.member()
        if len(last) > 1 or last[0][0] != last[0][1]:
            raise self.wrong("a range goes from one character to another", place)
        if last[0][0] < first[0][0]:
            raise self.wrong("the range ends before it begins", place)
        return ((first[0][0], last[0][0]),)

    def member(self) -> tuple[Range, ...]:
        """Return one character of a set, or one of the sets that have a name."""
        place, found = self.place, self.take()
        if found == "\\":
            return self.escaped(place)
        if found in _SPECIAL_IN_BRACKETS:
            raise self.wrong(f"within a set {found} is written \\{found}", place)
        return (self.visible(found, place),)

    def visible(self, character: str, place: int) -> Range:
        if not character.isprintable():
            raise self.wrong("a control character, a line break or a hidden character", place)
        return (character, character)
