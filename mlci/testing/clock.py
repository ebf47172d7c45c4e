"""A clock that stands still until it is told otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FixedClock:
    """Always the same time; `advance` moves it."""

    def __init__(self, now: datetime = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)) -> None:
        """Begin at `now`."""
        self._now = now

    def now(self) -> datetime:
        """Return the time."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move the clock."""
        self._now += by
