"""The evidence level: what a candidate hands in, and so how much of the verdict mlci computes itself."""

from __future__ import annotations

from typing import Final, Literal

Level = Literal["metrics", "scores", "predictions", "model"]

LEVELS: Final[tuple[Level, ...]] = ("metrics", "scores", "predictions", "model")
"""From the one that proves least to the one that proves most."""


def is_lower(level: Level, than: Level) -> bool:
    """Return whether evidence at LEVEL proves less.

    >>> is_lower("predictions", "model"), is_lower("model", "predictions"), is_lower("model", "model")
    (True, False, False)
    """
    return LEVELS.index(level) < LEVELS.index(than)


def can_be_judged(level: Level, by: Level) -> bool:
    """Return whether evidence at LEVEL can be judged BY rules of a level: what proves more, if it answers rows, too.

    >>> can_be_judged("model", "predictions"), can_be_judged("predictions", "model"), can_be_judged("model", "scores")
    (True, False, False)
    """
    return level == by or (level, by) == ("model", "predictions")
