"""What lies in a store, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

RENEWED_AFTER: Final = timedelta(days=1)
"""What is put again and is older becomes young in a store that has no other way to say that somebody needs it."""
LEAST_AGE: Final = RENEWED_AFTER * 2
"""What is younger is never removed there: it may have been put again since."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An archive in a store: its name, its size, and how long nobody has put it there (again)."""

    sha256: str
    size: int
    age: timedelta


@dataclass(frozen=True, slots=True)
class Collection:
    """What a store holds, by what becomes of it."""

    place: str
    """Where the store is, as a person would say it."""
    referenced: tuple[Stored, ...]
    young: tuple[Stored, ...]
    unneeded: tuple[Stored, ...]
    removed: tuple[str, ...]
    """The digests of what was removed; none in a dry run."""
    unfinished: int = 0
    """Halves of uploads that were killed, which no name leads to."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        unneeded = [{"package": each.sha256, "size": each.size} for each in self.unneeded]
        kept = {"referenced": len(self.referenced), "young": len(self.young)}
        return {
            "place": self.place,
            "kept": kept,
            "unneeded": unneeded,
            "removed": list(self.removed),
            "unfinished": self.unfinished,
        }


@dataclass(frozen=True, slots=True)
class Gap:
    """A place that lacks the package of a version, and the place that it is copied from."""

    place: str
    version: str
    sha256: str
    size: int
    source: str | None = None
    """None where no configured place has it."""

    def from_place(self, source: str) -> Gap:
        """Return the gap as one that SOURCE fills."""
        return replace(self, source=source)

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "place": self.place,
            "version": self.version,
            "package": self.sha256,
            "size": self.size,
            "source": self.source,
        }
