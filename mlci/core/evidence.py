"""The evidence of a comparison: what both models said about the same rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from mlci.core.answers import (
    Answers,
    MeasuredAnswers,
    MulticlassAnswers,
    MultilabelAnswers,
    NumberAnswers,
    QuantileAnswers,
    RankingAnswers,
    Sample,
    ScoreAnswers,
)
from mlci.core.metrics import OF_NUMBERS, function_of, metric_of
from mlci.core.statistics.sampling import Independent, Sampling

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from mlci.core.answers import TaskAnswers
    from mlci.core.costs import Costs
    from mlci.core.metric_function import Measured
    from mlci.core.metrics import Looks, Task

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Both:
    """What both models answered on the rows that a metric is computed on."""

    candidate: TaskAnswers
    production: TaskAnswers | None
    """None where there is no production yet, or none that can be compared with."""

    @property
    def compared(self) -> TaskAnswers:
        """Production's answers; raises `ValueError` where there is no production to compare with."""
        if self.production is None:
            raise ValueError("a comparison needs production's predictions")
        return self.production


@dataclass(frozen=True, eq=False)
class View:
    """What both models answered on some rows: all of them, or a slice."""

    whole: Both
    _known: dict[tuple[Looks, str | None], Both] = field(default_factory=dict)
    functions: Mapping[str, Measured] = field(default_factory=dict)
    """What functions of one's own came to on all rows, by their names."""
    measured_slices: tuple[Slice, ...] = ()
    """The slices that they were computed in as well, in their order."""

    def on(self, metric: str) -> Both:
        """Return what both models answered on those of the rows that METRIC is computed on."""
        chosen, function = metric_of(metric), function_of(metric)
        if function is not None:
            return self._measured(self.functions.get(function))
        looks = (chosen.looks_at, chosen.of_class)
        if chosen.looks_at == "all" and chosen.of_class is None:
            return self.whole
        if looks not in self._known:
            before = self.whole.production
            self._known[looks] = Both(self.whole.candidate.on(metric), None if before is None else before.on(metric))
        return self._known[looks]

    def _measured(self, found: Measured | None) -> Both:
        """Return both models' answers with what a function of them came to, where it was computed."""
        now, before = self.whole.candidate, self.whole.production
        of_now, of_before = (None, None) if found is None else (found.candidate, found.production)
        return Both(
            MeasuredAnswers(now.sample, now, of_now),
            None if before is None else MeasuredAnswers(before.sample, before, of_before),
        )

    def cut(self, rows: Booleans) -> View:
        """Return what they answered on some of the rows, given as a mask; a sort that was made is kept."""
        before = self.whole.production
        return View(Both(self.whole.candidate.cut(rows), None if before is None else before.cut(rows)))

    def of(self, chosen: Slice) -> View:
        """Return what they answered on the rows of a slice, with what functions came to there."""
        known = self.functions if chosen.rows.all() else {}
        if chosen in self.measured_slices:
            place = self.measured_slices.index(chosen)
            known = {name: each.slices[place] for name, each in self.functions.items()}
        return replace(self.cut(chosen.rows), functions=known)


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """Some of the rows, with a name."""

    name: str
    """The column, or the name of the condition, as gates call it."""
    rows: Booleans
    """(n_rows,) which rows are in it."""
    value: str | None = None
    """The value of the column; None for a condition, and where values identify people."""
    place: int = 0
    """Which of the values of the column it is, in their order, from 1; 0 for a condition."""
    min_rows: int | None = None
    """Instead of `statistics.min_rows`."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Metrics by their names, as they were handed in."""

    candidate: Mapping[str, float]
    production: Mapping[str, float] | None


@dataclass(frozen=True, eq=False)
class Evidence:
    """What both models said about the rows of the evaluation set."""

    ids: Sequence[str]
    labels: NDArray[Any]
    """(n_rows,) whether the row is of the positive class; of several classes the code of its own; or a number; of
    several labels (n_rows, n_labels), whether it has each."""
    candidate: Floats
    """What the candidate says: (n_rows,) the probability of the positive class, (n_rows, n_classes) that of each class,
    or label, or (n_rows,) the number that it predicts, or the score that orders items; (n_rows, n_levels) quantiles."""
    production: Floats | None
    """The same of production; None where there is no production yet, or none that can be compared with."""
    threshold: float = 0.5
    """Of a binary or multilabel task: a row is decided to have the label where its probability is at least this."""
    is_same_model: bool = False
    """Whether candidate and production are the same bytes."""
    not_comparable: str | None = None
    """Why production, which there is, cannot be compared with, in words; None where it can, or where there is none."""
    has_private_ids: bool = False
    """Whether the ids identify people, so that no report names a row."""
    weights: Floats | None = None
    """(n_rows,) how much each row counts; None where all count alike."""
    sampling: Sampling = field(default_factory=Independent)
    slices: tuple[Slice, ...] = ()
    task: Task = "binary"
    classes: tuple[str, ...] = ()
    """Of a multiclass task the classes by their codes, those that labels have first; of a multilabel one the labels;
    of several quantiles their levels."""
    scores: tuple[str, ...] | None = None
    """The names of scores, (n_rows, n_names), that were handed in of both models; None where they answered rows."""

    numbers: Numbers | None = None
    """Metrics of both models, where nothing but these was handed in, and there are no rows."""

    functions: Mapping[str, Measured] = field(default_factory=dict)
    """What functions of one's own came to, by their names; none of those whose code base does not have."""

    measured_slices: tuple[Slice, ...] = ()
    """The slices that they were computed in as well, in their order."""

    broken: frozenset[str] = frozenset()
    """Functions that fail or are missing whoever is judged, and that head changes."""

    costs: Costs | None = None
    """What both models cost, where a gate asks for it."""

    @property
    def has_decisions(self) -> bool:
        """Whether a row is decided right or wrong."""
        return not self.is_stated and self.task not in OF_NUMBERS

    @property
    def is_stated(self) -> bool:
        """Whether numbers were handed in, so that nothing else can be computed."""
        return self.scores is not None or self.numbers is not None

    @property
    def positives(self) -> int | None:
        """How many rows are of the positive class; None where the task has none."""
        return self.sample.positives if self.task == "binary" and self.has_decisions else None

    @cached_property
    def all_rows(self) -> Slice:
        """All rows as one slice."""
        return Slice("all rows", np.ones(len(self.labels), dtype=np.bool_))

    @cached_property
    def sample(self) -> Sample:
        """The rows, without what any model said."""
        return Sample(self.labels, self.weights, self.sampling, self.classes)

    @cached_property
    def whole(self) -> Both:
        """What both models answered on all rows."""
        return Both(self._answers(self.candidate), None if self.production is None else self._answers(self.production))

    def _answers(self, said: Floats) -> TaskAnswers:
        if self.is_stated:
            return ScoreAnswers(self.sample, said, self.scores or ())
        match self.task:
            case "binary":
                return Answers(self.sample, said, self.threshold)
            case "multiclass":
                return MulticlassAnswers(self.sample, said, int(self.labels.max(initial=-1)) + 1)
            case "multilabel":
                return MultilabelAnswers(self.sample, said, self.threshold)
            case "quantile" if self.classes:
                return QuantileAnswers(self.sample, said)
            case "regression" | "quantile" | "forecast":
                return NumberAnswers(self.sample, said)
            case "ranking":
                return RankingAnswers(self.sample, said)

    @cached_property
    def view(self) -> View:
        """What both models answered on all rows, and on those that a metric is computed on."""
        return View(self.whole, functions=self.functions, measured_slices=self.measured_slices)
