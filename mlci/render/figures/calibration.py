"""What the models said, and what happened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.render.figures.drawing import CANDIDATE, DASHED, FAINT, PRODUCTION, Words, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mlci.core.curves import Reliability


def calibration(candidate: Reliability, production: Reliability | None) -> bytes:
    """Return the share of positive rows over the probability that was said, in bins; larger marks hold more rows."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8)
        if production is not None:
            axes.plot(production.said, production.happened, color=PRODUCTION, linestyle=DASHED, linewidth=1.0)
            _marks(axes, production, "s", PRODUCTION, "production")
        axes.plot(candidate.said, candidate.happened, color=CANDIDATE, linewidth=1.2)
        _marks(axes, candidate, "o", CANDIDATE, "candidate")
        axes.set_xlabel("probability that the model said")
        axes.set_ylabel("share of positive rows")
        axes.set_xlim(-0.02, 1.02)
        axes.set_ylim(-0.02, 1.02)
        axes.legend(loc="upper left")

    return drawn(Words("Calibration", _said(candidate)), draw)


def _marks(axes: Axes, found: Reliability, marker: str, colour: str, label: str) -> None:
    axes.scatter(found.said, found.happened, s=12 + 120 * found.mass, marker=marker, color=colour, label=label)


def _said(candidate: Reliability) -> str:
    pairs = zip(candidate.said.tolist(), candidate.happened.tolist(), strict=True)
    return "Candidate, said and happened: " + "; ".join(f"{said:.2f} and {happened:.2f}" for said, happened in pairs)
