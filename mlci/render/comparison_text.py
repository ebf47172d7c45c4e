"""Two runs beside each other, in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line
from mlci.render.lines import table

if TYPE_CHECKING:
    from mlci.core.runs.comparison import Line, RunComparison

MOST_LINES: Final = 40
LONGEST_CELL: Final = 48
NOTHING: Final = "–"


def run_comparison_text(comparison: RunComparison) -> str:
    """Return what differs between two runs, and their metrics; long lists are cut, and say so."""
    first, second = comparison.first.id[:8], comparison.second.id[:8]
    if comparison.first.id == comparison.second.id:
        return f"both are run {first}, so that nothing differs: mlci runs show {first}"
    blocks = []
    if comparison.differences:
        rows = [[line.kind, *_cells(line)] for line in comparison.differences[:MOST_LINES]]
        blocks.append(table(["differs", "name", first, second], rows))
        more = len(comparison.differences) - MOST_LINES
        if more > 0:
            blocks.append(f"{more:,} more differences: --csv or --json shows all")
    else:
        blocks.append(f"{first} and {second} had the same inputs")
    if comparison.metrics:
        rows = [[*_cells(line), _difference(line)] for line in comparison.metrics]
        blocks.append(table(["metric", first, second, "difference"], rows, frozenset({1, 2, 3})))
    return "\n\n".join(blocks)


def _cells(line: Line) -> list[str]:
    return [one_line(line.name, LONGEST_CELL), _cell(line.first), _cell(line.second)]


def _difference(line: Line) -> str:
    if not isinstance(line.first, float) or not isinstance(line.second, float):
        return ""
    return f"{line.second - line.first:+.6g}"


def _cell(value: object) -> str:
    if value is None:
        return NOTHING
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6g}" if isinstance(value, float) else one_line(str(value), LONGEST_CELL)
