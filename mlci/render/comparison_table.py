"""Two models metric by metric: a table as text, and as HTML for a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line
from mlci.render.lines import table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.core.model_comparison import MetricComparison

HEAD: Final = ("metric", "production", "candidate", "difference", "at worst", "at best", "n", "verdict")
NUMBERS: Final = frozenset(range(1, 7))
MOST_SLICES: Final = 10
"""Slices that a table shows, the worst of all metrics first."""
_ORDER: Final = {"fail": 0, "inconclusive": 1, "pass": 2, "too small": 3}
_COLOURS: Final = {"fail": "#cf222e", "inconclusive": "#9a6700", "pass": "#1a7f37"}


def comparison_text(head: str, metrics: Sequence[MetricComparison], slices: Sequence[MetricComparison]) -> str:
    """Return the comparison as an aligned table, with why for what is not passed."""
    blocks = [head, table(HEAD, [_cells(each) for each in metrics], NUMBERS), *_reasons(metrics)]
    shown, left = _worst(slices)
    if shown:
        rows = [[one_line(each.slice, 30), *_cells(each)] for each in shown]
        blocks += ["", table(("slice", *HEAD), rows, frozenset(place + 1 for place in NUMBERS)), *left]
    return "\n".join(blocks)


def comparison_html(head: str, metrics: Sequence[MetricComparison], slices: Sequence[MetricComparison]) -> str:
    """Return the comparison as HTML; every text of the user's is encoded."""
    parts = [f"<p>{escape(head)}</p>", _html_table(HEAD, [(each, _cells(each)) for each in metrics])]
    parts += [f"<p>{escape(reason.strip())}</p>" for reason in _reasons(metrics)]
    shown, left = _worst(slices)
    if shown:
        rows = [(each, [one_line(each.slice, 60), *_cells(each)]) for each in shown]
        parts += [_html_table(("slice", *HEAD), rows), *(f"<p>{escape(line)}</p>" for line in left)]
    return "".join(parts)


def _cells(each: MetricComparison) -> list[str]:
    signed = [_signed(value) for value in (each.difference, each.lower, each.upper)]
    return [each.metric, _number(each.production), _number(each.candidate), *signed, f"{each.n:,}", each.verdict]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.4f}".replace("-", "−")


def _reasons(metrics: Sequence[MetricComparison]) -> list[str]:
    """Return why, for what is not passed."""
    return [f"  {each.metric}: {each.sentence}" for each in metrics if each.verdict != "pass"]


def _worst(slices: Sequence[MetricComparison]) -> tuple[list[MetricComparison], list[str]]:
    """Return the slices to show, the worst first, and a line about those that are left out."""
    ordered = sorted(slices, key=lambda each: (_ORDER.get(each.verdict, 1), each.difference or 0.0))
    left = len(ordered) - MOST_SLICES
    return ordered[:MOST_SLICES], [f"  … and {left:,} more in .slices"] if left > 0 else []


def _html_table(head: Sequence[str], rows: Sequence[tuple[MetricComparison, Sequence[str]]]) -> str:
    titles = "".join(f'<th scope="col">{escape(title)}</th>' for title in head)
    lines = "".join(
        f'<tr title="{escape(each.sentence)}">'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells[:-1])
        + f'<td style="color: {_COLOURS.get(each.verdict, "inherit")}"><b>{escape(each.verdict)}</b></td></tr>'
        for each, cells in rows
    )
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{lines}</tbody></table>"
