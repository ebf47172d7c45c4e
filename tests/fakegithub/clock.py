"""The clock of the fake: each look is one second later, so that every run tells the same times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

STARTED = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """A clock that begins at STARTED."""

    def __init__(self) -> None:
        self._now = STARTED

    def now(self) -> datetime:
        """Return a time one second after the last one."""
        self._now += timedelta(seconds=1)
        return self._now

    @property
    def last(self) -> datetime:
        """The time that was told last; to ask for it costs none."""
        return self._now

    def wait(self, time: timedelta) -> None:
        """Let time pass."""
        self._now += time


def written(time: datetime) -> str:
    """Return a time as GitHub writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
