"""What is left of the truth after the predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.render.figures.drawing import CANDIDATE, DASHED, MUTED, PRODUCTION, Words, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mlci.core.curves import Residuals


def residuals(candidate: Residuals, production: Residuals | None) -> bytes:
    """Return medians of truth − prediction over the prediction; the band holds nine of ten rows."""

    def draw(axes: Axes) -> None:
        axes.axhline(0, color=MUTED, linewidth=0.8)
        if production is not None:
            for line in (production.lower, production.upper):
                axes.plot(production.predicted, line, color=PRODUCTION, linestyle=DASHED, linewidth=0.8)
            axes.plot(production.predicted, production.middle, color=PRODUCTION, linestyle=DASHED, label="production")
        axes.fill_between(
            candidate.predicted, candidate.lower, candidate.upper, color=CANDIDATE, alpha=0.2, linewidth=0
        )
        axes.plot(candidate.predicted, candidate.middle, color=CANDIDATE, label="candidate")
        axes.set_xlabel("prediction")
        axes.set_ylabel("truth − prediction; band: nine of ten rows")
        axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0)

    widest = float((candidate.upper - candidate.lower).max())
    return drawn(Words("Residuals", f"Nine of ten rows lie within a band at most {widest:.4g} wide."), draw)
