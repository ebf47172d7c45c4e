"""A profile for the terminal: one line a column, with a small histogram of block characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.plain_text import one_line
from mlci.core.profile import DISTINCT_ERROR, shown
from mlci.core.words import counted, percent
from mlci.render.lines import filled, plain, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.core.findings import Difference
    from mlci.core.profile import ColumnProfile, Profile

_BLOCKS = " ▁▂▃▄▅▆▇█"
_FREQUENT = 3
"""Values that a line has room for."""
_MOST_DIFFERENCES = 20


def profile_text(profile: Profile, differences: Sequence[Difference] | None) -> str:
    """Return a profile as text, with how it differs from a revision if it was asked for."""
    head = f"{profile.dataset} ({profile.path}, {counted(profile.rows, 'row')})"
    if not profile.columns:
        return f"{head}: no column that a profile is made of"
    lines = [
        [
            one_line(column.name, 30),
            column.type.replace("_", " "),
            percent(column.missing / profile.rows) if column.missing else "–",
            f"{column.distinct:,}" if profile.is_exact else f"~{float(f'{column.distinct:.2g}'):,.0f}",
            shown(column.smallest),
            shown(column.median),
            shown(column.mean),
            shown(column.largest),
            distribution(column),
        ]
        for column in profile.columns
    ]
    names = ["column", "type", "missing", "distinct", "min", "median", "mean", "max", "distribution"]
    blocks = [head, table(names, lines, frozenset(range(2, 8)))]
    if not profile.is_exact:
        blocks.append(filled(sampled_sentence(profile), "  ", "  "))
    if differences is not None:
        blocks.append(_differences(differences))
    return "\n".join(blocks)


def distribution(column: ColumnProfile) -> str:
    """Return the bars of a column in block characters, or its most frequent values."""
    if column.is_private:
        return "(private)"
    if column.bars:
        return blocks(column.bars)
    shares = [
        f"{one_line(value, 20)} {percent(count / column.sampled)}" for value, count in column.frequent[:_FREQUENT]
    ]
    more = column.distinct > _FREQUENT
    return " · ".join(shares) + (" …" if shares and more else "")


def blocks(bars: Sequence[int]) -> str:
    """Return counts as block characters; what is there is seen, however little it is.

    >>> blocks([0, 1, 50, 100])
    ' ▁▄█'
    """
    highest = max(bars, default=0) or 1
    return "".join(_BLOCKS[max(1, 8 * count // highest) if count else 0] for count in bars)


def sampled_sentence(profile: Profile) -> str:
    """Return what of a profile is of a sample, and how exact the rest is."""
    return (
        f"Medians and distributions are of a sample of {profile.sampled:,} rows; numbers of distinct values are "
        f"estimated, with a standard error of {percent(DISTINCT_ERROR)}."
    )


def _differences(differences: Sequence[Difference]) -> str:
    """Return differences, the largest first, those that may be chance at last as a count."""
    certain = [each for each in differences if each.is_certain]
    rest = len(differences) - len(certain)
    if not certain:
        return f"  no column differs by more than chance ({counted(rest, 'column')} compared)"
    lines = [
        filled(
            f"{each.distance:.3f}  {plain(each.sentence)}{f' ({plain(each.detail)})' if each.detail else ''}",
            "  ≠ ",
            "           ",
        )
        for each in certain[:_MOST_DIFFERENCES]
    ]
    more = len(certain) - _MOST_DIFFERENCES
    if more > 0:
        lines.append(f"  and {counted(more, 'column')} more")
    if rest:
        lines.append(f"  {counted(rest, 'column')} more: alike, or no more different than chance makes them")
    return "\n".join(["  differences (largest share of rows that lie otherwise):", *lines])
