"""Formats with a name, each a pattern and nothing more: what is written right may still lead nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

from mlci.core.contract.pattern import Pattern, parse_pattern

FormatName = Literal["email", "uuid", "url", "ipv4"]


@dataclass(frozen=True, slots=True)
class Format:
    """How a kind of text is written."""

    pattern: Pattern
    words: str
    """What such a text is: "an email address"."""


_LOCAL: Final = r"[A-Za-z0-9!#$%&'*+/=?\^_`{|}~\-]+"
_HOST: Final = r"[A-Za-z0-9]([A-Za-z0-9\-]{0,61}[A-Za-z0-9])?"
_BYTE: Final = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_PATTERNS: Final[dict[FormatName, tuple[str, str]]] = {
    "email": (rf"{_LOCAL}(\.{_LOCAL})*@({_HOST}\.)+[A-Za-z]{{2,63}}", "an email address"),
    "uuid": ("[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", "a UUID"),
    "url": (rf"https?://{_HOST}(\.{_HOST})*(:[0-9]{{1,5}})?([/?#][!-~]*)?", "a web address"),
    "ipv4": (rf"{_BYTE}(\.{_BYTE}){{3}}", "an IPv4 address"),
}
FORMATS: Final[dict[FormatName, Format]] = {
    name: Format(parse_pattern(_PATTERNS[name][0]), _PATTERNS[name][1]) for name in get_args(FormatName)
}


def format_called(name: object) -> Format:
    """Return the format with a NAME, which a contract has checked."""
    return next(found for known, found in FORMATS.items() if known == name)
