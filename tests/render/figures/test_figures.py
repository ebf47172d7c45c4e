"""Figures: the same bytes each time, words for who does not see them, colours for light and dark, names encoded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from mlci.core import curves
from mlci.core.answers import Answers, Sample
from mlci.core.statistics.interval import Interval
from mlci.render import figures
from mlci.render.figures import drawing

if TYPE_CHECKING:
    from collections.abc import Callable

RANDOM = np.random.default_rng(5)
LABELS = RANDOM.random(200) < 0.4
CANDIDATE = Answers(Sample(LABELS), np.clip(RANDOM.normal(0.4, 0.2, 200) + 0.3 * LABELS, 0, 1), 0.5)
PRODUCTION = Answers(Sample(LABELS), np.clip(RANDOM.normal(0.4, 0.3, 200) + 0.2 * LABELS, 0, 1), 0.5)
HOSTILE = "</text><script>alert(1)</script> $x$ & \"'"

DIFFERENCES = [
    figures.Difference("all rows", 3000, Interval(0.01, -0.005, 0.025, 0.01), "pass"),
    figures.Difference("band = small", 400, Interval(-0.06, -0.09, -0.03, 0.01), "fail"),
    figures.Difference("band = large", 40, Interval(-0.01, -0.08, 0.06, 0.04), "inconclusive"),
]
CELLS = np.array([[70.0, 10.0], [4.0, 16.0]])


def _roc() -> bytes:
    return figures.roc(curves.roc_curve(CANDIDATE), curves.roc_curve(PRODUCTION))  # type: ignore[arg-type] # both classes are there


def _precision_recall() -> bytes:
    candidate, production = (curves.precision_recall_curve(answers) for answers in (CANDIDATE, PRODUCTION))
    return figures.precision_recall(candidate, production)  # type: ignore[arg-type] # there are positives


def _of_a_class(draw: Callable[..., bytes], curve: Callable[..., curves.Curve | None]) -> bytes:
    return draw(curve(CANDIDATE), curve(PRODUCTION), of_class="early")


def _residuals() -> bytes:
    truth = RANDOM_TRUTH
    return figures.residuals(curves.residuals(truth, truth * 0.9), curves.residuals(truth, truth * 0.5))


RANDOM_TRUTH = RANDOM.normal(size=300)

DRAWN: dict[str, Callable[[], bytes]] = {
    "roc": _roc,
    "precision_recall": _precision_recall,
    "roc of a class": lambda: _of_a_class(figures.roc, curves.roc_curve),
    "precision_recall of a class": lambda: _of_a_class(figures.precision_recall, curves.precision_recall_curve),
    "calibration": lambda: figures.calibration(curves.reliability(CANDIDATE), curves.reliability(PRODUCTION)),
    "scores": lambda: figures.scores(curves.distribution(CANDIDATE), curves.distribution(PRODUCTION), 0.5),
    "confusion": lambda: figures.confusion(CELLS, CELLS.T, ["benign", "malignant"]),
    "forest": lambda: figures.forest("recall", DIFFERENCES, 0.02),
    "residuals": _residuals,
}


def _text(svg: bytes) -> str:
    return " ".join(ET.fromstring(svg).itertext())  # noqa: S314 - we made it


def _body(svg: str) -> str:
    """Return what is drawn, without our style sheet and without matplotlib's."""
    return svg.split("</style>", 2)[2]


@pytest.mark.parametrize("name", DRAWN)
def test_figure__has_the_same_bytes_each_time(name: str) -> None:
    assert DRAWN[name]() == DRAWN[name]()


@pytest.mark.parametrize("name", DRAWN)
def test_figure__has_words_for_a_screen_reader(name: str) -> None:
    root = ET.fromstring(DRAWN[name]())  # noqa: S314 - we made it
    assert root.attrib["role"] == "img"
    ids = {element.attrib["id"] for element in root if "id" in element.attrib}
    assert set(root.attrib["aria-labelledby"].split()) <= ids
    assert (root[1].text or "").strip()


@pytest.mark.parametrize("name", DRAWN)
def test_figure__has_a_dark_colour_for_each_of_its_colours(name: str) -> None:
    svg = DRAWN[name]().decode()
    used = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", _body(svg)))
    named = {value for colour, value in vars(drawing).items() if colour.isupper() and str(value).startswith("#")}
    assert used
    assert used <= named
    assert all(f'[style*="stroke: {colour}"]' in svg for colour in used)


@pytest.mark.parametrize("name", DRAWN)
def test_figure__asks_for_nothing_from_outside(name: str) -> None:
    svg = DRAWN[name]().decode()
    assert set(re.findall(r'(?:href|src)="([^#"][^"]*)"', svg)) == set()
    assert "dc:date" not in svg


def test_roc__says_where_the_threshold_decides() -> None:
    curve = curves.Curve(np.array([0.0, 1.0]), np.array([0.0, 1.0]), (0.25, 0.5))
    assert "At the threshold: candidate 0.250 false alarms and 0.500 found" in _text(figures.roc(curve, None))


def test_roc__of_a_class_says_which_and_where_it_is_decided() -> None:
    curve = curves.Curve(np.array([0.0, 1.0]), np.array([0.0, 1.0]), (0.25, 0.5))
    text = _text(figures.roc(curve, None, of_class="early"))
    assert "ROC: early" in text
    assert "early against the rest, as decided: candidate 0.250 false alarms and 0.500 found" in text
    assert "share of other rows that are false alarms" in text
    text = _text(figures.precision_recall(curve, None, of_class="early"))
    assert "Precision and recall: early" in text
    assert "recall: share of its rows found" in text


def test_confusion__shows_rows_and_how_they_moved() -> None:
    text = _text(figures.confusion(CELLS, CELLS - [[3, -3], [0, 0]], ["benign", "malignant"]))
    assert "86 of 100 rows on the diagonal, decided as labelled. Production: 83." in text
    assert all(number in text for number in ("70", "+3", "−3", "±0"))


def test_confusion__writes_on_dark_cells_in_ink_alone() -> None:
    now, before = np.array([[70.0, 10.0], [9.0, 11.0]]), np.array([[60.0, 20.0], [9.0, 11.0]])
    svg = figures.confusion(now, before, ["a", "b"]).decode()
    words = re.findall(r'<text style="[^"]*fill: (#[0-9a-f]{6})[^"]*"[^>]*>([+−±][0-9]+)<', svg)
    colours = {text: colour for colour, text in words}
    assert colours == {"+10": drawing.INK, "−10": drawing.GOOD, "±0": drawing.INK}


def test_forest__says_by_colour_mark_and_word_what_the_gate_made_of_each() -> None:
    colours = [
        {colour for colour in (drawing.GOOD, drawing.BAD, drawing.CANDIDATE) if colour in _body(svg.decode())}
        for svg in (figures.forest("recall", [each]) for each in DIFFERENCES)
    ]
    assert colours == [{drawing.GOOD}, {drawing.BAD}, {drawing.CANDIDATE}]
    text = _text(figures.forest("recall", DIFFERENCES, 0.02))
    labels = (
        "all rows (3,000)",
        "band = small (400), fail",
        "band = large (40), open",
        "+ is good; dotted: the margin",
    )
    assert [label for label in labels if label not in text] == []
    assert "band = small −0.0600 [−0.0900, −0.0300], fail" in text


@pytest.mark.parametrize(
    "name", ["a\x1b[31mb", "a\x00", "a\ud800", "\ufffe\uffff", "\u202e", "a\n\tb", "$\\frac{", "]]>"]
)
def test_names__of_which_no_text_can_be_made_are_drawn_all_the_same(name: str) -> None:
    curve = curves.Curve(np.array([0.0, 1.0]), np.array([0.0, 1.0]), (0.25, 0.5))
    of_one = [figures.Difference(name, 5, Interval(0.0, -1.0, 1.0, 0.5), "pass")]
    for svg in (
        figures.forest(name, of_one), figures.confusion(CELLS, None, [name, "b"]),
        figures.roc(curve, None, of_class=name), figures.precision_recall(curve, None, of_class=name),
    ):  # fmt: skip
        assert not set(_text(svg)) & set("\x00\x1b\u202e\ufffe\uffff\t")


def test_names__from_users_are_encoded() -> None:
    svg = figures.forest(HOSTILE, [figures.Difference(HOSTILE, 5, Interval(0.0, -1.0, 1.0, 0.5), "pass")])
    assert b"<script" not in svg
    assert "$x$" in _text(svg)
    assert b"<script" not in figures.confusion(CELLS, None, [HOSTILE, "b"])
    curve = curves.Curve(np.array([0.0, 1.0]), np.array([0.0, 1.0]), (0.25, 0.5))
    for draw in (figures.roc, figures.precision_recall):
        assert b"<script" not in draw(curve, None, of_class=HOSTILE)
