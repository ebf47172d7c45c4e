"""The words and signs of a check, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlci.core.expression.tree import RESERVED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MOST_PARTS: Final = 250
"""Values, columns, operators and brackets of one check."""

_TOKEN: Final = re.compile(
    r"""[ ]*+(?:
        (?P<number>(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?(?![A-Za-z_]))
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*+)
      | `(?P<quoted>(?:[^`]|``)++)`
      | '(?P<single>(?:[^']|'')*+)'
      | "(?P<double>(?:[^"]|"")*+)"
      | (?P<comparison><=|>=|==|!=|<|>)
      | (?P<symbol>[-+*/%(),])
    )""",
    re.VERBOSE,
)
_QUOTES: Final[Mapping[str, str]] = {"quoted": "`", "single": "'", "double": '"'}
_INSTEAD: Final = {
    "=>": ">=", "=<": "<=", "=": "==", "&&": "and", "||": "or", "&": "and", "|": "or", "!": "not",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """One of them."""

    kind: str
    """number, name, word (one that is reserved), text, comparison, symbol or end."""
    text: str
    place: int
    """Characters before it."""

    def is_word(self, word: str) -> bool:
        """Return whether this is the reserved WORD."""
        return self.kind == "word" and self.text == word

    def is_symbol(self, symbol: str) -> bool:
        """Return whether this is SYMBOL."""
        return self.kind == "symbol" and self.text == symbol


def tokens_of(text: str) -> Iterator[Token]:
    """Yield what TEXT consists of, then its end; raises `ValueError` with the place of what has no meaning.

    The quotes of a name or a text are gone, and doubled ones within are single.
    """
    place, parts = 0, 0
    end = len(text.rstrip(" "))
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            raise _unreadable(text, place)
        kind, found = match.lastgroup or "", match[match.lastgroup or 0]
        start = match.start(kind) - (kind in _QUOTES)
        if kind in _QUOTES:
            quote = _QUOTES[kind]
            found = found.replace(quote * 2, quote)
            if quote != "`" and not found.isprintable():
                msg = f"character {start + 1}: a control character, a line break or a hidden character"
                raise ValueError(msg)
            kind = "name" if kind == "quoted" else "text"
        elif kind == "name" and found in RESERVED:
            kind = "word"
        yield Token(kind, found, start)
        place, parts = match.end(), parts + 1
        if parts > MOST_PARTS:
            msg = f"a check has at most {MOST_PARTS} values, columns, operators and brackets"
            raise ValueError(msg)
    yield Token("end", "", end)


def _unreadable(text: str, place: int) -> ValueError:
    rest = text[place:].lstrip(" ")
    at = len(text) - len(rest) + 1
    wrong = next((wrong for wrong in _INSTEAD if rest.startswith(wrong)), None)
    if wrong:
        return ValueError(f"character {at}: write `{_INSTEAD[wrong]}` instead of `{wrong}`")
    if rest[0] in _QUOTES.values():
        kind = "backtick" if rest[0] == "`" else "quote"
        return ValueError(f"character {at}: a {kind} opens here and never closes, or holds nothing")
    return ValueError(f"character {at}: {rest[0]!r} has no meaning here; a check is like `worst >= 2 * mean`")


def expected(what: str, found: Token) -> ValueError:
    """Return the problem that WHAT should stand where FOUND does."""
    shown = "the check ends" if found.kind == "end" else f"`{found.text}` stands there"
    return ValueError(f"character {found.place + 1}: {what} is expected, {shown}")
