"""The interval of a metric, by the one method that the metric has: of one model alone, and of two on the same rows.

| metric                                 | difference                    | alone                      |
|----------------------------------------|-------------------------------|----------------------------|
| accuracy, error, recall, specificity   | Tango, exact of few losses    | Wilson                     |
| precision, lift, F1, MCC, averages …   | delta method, t               | delta method, logit scale  |
| ROC AUC                                | DeLong                        | DeLong, logit scale        |
| average precision, one-vs-rest         | influence values, t, bias     | same, logit scale          |
| log loss, Brier, MAE, MSE, MAPE …      | paired t                      | t                          |
| RMSE, R², WAPE                         | delta method, t               | delta method, t            |
| NDCG, MAP, MRR, hit rate               | paired t over queries         | t over queries, logit scale|
| the same, scores, all 0 or 1           | as accuracy                   | Wilson                     |
| calibration error                      | none is valid                 | jackknife                  |
| a function of one's own                | paired jackknife, t        | jackknife, t               |
| churn                                  | is one itself                 | Wilson                     |

With weights, groups or time, counts do not say all any more: the first and third, too, go by influence values. Every
answer that theory does not back is a `NotTrusted` with its reason, never a number.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from mlci.core.answers import Answers, MeasuredAnswers
from mlci.core.metrics import metric_of
from mlci.core.shares import changes, difference_of_shares, is_share, right_rows
from mlci.core.statistics.calibration import calibration_interval
from mlci.core.statistics.delong import auc_alone, auc_difference_of
from mlci.core.statistics.interval import Interval, without_bias
from mlci.core.statistics.jackknife import Jackknife, enough_changes_of_sets, jackknife_of, sets_of
from mlci.core.statistics.logit import logit_interval
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
    Clusters,
    Independent,
    NotTrusted,
    enough_changes,
    mean_interval,
    spread,
    unit_sums,
)
from mlci.core.statistics.skewness import skewness, widened_for_skewness
from mlci.core.statistics.wilson import wilson
from mlci.core.statistics.worst_case import range_of_mean, rows_without_change, worst_case

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlci.core.answers import TaskAnswers
    from mlci.core.statistics.sampling import Spread


def alone(metric: str, answers: TaskAnswers, confidence: float) -> Interval | NotTrusted:
    """Return the interval of METRIC for one model, on the rows that the metric is computed on."""
    sample, kind = answers.sample, metric_of(metric).kind
    lacks = answers.lacks(metric)
    if lacks is not None:
        return lacks
    if is_share(metric, answers):
        right = right_rows(metric, answers)
        counted = right if metric_of(metric).higher_is_better else ~right
        return wilson(int(counted.sum()), sample.rows, confidence)
    if isinstance(answers, Answers) and kind == "auc" and sample.is_plain:
        return auc_alone(sample.labels, answers.probabilities, confidence)
    if isinstance(answers, MeasuredAnswers):
        measured = _jackknifed(metric, answers)
        return measured if isinstance(measured, NotTrusted) else measured.interval(confidence)
    if isinstance(answers, Answers) and kind == "calibration":
        return calibration_interval(sample.labels, answers.probabilities, sample.weights, sample.sampling, confidence)
    estimate = answers.estimate(metric)
    if estimate is None:
        return _undefined(metric, "the candidate")
    limits = answers.limits(metric)
    if kind == "loss" or limits is None:
        return mean_interval(estimate.influence, sample.weights, sample.sampling, confidence, estimate.value)
    found = spread(estimate.influence, sample.weights, sample.sampling)
    if isinstance(found, NotTrusted):
        return found
    quantile = t_quantile(confidence, found.degrees)
    proven = answers.proven(metric, confidence)
    value, truth = (min(max(each, limits[0]), limits[1]) for each in (estimate.value, estimate.value - estimate.bias))
    interval = logit_interval(truth, found.standard_error, quantile, proven, limits)
    return replace(interval, estimate=value, lower=min(interval.lower, value), upper=max(interval.upper, value))


def churn(candidate: TaskAnswers, production: TaskAnswers, confidence: float) -> Interval | NotTrusted:
    """Return the share of rows that both models decide differently, by Wilson; by t where rows do not count alike."""
    sample = candidate.sample
    differs = candidate.decides_otherwise(production)
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
    at: Callable[[float], Interval] | None = field(default=None, compare=False, repr=False)
    """The interval at another confidence, without another look at the rows."""

    @classmethod
    def of(
        cls,
        at: Callable[[float], Interval],
        confidence: float,
        lower_doubt: NotTrusted | None = None,
        upper_doubt: NotTrusted | None = None,
    ) -> Difference:
        """Return the difference whose interval at any confidence is AT."""
        return cls(at(confidence), lower_doubt, upper_doubt, at)


def difference(
    metric: str, candidate: TaskAnswers, production: TaskAnswers, confidence: float, min_changed: float
) -> Difference | NotTrusted:
    """Return how far the candidate is from production on the same rows.

    Normal theory is not trusted where fewer than MIN_CHANGED rows effectively changed. A share needs no such rule;
    where fewer rows than that only lost, or only gained, its bound is the exact one.
    """
    lacks = candidate.lacks(metric)
    if lacks is not None:
        return lacks
    if is_share(metric, candidate, production):
        counted = changes(metric, candidate, production)
        return Difference.of(partial(difference_of_shares, *counted, candidate.sample.rows, min_changed), confidence)
    if isinstance(candidate, MeasuredAnswers) and isinstance(production, MeasuredAnswers):
        return _of_functions(metric, candidate, production, confidence, min_changed)
    return _of_influences(metric, candidate, production, confidence, min_changed)


def _of_influences(
    metric: str, candidate: TaskAnswers, production: TaskAnswers, confidence: float, min_changed: float
) -> Difference | NotTrusted:
    """Return the difference of a metric whose influences are known."""
    sample, chosen = candidate.sample, metric_of(metric)
    now, before = candidate.estimate(metric), production.estimate(metric)
    if now is None or before is None:
        return _undefined(metric, "the candidate" if now is None else "production")
    paired = paired_difference(now, before)
    sign = 1.0 if chosen.higher_is_better else -1.0
    gain = sign * paired.influence
    found = spread(gain, sample.weights, sample.sampling)
    if isinstance(found, NotTrusted):
        return found
    at: Callable[[float], Interval] = partial(_by_t, sign * paired.value, sign * paired.bias, found)
    if chosen.kind == "auc" and sample.is_plain:
        at = auc_difference_of(sample.labels, paired).interval
        if not gain.any():  # DeLong's bounds are then those of the worst case
            return Difference.of(at, confidence)
    if isinstance(sample.sampling, Clusters):  # few units, whose sums are as skewed as groups are unlike
        at = partial(_widened, at, skewness(unit_sums(gain, sample.weights, sample.sampling)))
    # Only rows that are answered otherwise can be evidence of what a change does. The influences of the others move a
    # little, too: a mean's by its shift, a placement by the rows that passed it. One large gain moves them all alike,
    # and they would count as many small changes that stand for it.
    gain[~candidate.differs(metric, production)] = 0.0
    if isinstance(sample.sampling, Independent):
        at = partial(_widened, at, skewness(unit_sums(gain, sample.weights, sample.sampling)))
    judged = Difference.of(
        at,
        confidence,
        enough_changes(gain, sample.weights, sample.sampling, min_changed),
        enough_changes(-gain, sample.weights, sample.sampling, min_changed),
    )
    if chosen.kind in {"loss", "score"} and (judged.lower_doubt or judged.upper_doubt):
        beyond = _of_one_direction(at, metric, candidate, production)
        return judged if beyond is None else Difference.of(beyond, confidence)
    return judged


def _of_functions(
    metric: str, candidate: MeasuredAnswers, production: MeasuredAnswers, confidence: float, min_changed: float
) -> Difference | NotTrusted:
    """Return the difference of a function of one's own: both models without the same sets, so that it is paired.

    The function is not known, so which of the rows that are answered otherwise it sees is not, either: both the rows
    and the sets that carry the spread must be enough.
    """
    found = _jackknifed(metric, candidate, production)
    if isinstance(found, NotTrusted):
        return found
    sign = 1.0 if metric_of(metric).higher_is_better else -1.0
    gains = sign * found.gains
    oriented = Jackknife(sign * found.value, sign * found.without)
    changed = int(np.count_nonzero(candidate.answers.differs(metric, production.answers)))
    return Difference.of(
        partial(_widened, oriented.interval, skewness(gains)),
        confidence,
        enough_changes_of_sets(gains, changed, min_changed),
        enough_changes_of_sets(-gains, changed, min_changed),
    )


def _jackknifed(metric: str, answers: MeasuredAnswers, other: MeasuredAnswers | None = None) -> Jackknife | NotTrusted:
    """Return what a function came to, or how far that is from the OTHER, without each set; or why there is nothing."""
    sets = sets_of(answers.sample.rows, answers.sample.sampling)
    if isinstance(sets, NotTrusted):
        return sets
    if answers.values is None or (other is not None and other.values is None):
        return NotTrusted("undefined", f"{metric} was not computed")
    return jackknife_of(answers.values if other is None or other.values is None else answers.values - other.values)


def _by_t(value: float, bias: float, found: Spread, confidence: float) -> Interval:
    """Return Student's bounds of a difference VALUE, freed of its BIAS."""
    reach = t_quantile(confidence, found.degrees) * found.standard_error
    return without_bias(Interval(value, value - reach, value + reach, found.standard_error), bias)


def _widened(at: Callable[[float], Interval], longer_tail: float, confidence: float) -> Interval:
    return widened_for_skewness(at(confidence), longer_tail, confidence)


def _of_one_direction(
    at: Callable[[float], Interval], metric: str, candidate: TaskAnswers, production: TaskAnswers
) -> Callable[[float], Interval] | None:
    """Return wider intervals than AT, which need no doubts, where every row gained, or every row lost; else None.

    Then there are changes enough; what lacks is a spread to go by, for all may have changed by the same amount.
    """
    sample, now, before = candidate.sample, candidate.losses(metric), production.losses(metric)
    counted = np.ones(sample.rows, dtype=np.bool_) if sample.weights is None else sample.weights > 0
    gains = (now - before if metric_of(metric).higher_is_better else before - now)[counted]
    if not (gains.min() > 0 or gains.max() < 0):
        return None
    said = np.concatenate([now[counted], before[counted]])
    least = said.min() if metric_of(metric).kind == "score" else 0.0  # no loss of ours is below 0
    bound = metric_of(metric).largest_change or float(said.max() - least)
    largest = max(bound, float(np.abs(gains).max()))  # a bounded loss may round to just beyond its bound
    shares = unit_sums(np.ones(sample.rows), sample.weights, sample.sampling)

    def beyond(confidence: float) -> Interval:
        lower, upper = range_of_mean(gains, shares, largest, confidence)
        found = at(confidence)
        return replace(found, lower=min(found.lower, lower), upper=max(found.upper, upper))

    return beyond


def worst_loss(metric: str, candidate: TaskAnswers, production: TaskAnswers, confidence: float) -> float | None:
    """Return the most by which METRIC can have worsened, whatever the rows did that changed; None without a bound.

    What decides where too few rows changed for any theory. Only for rows drawn one by one that count alike.
    """
    largest = metric_of(metric).largest_change
    if largest is None or not candidate.sample.is_plain:
        return None
    changed = int(np.count_nonzero(candidate.losses(metric) != production.losses(metric)))
    return worst_case(changed, candidate.sample.rows, largest, confidence)


@dataclass(frozen=True, slots=True)
class Power:
    """What would decide an inconclusive comparison."""

    rows_needed: int | None
    """Rows that decide it with 80 % power if the observed rates hold; None where no number of rows can be named."""
    smallest_visible: float
    """The smallest true difference that the rows of today show with 80 % power."""


def power_of(
    metric: str, candidate: TaskAnswers, production: TaskAnswers, found: Interval, *, limit: float, confidence: float
) -> Power:
    """Return what would show a difference above LIMIT, where the interval FOUND does not decide it."""
    visible = smallest_visible_difference_of(found, confidence)
    rows = candidate.sample.rows
    if is_share(metric, candidate, production):
        gains, losses = changes(metric, candidate, production)
        if gains == losses == 0 and limit < 0:
            return Power(rows_without_change(-limit, confidence), visible)
        return Power(rows_to_decide_tango(gains, losses, rows, -limit, confidence), visible)
    error = found.standard_error or 0.0
    return Power(rows_to_decide(found.estimate, error, rows, -limit, confidence), visible)


def rows_for_bound(
    metric: str, answers: TaskAnswers, found: Interval, limit: float, confidence: float, *, is_ceiling: bool
) -> int | None:
    """Return the rows that would show one model beyond a floor, or below a ceiling, where FOUND does not decide it."""
    rows, kind = answers.sample.rows, metric_of(metric).kind
    if is_share(metric, answers):
        share = 1 - limit if is_ceiling else limit
        return rows_to_decide_wilson(int(right_rows(metric, answers).sum()), rows, share, confidence)
    if kind == "churn" and answers.sample.is_plain:
        return rows_to_decide_wilson(rows * (1 - found.estimate), rows, 1 - limit, confidence)
    beyond = limit - found.estimate if is_ceiling else found.estimate - limit
    return rows_to_decide(beyond, found.standard_error or 0.0, rows, 0.0, confidence)


def _undefined(metric: str, who: str) -> NotTrusted:
    return NotTrusted(
        "undefined", f"{metric} of {who} is not defined on these rows: a class, or a decision, never occurs"
    )
