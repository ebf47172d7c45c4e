"""Differences with their intervals, one below the other: all rows, then each slice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlci.render.figures.drawing import BAD, CANDIDATE, FAINT, GOOD, INK, MUTED, Words, drawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from mlci.core.statistics.interval import Interval

LONGEST_NAME: Final = 32


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of candidate and production on some rows; + is good."""

    name: str
    rows: int
    interval: Interval


def forest(metric: str, differences: Sequence[Difference], margin: float | None = None) -> bytes:
    """Return the differences of METRIC as a forest plot, in the order given; MARGIN is what a gate tolerates."""

    def draw(axes: Axes) -> None:
        axes.axvline(0, color=MUTED, linewidth=0.8)
        if margin:
            axes.axvline(-margin, color=BAD, linewidth=0.8, linestyle=":")
        for place, found in enumerate(differences):
            lower, upper = found.interval.lower, found.interval.upper
            colour = _colour(lower, upper, margin or 0.0)
            axes.plot([lower, upper], [place, place], color=colour, linewidth=1.6)
            axes.plot(found.interval.estimate, place, "o", color=colour, markersize=4)
        names = [f"{_short(found.name)}  ({found.rows:,})" for found in differences]
        axes.set_yticks(range(len(differences)), names)
        axes.tick_params(axis="y", length=0, labelcolor=INK)
        axes.set_ylim(len(differences) - 0.5, -0.5)
        axes.grid(visible=True, axis="x", color=FAINT, linewidth=0.4)
        axes.set_axisbelow(True)
        axes.locator_params(axis="x", nbins=5)
        axes.set_xlabel("+ is good" + ("; dotted: the margin" if margin else ""))

    said = "; ".join(_said(found) for found in differences)
    height = 1.3 + 0.24 * max(len(differences), 2)
    return drawn(Words(f"{metric}: candidate − production", said), draw, width=5.6, height=height)


def _said(difference: Difference) -> str:
    found = difference.interval
    numbers = f"{found.estimate:+.4f} [{found.lower:+.4f}, {found.upper:+.4f}]".replace("-", "−")
    return f"{_short(difference.name)} {numbers}"


def _colour(lower: float, upper: float, margin: float) -> str:
    """Return red for what is proven worse, green for what is within the margin, else blue."""
    if upper < -margin:
        return BAD
    return GOOD if lower > -margin else CANDIDATE


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
