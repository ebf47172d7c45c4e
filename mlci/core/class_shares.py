"""Shares of classes: which of them are too small, too large, or not what they were."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from mlci.core.words import written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.contract.scalar import Scalar
    from mlci.core.contract.share import Share

    Counts = Mapping[Scalar, int]


@dataclass(frozen=True, slots=True)
class ClassShare:
    """One class that breaks a rule."""

    name: str
    share: Decimal
    """In percent."""
    before: Decimal | None = None
    """What it was at base, where that matters."""

    @property
    def text(self) -> str:
        """The share in words: "3.2%", "50% → 3.2%"."""
        return _percent(self.share) if self.before is None else f"{_percent(self.before)} → {_percent(self.share)}"


def outside(counts: Counts, bound: Literal["min", "max"], share: Share) -> tuple[ClassShare, ...]:
    """Return the classes in COUNTS whose share of all is beyond a bound, compared exactly; none where there is no row.

    >>> from mlci.core.contract.share import parse_share
    >>> [each.text for each in outside({"yes": 1, "no": 99}, "min", parse_share("5%"))]
    ['1%']
    """
    rows = sum(counts.values())
    return tuple(
        ClassShare(written(name), 100 * Decimal(count) / rows)
        for name, count in counts.items()
        if rows and (100 * count < share.percent * rows if bound == "min" else 100 * count > share.percent * rows)
    )


def moved(counts: Counts, before: Counts, within: Share) -> tuple[ClassShare, ...]:
    """Return the classes whose share differs by more points than WITHIN from what it was, compared exactly.

    A class that only one of both has counts as 0% in the other. There is none where one of both has no rows.

    >>> from mlci.core.contract.share import parse_share
    >>> [each.text for each in moved({"a": 1, "b": 1}, {"a": 3, "b": 1}, parse_share("20%"))]
    ['75% → 50%', '25% → 50%']
    """
    rows, rows_before = sum(counts.values()), sum(before.values())
    found: list[ClassShare] = []
    for name in dict.fromkeys((*counts, *before)):
        now, then = counts.get(name, 0), before.get(name, 0)
        # a/m - b/n compared by whole numbers, so that 5% is 5%
        if rows and rows_before and abs(now * rows_before - then * rows) * 100 > within.percent * rows * rows_before:
            shares = 100 * Decimal(now) / rows, 100 * Decimal(then) / rows_before
            found.append(ClassShare(written(name), *shares))
    return tuple(found)


def _percent(share: Decimal) -> str:
    return f"{share:.1f}".removesuffix(".0") + "%"
