"""Losses row by row, as plain arrays, and their mean as an estimate.

Where scikit-learn has the metric, the mean of the rows equals it. Labels and predictions are checked for shape and
range; a prediction that is not finite is an error (ValueError), never a loss, except in `hamming_losses` and
`exact_matches`, which know what wrong means.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mlci.core.statistics.estimate import Estimate
from mlci.core.statistics.weighted import weighted_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALLEST_PROBABILITY: Final = float(np.finfo(np.float64).eps)
"""Probabilities are kept this far from 0 and 1 under a logarithm, as in scikit-learn; the largest log loss is 36.04."""
_SUM_TOLERANCE = 1e-4  # what adding up many classes in single precision may leave
_MATRIX = 2


def mean_estimate(losses: NDArray[np.float64], weights: NDArray[np.float64] | None = None) -> Estimate:
    """Return the mean of `losses`, shape `(n_rows,)`, with φᵢ = lossᵢ - mean.

    Influences that can only be rounding are 0. Raises ValueError as `weighted_mean` does, and if the mean leaves the
    floats' range.

    >>> mean_estimate(np.array([0.0, 1.0, 2.0]))
    Estimate(value=1.0, influence=array([-1.,  0.,  1.]))
    """
    mean = weighted_mean(losses, weights)
    with np.errstate(over="ignore"):
        influence = losses - mean
    if not np.isfinite(influence).all():
        raise ValueError("the losses are too large for a mean")
    influence[np.abs(influence) <= 4 * SMALLEST_PROBABILITY * np.abs(losses).max()] = 0.0
    return Estimate(mean, influence)


def binary_log_losses(labels: NDArray[np.bool_], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return -log of the probability given to what was true, shape `(n_rows,)`, clipped as scikit-learn does.

    `probabilities`, shape `(n_rows,)`, are those of True. Good (1952), Journal of the Royal Statistical Society B 14,
    107-114.
    """
    _check_binary(labels, probabilities)
    return _negative_log(np.where(labels, probabilities, 1 - probabilities))


def multiclass_log_losses(codes: NDArray[np.intp], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return -log of the probability given to the row's class, shape `(n_rows,)`, clipped as scikit-learn does.

    `codes` are columns of `probabilities`, shape `(n_rows, n_classes)`, whose rows must sum to 1: the loss does not
    look at the other classes, so that a model that gives 1 to all of them would seem perfect.
    """
    _check_multiclass(codes, probabilities)
    return _negative_log(probabilities[np.arange(codes.size), codes])


def binary_brier(labels: NDArray[np.bool_], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (label - probability)², shape `(n_rows,)`, in [0, 1]. Brier (1950), Monthly Weather Review 78, 1-3."""
    _check_binary(labels, probabilities)
    return np.square(labels - probabilities)


def multiclass_brier(codes: NDArray[np.intp], probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum over classes of (is the class - probability)², shape `(n_rows,)`, in [0, 2], as in Brier (1950).

    With two classes it is twice `binary_brier`, as in scikit-learn with `scale_by_half=False`.
    """
    _check_multiclass(codes, probabilities)
    errors = probabilities.copy()
    errors[np.arange(codes.size), codes] -= 1
    return np.asarray(np.square(errors).sum(axis=1), dtype=np.float64)


def absolute_errors(outcomes: NDArray[np.float64], predictions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return |outcome - prediction|, shape `(n_rows,)`."""
    _check_numbers(outcomes, predictions)
    return _finite(np.abs(_subtracted(outcomes, predictions)))


def squared_errors(outcomes: NDArray[np.float64], predictions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (outcome - prediction)², shape `(n_rows,)`; raises ValueError where it leaves the floats' range."""
    _check_numbers(outcomes, predictions)
    with np.errstate(over="ignore"):
        return _finite(np.square(_subtracted(outcomes, predictions)))


def percentage_errors(outcomes: NDArray[np.float64], predictions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return |outcome - prediction| / |outcome|, shape `(n_rows,)`, a share, not times 100.

    Outcomes nearer to 0 than 2.2e-16 count as that far from it, as in scikit-learn; such rows decide the mean alone.
    """
    _check_numbers(outcomes, predictions)
    with np.errstate(over="ignore"):
        return _finite(np.abs(_subtracted(outcomes, predictions)) / np.maximum(np.abs(outcomes), SMALLEST_PROBABILITY))


def pinball_losses(
    outcomes: NDArray[np.float64], predictions: NDArray[np.float64], quantile: float
) -> NDArray[np.float64]:
    """Return the loss of predicting the `quantile`, shape `(n_rows,)`: q·(y - p) above the prediction, (1 - q)·(p - y).

    Raises ValueError unless 0 < quantile < 1. Koenker and Bassett (1978), Econometrica 46, 33-50.
    """
    _check_numbers(outcomes, predictions)
    if not 0 < quantile < 1:
        raise ValueError(f"a quantile lies between 0 and 1, not {quantile}")
    missed = _subtracted(outcomes, predictions)
    return _finite(np.where(missed >= 0, quantile * missed, (quantile - 1) * missed))


def crps_of_ensemble(outcomes: NDArray[np.float64], members: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the continuous ranked probability score of equally likely `members`, shape `(n_rows, n_members)`.

    E|X - y| - E|X - X'|/2, by sorting: (2/m)·Σⱼ (x₍ⱼ₎ - y)·(1{y < x₍ⱼ₎} - (j - ½)/m). Of one member it is the absolute
    error. Shape `(n_rows,)`, not negative. Gneiting and Raftery (2007), Journal of the American Statistical
    Association 102, 359-378, equation 21; the sum: Jordan, Krüger and Lerch (2019), Journal of Statistical Software
    90(12), section 2.
    """
    n_members = _check_columns(outcomes, members)
    levels = (np.arange(n_members) + 0.5) / n_members
    return _quantile_score(outcomes, np.sort(members, axis=1), levels)


def crps_of_quantiles(
    outcomes: NDArray[np.float64], quantiles: NDArray[np.float64], levels: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return twice the mean pinball loss over `levels`, shape `(n_rows,)`: the CRPS as far as the quantiles tell it.

    `quantiles`, shape `(n_rows, n_levels)`, are the predictions at the `levels`, shape `(n_levels,)`, which should be
    spread evenly: the CRPS (Gneiting and Raftery 2007, as above) is twice the integral over all levels, Laio and Tamea
    (2007), Hydrology and Earth System Sciences 11, 1267-1277; Gneiting and Ranjan (2011), Journal of Business and
    Economic Statistics 29, 411-422. Raises ValueError unless the levels rise within (0, 1). Predictions that cross are
    scored as they stand.
    """
    n_levels = _check_columns(outcomes, quantiles)
    if levels.shape != (n_levels,) or not (np.diff(levels, prepend=0, append=1) > 0).all():
        raise ValueError("quantiles need one level a column, rising within 0 and 1")
    return _quantile_score(outcomes, quantiles, levels)


def hamming_losses(labels: NDArray[Any], predictions: NDArray[Any]) -> NDArray[np.float64]:
    """Return the share of a row's labels that are wrong, shape `(n_rows,)`, from two arrays `(n_rows, n_labels)`.

    NaN is wrong, whatever the label.
    """
    _check_label_sets(labels, predictions)
    return np.asarray((labels != predictions).mean(axis=1), dtype=np.float64)


def exact_matches(labels: NDArray[Any], predictions: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which rows have all labels right, shape `(n_rows,)`, from two arrays `(n_rows, n_labels)`."""
    _check_label_sets(labels, predictions)
    return np.asarray((labels == predictions).all(axis=1), dtype=np.bool_)


def _negative_log(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    return -np.log(np.clip(probabilities, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY))


def _subtracted(outcomes: NDArray[np.float64], predictions: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        return outcomes - predictions


def _finite(losses: NDArray[np.float64]) -> NDArray[np.float64]:
    if not np.isfinite(losses).all():
        raise ValueError("a prediction is so far off that its loss is no number")
    return losses


def _quantile_score(
    outcomes: NDArray[np.float64], quantiles: NDArray[np.float64], levels: NDArray[np.float64]
) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        missed = outcomes[:, None] - quantiles
        return _finite(2 * np.where(missed >= 0, levels * missed, (levels - 1) * missed).mean(axis=1))


def _check_binary(labels: NDArray[np.bool_], probabilities: NDArray[np.float64]) -> None:
    if labels.dtype != np.bool_ or labels.ndim != 1 or labels.shape != probabilities.shape:
        raise ValueError("a loss of probabilities needs boolean labels and as many probabilities")
    _check_range(probabilities)


def _check_multiclass(codes: NDArray[np.intp], probabilities: NDArray[np.float64]) -> None:
    if codes.ndim != 1 or probabilities.ndim != _MATRIX or codes.size != probabilities.shape[0]:
        raise ValueError("a loss of classes needs one code a row, and a row of probabilities for each")
    whole = np.issubdtype(codes.dtype, np.integer)
    if not whole or (codes.size and not 0 <= codes.min() <= codes.max() < probabilities.shape[1]):
        raise ValueError("codes of classes are the numbers of columns of the probabilities")
    _check_range(probabilities)
    if (np.abs(probabilities.sum(axis=1) - 1) > _SUM_TOLERANCE).any():
        raise ValueError("the probabilities of a row sum to 1")


def _check_range(probabilities: NDArray[np.float64]) -> None:
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError("a probability lies between 0 and 1")


def _check_numbers(outcomes: NDArray[np.float64], predictions: NDArray[np.float64]) -> None:
    if outcomes.ndim != 1 or outcomes.shape != predictions.shape:
        raise ValueError("an error needs as many predictions as outcomes")
    if not (np.isfinite(outcomes).all() and np.isfinite(predictions).all()):
        raise ValueError("an error needs finite outcomes and predictions")


def _check_columns(outcomes: NDArray[np.float64], predictions: NDArray[np.float64]) -> int:
    if outcomes.ndim != 1 or predictions.ndim != _MATRIX or predictions.shape[0] != outcomes.size:
        raise ValueError("a score of a distribution needs one row of predictions for each outcome")
    if predictions.shape[1] == 0 or not (np.isfinite(outcomes).all() and np.isfinite(predictions).all()):
        raise ValueError("a score of a distribution needs finite outcomes, and finite predictions for each")
    return int(predictions.shape[1])


def _check_label_sets(labels: NDArray[Any], predictions: NDArray[Any]) -> None:
    if labels.ndim != _MATRIX or labels.shape != predictions.shape or labels.shape[1] == 0:
        raise ValueError("sets of labels need predictions of the same rows and labels")
