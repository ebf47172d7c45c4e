"""Text from elsewhere (Git, hooks, people) made safe to show: one line, no control characters, no hidden ones."""

from __future__ import annotations

import re
import unicodedata

# Cc control, Cf format (bidirectional overrides, zero width), Cs surrogates, Co private use, line and paragraph ends.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_CREDENTIALS = re.compile(r"(?i)\b([a-z][a-z0-9+.-]*://)[^/\s@]*@")
_MISSING = "\N{REPLACEMENT CHARACTER}"


def one_line(text: str, limit: int = 400) -> str:
    r"""Return `text` as one line of at most `limit` characters in which nothing is hidden.

    White space becomes single spaces; a control, format or surrogate character becomes U+FFFD, so that it is seen.

    >>> one_line("two\n lines")
    'two lines'
    """
    return printable(" ".join(text.split()), limit)


def printable(text: str, limit: int = 400) -> str:
    r"""Return one line with its blanks kept, of at most `limit` characters, in which nothing is hidden.

    >>> printable("\tindented")
    '    indented'
    """
    shown = text.expandtabs(4)
    if not shown.isprintable():  # else there is nothing hidden, and looking at each character takes a while
        shown = "".join(_MISSING if unicodedata.category(each) in _HIDDEN else each for each in shown)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def without_credentials(text: str) -> str:
    """Return `text` with the user and password of every URL taken out.

    >>> without_credentials("fatal: https://me:secret@host/x.git not found")
    'fatal: https://host/x.git not found'
    """
    return _CREDENTIALS.sub(r"\1", text)


def is_visible(text: str) -> bool:
    """Tell whether TEXT shows all that it holds: no control character, line break, odd blank or hidden character."""
    return one_line(text, len(text) + 1).replace(" ", "") == text.replace(" ", "")
