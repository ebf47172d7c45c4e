"""Bounds on the logit scale, for metrics that lie between two limits."""

from __future__ import annotations

import math

from mlci.core.statistics.interval import Interval, check_confidence

_DEAREST_ABOVE = 0.18848736943447442  # where the derivative of a ln(1 + 1/a), ln(1 + 1/a) - 1/(1 + a), is 1


def logit_interval(
    estimate: float,
    standard_error: float,
    quantile: float,
    proven: float,
    limits: tuple[float, float] = (0.0, 1.0),
) -> Interval:
    """Return `estimate` with one-sided bounds that stay between `limits`.

    On the unit scale, u = (estimate - low) / (high - low), the bounds are logit⁻¹(logit u ± quantile·SE / (u(1 - u))),
    the delta method for the logit; `quantile` is the normal or Student's one of the confidence. Near a limit the
    standard error says little, and at it it is 0. So `proven` (of `proven_share` or `proven_average_precision`, at the
    same confidence) is what a perfect result on these rows proves without any variance: `lower` is at most that,
    `upper` at least 1 minus it. Where the standard error is 0 only this is left: a share `proven` is as seen, the rest
    may be anything. It is the rule of `delong.auc_alone`, for any metric.

    Raises ValueError unless the estimate lies within the limits, 0 <= proven <= 1, and the other two are finite and
    not negative.

    >>> bounds = logit_interval(0.9, 0.03, quantile=1.6449, proven=proven_share(200, 0.95))
    >>> round(bounds.lower, 4), round(bounds.upper, 4)
    (0.8387, 0.9397)
    >>> round(logit_interval(1.0, 0.0, quantile=1.6449, proven=proven_share(200, 0.95)).lower, 4)
    0.9851
    """
    low, high = limits
    if not low <= estimate <= high:
        raise ValueError(f"an estimate within its limits, not {estimate} of {low} to {high}")
    if not (0 <= proven <= 1 and 0 <= standard_error < math.inf and 0 <= quantile < math.inf):
        raise ValueError("a share that is proven, and a standard error and a quantile that are finite and not negative")
    unit = (estimate - low) / (high - low)
    below, above = _unit_bounds(unit, standard_error / (high - low), quantile, proven)
    return Interval(
        estimate,
        min(low + (high - low) * below, estimate),
        max(high - (high - low) * (1 - above), estimate),
        standard_error,
    )


def proven_share(n: float, confidence: float) -> float:
    """Return the share of right rows that `n` independent rows, all right, prove: (1 - confidence)^(1/n).

    With a smaller true share, n of n would be seen with a chance of less than 1 - confidence: Clopper and Pearson
    (1934), Biometrika 26, 404-413, at n of n. Take for n the rows that the metric rests on: for precision the rows
    decided positive, for F1 those labelled or decided positive, for an average over classes or for balanced accuracy
    the rows of the smallest class, for a ROC AUC the rows of the smaller class (disjoint pairs), with weights the
    effective number. It holds for F1 because that is never below the share of right rows among those, and for an
    average because all classes are all right with a chance of at least 1 - confidence only where the geometric mean of
    their shares is at least what is returned, and the mean is never below the geometric one. Raises ValueError unless
    n > 0 and 0.5 < confidence < 1.

    >>> round(proven_share(59, 0.95), 3)
    0.95
    """
    check_confidence(confidence)
    if not 0 < n < math.inf:
        raise ValueError(f"rows are more than 0, not {n}")
    return float((1 - confidence) ** (1 / n))


def proven_average_precision(n_positives: float, confidence: float) -> float:
    """Return the average precision that a perfect ranking of `n_positives` positives proves.

    A share of right pairs is not enough here: negatives above every positive cost the average precision more than the
    ROC AUC. Let a negative lie there with chance c, and r negatives be to one positive. All of them stay away from n
    positives with a chance of (1 - c)^(n·r) <= exp(-n·a), where a = r·c. The precision where a share u of the positives
    is found is u / (u + a), and its mean over u is 1 - a ln(1 + 1/a). Or a positive lies below all negatives with
    chance b, and none is seen with a chance of (1 - b)^n <= exp(-n·b); that costs b at most. What a perfect result
    leaves open with a confidence of 1 - α is a + b <= ln(1/α) / n, and the worst of it is all a up to where a more of
    it costs as much as of b. Raises ValueError unless n_positives > 0 and 0.5 < confidence < 1.

    >>> round(proven_average_precision(50, 0.95), 3)
    0.828
    """
    check_confidence(confidence)
    if not 0 < n_positives < math.inf:
        raise ValueError(f"rows are more than 0, not {n_positives}")
    open_to_doubt = -math.log(1 - confidence) / n_positives
    above = min(open_to_doubt, _DEAREST_ABOVE)
    return max(1 - above * math.log1p(1 / above) - (open_to_doubt - above), 0.0)


def _unit_bounds(unit: float, standard_error: float, quantile: float, proven: float) -> tuple[float, float]:
    if standard_error == 0 or unit in {0.0, 1.0}:
        # There is no logit at a limit, and mostly no variance but rounding; a limit that moves with the rows has some.
        reach = quantile * standard_error
        return max(min(unit * proven, unit - reach), 0.0), min(max(1 - (1 - unit) * proven, unit + reach), 1.0)
    reach = quantile * standard_error / (unit * (1 - unit))
    logit = math.log(unit) - math.log1p(-unit)
    return min(_logistic(logit - reach), proven), max(_logistic(logit + reach), 1 - proven)


def _logistic(x: float) -> float:
    if x >= 0:
        return 1 / (1 + math.exp(-x))
    return math.exp(x) / (1 + math.exp(x))
