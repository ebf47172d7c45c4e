"""The evidence level: what a candidate hands in, and so how much of the verdict mlci computes itself."""

from __future__ import annotations

from typing import Final, Literal

Level = Literal["predictions", "model"]

LEVELS: Final[tuple[Level, ...]] = ("predictions", "model")
"""From the one that proves least to the one that proves most."""


def is_lower(level: Level, than: Level) -> bool:
    """Return whether evidence at LEVEL proves less.

    >>> is_lower("predictions", "model"), is_lower("model", "predictions"), is_lower("model", "model")
    (True, False, False)
    """
    return LEVELS.index(level) < LEVELS.index(than)
