"""A share of rows, written with its unit: `0.1%`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from mlci.core.words import counted

_PATTERN = r"^([0-9]{1,3}(\.[0-9]{1,6})?)%$"


@dataclass(frozen=True, slots=True, order=True)
class Share:
    """A part of a whole, from 0% to 100%, kept exactly as decimal percent."""

    percent: Decimal

    def allows(self, failing: int, checked: int) -> bool:
        """Tell whether FAILING of CHECKED rows are at most this share; exact, without rounding.

        >>> parse_share("0.1%").allows(1, 1000), parse_share("0.1%").allows(1, 999)
        (True, False)
        """
        return failing * 100 <= self.percent * checked

    @property
    def text(self) -> str:
        """The share as it is written, without needless zeros."""
        text = f"{self.percent:f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


NONE = Share(Decimal(0))


def parse_share(text: object) -> Share:
    """Return `0.1%` as a share; raises `ValueError` when TEXT is no percentage from 0% to 100%."""
    if isinstance(text, Share):
        return text
    match = re.fullmatch(_PATTERN[1:-1], text) if isinstance(text, str) else None
    if match is None:
        msg = "a share is a percentage such as 0.1%"
        raise ValueError(msg)
    percent = Decimal(match[1])
    if percent > 100:  # noqa: PLR2004 - 100% is the whole
        msg = "a share is at most 100%"
        raise ValueError(msg)
    return Share(percent)


def tolerated(tolerance: Share | int) -> str:
    """Return what is tolerated: "0.1% of the rows", "3 rows", nothing where nothing is."""
    if isinstance(tolerance, Share):
        return f"{tolerance.text} of the rows" if tolerance.percent else ""
    return counted(tolerance, "row")


ShareField = Annotated[
    Share,
    BeforeValidator(parse_share),
    PlainSerializer(lambda share: share.text),
    WithJsonSchema({"type": "string", "pattern": _PATTERN}),
]
