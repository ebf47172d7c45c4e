"""How old data is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

AHEAD: Final = timedelta(days=1)
"""How far in the future the newest value may lie, since a day begins earlier elsewhere."""


def is_stale(newest: date, now: datetime, max_age: timedelta) -> bool:
    """Tell whether the NEWEST day or moment (in UTC, without saying so) is older than MAX_AGE, or of the future.

    What lies more than a day ahead says nothing about how new the data is. Days are counted as days: what is of
    yesterday is one day old until midnight UTC.

    >>> is_stale(date(2024, 1, 1), datetime(2024, 1, 2, 23, tzinfo=UTC), timedelta(days=1))
    False
    """
    if isinstance(newest, datetime):
        age = now.astimezone(UTC).replace(tzinfo=None) - newest
    else:
        age = now.astimezone(UTC).date() - newest
    return age > max_age or age < -AHEAD
