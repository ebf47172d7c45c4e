"""All figures of one evaluation, by file name: what its task has."""

from __future__ import annotations

import re
from itertools import count
from typing import TYPE_CHECKING, Final

import numpy as np

from mlci.core import curves
from mlci.core.answers import (
    Answers,
    MulticlassAnswers,
    MultilabelAnswers,
    NumberAnswers,
    QuantileAnswers,
    RankingAnswers,
    ScoreAnswers,
)
from mlci.core.label_differences import label_differences
from mlci.core.margin import parse_margin
from mlci.render.figures.calibration import calibration
from mlci.render.figures.confusion import confusion
from mlci.render.figures.curves import precision_recall, roc
from mlci.render.figures.forest import Difference, forest
from mlci.render.figures.residuals import residuals
from mlci.render.figures.scores import scores
from mlci.render.wording import REQUIREMENTS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from numpy.typing import NDArray

    from mlci.core.answers import TaskAnswers
    from mlci.core.evidence import Evidence
    from mlci.core.gates import GateResult, Verdict

NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9_.-]+")
LONGEST_STEM: Final = 91
MOST_CLASSES: Final = 12
"""Classes that have curves of their own."""


def evaluation_figures(evidence: Evidence, verdict: Verdict, confidence: float = 0.95) -> dict[str, bytes]:
    """Return the figures of EVIDENCE and of the differences in VERDICT, as SVG by file name.

    CONFIDENCE is that of bounds which no gate has.
    """
    drawn = dict(_of_answers(evidence))
    labels = label_differences(evidence, confidence)
    if labels:
        every = [Difference(each.label, each.rows, each.interval, each.outcome) for each in labels]
        drawn["difference-f1-by-label.svg"] = forest("f1 of each label", every)
    for result in verdict.results:
        differences = _differences(result)
        if differences:
            title = f"{result.metric} {REQUIREMENTS[result.require]} {result.scope}".strip()
            drawn[_file_name(result, drawn)] = forest(title, differences, _margin(result))
    return drawn


def _file_name(result: GateResult, taken: Collection[str]) -> str:
    """Return the name of the figure of a gate: `difference-recall-not_worse-in-site.svg`, with a number if it is TAKEN.

    Names of users, such as those of classes, keep only what no path or shell takes for anything else.
    """
    return _free_name(f"difference-{result.name}", taken)


def _free_name(told: str, taken: Collection[str]) -> str:
    stem = NOT_IN_NAMES.sub("-", told).strip("-")[:LONGEST_STEM]
    numbered = (f"{stem}{f'-{number}' if number > 1 else ''}.svg" for number in count(1))
    return next(name for name in numbered if name not in taken)


def _margin(result: GateResult) -> float | None:
    """Return what a gate tolerates in the unit of its metric; None where that differs from slice to slice."""
    if result.require == "better" or (result.limit.endswith("%") and result.slices):
        return None
    written = result.limit if result.limit.endswith("%") else float(result.limit)
    return parse_margin(written).absolute(result.production or 0.0)


def _of_answers(evidence: Evidence) -> Iterator[tuple[str, bytes]]:
    now, before = evidence.whole.candidate, evidence.whole.production
    if isinstance(now, RankingAnswers | ScoreAnswers):  # scores have no unit, and lists no picture of their own
        return
    if isinstance(now, QuantileAnswers):  # whose losses the forest plots of gates show
        return
    if isinstance(now, NumberAnswers):
        truth = np.asarray(evidence.labels, dtype=np.float64)
        earlier = None if before is None else curves.residuals(truth, before.said)
        yield "residuals.svg", residuals(curves.residuals(truth, now.said), earlier)
        return
    if isinstance(now, MultilabelAnswers):
        yield from _of_labels(now, before if isinstance(before, MultilabelAnswers) else None)
        return
    names = evidence.classes or ("negative", "positive")
    yield (
        "confusion.svg",
        confusion(_cells(now, len(names)), None if before is None else _cells(before, len(names)), names),
    )
    if isinstance(now, Answers):
        yield from _of_probabilities(now, before if isinstance(before, Answers) else None)
    if isinstance(now, MulticlassAnswers):
        yield from _of_classes(now, before if isinstance(before, MulticlassAnswers) else None, names)


def _of_classes(
    now: MulticlassAnswers, before: MulticlassAnswers | None, names: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    """Yield the curves of each class against the rest, of those with the most rows where there are many."""
    rows = np.bincount(now.sample.labels, minlength=now.labelled)
    taken: set[str] = set()
    for code in sorted(np.argsort(-rows, kind="stable")[:MOST_CLASSES].tolist()):
        for stem, curve, draw in (
            ("roc", curves.roc_curve, roc),
            ("precision-recall", curves.precision_recall_curve, precision_recall),
        ):
            found = curve(*curves.class_against_rest(now, code))
            earlier = None if before is None else curve(*curves.class_against_rest(before, code))
            if found is not None:
                name = _free_name(f"{stem}-of-{names[code]}", taken)
                taken.add(name)
                yield name, draw(found, earlier, of_class=names[code])


def _of_labels(now: MultilabelAnswers, before: MultilabelAnswers | None) -> Iterator[tuple[str, bytes]]:
    """Yield the curves of each label, of those with the most rows where there are many."""
    rows, names = np.count_nonzero(now.sample.labels, axis=0), now.sample.classes
    taken: set[str] = set()
    for place in sorted(np.argsort(-rows, kind="stable")[:MOST_CLASSES].tolist()):
        name = names[place]
        for stem, curve, draw in (
            ("roc", curves.roc_curve, roc),
            ("precision-recall", curves.precision_recall_curve, precision_recall),
        ):
            found = curve(now.of_label(name))
            if found is not None:
                file = _free_name(f"{stem}-of-{name}", taken)
                taken.add(file)
                yield file, draw(found, None if before is None else curve(before.of_label(name)), of_class=name)


def _of_probabilities(now: Answers, before: Answers | None) -> Iterator[tuple[str, bytes]]:
    for name, curve, draw in (
        ("roc.svg", curves.roc_curve, roc),
        ("precision-recall.svg", curves.precision_recall_curve, precision_recall),
    ):
        found = curve(now)
        if found is not None:
            yield name, draw(found, None if before is None else curve(before))
    yield (
        "calibration.svg",
        calibration(curves.reliability(now), None if before is None else curves.reliability(before)),
    )
    earlier = None if before is None else curves.distribution(before)
    yield "scores.svg", scores(curves.distribution(now), earlier, now.threshold)


def _cells(answers: TaskAnswers, size: int) -> NDArray[np.float64]:
    """Return the rows, or their weights, by label and decision, (n_classes, n_classes)."""
    if not isinstance(answers, Answers | MulticlassAnswers):
        raise TypeError("numbers are not decided")
    places = answers.sample.labels.astype(np.intp) * size + answers.decisions.astype(np.intp)
    return np.bincount(places, answers.sample.weights, size * size).astype(np.float64).reshape(size, size)


def _differences(result: GateResult) -> list[Difference]:
    """Return what a gate found to differ, on all rows or in each slice; nothing for a floor or a ceiling."""
    if result.is_alone or result.is_cost:
        return []
    if not result.slices:
        return [Difference("all rows", result.rows, result.interval, result.outcome)] if result.interval else []
    return [Difference(each.label, each.rows, each.interval, each.outcome) for each in result.slices if each.interval]
