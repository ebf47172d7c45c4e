"""A metric over the steps of two runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.render.figures.drawing import CANDIDATE, DASHED, PRODUCTION, Words, drawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from mlci.core.runs.tracked import Number

    History = Sequence[tuple[int, Number]]


def metric_history(metric: str, first: tuple[str, History], second: tuple[str, History]) -> bytes:
    """Return the values of a metric in two runs, each with its name; what is no number leaves a gap."""

    def draw(axes: Axes) -> None:
        for (name, history), colour, style in ((first, PRODUCTION, DASHED), (second, CANDIDATE, "solid")):
            steps = [step for step, _ in history]
            values = [value if isinstance(value, float) else float("nan") for _, value in history]
            axes.plot(steps, values, color=colour, linestyle=style, linewidth=1.4, label=name)
        axes.set_xlabel("step")
        axes.set_ylabel(metric)
        axes.legend(loc="best")

    return drawn(Words(metric, "; ".join(_said(name, history) for name, history in (first, second))), draw)


def _said(name: str, history: History) -> str:
    return f"{name}: {len(history)} values" + (
        f", the last {history[-1][1]} at step {history[-1][0]}" if history else ""
    )
