"""Digits of exact numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from decimal import Decimal

MOST_DIGITS: Final = 38


@dataclass(frozen=True, slots=True)
class Digits:
    """How many digits a decimal has, and how many of them stand after the point."""

    precision: int
    scale: int

    @property
    def whole(self) -> int:
        """How many digits stand before the point."""
        return self.precision - self.scale

    @property
    def pattern(self) -> str:
        """What a number of so many digits matches; zeros that say nothing do not count. A digit is needed besides."""
        return rf"[+-]?0*[0-9]{{0,{self.whole}}}(\.[0-9]{{0,{self.scale}}}0*)?"


def digits_of(value: int | Decimal) -> Digits:
    """Return how many digits a number has.

    >>> digits_of(-120)
    Digits(precision=3, scale=0)
    """
    whole, _, fraction = f"{abs(value):f}".partition(".") if not isinstance(value, int) else (str(abs(value)), "", "")
    return Digits(len(whole) + len(fraction), len(fraction))
