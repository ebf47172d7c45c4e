"""Version numbers: vX.Y.Z, ordered, counted up."""

from __future__ import annotations

import re
from typing import Final, Literal

from mlci.core.plain_text import one_line
from mlci.errors import UsageError

Part = Literal["major", "minor", "patch"]
"""What changed: the signature broke (major), code or parameters changed (minor), only data did (patch)."""

NUMBER: Final = re.compile(r"v(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})")
FIRST: Final = "v1.0.0"


def sort_key(number: str) -> tuple[int, int, int]:
    """Return the three parts of `number`, by which numbers are ordered; raises `UsageError("bad-version")`."""
    match = NUMBER.fullmatch(number)
    if match is None:
        raise UsageError(
            "bad-version",
            f"“{one_line(number, 80)}” is not a version number",
            hint="Version numbers look like `v1.2.3`; `mlci registry list` shows them.",
        )
    major, minor, patch = match.groups()
    return int(major), int(minor), int(patch)


def next_number(previous: str | None, part: Part) -> str:
    """Return the number after `previous` when `part` changed; the first one is v1.0.0.

    >>> next_number(None, "minor"), next_number("v1.4.2", "minor"), next_number("v1.4.2", "major")
    ('v1.0.0', 'v1.5.0', 'v2.0.0')
    """
    if previous is None:
        return FIRST
    major, minor, patch = sort_key(previous)
    match part:
        case "major":
            return f"v{major + 1}.0.0"
        case "minor":
            return f"v{major}.{minor + 1}.0"
        case "patch":
            return f"v{major}.{minor}.{patch + 1}"
