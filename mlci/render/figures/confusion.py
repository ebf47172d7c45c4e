"""The rows by label and decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.render.figures.drawing import BAD, CANDIDATE, GOOD, INK, MUTED, Words, drawn, legible

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.patches import Rectangle
    from numpy.typing import NDArray

LONGEST_NAME = 16
LONGEST_LINE = 36
"""Letters of all names together that stand side by side; longer ones are turned."""
SMALLEST_LEGIBLE = 12
"""Classes beyond which the cells hold no number."""
DARK = 0.3
"""Share of a label's rows from which on a cell is too dark for other letters than ink."""


def confusion(candidate: NDArray[np.float64], production: NDArray[np.float64] | None, classes: Sequence[str]) -> bytes:
    """Return a table of rows by label (down) and decision (across), and how each cell differs from production.

    CANDIDATE and PRODUCTION: (n_classes, n_classes) rows, or weights, labels down.
    """

    def draw(axes: Axes) -> None:
        size = len(classes)
        totals = candidate.sum(axis=1, keepdims=True)
        shares = candidate / (totals + (totals == 0))
        for label in range(size):
            for decision in range(size):
                axes.add_patch(_cell(label, decision, float(shares[label, decision])))
                if size <= SMALLEST_LEGIBLE:
                    is_dark = bool(shares[label, decision] > DARK)
                    _number(axes, label, decision, candidate, production, is_dark=is_dark)
        names = [legible(name, LONGEST_NAME) for name in classes]
        axes.set_xticks(range(size), names)
        if size * max(map(len, names)) > LONGEST_LINE:
            axes.set_xticks(range(size), names, rotation=30, ha="right", rotation_mode="anchor")
        axes.set_yticks(range(size), names)
        axes.set_xlim(-0.5, size - 0.5)
        axes.set_ylim(size - 0.5, -0.5)
        axes.set_xlabel("decision of the candidate")
        axes.set_ylabel("label")
        axes.set_aspect("equal")

    right = float(candidate.trace())
    words = f"{right:,.0f} of {candidate.sum():,.0f} rows on the diagonal, decided as labelled."
    if production is not None:
        words += f" Production: {production.trace():,.0f}."
    side = max(4.0, 1.4 + 0.6 * min(len(classes), SMALLEST_LEGIBLE))
    return drawn(Words("Labels and decisions", words), draw, width=side + 0.2, height=side)


def _cell(label: int, decision: int, share: float) -> Rectangle:
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - with matplotlib, see drawing

    return Rectangle((decision - 0.5, label - 0.5), 1, 1, color=CANDIDATE, alpha=0.6 * share, linewidth=0)


def _number(
    axes: Axes,
    label: int,
    decision: int,
    candidate: NDArray[np.float64],
    production: NDArray[np.float64] | None,
    *,
    is_dark: bool,
) -> None:
    """Write how many rows a cell has, and how many more than of production; on a DARK one in ink, which is legible."""
    rows = float(candidate[label, decision])
    axes.text(decision, label, f"{rows:,.0f}", ha="center", va="center", color=INK)
    change = 0.0 if production is None else rows - float(production[label, decision])
    if change:
        is_good = (change > 0) == (label == decision)
        text = f"{change:+,.0f}".replace("-", "−")
        colour = INK if is_dark else GOOD if is_good else BAD
        axes.text(decision, label + 0.22, text, ha="center", va="center", fontsize=7, color=colour)
    elif production is not None:
        colour = INK if is_dark else MUTED
        axes.text(decision, label + 0.22, "±0", ha="center", va="center", fontsize=7, color=colour)
