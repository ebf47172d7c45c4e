"""Two references side by side, in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.core.amount import shown_amount
from mlci.core.metrics import COSTS
from mlci.core.plain_text import one_line
from mlci.render.lines import filled, table
from mlci.render.wording import level

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlci.core.runs.comparison import Line
    from mlci.core.side_by_side import Referred, Scored, SideBySide

MOST_LINES: Final = 40
LONGEST_CELL: Final = 48
LONGEST_HEAD: Final = 24
SHORT_DIGEST: Final = 12
NOTHING: Final = "–"


def side_by_side_text(comparison: SideBySide) -> str:
    """Return what both score, in what they differ, and what they logged; long lists are cut, and say so."""
    heads = [one_line(each.reference, LONGEST_HEAD) for each in (comparison.first, comparison.second)]
    blocks = ["\n".join(_named(each) for each in (comparison.first, comparison.second))]
    if comparison.scored:
        blocks.append(_scored(comparison.scored, heads))
    else:
        blocks.append(filled(f"not scored: {one_line(comparison.not_scored, 400)}", "", "  "))
    blocks += _differences(comparison, heads)
    blocks += [filled(f"not known: {one_line(each, 400)}", "", "  ") for each in comparison.not_known]
    if comparison.logged:
        rows = [[*_cells(line), _difference(line)] for line in comparison.logged]
        blocks.append(table(["logged in training", *heads, "difference"], rows, frozenset({1, 2, 3})))
    return "\n\n".join(blocks)


def _named(each: Referred) -> str:
    known = [
        f"version {each.version}" if each.version and each.version not in each.reference else "",
        f"package {each.package_sha256[:SHORT_DIGEST]}" if each.package_sha256 else "",
        f"run {each.run[:8]}" if each.run else "",
    ]
    return f"{one_line(each.reference)}: {', '.join(filter(None, known)) or 'nothing else is known of it'}"


def _scored(scored: Scored, heads: Sequence[str]) -> str:
    head = ["metric", *heads, f"difference [{level(scored.confidence)}]", "n", f"{heads[1]} is"]
    rows = [
        [
            one_line(each.metric, LONGEST_CELL),
            _value(each.metric, each.production),
            _value(each.metric, each.candidate),
            _interval(each.difference, each.lower, each.upper),
            f"{each.n:,}",
            scored.outcome(each),
        ]
        for each in scored.metrics
    ]
    words = f"on {scored.rows:,} rows of the evaluation set; + says that {heads[1]} is better"
    return f"{filled(words)}\n{table(head, rows, frozenset({1, 2, 4}))}"


def _value(metric: str, number: float | None) -> str:
    unit = COSTS[metric].unit if metric in COSTS else None
    return _cell(number) if unit is None or number is None else shown_amount(number, unit)


def _interval(difference: float | None, lower: float | None, upper: float | None) -> str:
    if difference is None:
        return NOTHING
    if lower is None or upper is None:
        return f"{_signed(difference)} [no interval]"
    return f"{_signed(difference)} [{_signed(lower)}, {_signed(upper)}]"


def _signed(value: float) -> str:
    """Return a difference with its sign; in four digits where it is small enough to need them.

    >>> _signed(-0.02123), _signed(0.0), _signed(12345.678)
    ('−0.0212', '0', '+12345.7')
    """
    return (f"{value:+.4f}" if abs(value) < 1 else f"{value:+.6g}").replace("-", "−") if value else "0"


def _differences(comparison: SideBySide, heads: Sequence[str]) -> Iterator[str]:
    lines = comparison.differences
    if lines:
        yield table(["differs", "name", *heads], [[line.kind, *_cells(line)] for line in lines[:MOST_LINES]])
        if len(lines) > MOST_LINES:
            yield f"{len(lines) - MOST_LINES:,} more differences: --csv or --json shows all"
    elif comparison.runs and comparison.runs.first.id == comparison.runs.second.id:
        name = comparison.runs.first.id[:8]
        yield f"both are of run {name}, so that nothing differs: mlci runs show {name}"
    elif not comparison.not_known:
        yield f"{heads[0]} and {heads[1]} were made from the same inputs"


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
