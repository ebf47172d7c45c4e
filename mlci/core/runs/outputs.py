"""What a training command wrote beside the files that the configuration declares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlci.core.pipeline import LOCK, POINTER

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

MOST_NAMED: Final = 5
_NOT_OUTPUTS: Final = (".pyc", POINTER, f"/{LOCK}")
"""Endings of what Python and DVC keep beside what they run."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """Files that are not as they were before the command began, and that nothing declares as its output."""

    data: tuple[str, ...]
    """Those of them that it trains on."""
    others: tuple[str, ...]


def undeclared(
    before: Mapping[str, str], after: Mapping[str, str], *, declared: Iterable[str], data: Container[str]
) -> Outputs:
    """Return what a command wrote, or removed, besides the files and folders that are DECLARED as its outputs.

    BEFORE and AFTER are the Git ids of all files that Git does not ignore; DATA are the paths that it trains on.
    """
    named = set(declared)
    changed = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    found = [path for path in changed if not _is_declared(path, named)]
    return Outputs(tuple(path for path in found if path in data), tuple(path for path in found if path not in data))


def listed(paths: tuple[str, ...]) -> str:
    """Return the first of PATHS, and how many more there are.

    >>> listed(("a", "b")), listed(tuple("abcdefg"))
    ('a, b', 'a, b, c, d, e and 2 more')
    """
    more = len(paths) - MOST_NAMED
    return ", ".join(paths[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _is_declared(path: str, named: set[str]) -> bool:
    if path in named or path.rpartition("/")[2].startswith(".git") or f"/{path}".endswith(_NOT_OUTPUTS):
        return True
    return any(path.startswith(f"{each}/") for each in named)
