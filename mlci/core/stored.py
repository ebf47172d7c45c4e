"""What lies in a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Stored:
    """An archive in a store: its name, its size, and how long nobody has put it there (again)."""

    sha256: str
    size: int
    age: timedelta
