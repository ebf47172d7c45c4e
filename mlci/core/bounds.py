"""The interval of a metric, by the one method that the metric has: of one model alone, and of two on the same rows.

| metric                                 | difference                    | alone                      |
|----------------------------------------|-------------------------------|----------------------------|
| accuracy, recall, specificity          | Tango, exact of few losses    | Wilson                     |
| precision, F1, MCC, kappa, balanced …  | delta method, t               | delta method, logit scale  |
| ROC AUC                                | DeLong                        | DeLong, logit scale        |
| average precision                      | influence values, t           | same, logit scale          |
| log loss, Brier                        | paired t                      | t                          |
| calibration error                      | none is valid                 | jackknife                  |
| churn                                  | is one itself                 | Wilson                     |

With weights, groups or time, counts do not say all any more: the first and third, too, go by influence values. Every
answer that theory does not back is a `NotTrusted` with its reason, never a number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from mlci.core.metrics import METRICS
from mlci.core.statistics.calibration import calibration_interval
from mlci.core.statistics.delong import auc_alone, auc_difference_of
from mlci.core.statistics.logit import logit_interval, proven_average_precision, proven_share
from mlci.core.statistics.paired import paired_difference
from mlci.core.statistics.power import (
    rows_to_decide,
    rows_to_decide_tango,
    rows_to_decide_wilson,
    smallest_visible_difference_of,
)
from mlci.core.statistics.quantiles import t_quantile
from mlci.core.statistics.row_losses import mean_estimate
from mlci.core.statistics.sampling import (
    Independent,
    NotTrusted,
    enough_changes,
    mean_interval,
    spread,
    unit_sums,
)
from mlci.core.statistics.skewness import widened_for_skewness
from mlci.core.statistics.tango import tango
from mlci.core.statistics.wilson import wilson
from mlci.core.statistics.worst_case import rows_without_change, worst_case

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlci.core.answers import Answers, Sample
    from mlci.core.metrics import Metric
    from mlci.core.statistics.interval import Interval

RARER_CLASS: Final = 50
"""Rows of the rarer class below which the interval of a metric of ranks does not keep its level."""


def alone(metric: str, answers: Answers, confidence: float) -> Interval | NotTrusted:
    """Return the interval of METRIC for one model, on the rows that the metric is computed on."""
    sample, kind = answers.sample, METRICS[metric].kind
    lacks = _lacks(METRICS[metric], sample)
    if lacks is not None:
        return lacks
    if kind == "share" and sample.is_plain:
        return wilson(int(answers.right.sum()), sample.rows, confidence)
    if kind == "auc" and sample.is_plain:
        return auc_alone(sample.labels, answers.probabilities, confidence)
    if kind == "calibration":
        return calibration_interval(sample.labels, answers.probabilities, sample.weights, sample.sampling, confidence)
    estimate = answers.estimate(metric)
    if estimate is None:
        return _undefined(metric, "the candidate")
    limits = METRICS[metric].limits
    if kind == "loss" or limits is None:
        return mean_interval(estimate.influence, sample.weights, sample.sampling, confidence, estimate.value)
    found = spread(estimate.influence, sample.weights, sample.sampling)
    if isinstance(found, NotTrusted):
        return found
    quantile = t_quantile(confidence, found.degrees)
    proven = _proven(metric, answers, confidence)
    return logit_interval(
        min(max(estimate.value, limits[0]), limits[1]), found.standard_error, quantile, proven, limits
    )


def churn(candidate: Answers, production: Answers, confidence: float) -> Interval | NotTrusted:
    """Return the share of rows that both models decide differently, by Wilson; by t where rows do not count alike."""
    sample = candidate.sample
    differs = candidate.decisions != production.decisions
    if sample.is_plain:
        return wilson(int(np.count_nonzero(differs)), sample.rows, confidence)
    estimate = mean_estimate(differs.astype(np.float64), sample.weights)
    return mean_interval(estimate.influence, sample.weights, sample.sampling, confidence, estimate.value)


@dataclass(frozen=True, slots=True)
class Difference:
    """Candidate against production on the same rows, oriented so that + is good."""

    interval: Interval
    lower_doubt: NotTrusted | None = None
    """Why nothing may be concluded from the lower bound; None where it is to be trusted."""
    upper_doubt: NotTrusted | None = None
    """The same of the upper bound."""


def difference(
    metric: str, candidate: Answers, production: Answers, confidence: float, min_changed: float
) -> Difference | NotTrusted:
    """Return how far the candidate is from production on the same rows.

    Normal theory is not trusted where fewer than MIN_CHANGED rows effectively changed. A share needs no such rule;
    where fewer rows than that only lost, or only gained, its bound is the exact one.
    """
    sample, chosen = candidate.sample, METRICS[metric]
    lacks = _lacks(chosen, sample)
    if lacks is not None:
        return lacks
    if chosen.kind == "share" and sample.is_plain:
        gains, losses = changes(candidate, production)
        return Difference(_of_shares(gains, losses, sample.rows, confidence, min_changed))
    now, before = candidate.estimate(metric), production.estimate(metric)
    if now is None or before is None:
        return _undefined(metric, "the candidate" if now is None else "production")
    paired = paired_difference(now, before)
    sign = 1.0 if chosen.higher_is_better else -1.0
    gain = sign * paired.influence
    found = mean_interval(gain, sample.weights, sample.sampling, confidence, sign * paired.value)
    if isinstance(found, NotTrusted):
        return found
    if chosen.kind == "auc" and sample.is_plain:
        found = auc_difference_of(sample.labels, paired, confidence)
        if not gain.any():  # DeLong's bounds are then those of the worst case
            return Difference(found)
    gain[~_changed(chosen, candidate, production)] = 0.0
    if isinstance(sample.sampling, Independent):
        found = widened_for_skewness(found, unit_sums(gain, sample.weights, sample.sampling), confidence)
    return Difference(
        found,
        enough_changes(gain, sample.weights, sample.sampling, min_changed),
        enough_changes(-gain, sample.weights, sample.sampling, min_changed),
    )


def _changed(metric: Metric, candidate: Answers, production: Answers) -> NDArray[np.bool_]:
    """Return which rows are answered otherwise, (n_rows,): only those can be evidence of what a change does.

    The influences of the others move a little, too: a mean's by its shift, a placement by the rows that passed it. One
    large gain moves them all alike, and they would count as many small changes that stand for it.
    """
    if metric.kind in {"share", "cells"}:
        return np.asarray(candidate.decisions != production.decisions, dtype=np.bool_)
    return np.asarray(candidate.probabilities != production.probabilities, dtype=np.bool_)


def _of_shares(gains: int, losses: int, rows: int, confidence: float, min_changed: float) -> Interval:
    """Return Tango's interval, with an exact bound on the side where only few rows changed, and all alike.

    Tango's bound is then the score bound of one small share, beyond which so few would be seen in 6.9 % (none of 100
    rows) instead of 5 %: a normal tail at a count of nearly 0. There, and only there, Clopper and Pearson (1934) have a
    bound that is exact and no wider than need be.
    """
    found = tango(gains, losses, rows, confidence)
    if gains + losses >= min_changed:
        return found
    lower, upper = found.lower, found.upper
    if gains == 0:
        lower = min(lower, -worst_case(losses, rows, 1.0, confidence))
    if losses == 0:
        upper = max(upper, worst_case(gains, rows, 1.0, confidence))
    return replace(found, lower=lower, upper=upper)


def worst_loss(metric: str, candidate: Answers, production: Answers, confidence: float) -> float | None:
    """Return the most by which METRIC can have worsened, whatever the rows did that changed; None without a bound.

    What decides where too few rows changed for any theory. Only for rows drawn one by one that count alike.
    """
    largest = METRICS[metric].largest_change
    if largest is None or not candidate.sample.is_plain:
        return None
    changed = int(np.count_nonzero(candidate.losses(metric) != production.losses(metric)))
    return worst_case(changed, candidate.sample.rows, largest, confidence)


def changes(candidate: Answers, production: Answers) -> tuple[int, int]:
    """Return how many rows went from wrong to right, and from right to wrong."""
    gains = int(np.count_nonzero(candidate.right & ~production.right))
    return gains, int(np.count_nonzero(production.right & ~candidate.right))


@dataclass(frozen=True, slots=True)
class Power:
    """What would decide an inconclusive comparison."""

    rows_needed: int | None
    """Rows that decide it with 80 % power if the observed rates hold; None where no number of rows can be named."""
    smallest_visible: float
    """The smallest true difference that the rows of today show with 80 % power."""


def power_of(
    metric: str, candidate: Answers, production: Answers, found: Interval, *, limit: float, confidence: float
) -> Power:
    """Return what would show a difference above LIMIT, where the interval FOUND does not decide it."""
    visible = smallest_visible_difference_of(found, confidence)
    rows = candidate.sample.rows
    if METRICS[metric].kind == "share" and candidate.sample.is_plain:
        gains, losses = changes(candidate, production)
        if gains == losses == 0 and limit < 0:
            return Power(rows_without_change(-limit, confidence), visible)
        return Power(rows_to_decide_tango(gains, losses, rows, -limit, confidence), visible)
    error = found.standard_error or 0.0
    return Power(rows_to_decide(found.estimate, error, rows, -limit, confidence), visible)


def rows_for_bound(
    metric: str, answers: Answers, found: Interval, limit: float, confidence: float, *, is_ceiling: bool
) -> int | None:
    """Return the rows that would show one model beyond a floor, or below a ceiling, where FOUND does not decide it."""
    rows = answers.sample.rows
    if METRICS[metric].kind == "share" and answers.sample.is_plain:
        return rows_to_decide_wilson(int(answers.right.sum()), rows, limit, confidence)
    beyond = limit - found.estimate if is_ceiling else found.estimate - limit
    return rows_to_decide(beyond, found.standard_error or 0.0, rows, 0.0, confidence)


def _lacks(metric: Metric, sample: Sample) -> NotTrusted | None:
    """Return what the rows lack for METRIC, in words; None where nothing lacks."""
    if metric.kind not in {"auc", "average_precision"}:
        return None
    positives, negatives = sample.positives, sample.rows - sample.positives
    if 0 in {positives, negatives}:
        return NotTrusted("undefined", f"{metric.name} needs rows of both classes; there is only one")
    if min(positives, negatives) < RARER_CLASS:
        rarer = "positive" if positives < negatives else "negative"
        count = min(positives, negatives)
        sentence = f"{count} {rarer} rows are too few to judge {metric.name}; {RARER_CLASS} are wanted"
        return NotTrusted("few rows", sentence)
    return None


def _undefined(metric: str, who: str) -> NotTrusted:
    return NotTrusted(
        "undefined", f"{metric} of {who} is not defined on these rows: a class, or a decision, never occurs"
    )


def _proven(metric: str, answers: Answers, confidence: float) -> float:
    """Return what a perfect result on as many independent units would prove, for bounds near a limit."""
    sample, decided = answers.sample, answers.decisions
    match metric:
        case "average_precision":
            return proven_average_precision(_units(sample.cut(sample.labels)), confidence)
        case "roc_auc" | "balanced_accuracy" | "mcc" | "kappa":
            return proven_share(min(_units(sample.cut(sample.labels)), _units(sample.cut(~sample.labels))), confidence)
        case "precision":
            return proven_share(_units(sample.cut(decided)), confidence)
        case "f1":
            return proven_share(_units(sample.cut(decided | sample.labels)), confidence)
        case _:
            return proven_share(_units(sample), confidence)


def _units(sample: Sample) -> float:
    """Return how many independent units of equal weight the rows are worth, at least one."""
    if sample.rows == 0:
        return 1.0
    if sample.is_plain:
        return float(sample.rows)
    shares = unit_sums(np.ones(sample.rows), sample.weights, sample.sampling)
    return max(1.0, float(shares.sum() ** 2 / np.square(shares).sum()))
