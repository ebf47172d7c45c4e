"""Paths that `mlci.yaml` names: a file below its folder, or a place that may lie beside it."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

LONGEST_PATH: Final = 1_000
_RESERVED: Final = (".git", ".mlci")


def relative_path(text: object) -> object:
    """Return TEXT, without needless `.` and `/`, when it is a path below the folder of `mlci.yaml`.

    Raises `ValueError` for a path that leads out of the folder, into Git's or mlci's own, or that a program could take
    for something else (an option, a home folder, a pathspec). What is no text is returned as it is.
    """
    if not isinstance(text, str):
        return text
    parts = [part for part in text.split("/") if part not in {"", "."}]
    path = "/".join(parts)
    leads_out = text.startswith("/") or ".." in parts or "\\" in path
    if leads_out or not 0 < len(path) <= LONGEST_PATH or path.startswith(("~", "-", ":")) or not path.isprintable():
        msg = "a path below the folder of mlci.yaml is wanted, with `/` and without `..`"
        raise ValueError(msg)
    # Without regard to case: on macOS `.GIT` is `.git`.
    reserved = next((part for part in parts if part.lower() in _RESERVED), None)
    if reserved is not None:
        msg = f"`{reserved}` is not yours to name"
        raise ValueError(msg)
    return path


def _visible_place(text: str) -> str:
    if not text.isprintable() or text.startswith(("-", "~")):
        msg = "a folder is wanted, such as ../models, without hidden characters and not beginning with `-` or `~`"
        raise ValueError(msg)
    return text


PathBelow = Annotated[
    str, BeforeValidator(relative_path), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_PATH})
]
"""A path below the folder of `mlci.yaml`."""

PACKED: Final = r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*"
LONGEST_PACKED: Final = 90


def _packed(path: str) -> str:
    if re.fullmatch(PACKED, path) is None or len(path) > LONGEST_PACKED:
        msg = f"a package holds files with names of letters, digits, `.`, `_` and `-`, {LONGEST_PACKED} at most"
        raise ValueError(msg)
    return path


PackedPath = Annotated[
    str,
    BeforeValidator(relative_path),
    AfterValidator(_packed),
    WithJsonSchema({"type": "string", "pattern": f"^{PACKED}$", "maxLength": LONGEST_PACKED}),
]
"""A path below the folder of `mlci.yaml` of a file that becomes part of a package."""

Place = Annotated[str, Field(min_length=1, max_length=LONGEST_PATH), AfterValidator(_visible_place)]
"""A folder that may lie anywhere: a store, a target."""
