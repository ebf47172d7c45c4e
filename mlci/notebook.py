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

from mlci.core.config import StatisticsSection
from mlci.core.evidence import Evidence, Slice
from mlci.core.gates import judge
from mlci.core.margin import Margin
from mlci.core.metrics import names_of
from mlci.core.model_comparison import MetricComparison, comparison_of
from mlci.core.nearest import did_you_mean
from mlci.core.requirement import Gate
from mlci.core.rules import OwnedGate
from mlci.core.statistics.sampling import Clusters, Independent
from mlci.errors import UsageError
from mlci.render.comparison_table import comparison_html, comparison_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from mlci.core.gates import GateResult, Verdict

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

__all__ = ["Comparison", "compare"]

ALL_ROWS: Final = "all rows"
MOST_SLICES: Final = 200
"""Values of a column that make slices."""


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
        return (
            f"{verdict.outcome}: candidate against production, {verdict.rows:,} rows ({verdict.positives:,} positive), "
            f"bounds at {self.confidence:.4g}, + is good"
        )


def compare(
    y: ArrayLike,
    production: ArrayLike,
    candidate: ArrayLike,
    *,
    metrics: Sequence[str] = ("roc_auc", "f1"),
    slices: Mapping[str, ArrayLike] | None = None,
    weights: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    margin: float = 0.0,
    confidence: float = 0.95,
    threshold: float = 0.5,
) -> Comparison:
    """Return how the candidate compares with production on the same rows.

    `y`: (n_rows,) of truth values, or 0 and 1. `production`, `candidate`: (n_rows,) probabilities of the positive
    class. `slices`: by name a mask, or a column, of which every value is a slice. `weights`: how much each row counts.
    `groups`: rows of one group are not independent of each other. `margin`: what is tolerated, in the metric's unit.
    `confidence`: of each bound. `threshold`: a row is decided positive from there on.

    Raises `mlci.errors.UsageError` where these do not fit together.

    >>> rows = np.arange(400)
    >>> truth = rows % 4 == 0
    >>> result = compare(truth, 0.8 * truth + 0.1, 0.8 * (truth ^ (rows % 40 == 1)) + 0.1, metrics=["accuracy"])
    >>> result["accuracy"].verdict, round(result["accuracy"].difference, 3), round(result["accuracy"].upper, 3)
    ('fail', -0.025, -0.014)
    """
    labels = _labels(y)
    rows = labels.size
    now, before = (_probabilities(*each, rows) for each in (("candidate", candidate), ("production", production)))
    evidence = Evidence(
        ids=(),  # nothing here names a row
        has_private_ids=True,
        labels=labels,
        candidate=now,
        production=before,
        is_same_model=np.array_equal(now, before),
        threshold=_between("threshold", threshold, 0.0, 1.0),
        weights=None if weights is None else _weights(weights, rows),
        sampling=Independent() if groups is None else Clusters(_codes("groups", groups, rows)),
        slices=tuple(_slices(slices or {}, rows)),
    )
    gates = tuple(_gates(metrics, margin, has_slices=bool(evidence.slices)))
    statistics = StatisticsSection().model_copy(update={"confidence": _between("confidence", confidence, 0.5, 1.0)})
    verdict = judge([OwnedGate(gate, "base") for gate in gates], evidence, statistics)
    whole = [result for result in verdict.results if not result.scope]
    return Comparison(
        verdict,
        confidence,
        tuple(comparison_of(result, result.metric, ALL_ROWS) for result in whole),
        tuple(comparison_of(each, result.metric, each.label) for result in verdict.results for each in result.slices),
    )


def _gates(metrics: Iterable[str], margin: float, *, has_slices: bool) -> Iterator[Gate]:
    if isinstance(metrics, str):
        raise UsageError("metrics-unusable", "metrics is a list of names", hint=f'metrics=["{metrics}"]')
    names = list(dict.fromkeys(metrics))
    of_task = names_of("binary")
    for name in names:
        if name not in of_task:
            known = f"These are known: {', '.join(of_task)}"
            raise UsageError(
                "metric-unknown", f"there is no metric {name!r}", hint=did_you_mean(str(name), of_task, known)
            )
    tolerated = Margin(_between("margin", margin, 0.0, None))
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


def _labels(y: ArrayLike) -> Booleans:
    values = _column("y", y, None)
    if values.size == 0:
        raise UsageError("no-rows", "there are no rows to compare on")
    if values.dtype == np.bool_:
        return values
    found = np.unique(values).tolist() if values.dtype.kind in "iuf" else []
    if not found or not set(found) <= {0, 1}:
        raise UsageError(
            "labels-unusable",
            "y says of each row whether it is of the positive class: true or false, or 1 or 0",
            cause=f"y holds {values.dtype} values.",
            hint='Name the positive class: mlci.compare(y == "malignant", …)',
        )
    return np.asarray(values == 1, dtype=np.bool_)


def _probabilities(name: str, given: ArrayLike, rows: int) -> Floats:
    values = _numbers(name, given, rows)
    wrong = np.flatnonzero(~((values >= 0) & (values <= 1)))
    if wrong.size:
        raise UsageError(
            "probabilities-unusable",
            f"{name} holds {wrong.size:,} values that are no probabilities; the first is in row {wrong[0]}",
            cause="A score of a decision function, a class instead of its probability, or NaN.",
            hint="predict_proba(X)[:, 1] gives the probability of the positive class.",
        )
    return values


def _weights(given: ArrayLike, rows: int) -> Floats:
    values = _numbers("weights", given, rows)
    if not (np.isfinite(values).all() and (values >= 0).all() and values.any()):
        raise UsageError(
            "weight-unusable",
            "a weight is 0 or more, finite, and not 0 in every row",
            hint="A weight counts rows: 2 is as good as the row twice.",
        )
    return values


def _numbers(name: str, given: ArrayLike, rows: int) -> Floats:
    try:
        return _column(name, given, rows).astype(np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError("values-unusable", f"{name} holds values that are no numbers: {error}") from error


def _codes(name: str, given: ArrayLike, rows: int) -> NDArray[np.intp]:
    return np.unique(_texts(name, given, rows), return_inverse=True)[1].astype(np.intp)


def _slices(named: Mapping[str, ArrayLike], rows: int) -> Iterator[Slice]:
    for name, given in named.items():
        values = _column(f"slices[{name!r}]", given, rows)
        if values.dtype == np.bool_:
            yield Slice(str(name), values)
            continue
        texts = _texts(f"slices[{name!r}]", given, rows)
        found = np.unique(texts)
        if found.size > MOST_SLICES:
            raise UsageError(
                "slices-too-many",
                f"slices[{name!r}] has {found.size:,} values; {MOST_SLICES} slices of a column are the most",
                hint="Cut it into bands, or give masks: slices={'old': age > 60}",
            )
        for place, value in enumerate(found.tolist(), start=1):
            yield Slice(str(name), texts == value, value, place)


def _texts(name: str, given: ArrayLike, rows: int) -> NDArray[np.str_]:
    return _column(name, given, rows).astype(np.str_)


def _column(name: str, given: ArrayLike, rows: int | None) -> NDArray[Any]:
    """Return one value a row; raises where they are of another shape, or not as many as y has."""
    values = np.asarray(given)
    if values.ndim != 1 or (rows is not None and values.size != rows):
        wanted = "one value a row" if rows is None else f"{rows:,} values, one for each of y"
        hint = "predict_proba(X)[:, 1] is one column of two." if values.ndim == 2 else None  # noqa: PLR2004 - a table
        raise UsageError("rows-differ", f"{name} is of shape {values.shape}; wanted are {wanted}", hint=hint)
    return values


def _between(name: str, value: float, least: float, most: float | None) -> float:
    if type(value) in {int, float} and value >= least and (most is None or least < value < most):
        return float(value)
    limits = f"above {least:g} and below {most:g}" if most is not None else f"{least:g} or more"
    raise UsageError(f"{name}-unusable", f"{name} is {limits}, not {value!r}")
