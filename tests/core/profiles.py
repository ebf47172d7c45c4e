"""Profiles for tests, made of values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.profile import ColumnProfile, Profile, quantiles

if TYPE_CHECKING:
    from collections.abc import Sequence


def numbers(name: str, values: Sequence[float | None], bars: tuple[int, ...] = ()) -> ColumnProfile:
    """Return the profile of a column of numbers."""
    present = sorted(value for value in values if value is not None)
    return ColumnProfile(
        name=name,
        type="number",
        missing=len(values) - len(present),
        distinct=len(set(present)),
        smallest=present[0],
        largest=present[-1],
        mean=sum(present) / len(present),
        quantiles=quantiles(present),
        bars=bars or (len(present),),
        sampled=len(present),
    )


def texts(name: str, missing: int = 0, **counts: int) -> ColumnProfile:
    """Return the profile of a column of text, given its frequent values."""
    frequent = tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
    return ColumnProfile(name, "string", missing, len(counts), frequent=frequent, sampled=sum(counts.values()))


def a_profile(*columns: ColumnProfile, rows: int | None = None, sampled: int | None = None) -> Profile:
    """Return the profile of a data set with these columns; by default the sample is all rows."""
    count = columns[0].missing + columns[0].sampled if rows is None else rows
    return Profile("cells", "data/cells.csv", count, count if sampled is None else sampled, columns)
