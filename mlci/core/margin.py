"""The margin of a gate: how much is tolerated, or wanted."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from mlci.core.amount import PATTERN as AMOUNT

_PERCENT = r"([0-9]{1,3}(?:\.[0-9]{1,6})?)%"


@dataclass(frozen=True, slots=True)
class Margin:
    """How much is tolerated: absolute (`0.02`) or relative to production's value (`2%`)."""

    value: float
    relative: bool = False

    def absolute(self, production: float) -> float:
        """Return the margin in the metric's unit, given production's value."""
        return self.value * abs(production) if self.relative else self.value

    @property
    def text(self) -> str:
        """The margin as it is written."""
        return f"{written_number(self.value * 100)}%" if self.relative else written_number(self.value)


def written_number(value: float) -> str:
    """Return a number of the configuration as a person writes it: 12 digits, no needless zeros, no exponent.

    >>> written_number(0.70), written_number(7.000000000000001), written_number(0.00001)
    ('0.7', '7', '0.00001')
    """
    return f"{Decimal(f'{value:.12g}'):f}"


def parse_margin(value: object) -> Margin:
    """Return `0.02` or `2%` as a margin; raises `ValueError` on anything else."""
    if isinstance(value, Margin):
        return value
    percent = re.fullmatch(_PERCENT, value) if isinstance(value, str) else None
    if percent:
        return Margin(value=float(percent[1]) / 100, relative=True)
    number = _finite(value)
    if number is None or number < 0:
        msg = "a margin is a number from 0 upward (absolute) or a percentage such as 2% (of production's value)"
        raise ValueError(msg)
    return Margin(value=number)


def _finite(value: object) -> float | None:
    """Return VALUE when it is a number that a float can hold."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


MarginField = Annotated[
    Margin,
    BeforeValidator(parse_margin),
    PlainSerializer(lambda margin: margin.text if margin.relative else margin.value),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0},
                {"type": "string", "pattern": f"^{_PERCENT}$"},
                {"type": "string", "pattern": f"^{AMOUNT}$"},
            ]
        }
    ),
]
"""A margin as a field of the configuration."""
