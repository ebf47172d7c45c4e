"""Dates and times as ISO 8601 writes them: `2024-02-29`, `23:59:59.5`, `2024-02-29T23:59`, `2024-02-29 23:59+02:00`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Final, Literal

MomentType = Literal["date", "time", "timestamp", "timestamp_with_zone"]

_YEAR: Final = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
DATE: Final = f"{_YEAR}-[0-9]{{2}}-[0-9]{{2}}"
TIME: Final = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
TIMESTAMP: Final = f"{DATE}[T ]{TIME}"
ZONE: Final = "(Z|[+-](0[0-9]|1[0-5])(:[0-5][0-9])?)"
"""What counts as written right, before anything is converted: for Python and for DuckDB alike."""


def read_moment(text: str, type_: MomentType) -> date | time | None:
    """Return a day, a time or both, None where TEXT is not written so; with a zone, in UTC without saying so.

    >>> read_moment("2024-02-30", "date")
    """
    pattern = {"date": DATE, "time": TIME, "timestamp": TIMESTAMP}.get(type_, TIMESTAMP + ZONE)
    if re.fullmatch(pattern, text) is None:
        return None
    try:
        match type_:
            case "date":
                return date.fromisoformat(text)
            case "time":
                return time.fromisoformat(text)
            case "timestamp":
                return datetime.fromisoformat(text)
            case "timestamp_with_zone":
                return datetime.fromisoformat(text).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):  # a 30th of February; a zone that leads out of the years
        return None
