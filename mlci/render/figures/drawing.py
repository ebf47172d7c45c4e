"""What all figures share: a sheet to draw on, its colours, and the SVG that comes of it."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from mlci.core.plain_text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

INK: Final = "#1f2328"
MUTED: Final = "#59636e"
FAINT: Final = "#d1d9e0"
CANDIDATE: Final = "#0969da"
PRODUCTION: Final = "#9a6700"
GOOD: Final = "#1a7f37"
BAD: Final = "#cf222e"

_DARK: Final = {
    INK: "#f0f6fc",
    MUTED: "#9198a1",
    FAINT: "#3d444d",
    CANDIDATE: "#58a6ff",
    PRODUCTION: "#d29922",
    GOOD: "#3fb950",
    BAD: "#f85149",
}
"""Each colour of a light page on a dark one. A figure without a style sheet stays light, which any viewer can show."""

_NO_XML: Final = re.compile("[\ufffe\uffff]")
"""Of what `one_line` lets pass, that XML has not: https://www.w3.org/TR/xml/#charsets."""

DASHED: Final = (0, (4, 2))
"""Production is dashed, so that the lines differ without their colours."""

_SETTINGS: Final = {
    "svg.fonttype": "none",  # text stays text: it can be read aloud, and found
    "svg.hashsalt": "mlci",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # matplotlib's own, so that the layout is the same everywhere
    "font.size": 9.0,
    "path.simplify": False,
    "text.parse_math": False,  # a dollar in a name of the user's is a dollar
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "legend.frameon": False,
}


@dataclass(frozen=True, slots=True)
class Words:
    """What a figure says to whoever does not see it."""

    title: str
    description: str


def legible(text: str, limit: int = 400) -> str:
    """Return TEXT of a user's as one line of at most LIMIT characters, without what no SVG may hold."""
    return _NO_XML.sub("\N{REPLACEMENT CHARACTER}", one_line(text, limit))


def drawn(words: Words, draw: Callable[[Axes], None], *, width: float = 4.2, height: float = 3.6) -> bytes:
    """Return the SVG of what DRAW draws; WIDTH and HEIGHT in inches of 72 points.

    Raises `ModuleNotFoundError` without matplotlib, which the extra `plot` brings.
    """
    # Here, and nowhere at the top: half a second that only figures may cost. No pyplot, which keeps state.
    import matplotlib as mpl  # noqa: PLC0415 - see above
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415 - see above
    from matplotlib.figure import Figure  # noqa: PLC0415 - see above

    buffer = io.BytesIO()
    with mpl.rc_context(_SETTINGS):  # type: ignore[arg-type] # its type lists three hundred names
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = figure.add_subplot()
        axes.set_title(words.title, loc="left", fontsize=10.0, color=INK)
        draw(axes)
        FigureCanvasSVG(figure)
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _accessible(buffer.getvalue().decode(), words).encode()


def _accessible(svg: str, words: Words) -> str:
    """Return the SVG with words for a screen reader and with colours for a dark page."""
    start = svg.index("<svg ")
    head, rest = svg[start:].split(">", 1)
    named = f'<title id="title">{escape(words.title)}</title><desc id="about">{escape(words.description)}</desc>'
    dark = "".join(
        f'[style*="stroke: {light}"]{{stroke:{other}!important}}[style*="fill: {light}"]{{fill:{other}!important}}'
        for light, other in _DARK.items()
    )
    style = f"<style>@media(prefers-color-scheme:dark){{{dark}}}</style>"
    return f'{head} role="img" aria-labelledby="title about">\n {named}\n {style}{rest}'
