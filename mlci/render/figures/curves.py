"""ROC and precision-recall curves of both models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.render.figures.drawing import CANDIDATE, DASHED, FAINT, PRODUCTION, Words, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mlci.core.curves import Curve


def roc(candidate: Curve, production: Curve | None) -> bytes:
    """Return the ROC curves; a dot is where the threshold decides."""

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8)
        _both(axes, candidate, production)
        axes.set_xlabel("share of negative rows that are false alarms")
        axes.set_ylabel("share of positive rows found")
        axes.legend(loc="lower right")

    return drawn(Words("ROC", _said(candidate, production, "{x:.3f} false alarms and {y:.3f} found")), draw)


def precision_recall(candidate: Curve, production: Curve | None) -> bytes:
    """Return the precision-recall curves; a dot is where the threshold decides."""

    def draw(axes: Axes) -> None:
        _both(axes, candidate, production)
        axes.set_xlabel("recall: share of positive rows found")
        axes.set_ylabel("precision: share of alarms that are right")
        axes.legend(loc="lower left")

    return drawn(Words("Precision and recall", _said(candidate, production, "recall {x:.3f}, precision {y:.3f}")), draw)


def _both(axes: Axes, candidate: Curve, production: Curve | None) -> None:
    if production is not None:
        axes.plot(production.x, production.y, color=PRODUCTION, linestyle=DASHED, linewidth=1.4, label="production")
        axes.plot(*production.decided, "s", color=PRODUCTION, markersize=5)
    axes.plot(candidate.x, candidate.y, color=CANDIDATE, linewidth=1.6, label="candidate")
    axes.plot(*candidate.decided, "o", color=CANDIDATE, markersize=5)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)


def _said(candidate: Curve, production: Curve | None, form: str) -> str:
    """Return in words where the threshold puts both models."""
    models = [("candidate", candidate)] + ([("production", production)] if production is not None else [])
    return "At the threshold: " + "; ".join(
        f"{name} {form.format(x=curve.decided[0], y=curve.decided[1])}" for name, curve in models
    )
