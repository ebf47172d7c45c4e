"""Differences with their intervals, one below the other: all rows, or each slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlci.core.gates import Outcome
from mlci.render.figures.drawing import BAD, CANDIDATE, FAINT, GOOD, INK, MUTED, Words, drawn, legible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from mlci.core.gates.result import GateOutcome
    from mlci.core.statistics.interval import Interval

LONGEST_NAME: Final = 32
_MARKS: Final[Mapping[str, tuple[str, str, str]]] = {
    Outcome.PASS: (GOOD, "o", ""),
    Outcome.FAIL: (BAD, "X", ", fail"),
    Outcome.INCONCLUSIVE: (CANDIDATE, "D", ", open"),
}
"""Colour, mark and word of an outcome: nothing is told by colour alone."""
_OTHER: Final = (MUTED, "o", "")


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of candidate and production on some rows; + is good."""

    name: str
    rows: int
    interval: Interval
    outcome: GateOutcome | str
    """What a gate made of it."""


def forest(title: str, differences: Sequence[Difference], margin: float | None = None) -> bytes:
    """Return the differences as a forest plot, in the order given; MARGIN is what a gate tolerates."""

    def draw(axes: Axes) -> None:
        axes.axvline(0, color=MUTED, linewidth=0.8)
        if margin:
            axes.axvline(-margin, color=BAD, linewidth=0.8, linestyle=":")
        for place, found in enumerate(differences):
            colour, mark, _ = _MARKS.get(found.outcome, _OTHER)
            axes.plot([found.interval.lower, found.interval.upper], [place, place], color=colour, linewidth=1.6)
            axes.plot(found.interval.estimate, place, mark, color=colour, markersize=5)
        axes.set_yticks(range(len(differences)), [_label(found) for found in differences])
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.set_ylim(len(differences) - 0.5, -0.5)
        axes.grid(visible=True, axis="x", color=FAINT, linewidth=0.4)
        axes.set_axisbelow(True)
        axes.locator_params(axis="x", nbins=5)
        axes.set_xlabel("+ is good" + ("; dotted: the margin" if margin else ""))

    said = "; ".join(_said(found) for found in differences)
    height = 1.3 + 0.24 * max(len(differences), 2)
    longest = max(len(_label(found)) for found in differences)  # beside it, title and axis keep their room
    return drawn(Words(legible(title), said), draw, width=4.6 + 0.07 * longest, height=height)


def _label(found: Difference) -> str:
    word = _MARKS.get(found.outcome, _OTHER)[2]
    return f"{_short(found.name)} ({found.rows:,}){word}"


def _said(difference: Difference) -> str:
    found = difference.interval
    numbers = f"{found.estimate:+.4f} [{found.lower:+.4f}, {found.upper:+.4f}]".replace("-", "−")
    return f"{_short(difference.name)} {numbers}, {difference.outcome}"


def _short(name: str) -> str:
    return legible(name, LONGEST_NAME)
