"""Text from elsewhere inside Markdown: shown as it is, never acting as Markdown, HTML, a mention or a link."""

from __future__ import annotations

import re
from typing import Final

from mlci.core.plain_text import one_line

_LIMIT: Final = 4000
# A character of width zero between the parts of what a forge would link: @name, #12, GH-12, www., https://.
# Backslashes and entities do not help there, because a forge looks for these in the text after Markdown is done.
_BREAK: Final = "&#8203;"
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_MARKDOWN: Final = re.compile(r"([\\`*_\[\]|~$])")
_LINKS: Final = re.compile(r"(?i)(@|#|\bGH-|\bwww\.|://)(?=\S)")
_LINE_START: Final = re.compile(r"^(?:([-+=#])|([0-9]{1,9})([.)]))")
_PLAIN_CODE: Final = re.compile(r"[A-Za-z0-9._/:@#=+,() -]*")


def markdown_text(text: str, limit: int = _LIMIT) -> str:
    r"""Return `text` for any place in Markdown, a cell of a table too; one line, at most `limit` characters of it.

    >>> markdown_text("*ask* @ana <b>")
    '\\*ask\\* @&#8203;ana &lt;b&gt;'
    """
    shown = "".join(_ENTITIES.get(each, each) for each in one_line(text, limit))
    shown = _MARKDOWN.sub(r"\\\1", shown)
    shown = _LINE_START.sub(lambda match: f"\\{match[1]}" if match[1] else f"{match[2]}\\{match[3]}", shown)
    return _LINKS.sub(rf"\1{_BREAK}", shown)


def markdown_code(text: str, limit: int = _LIMIT) -> str:
    """Return `text` as inline code, for any place in Markdown, a cell of a table too.

    Backticks where nothing in it could end them, else a `code` element, in which everything is escaped.

    >>> markdown_code("v1.0.0")
    '`v1.0.0`'
    """
    shown = one_line(text, limit)
    if shown and _PLAIN_CODE.fullmatch(shown):
        return f"`{shown}`"
    return f"<code>{markdown_text(shown, limit)}</code>"
