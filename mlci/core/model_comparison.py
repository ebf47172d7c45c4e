"""Two models on the same rows, metric by metric and slice by slice, as a table has it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from mlci.core.gates.judge import judge
from mlci.core.margin import Margin
from mlci.core.metrics import is_cost, metric_of, names_of
from mlci.core.owned_gates import OwnedGate
from mlci.core.requirement import Gate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlci.core.evidence import Evidence
    from mlci.core.gates import GateResult, SliceResult
    from mlci.core.judging_sections import StatisticsSection
    from mlci.core.metrics import Task


ALIKE = "alike"
"""Of a cost that is the same."""


@dataclass(frozen=True, slots=True)
class MetricComparison:
    """One metric of both models on some rows; None where it is not defined, or theory gives no interval."""

    metric: str
    slice: str
    """Which rows: `all rows`, or a slice in words."""
    production: float | None
    candidate: float | None
    difference: float | None
    """Candidate against production, oriented so that + is good."""
    standard_error: float | None
    lower: float | None
    """One-sided bound of the difference, as `upper`: together the two-sided interval at twice the confidence - 1."""
    upper: float | None
    n: int
    """How many rows the metric is computed on."""
    verdict: str
    """`pass` (not worse by the margin), `fail` (proven worse), `inconclusive`; of a slice also `too small`."""
    sentence: str
    """Why, in words."""

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as a JSON object."""
        return asdict(self)


def comparison_of(result: GateResult | SliceResult, metric: str, rows: str) -> MetricComparison:
    """Return what a gate came to, as a line of a table; ROWS is what its rows are called."""
    interval = result.interval
    return MetricComparison(
        metric=metric,
        slice=rows,
        production=result.production,
        candidate=result.candidate,
        difference=interval.estimate if interval else _difference(result, metric),
        standard_error=interval.standard_error if interval else None,
        lower=interval.lower if interval else None,
        upper=interval.upper if interval else None,
        n=result.rows,
        verdict=str(result.outcome),
        sentence=result.sentence,
    )


def _difference(result: GateResult | SliceResult, metric: str) -> float | None:
    """Return the difference where theory gives no interval of it."""
    if result.candidate is None or result.production is None:
        return None
    gained = result.candidate - result.production
    return gained if metric_of(metric).higher_is_better else -gained


def metrics_to_compare(task: Task, gates: Iterable[Gate] = (), *, are_stated: bool = False) -> tuple[str, ...]:
    """Return the metrics of TASK of which a difference can be judged, with those of GATES that no task has by itself.

    Where scores or metrics ARE STATED and nothing can be computed, only those of GATES.
    """
    plain = () if are_stated else tuple(name for name in names_of(task) if "@" not in name)
    named = (gate.metric for gate in gates if are_stated or "@" in gate.metric or is_cost(gate.metric))
    return tuple(name for name in dict.fromkeys((*plain, *named)) if next(_gates((name,)), None) is not None)


def compared_models(
    evidence: Evidence, metrics: Sequence[str], statistics: StatisticsSection
) -> tuple[MetricComparison, ...]:
    """Return how the candidate compares with production in METRICS, on all rows.

    Nothing is tolerated: `pass` says proven better, `fail` proven worse.
    """
    results = judge([OwnedGate(gate, "base") for gate in _gates(metrics)], evidence, statistics).results
    found = (comparison_of(result, result.metric, "all rows") for result in results)
    return tuple(replace(each, verdict=ALIKE) if _is_alike(each) else each for each in found)


def _is_alike(each: MetricComparison) -> bool:
    return is_cost(each.metric) and each.candidate is not None and each.candidate == each.production


def _gates(metrics: Iterable[str]) -> Iterator[Gate]:
    """Yield a gate of each metric that can have one."""
    for name in metrics:
        try:
            yield Gate.model_validate({"metric": name, "require": "not_worse", "margin": Margin(0.0)})
        except ValidationError:
            continue
