"""What the columns of a data set hold, in a few figures each, and how far two data sets lie apart.

Counts, bounds and means are those of all rows. Quantiles, bars and frequent values are those of a sample, which is
the same for the same rows; a data set of at most `LARGEST_SAMPLE` rows is its own sample.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from mlci.core.contract.scalar import ORDERED
from mlci.core.findings import Difference
from mlci.core.plain_text import one_line
from mlci.core.words import code, percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mlci.core.contract.scalar import ColumnType, Scalar

LARGEST_SAMPLE: Final = 20_000
"""Rows."""
STEPS: Final = 100
"""Parts of equal share between the quantiles that a profile keeps."""
BARS: Final = 20
MOST_FREQUENT: Final = 10
"""Values that a profile keeps of a column without an order."""
DISTINCT_ERROR: Final = 0.13
"""Standard error of an estimated number of different values: 1.04 / √64, of a HyperLogLog with 64 registers (Flajolet
et al. 2007, section 4)."""
_PLAIN: Final = 1e7
"""From here on a number is shorter with its exponent."""
_DOUBT: Final = 0.001
"""How often chance alone may look like a difference, of one column."""


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """One column."""

    name: str
    type: ColumnType
    missing: int
    """Rows without a value."""
    distinct: int
    """Different values; exact where the sample is all rows, else estimated (`DISTINCT_ERROR`)."""
    smallest: Scalar | None = None
    """None where the type has no order, no row has a value, or values are private; as the largest, mean and rest."""
    largest: Scalar | None = None
    mean: float | None = None
    quantiles: tuple[Scalar, ...] = ()
    """Of the sample, `STEPS` + 1 of them: the smallest values that at least 0 %, 1 %, … 100 % of the values reach."""
    bars: tuple[int, ...] = ()
    """Of the sample, the counts in `BARS` parts of equal width from its smallest to its largest value."""
    frequent: tuple[tuple[str, int], ...] = ()
    """Of the sample, the most frequent values with their counts, where the type has no order."""
    sampled: int = 0
    """Values in the sample."""
    is_private: bool = False
    """Whether its values identify people, so that none is kept."""

    @property
    def median(self) -> Scalar | None:
        """The middle of the sample."""
        return self.quantiles[STEPS // 2] if self.quantiles else None

    def reached(self, value: Any) -> float:  # noqa: ANN401 - any value of the type of the column
        """Return the share of the sample that is at most VALUE, to one part in `STEPS`."""
        return max(0, bisect_right(self.quantiles, value) - 1) / STEPS if self.quantiles else 0.0

    def bare(self) -> ColumnProfile:
        """Return the profile as it may stand where everybody reads: counts, no value of the data."""
        return ColumnProfile(self.name, self.type, self.missing, self.distinct, sampled=self.sampled, is_private=True)

    def to_dict(self) -> dict[str, Any]:
        """Return the column as a JSON object; dates, times and decimals as text."""
        return {
            "name": self.name,
            "type": self.type,
            "missing": self.missing,
            "distinct": self.distinct,
            "smallest": as_json(self.smallest),
            "largest": as_json(self.largest),
            "mean": self.mean,
            "quantiles": [as_json(each) for each in self.quantiles],
            "bars": list(self.bars),
            "frequent": [{"value": value, "count": count} for value, count in self.frequent],
            "is_private": self.is_private,
        }


@dataclass(frozen=True, slots=True)
class Profile:
    """A data set."""

    dataset: str
    path: str
    rows: int
    sampled: int
    """Rows of the sample."""
    columns: tuple[ColumnProfile, ...]

    @property
    def is_exact(self) -> bool:
        """Whether the sample is all rows."""
        return self.sampled == self.rows

    def bare(self) -> Profile:
        """Return the profile as it may stand where everybody reads."""
        columns = tuple(column.bare() for column in self.columns)
        return Profile(self.dataset, self.path, self.rows, self.sampled, columns)

    def to_dict(self) -> dict[str, Any]:
        """Return the profile as a JSON object."""
        return {
            "dataset": self.dataset,
            "path": self.path,
            "rows": self.rows,
            "sampled": self.sampled,
            "columns": [column.to_dict() for column in self.columns],
        }


def as_json(value: Scalar | None) -> int | float | str | bool | None:
    """Return a value as JSON knows it."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if isinstance(value, date | time) else str(value)


def shown(value: Scalar | None) -> str:
    """Return a value for a reader: numbers with four digits that matter, texts on one line.

    >>> shown(14.127292), shown(15450.0), shown(1e9), shown(284), shown(None)
    ('14.13', '15,450', '1e+09', '284', '–')
    """
    if value is None:
        return "–"
    if isinstance(value, float | Decimal):
        rounded = float(f"{value:.4g}")
        return f"{rounded:,.10g}" if abs(rounded) < _PLAIN else f"{rounded:.4g}"
    return one_line(str(as_json(value)), 40)


def differences(base: Profile, head: Profile) -> tuple[Difference, ...]:
    """Return how the columns of HEAD differ from those of BASE, the largest difference first.

    A column that only one of them has is at distance 1. See `distance` for the others; without rows there is none.
    """
    before, after = ({column.name: column for column in each.columns} for each in (base, head))
    found = [
        _difference(base, before[name], head, after[name])
        for name in after
        if name in before and before[name].type == after[name].type and base.rows and head.rows
    ]
    for names, other, whose in ((after, before, "this branch"), (before, after, "base")):
        found += [
            Difference(column=name, distance=1.0, chance=0.0, sentence=f"only {whose} has the column {code(name)}")
            for name in names
            if name not in other
        ]
    return tuple(sorted(found, key=lambda each: (-each.distance, each.column)))


def distance(base: Profile, before: ColumnProfile, head: Profile, after: ColumnProfile) -> float:
    """Return the largest share by which the rows of two columns differ, from 0 to 1.

    Where values have an order, it is the Kolmogorov-Smirnov distance: over every bound, the difference between the
    shares of rows that are at most the bound (Smirnov 1939). Else it is the total variation distance: over every set of
    values, the difference between the shares of rows that are in it (Levin, Peres and Wilmer 2009, section 4.1), with
    all but the frequent values taken as one. Rows without a value count as rows.
    """
    here, there = _missing(head, after), _missing(base, before)
    if after.type in ORDERED:
        bounds = {*before.quantiles, *after.quantiles}
        reached = (abs((1 - here) * after.reached(each) - (1 - there) * before.reached(each)) for each in bounds)
        return max([abs(here - there), *reached])
    now, then = _shares(after, here), _shares(before, there)
    is_cut = max(len(now), len(then)) >= MOST_FREQUENT
    named = now.keys() & then.keys() if is_cut else now.keys() | then.keys()
    apart = sum(abs(now.get(each, 0.0) - then.get(each, 0.0)) for each in named)
    rest = (1 - here - sum(now.get(each, 0.0) for each in named)) - (
        1 - there - sum(then.get(each, 0.0) for each in named)
    )
    return (abs(here - there) + apart + abs(rest)) / 2


def chance(before: ColumnProfile, after: ColumnProfile) -> float:
    """Return the distance that two samples of one distribution exceed once in a thousand times at most.

    With an order: the asymptotic bound of the two-sample Kolmogorov-Smirnov test, plus the step between two quantiles.
    Without: the bound of Bretagnolle, Huber and Carol (van der Vaart and Wellner 1996, A.6.6) for k values.
    """
    if not before.sampled or not after.sampled:
        return 0.0
    size = before.sampled * after.sampled / (before.sampled + after.sampled)
    if after.type in ORDERED:
        return math.sqrt(-math.log(_DOUBT / 2) / 2 / size) + 1 / STEPS
    kinds = len({value for value, _ in (*before.frequent, *after.frequent)}) + 2
    return math.sqrt((kinds * math.log(2) - math.log(_DOUBT)) / 2 / size)


def _difference(base: Profile, before: ColumnProfile, head: Profile, after: ColumnProfile) -> Difference:
    apart = min(1.0, distance(base, before, head, after))
    here, there = _missing(head, after), _missing(base, before)
    parts = [f"missing {percent(there)} → {percent(here)}"] if here != there else []
    sentence = f"{percent(apart)} of the rows of {code(after.name)} lie otherwise than at base"
    return Difference(
        column=after.name,
        distance=round(apart, 4),
        chance=round(chance(before, after), 4),
        sentence="; ".join([sentence, *parts]),
        detail=_detail(before, after),
    )


def _detail(before: ColumnProfile, after: ColumnProfile) -> str | None:
    """Return what moved, in values."""
    if before.is_private or after.is_private:
        return None
    if after.type in ORDERED:
        return f"median {shown(before.median)} → {shown(after.median)}" if before.median != after.median else None
    moved = _most_moved(before, after)
    if moved is None:
        return None
    value, then, now = moved
    return f"{one_line(value, 40)}: {percent(then)} → {percent(now)}"


def _most_moved(before: ColumnProfile, after: ColumnProfile) -> tuple[str, float, float] | None:
    now, then = _shares(after, 0.0), _shares(before, 0.0)
    moved = [(abs(now.get(each, 0) - then.get(each, 0)), each) for each in now.keys() | then.keys()]
    apart, value = max(moved, key=lambda pair: (pair[0], pair[1]), default=(0.0, ""))
    return (value, then.get(value, 0.0), now.get(value, 0.0)) if apart else None


def _missing(profile: Profile, column: ColumnProfile) -> float:
    return column.missing / profile.rows if profile.rows else 0.0


def _shares(column: ColumnProfile, missing: float) -> Mapping[str, float]:
    """Return the share of all rows that each frequent value has."""
    return {value: (1 - missing) * count / column.sampled for value, count in column.frequent}


def quantiles(ordered: Sequence[Scalar]) -> tuple[Scalar, ...]:
    """Return the quantiles of values in their order, as `ColumnProfile.quantiles` has them."""
    if not ordered:
        return ()
    return tuple(ordered[max(0, -(-len(ordered) * step // STEPS) - 1)] for step in range(STEPS + 1))
