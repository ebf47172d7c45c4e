"""How sure decisions must be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Strictness:
    """How sure a decision must be."""

    confidence: float
    min_rows: int
    min_changed: float
    wanted_by: str = "statistics.min_rows"
    """Where `min_rows` stands, for sentences."""
