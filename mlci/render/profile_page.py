"""Profiles as one HTML file: no script, no request, small SVG plots, light and dark."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from mlci.core.plain_text import one_line
from mlci.core.profile import shown
from mlci.core.words import counted, percent
from mlci.render.profile_text import sampled_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlci.core.findings import Difference
    from mlci.core.profile import ColumnProfile, Profile

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2024; --quiet: #60646c; --line: #e0e1e6; --bar: #5b7fbd; --page: #fcfcfd; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #edeef0; --quiet: #b0b4ba; --line: #363a3f; --bar: #86a8e0; --page: #111113; }
}
body { margin: 2rem auto; max-width: 80rem; padding: 0 1rem; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.3rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .2rem; }
p { color: var(--quiet); margin: .2rem 0 1rem; }
.wide { overflow-x: auto; margin-bottom: 1rem; } .wide:focus-visible { outline: 2px solid var(--bar); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { color: var(--quiet); font-weight: 500; } th, td { padding: .35rem .6rem; border-bottom: 1px solid var(--line);
  text-align: left; vertical-align: middle; white-space: nowrap; }
.n { text-align: right; } .how { white-space: normal; min-width: 10rem; }
th:first-child { position: sticky; left: 0; background: var(--page); white-space: normal; }
tbody th { min-width: 6rem; color: var(--ink); font-weight: 600; overflow-wrap: anywhere; }
svg { display: block; } rect { fill: var(--bar); } svg text { fill: var(--ink); font: 11px system-ui, sans-serif; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_WIDTH, _HEIGHT, _ROW = 160, 36, 15
_FREQUENT, _FREQUENT_WIDTH, _FREQUENT_SIGNS = 4, 260, 24


def profile_page(found: Sequence[tuple[Profile, Sequence[Difference] | None]], revision: str | None) -> str:
    """Return a page with the profiles of data sets, and how they differ from REVISION if it was asked for."""
    body = "".join("".join(_dataset(profile, differences, revision)) for profile, differences in found)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>mlci profile</title><style>{_STYLE}</style></head>\n"
        f"<body><h1>What the data hold</h1>\n{body}</body></html>\n"
    )


def _dataset(profile: Profile, differences: Sequence[Difference] | None, revision: str | None) -> Iterator[str]:
    yield f"<section><h2>{_text(profile.dataset)}</h2>"
    yield f"<p>{_text(profile.path)}, {counted(profile.rows, 'row')}."
    yield "</p>\n" if profile.is_exact else f" {sampled_sentence(profile)}</p>\n"
    if differences is not None:
        yield from _differences(differences, revision or "")
    yield f"{_scrolled(f'columns of {profile.dataset}')}<table><thead><tr><th>column<th>distribution<th>type"
    yield "<th class=n>missing<th class=n>distinct<th class=n>min<th class=n>median<th class=n>mean<th class=n>max"
    yield "</tr></thead><tbody>\n"
    for column in profile.columns:
        yield "".join(_column(profile, column))
    yield "</tbody></table></div></section>\n"


def _column(profile: Profile, column: ColumnProfile) -> Iterator[str]:
    yield f"<tr><th scope=row>{_text(column.name)}<td>{_plot(column)}<td>{column.type.replace('_', ' ')}"
    about = "" if profile.is_exact else "~"
    numbers = (
        percent(column.missing / profile.rows) if column.missing else "–",
        f"{about}{column.distinct:,}",
        *map(shown, (column.smallest, column.median, column.mean, column.largest)),
    )
    yield "".join(f"<td class=n>{_text(number)}" for number in numbers)
    yield "</tr>\n"


def _plot(column: ColumnProfile) -> str:
    """Return the distribution of a column as SVG: bars, or its most frequent values."""
    if column.is_private:
        return "(private)"
    if column.bars:
        return _histogram(column)
    return _frequent(column) if column.frequent else "–"


def _histogram(column: ColumnProfile) -> str:
    highest, width = max(column.bars), _WIDTH / len(column.bars)
    bars = "".join(
        f'<rect x="{place * width:g}" y="{_HEIGHT - height:g}" width="{width - 1:g}" height="{height:g}"/>'
        for place, count in enumerate(column.bars)
        if count
        for height in (round(max(1.0, _HEIGHT * count / highest), 1),)
    )
    label = f"from {shown(column.quantiles[0])} to {shown(column.quantiles[-1])}"
    return _svg(_WIDTH, _HEIGHT, label, bars)


def _frequent(column: ColumnProfile) -> str:
    shares = [
        (f"{one_line(value, _FREQUENT_SIGNS)} {percent(count / column.sampled)}", count / column.sampled)
        for value, count in column.frequent[:_FREQUENT]
    ]
    bars = "".join(
        f'<rect x="0" y="{place * _ROW + 3}" width="{max(1.0, 60 * share):.1f}" height="{_ROW - 5}"/>'
        f'<text x="66" y="{place * _ROW + 12}">{_text(told)}</text>'
        for place, (told, share) in enumerate(shares)
    )
    # An image is read out by its label alone.
    label = f"the most frequent values: {', '.join(told for told, _ in shares)}"
    return _svg(_FREQUENT_WIDTH, len(shares) * _ROW, label, bars)


def _svg(width: int, height: int, label: str, content: str) -> str:
    return (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{_text(label)}">{content}</svg>'
    )


def _differences(differences: Sequence[Difference], revision: str) -> Iterator[str]:
    certain = [each for each in differences if each.is_certain]
    if not certain:
        yield f"<p>No column differs from {_text(revision)} by more than chance.</p>\n"
        return
    head = f"<tr><th>differs from {_text(revision)}<th class=n>rows<th>how</tr>"
    yield f"{_scrolled(f'differences from {revision}')}<table><thead>{head}</thead><tbody>\n"
    for each in certain:
        how = f"{each.sentence}{f'; {each.detail}' if each.detail else ''}".replace("`", "")
        yield f"<tr><th scope=row>{_text(each.column)}<td class=n>{percent(each.distance)}"
        yield f"<td class=how>{_text(how)}</tr>\n"
    yield "</tbody></table></div>\n"


def _scrolled(label: str) -> str:
    """Return the beginning of a box that is wider than a narrow window, and is scrolled with the keyboard, too."""
    return f'<div class="wide" role="region" tabindex="0" aria-label="{_text(label)}">'


def _text(text: str) -> str:
    return escape(one_line(text, 400))
