"""How the probabilities of either class are spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlci.core.curves import BINS
from mlci.render.figures.drawing import CANDIDATE, DASHED, INK, PRODUCTION, Words, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mlci.core.curves import Distribution


def scores(candidate: Distribution, production: Distribution | None, threshold: float) -> bytes:
    """Return the histograms: positive rows above the line, negative ones below it, the threshold across."""

    def draw(axes: Axes) -> None:
        edges = np.linspace(0, 1, BINS + 1)
        axes.stairs(candidate.positives, edges, fill=True, alpha=0.35, color=CANDIDATE, label="candidate")
        axes.stairs(-candidate.negatives, edges, fill=True, alpha=0.35, color=CANDIDATE)
        if production is not None:
            axes.stairs(production.positives, edges, color=PRODUCTION, linestyle=DASHED, label="production")
            axes.stairs(-production.negatives, edges, color=PRODUCTION, linestyle=DASHED)
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.axvline(threshold, color=INK, linewidth=0.8, linestyle=":")
        axes.set_xlim(0, 1)
        axes.set_xlabel("probability of the positive class; dotted: the threshold")
        axes.set_yticks([])
        # A word at either end: an SVG shows any number of spaces as one.
        for word, height, end in (("positive rows", 1.0, "top"), ("negative rows", 0.0, "bottom")):
            axes.text(-0.02, height, word, transform=axes.transAxes, rotation=90, ha="right", va=end)
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0)

    share = float(candidate.positives[np.arange(BINS) / BINS >= threshold].sum())
    words = f"Threshold {threshold:g}. {share:.0%} of the positive rows lie above it in the candidate's histogram."
    return drawn(Words("Scores by class", words), draw, width=4.6)
