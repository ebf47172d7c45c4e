"""A margin that is a share of production's value, which is not known exactly either.

A gate with `margin: 10%` asks whether Δ + 0.1·|M(production)| lies above 0. Both come from the same rows, so the bound
of the sum is made of the bounds of its parts, each by the method of its metric, and of how they are correlated: MOVER,
the method of variance estimates recovery (Zou 2007, Psychological Methods 12, 399-413; Donner and Zou 2012,
Statistical Methods in Medical Research 21, 347-359). A bound is moved out by that, and never in.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mlci.core.answers import MeasuredAnswers
from mlci.core.bounds import Difference, alone, difference
from mlci.core.metrics import metric_of
from mlci.core.statistics.sampling import NotTrusted, unit_sums

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlci.core.answers import TaskAnswers
    from mlci.core.gates.strictness import Strictness
    from mlci.core.requirement import Gate
    from mlci.core.statistics.interval import Interval

    Floats = NDArray[np.float64]


def difference_for(
    gate: Gate, candidate: TaskAnswers, production: TaskAnswers, strictness: Strictness
) -> Difference | NotTrusted:
    """Return the difference that GATE looks at; with a relative margin, its bounds allow for production's noise."""
    metric = gate.metric
    found = difference(metric, candidate, production, strictness.confidence, strictness.min_changed)
    if isinstance(found, NotTrusted) or found.at is None or not gate.tolerance.relative or not gate.tolerance.value:
        return found
    known = alone(metric, production, strictness.confidence)
    if isinstance(known, NotTrusted):
        return known
    together = correlation_with_size(metric, candidate, production)
    at = partial(_bounds, gate, found.at, partial(_alone, metric, production), together)
    return replace(found, interval=at(strictness.confidence), at=at)


def sure_margin(gate: Gate, production: TaskAnswers, confidence: float) -> float:
    """Return the margin of GATE at the least that production's value is shown to be."""
    if not gate.tolerance.relative:
        return gate.tolerance.value
    known = alone(gate.metric, production, confidence)
    return 0.0 if isinstance(known, NotTrusted) else gate.tolerance.value * (abs(known.estimate) - _reaches(known)[0])


def _alone(metric: str, production: TaskAnswers, confidence: float) -> Interval:
    found = alone(metric, production, confidence)
    if isinstance(found, NotTrusted):
        raise TypeError(found.sentence)  # what is trusted at one confidence is at any
    return found


def _bounds(
    gate: Gate,
    of_difference: Callable[[float], Interval],
    of_production: Callable[[float], Interval],
    together: float,
    confidence: float,
) -> Interval:
    """Return the difference with the bounds moved out that GATE holds against its margin."""
    found, share = of_difference(confidence), gate.tolerance.value
    smaller, larger = (share * reach for reach in _reaches(of_production(confidence)))
    below, above = found.estimate - found.lower, found.upper - found.estimate
    match gate.require:
        case "not_worse":  # that it is worse at all is held against 0
            below = _reach(below, smaller, together)
        case "better":
            below, above = _reach(below, larger, -together), _reach(above, smaller, -together)
        case _:
            above = _reach(above, larger, together)
    return replace(found, lower=found.estimate - below, upper=found.estimate + above)


def _reaches(known: Interval) -> tuple[float, float]:
    """Return by how much production's size may be smaller, and larger, than it seems."""
    below, above = known.estimate - known.lower, known.upper - known.estimate
    return (above, below) if known.estimate < 0 else (below, above)


def _reach(of_difference: float, of_margin: float, together: float) -> float:
    """Return how far a bound of the sum lies from it, never less than that of the difference alone."""
    squares = of_difference**2 + of_margin**2 + 2 * together * of_difference * of_margin
    return max(of_difference, math.sqrt(max(squares, 0.0)))


def correlation_with_size(metric: str, candidate: TaskAnswers, production: TaskAnswers) -> float:
    """Return how the difference, oriented so that + is good, and the size of production's value are correlated."""
    moved = _moved(metric, candidate, production)
    if moved is None:
        return 0.0
    now, before, value = moved
    gain = (now - before) * (1.0 if metric_of(metric).higher_is_better else -1.0)
    size = before * math.copysign(1.0, value)
    both = math.sqrt(float(np.square(gain).sum()) * float(np.square(size).sum()))
    return min(max(float((gain * size).sum()) / both, -1.0), 1.0) if both else 0.0


def _moved(metric: str, candidate: TaskAnswers, production: TaskAnswers) -> tuple[Floats, Floats, float] | None:
    """Return by how much every unit moves both values, and production's value; None where nothing is known."""
    if isinstance(candidate, MeasuredAnswers) and isinstance(production, MeasuredAnswers):
        if candidate.values is None or production.values is None:
            return None
        now, before = (values[0] - values[1:] for values in (candidate.values, production.values))
        return now, before, float(production.values[0])
    estimates = candidate.estimate(metric), production.estimate(metric)
    if estimates[0] is None or estimates[1] is None:
        return None
    sample = production.sample
    sums = [unit_sums(each.influence, sample.weights, sample.sampling) for each in estimates if each is not None]
    return sums[0], sums[1], estimates[1].value
