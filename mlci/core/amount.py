"""Amounts with their unit, as gates on costs are written and shown: `20MB`, `1.5GB`, `5ms`, `90s`, `2h`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

from mlci.core.size import BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

Unit = Literal["bytes", "seconds"]
UNITS: Final[Mapping[Unit, Mapping[str, float]]] = {
    "bytes": {**BYTES, "B": 1},
    "seconds": {"h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6},
}
SHOWN: Final[Mapping[Unit, tuple[str, ...]]] = {"bytes": ("TB", "GB", "MB", "kB", "B"), "seconds": ("s", "ms", "us")}
"""The units that people read."""
PATTERN: Final = r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(kB|MB|GB|TB|KiB|MiB|GiB|TiB|us|ms|s|m|h)"
ROUNDING: Final = 1e-9
_EXAMPLES: Final[Mapping[Unit, str]] = {"bytes": "20MB, 1.5GB or 64MiB", "seconds": "5ms, 90s or 2h"}


def parse_amount(value: object, unit: Unit) -> float:
    """Return `20MB` as bytes, or `5ms` as seconds; raises `ValueError` for another unit, or none.

    >>> parse_amount("1.5kB", "bytes"), parse_amount("5ms", "seconds")
    (1500.0, 0.005)
    """
    match = re.fullmatch(PATTERN, value) if isinstance(value, str) else None
    if match is None or match[2] not in UNITS[unit] or float(match[1]) == 0:
        msg = f"an amount of {unit} has its unit, such as {_EXAMPLES[unit]}"
        raise ValueError(msg)
    return float(match[1]) * UNITS[unit][match[2]]


def written_amount(value: float, unit: Unit) -> str:
    """Return an amount of the configuration in the largest unit that leaves it whole, as it may be written.

    >>> written_amount(20_000_000, "bytes"), written_amount(0.005, "seconds"), written_amount(5_400, "seconds")
    ('20MB', '5ms', '90m')
    """
    scaled = {name: value / each for name, each in UNITS[unit].items() if value >= each}
    fits = (name for name, each in scaled.items() if abs(each - round(each)) < ROUNDING)
    name = next(fits, None)
    return shown_amount(value, unit).replace(" ", "") if name is None else f"{round(scaled[name])}{name}"


def shown_amount(value: float, unit: Unit) -> str:
    """Return an amount as people read it, in three digits.

    >>> shown_amount(1_234_567, "bytes"), shown_amount(0.01234, "seconds"), shown_amount(5_400, "seconds")
    ('1.23 MB', '12.3 ms', '5400 s')
    >>> shown_amount(0.0, "seconds"), shown_amount(999.6, "bytes")
    ('0 s', '1000 B')
    """
    names = SHOWN[unit]
    name = next((each for each in names if abs(value) >= UNITS[unit][each]), names[0] if value == 0 else names[-1])
    scaled = value / UNITS[unit][name]
    whole = abs(scaled) >= 100  # noqa: PLR2004 - three digits
    return f"{scaled:.0f} {name}" if whole or not scaled else f"{scaled:.3g} {name}"
