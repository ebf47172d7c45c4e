"""ROC and precision-recall curves of both models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.render.figures.drawing import CANDIDATE, DASHED, FAINT, PRODUCTION, Words, drawn, legible

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from mlci.core.curves import Curve

LONGEST_CLASS: Final = 20
"""Characters of a class in a title."""


def roc(candidate: Curve, production: Curve | None, *, of_class: str | None = None) -> bytes:
    """Return the ROC curves; a dot is where the threshold decides, or OF a CLASS against the rest the model."""
    rows = "positive" if of_class is None else "its"
    others = "negative" if of_class is None else "other"

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=FAINT, linewidth=0.8)
        _both(axes, candidate, production)
        axes.set_xlabel(f"share of {others} rows that are false alarms")
        axes.set_ylabel(f"share of {rows} rows found")
        axes.legend(loc="lower right")

    said = _said(candidate, production, "{x:.3f} false alarms and {y:.3f} found", of_class)
    return drawn(Words(_title("ROC", of_class), said), draw)


def precision_recall(candidate: Curve, production: Curve | None, *, of_class: str | None = None) -> bytes:
    """Return the precision-recall curves; a dot is where the threshold decides, or OF a CLASS the model."""
    rows = "positive" if of_class is None else "its"

    def draw(axes: Axes) -> None:
        _both(axes, candidate, production)
        axes.set_xlabel(f"recall: share of {rows} rows found")
        axes.set_ylabel("precision: share of alarms that are right")
        axes.legend(loc="lower left")

    said = _said(candidate, production, "recall {x:.3f}, precision {y:.3f}", of_class)
    return drawn(Words(_title("Precision and recall", of_class), said), draw)


def _title(of: str, of_class: str | None) -> str:
    return of if of_class is None else f"{of}: {legible(of_class, LONGEST_CLASS)}"


def _both(axes: Axes, candidate: Curve, production: Curve | None) -> None:
    if production is not None:
        axes.plot(production.x, production.y, color=PRODUCTION, linestyle=DASHED, linewidth=1.4, label="production")
        axes.plot(*production.decided, "s", color=PRODUCTION, markersize=5)
    axes.plot(candidate.x, candidate.y, color=CANDIDATE, linewidth=1.6, label="candidate")
    axes.plot(*candidate.decided, "o", color=CANDIDATE, markersize=5)
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)


def _said(candidate: Curve, production: Curve | None, form: str, of_class: str | None) -> str:
    """Return in words where the threshold, or the most probable class, puts both models."""
    models = [("candidate", candidate)] + ([("production", production)] if production is not None else [])
    where = "At the threshold" if of_class is None else f"{legible(of_class)} against the rest, as decided"
    return f"{where}: " + "; ".join(
        f"{name} {form.format(x=curve.decided[0], y=curve.decided[1])}" for name, curve in models
    )
