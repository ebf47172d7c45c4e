"""Durations, written with their unit: `90s`, `15m`, `1h`, `2d`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_PATTERN = r"([0-9]{1,6})(s|m|h|d)"
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def parse_duration(value: object) -> timedelta:
    """Return `90s`, `15m`, `1h` or `2d` as a time span; raises `ValueError` for a bare number, which has no unit."""
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(_PATTERN, value) if isinstance(value, str) else None
    if match is None:
        msg = "a duration with its unit is wanted, such as 90s, 15m or 1h"
        raise ValueError(msg)
    if int(match[1]) == 0:
        msg = "a duration is longer than nothing: 1s or more"
        raise ValueError(msg)
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def write_duration(value: timedelta) -> str:
    """Return a time span as it is written in the configuration.

    >>> write_duration(timedelta(hours=1)), write_duration(timedelta(seconds=90))
    ('1h', '90s')
    """
    seconds = int(value.total_seconds())
    unit = next(unit for unit in ("d", "h", "m", "s") if seconds % _SECONDS[unit] == 0)
    return f"{seconds // _SECONDS[unit]}{unit}"


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(write_duration),
    WithJsonSchema({"type": "string", "pattern": f"^{_PATTERN}$"}),
]
"""A time span as a field of the configuration."""
