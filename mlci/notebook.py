"""What `import mlci` offers in a notebook: two models compared on the same rows, with the statistics of the gates.

    import mlci

    result = mlci.compare(y, production, candidate, metrics=["roc_auc", "f1"])
    result["roc_auc"].lower

The same labels and probabilities give the same numbers here and in a pull request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pydantic import ValidationError
from typing_extensions import override

from mlci.core.answers import differs_within
from mlci.core.arrays import between, codes, column, said, slices_of, weights_of
from mlci.core.evidence import Evidence
from mlci.core.gates.judge import judge
from mlci.core.judging_sections import StatisticsSection
from mlci.core.margin import Margin
from mlci.core.metrics import TASKS, level_of, metric_of, names_of
from mlci.core.model_comparison import MetricComparison, comparison_of
from mlci.core.nearest import did_you_mean
from mlci.core.owned_gates import OwnedGate
from mlci.core.requirement import Gate
from mlci.core.statistics.sampling import Blocks, Clusters, Independent
from mlci.errors import UsageError
from mlci.render.comparison_table import comparison_html, comparison_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike

    from mlci.core.gates import GateResult, Verdict
    from mlci.core.metrics import Task
    from mlci.core.statistics.sampling import Sampling

__all__ = ["Comparison", "compare"]

ALL_ROWS: Final = "all rows"
DEFAULTS: Final[Mapping[Task, tuple[str, ...]]] = {
    "binary": ("roc_auc", "f1"),
    "multiclass": ("accuracy", "f1_macro", "log_loss"),
    "multilabel": ("exact_match", "hamming_loss", "f1_micro"),
    "regression": ("mae", "rmse"),
    "forecast": ("mae", "rmse"),
    "ranking": ("ndcg", "mrr"),
    "quantile": ("crps",),
}
"""The metrics that are compared where none are named; the quantile of a single number must be named."""


@dataclass(frozen=True, eq=False)
class Comparison(Mapping[str, MetricComparison]):
    """Two models on the same rows: `result["roc_auc"]` is one metric on all rows."""

    verdict: Verdict
    confidence: float
    metrics: tuple[MetricComparison, ...]
    """One a metric, on all rows."""
    slices: tuple[MetricComparison, ...]
    """One a metric and slice, the worst first; a failure stands among all of them by Holm's procedure."""

    @property
    def gates(self) -> tuple[GateResult, ...]:
        """What each gate came to: `not_worse` on all rows, `no_proven_regression` in the slices."""
        return self.verdict.results

    @override
    def __getitem__(self, metric: str) -> MetricComparison:
        """Return one metric on all rows; raises `KeyError`, with those that there are."""
        for each in self.metrics:
            if each.metric == metric:
                return each
        raise KeyError(f"{metric} was not compared; {', '.join(self)} were")

    @override
    def __iter__(self) -> Iterator[str]:
        """Yield the names of the metrics."""
        return (each.metric for each in self.metrics)

    @override
    def __len__(self) -> int:
        """Return how many metrics were compared."""
        return len(self.metrics)

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as a JSON object."""
        return {
            "schema": "mlci/comparison/1",
            "verdict": str(self.verdict.outcome),
            "confidence": self.confidence,
            "rows": self.verdict.rows,
            "positives": self.verdict.positives,
            "metrics": [each.to_dict() for each in self.metrics],
            "slices": [each.to_dict() for each in self.slices],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return a row a metric, and one a metric and slice, as a pandas DataFrame."""
        import pandas as pd  # noqa: PLC0415 - only for who wants one

        return pd.DataFrame([each.to_dict() for each in (*self.metrics, *self.slices)])

    @override
    def __repr__(self) -> str:
        """Return a table."""
        return comparison_text(self._head, self.metrics, self.slices)

    def _repr_html_(self) -> str:
        """Return a table for a notebook."""
        return comparison_html(self._head, self.metrics, self.slices)

    @property
    def _head(self) -> str:
        verdict = self.verdict
        positives = "" if verdict.positives is None else f" ({verdict.positives:,} positive)"
        return (
            f"{verdict.outcome}: candidate against production, {verdict.rows:,} rows{positives}, "
            f"bounds at {self.confidence:.4g}, + is good"
        )


def compare(
    y: ArrayLike,
    production: ArrayLike,
    candidate: ArrayLike,
    *,
    metrics: Sequence[str] | None = None,
    slices: Mapping[str, ArrayLike] | None = None,
    weights: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    times: ArrayLike | None = None,
    margin: float = 0.0,
    confidence: float = 0.95,
    threshold: float = 0.5,
    task: Task = "binary",
    classes: Sequence[object] | None = None,
) -> Comparison:
    """Return how the candidate compares with production on the same rows.

    `y`: (n_rows,) of truth values, or 0 and 1; of classes where `task` is "multiclass"; (n_rows, n_labels) of truth
    values where it is "multilabel", `classes` naming the columns; of numbers where it is
    "regression", "quantile" or "forecast"; of relevance where it is "ranking", and `groups` are the queries.
    `production`, `candidate`: (n_rows,) probabilities of the positive class;
    (n_rows, n_classes) of each class, columns as `classes` says, else as the sorted values of `y`, or of each label;
    (n_rows,) numbers, or (n_rows, n_levels) quantiles, whose levels `classes` are.
    `metrics`: those of `DEFAULTS` by default. `slices`: by name a mask, or a column, of which every value is a slice.
    `weights`: how much each row counts. `groups`: rows of one group are not independent of each other. `times`: rows
    follow each other in this order. `margin`: what is tolerated, in the metric's unit. `confidence`: of each bound.
    `threshold`: a row is decided positive from there on.

    Raises `mlci.errors.UsageError` where these do not fit together.

    >>> rows = np.arange(400)
    >>> truth = rows % 4 == 0
    >>> result = compare(truth, 0.8 * truth + 0.1, 0.8 * (truth ^ (rows % 40 == 1)) + 0.1, metrics=["accuracy"])
    >>> result["accuracy"].verdict, round(result["accuracy"].difference, 3), round(result["accuracy"].upper, 3)
    ('fail', -0.025, -0.014)
    """
    if task not in TASKS:
        raise UsageError(
            "task-unknown",
            f"there is no task {task!r}",
            hint=did_you_mean(str(task), TASKS, f"These are known: {', '.join(TASKS)}"),
        )
    if task == "ranking" and groups is None:
        raise UsageError("queries-missing", "which items are of one query?", hint="groups=QUERIES, one value a row")
    given = said(task, y, production, candidate, classes)
    rows = len(given.labels)
    evidence = Evidence(
        ids=(),  # nothing here names a row
        has_private_ids=True,
        labels=given.labels,
        candidate=given.candidate,
        production=given.production,
        is_same_model=np.array_equal(given.candidate, given.production),
        task=task,
        classes=given.classes,
        threshold=between("threshold", threshold, 0.0, 1.0),
        weights=None if weights is None else weights_of(weights, rows),
        sampling=_sampling(groups, times, rows),
        slices=tuple(slices_of(slices or {}, rows)),
    )
    _refuse_weights_within_queries(evidence)
    has_levels = task == "quantile" and bool(given.classes)
    names = _metrics(metrics, task, has_levels=has_levels)
    _refuse_unknown_class(names, given.classes)
    if task == "quantile":
        _refuse_unknown_level(names, given.classes)
    gates = tuple(_gates(names, margin, has_slices=bool(evidence.slices)))
    statistics = StatisticsSection().model_copy(update={"confidence": between("confidence", confidence, 0.5, 1.0)})
    verdict = judge([OwnedGate(gate, "base") for gate in gates], evidence, statistics)
    whole = [result for result in verdict.results if not result.scope]
    return Comparison(
        verdict,
        confidence,
        tuple(comparison_of(result, result.metric, ALL_ROWS) for result in whole),
        tuple(comparison_of(each, result.metric, each.label) for result in verdict.results for each in result.slices),
    )


def _refuse_weights_within_queries(evidence: Evidence) -> None:
    """Raise where items of one query count differently: the query is what counts."""
    sampling, weights = evidence.sampling, evidence.weights
    if evidence.task != "ranking" or weights is None or not isinstance(sampling, Clusters):
        return
    wrong = differs_within(sampling.codes, weights)
    if wrong.size:
        raise UsageError(
            "weight-unusable",
            f"the weight in row {wrong[0]} is another than that of its query",
            hint="Give all items of a query the same weight.",
        )


ELSEWHERE: Final = {
    "score": "the mean of scores that are handed in",
    "function": "a function that evaluate.metrics names",
    "amount": "what a model costs",
    "latency": "what a model costs",
}
"""Kinds of metrics that are not computed from answers."""


def _metrics(metrics: Sequence[str] | None, task: Task, *, has_levels: bool) -> list[str]:
    """Return the names of the metrics, each once; raises `UsageError` where TASK has none of such a name."""
    if metrics is None and task == "quantile" and not has_levels:
        raise UsageError("metrics-unusable", "which quantile do the models predict?", hint='metrics=["pinball@0.9"]')
    if isinstance(metrics, str):
        raise UsageError("metrics-unusable", "metrics is a list of names", hint=f'metrics=["{metrics}"]')
    names = list(dict.fromkeys(DEFAULTS[task] if metrics is None else metrics))
    of_task = names_of(task)
    for name in names:
        if _is_of(task, name):
            what = ELSEWHERE.get(metric_of(name).kind)
            if what is not None:
                problem = f"{name} is {what}, and arrays of answers say nothing of it"
                raise UsageError("metric-unusable", problem, hint="Write it as a gate in mlci.yaml.")
            continue
        known = f"These are known: {', '.join(of_task)}"
        others = [other for other in TASKS if _is_of(other, name)]
        if others:
            problem, cause = f"a {task} task has no {name}", f"It is a metric of {' and '.join(others)}."
            raise UsageError("metric-unknown", problem, cause=cause, hint=did_you_mean(name, of_task, known))
        raise UsageError("metric-unknown", f"there is no metric {name!r}", hint=did_you_mean(str(name), of_task, known))
    return names


def _refuse_unknown_class(names: Sequence[str], classes: Sequence[str]) -> None:
    """Raise where a metric such as `recall@late` names a class that there is not."""
    for wanted in filter(None, (metric_of(name).of_class for name in names)):
        if wanted not in classes:
            known = f"These are known: {', '.join(classes)}"
            raise UsageError(
                "class-unknown", f"there is no class {wanted!r}", hint=did_you_mean(wanted, classes, known)
            )


def _refuse_unknown_level(names: Sequence[str], levels: Sequence[str]) -> None:
    """Raise where a metric looks at a quantile that models do not answer, or at several where they answer one."""
    if "crps" in names and not levels:
        problem = "crps is of several quantiles, and the models answer one"
        raise UsageError(
            "metric-unusable", problem, hint="Tables with a column a quantile, and classes=[0.1, 0.5, 0.9]"
        )
    known = {float(each) for each in levels}
    for name in names if levels else ():
        if level_of(name) not in {None, *known}:
            hint = did_you_mean(name, [f"pinball@{each}" for each in levels], f"These are known: {', '.join(levels)}")
            raise UsageError("metric-unusable", f"{name} is of no quantile that the models answer", hint=hint)


def _is_of(task: Task, name: object) -> bool:
    try:
        return task in metric_of(str(name)).tasks
    except KeyError:
        return False


def _sampling(groups: ArrayLike | None, times: ArrayLike | None, rows: int) -> Sampling:
    """Return how the rows were drawn: one by one, in groups, or along time."""
    if groups is not None and times is not None:
        raise UsageError("sampling-unusable", "groups and times exclude each other", hint="Keep one of them.")
    if groups is not None:
        return Clusters(codes("groups", groups, rows))
    return Independent() if times is None else Blocks(np.argsort(column("times", times, rows), kind="stable"))


def _gates(names: Sequence[str], margin: float, *, has_slices: bool) -> Iterator[Gate]:
    tolerated = Margin(between("margin", margin, 0.0, None))
    for name in names:
        yield _gate(metric=name, require="not_worse", margin=tolerated)
    for name in names if has_slices else ():
        yield _gate(metric=name, require="no_proven_regression", margin=tolerated, slices=True)


def _gate(**fields: object) -> Gate:
    try:
        return Gate.model_validate(fields)
    except ValidationError as error:
        problem = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise UsageError("metric-unusable", problem, hint="Leave the metric out, or compare another one.") from None
