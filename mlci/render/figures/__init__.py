"""Figures as SVG bytes: the same bytes for the same numbers, readable in light and dark, and by a screen reader."""

from __future__ import annotations

from mlci.render.figures.calibration import calibration
from mlci.render.figures.confusion import confusion
from mlci.render.figures.curves import precision_recall, roc
from mlci.render.figures.forest import Difference, forest
from mlci.render.figures.residuals import residuals
from mlci.render.figures.scores import scores

__all__ = ["Difference", "calibration", "confusion", "forest", "precision_recall", "residuals", "roc", "scores"]
