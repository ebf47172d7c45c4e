"""What figures draw of a model's answers: curves, bins and counts as plain numbers.

A curve of a million rows has a million corners, of which an eye sees a few hundred: those that fall onto the same cell
of a grid are drawn once, with the first and the last point kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mlci.core.answers import Answers, Sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlci.core.answers import MulticlassAnswers

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

GRID: Final = 400
"""Cells along each axis of a figure."""
BINS: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A line through the unit square, and the place on it where the threshold decides."""

    x: Floats
    """(n_points,)"""
    y: Floats
    """(n_points,)"""
    decided: tuple[float, float]
    """The point of the decisions at the threshold."""


@dataclass(frozen=True, slots=True, eq=False)
class Reliability:
    """Bins of probabilities: what was said, what happened."""

    said: Floats
    """(n_bins,) the mean probability in each bin that has rows."""
    happened: Floats
    """(n_bins,) the share of positive rows in it."""
    mass: Floats
    """(n_bins,) its share of all rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """How the probabilities of either class are spread over [0, 1]."""

    positives: Floats
    """(BINS,) the share of the positive rows in each bin of equal width."""
    negatives: Floats
    """(BINS,) the same of the negative rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """What is left of the truth after a prediction, in bins of as many rows."""

    predicted: Floats
    """(n_bins,) the mean prediction of each bin."""
    lower: Floats
    """(n_bins,) of truth − prediction, the quantile of 5 %."""
    middle: Floats
    """(n_bins,) the median."""
    upper: Floats
    """(n_bins,) the quantile of 95 %."""


def residuals(truth: Floats, predicted: Floats) -> Residuals:
    """Return truth − prediction, both (n_rows,), over the prediction in up to BINS bins of as many rows."""
    order = np.argsort(predicted, kind="stable")
    parts = [part for part in np.array_split(order, min(BINS, max(order.size // 5, 1))) if part.size]
    quantiles = [np.quantile(truth[part] - predicted[part], (0.05, 0.5, 0.95)) for part in parts]
    lower, middle, upper = np.asarray(quantiles, dtype=np.float64).reshape(-1, 3).T
    return Residuals(np.asarray([predicted[part].mean() for part in parts]), lower, middle, upper)


def class_against_rest(answers: MulticlassAnswers, code: int) -> tuple[Answers, Booleans]:
    """Return what was said of the class with a CODE as a question with two answers, and which rows were decided as it.

    A row is decided as its most probable class, whatever the probability; so there is no threshold.
    """
    sample = answers.sample
    labels = np.asarray(sample.labels == code, dtype=np.bool_)
    one = Answers(Sample(labels, sample.weights, sample.sampling), answers.probabilities[:, code], threshold=0.5)
    return one, np.asarray(answers.decisions == code, dtype=np.bool_)


def roc_curve(answers: Answers, decisions: Booleans | None = None) -> Curve | None:
    """Return the share of positives found over that of false alarms; None with rows of one class only.

    The decided point is of DECISIONS, (n_rows,), by default those of the threshold.

    >>> from mlci.core.answers import Answers, Sample
    >>> sample = Sample(np.array([False, True, False, True]))
    >>> curve = roc_curve(Answers(sample, np.array([0.1, 0.4, 0.6, 0.9]), threshold=0.5))
    >>> curve.x.tolist(), curve.y.tolist(), curve.decided
    ([0.0, 0.0, 0.5, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0, 1.0], (0.5, 0.5))
    """
    found, alarms = _from_the_top(answers)
    if not found[-1] or not alarms[-1]:
        return None
    hits, false = _decided(answers, decisions)
    x, y = _thinned(alarms / alarms[-1], found / found[-1])
    return Curve(x, y, (false / float(alarms[-1]), hits / float(found[-1])))


def precision_recall_curve(answers: Answers, decisions: Booleans | None = None) -> Curve | None:
    """Return precision over recall, from the highest score down; None without a positive row.

    The decided point is of DECISIONS, (n_rows,), by default those of the threshold; it is (0, 1) where nothing
    was decided positive, as the curve begins.
    """
    found, alarms = _from_the_top(answers)
    if not found[-1]:
        return None
    hits, false = _decided(answers, decisions)
    decided = hits + false
    said = found[1:] + alarms[1:]
    kept = said > 0  # rows without weight may score highest
    x, y = _thinned(
        np.concatenate(([0.0], found[1:][kept] / found[-1])),
        np.concatenate(([1.0], found[1:][kept] / said[kept])),
    )
    return Curve(x, y, (hits / float(found[-1]), hits / decided if decided else 1.0))


def reliability(answers: Answers, bins: int = 10) -> Reliability:
    """Return what was said and what happened, in BINS of equal width over [0, 1]."""
    masses = _masses(answers)
    places = np.minimum((answers.probabilities * bins).astype(np.intp), bins - 1)
    mass = np.bincount(places, masses, bins)
    said = np.bincount(places, masses * answers.probabilities, bins)
    happened = np.bincount(places, masses * answers.sample.labels, bins)
    kept = mass > 0
    total = mass.sum()
    return Reliability(said[kept] / mass[kept], happened[kept] / mass[kept], mass[kept] / total)


def distribution(answers: Answers) -> Distribution:
    """Return how the probabilities of either class are spread; zeros for a class without rows."""
    masses, labels = _masses(answers), answers.sample.labels
    places = np.minimum((answers.probabilities * BINS).astype(np.intp), BINS - 1)

    def shares(rows: Booleans) -> Floats:
        counts = np.bincount(places, masses * rows, BINS)
        total = counts.sum()
        return np.asarray(counts / (total or 1.0), dtype=np.float64)

    return Distribution(shares(labels), shares(~labels))


def _masses(answers: Answers) -> Floats:
    sample = answers.sample
    return np.ones(sample.rows) if sample.weights is None else sample.weights


def _from_the_top(answers: Answers) -> tuple[Floats, Floats]:
    """Return the weight of the positives and of the negatives that score at least so much, (n_scores + 1,) each."""
    ranked = answers.ranked
    found = np.concatenate(([0.0], np.cumsum(ranked.positives[::-1])))
    alarms = np.concatenate(([0.0], np.cumsum(ranked.negatives[::-1])))
    return found, alarms


def _decided(answers: Answers, decisions: Booleans | None) -> tuple[float, float]:
    """Return the weight of the rows that were found, and that of false alarms."""
    masses, labels = _masses(answers), answers.sample.labels
    decided = answers.decisions if decisions is None else decisions
    return float(masses[decided & labels].sum()), float(masses[decided & ~labels].sum())


def _thinned(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Return the points without those that fall onto the cell of the point before."""
    if x.size <= GRID:
        return x, y
    cells = np.round(x * GRID) * (GRID + 1) + np.round(y * GRID)
    kept = np.concatenate(([True], cells[1:] != cells[:-1]))
    kept[-1] = True
    return x[kept], y[kept]
