"""Text as a YAML scalar that reads back as this text."""

from __future__ import annotations

import re

from mlci.core.documents import plain_scalar


def quoted(text: str) -> str:
    """Return TEXT as a YAML scalar that reads back as this string: plain where that is safe."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) and isinstance(plain_scalar(text), str):
        return text
    return in_quotes(text)


def in_quotes(text: str) -> str:
    """Return TEXT as a YAML scalar that nobody takes for anything but text."""
    return '"' + "".join(_escaped(each) for each in text) + '"'


def _escaped(character: str) -> str:
    if character in {'"', "\\"}:
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"  # noqa: PLR2004 - what four digits can hold
