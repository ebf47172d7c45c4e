"""The expected calibration error: for a ceiling only.

No interval of it, or of a difference of two, keeps its level everywhere: the absolute values have a kink where a bin is
calibrated, which is where a good model has its bins, and noise in the bins adds up to an error that is not there. That
bias is upwards (Kumar, Liang and Ma 2019, NeurIPS; Roelofs, Cain, Shlens and Mozer 2022, AISTATS), so a
ceiling errs on the safe side, and `not_worse` has no basis: for that use the Brier score or the log loss, which measure
calibration too and are means over rows.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np

from mlci.core.statistics.interval import Interval, check_confidence
from mlci.core.statistics.jackknife import jackknife
from mlci.core.statistics.logit import proven_share
from mlci.core.statistics.ranks import Ranking
from mlci.core.statistics.row_weights import check_row_weights
from mlci.core.statistics.sampling import Clusters, NotTrusted, Sampling

if TYPE_CHECKING:
    from numpy.typing import NDArray

Binning = Literal["equal_width", "equal_mass"]
"""`equal_width`: (0, 1/bins], … as in `sklearn.calibration.calibration_curve`, 0 itself in the first. `equal_mass`: as
many rows, or as much weight, in each bin, where equal probabilities stay together."""


def expected_calibration_error(
    labels: NDArray[np.bool_],
    probabilities: NDArray[np.float64],
    weights: NDArray[np.float64] | None = None,
    *,
    bins: int = 15,
    binning: Binning = "equal_width",
) -> float | None:
    """Return Σ over bins of (share of the bin) · |share of positives - mean probability|, in [0, 1].

    `labels` (True: positive) and `probabilities` are `(n_rows,)`. For several classes take for label whether the
    decided class is right, and for probability that of the decided class. None where no row has weight. Raises
    ValueError for probabilities outside [0, 1], fewer than one bin, arrays of unequal length, or weights that are
    negative or not finite.

    Naeini, Cooper and Hauskrecht (2015), AAAI, 2901-2907; 15 bins: Guo, Pleiss, Sun and Weinberger (2017), ICML;
    equal mass: Nixon et al. (2019), "Measuring Calibration in Deep Learning".

    >>> expected_calibration_error(np.array([True, True, False, True]), np.array([0.75, 0.75, 0.75, 0.75]))
    0.0
    """
    _check_rows(labels, probabilities, weights, bins)
    masses = np.ones(labels.size) if weights is None else weights
    total = float(masses.sum())
    if total == 0:
        return None
    return _error(_bins(probabilities, weights, bins, binning), masses * (labels - probabilities), total)


def calibration_interval(
    labels: NDArray[np.bool_],
    probabilities: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    sampling: Sampling,
    confidence: float,
    *,
    bins: int = 15,
    binning: Binning = "equal_width",
) -> Interval | NotTrusted:
    """Return the expected calibration error with one-sided bounds by the delete-a-group jackknife, within [0, 1].

    For a ceiling only, see above. The bins stay those of all rows. `upper` is at least what as many rows, or clusters,
    without any error would leave open (`proven_share`), so that no spread is never no doubt. Not trusted where
    `jackknife` is not, or where no row has weight. Raises as `expected_calibration_error` and `jackknife` do, and for a
    confidence outside (0.5, 1).
    """
    check_confidence(confidence)
    _check_rows(labels, probabilities, weights, bins)
    masses = np.ones(labels.size) if weights is None else weights
    if not masses.any():
        return NotTrusted("undefined", "no row has weight")
    bin_of_row = _bins(probabilities, weights, bins, binning)
    gap_of_row = masses * (labels - probabilities)

    def error_of(rows: NDArray[np.intp]) -> float:
        total = float(masses[rows].sum())
        return _error(bin_of_row[rows], gap_of_row[rows], total) if total else math.nan

    found = jackknife(error_of, labels.size, sampling)
    if isinstance(found, NotTrusted):
        return found
    interval = found.interval(confidence)
    units = np.bincount(sampling.codes, masses) if isinstance(sampling, Clusters) else masses
    open_to_doubt = 1 - proven_share(float(units.sum() ** 2 / np.square(units).sum()), confidence)
    return Interval(
        interval.estimate,
        max(interval.lower, 0.0),
        min(max(interval.upper, open_to_doubt), 1.0),
        interval.standard_error,
    )


def _error(bin_of_row: NDArray[np.intp], gap_of_row: NDArray[np.float64], total: float) -> float:
    return min(float(np.abs(np.bincount(bin_of_row, gap_of_row)).sum()) / total, 1.0)


def _bins(
    probabilities: NDArray[np.float64], weights: NDArray[np.float64] | None, bins: int, binning: Binning
) -> NDArray[np.intp]:
    """Return the bin of every row, shape `(n_rows,)`."""
    if binning == "equal_width":
        return np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], probabilities)
    ranking = Ranking.of(probabilities)
    masses = np.bincount(ranking.run, None if weights is None else weights[ranking.order])
    # A run of equal probabilities goes where its middle lies: it is never split, and a weight of 2 is two rows.
    below = np.cumsum(masses)
    middles = (below - masses / 2) / below[-1:]
    places = np.minimum((middles * bins).astype(np.intp), bins - 1)
    rows = np.empty(probabilities.size, dtype=np.intp)
    rows[ranking.order] = places[ranking.run]
    return rows


def _check_rows(
    labels: NDArray[np.bool_],
    probabilities: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    bins: int,
) -> None:
    if labels.dtype != np.bool_ or labels.ndim != 1 or labels.shape != probabilities.shape:
        raise ValueError("a calibration error needs boolean labels and as many probabilities")
    if not ((probabilities >= 0) & (probabilities <= 1)).all():
        raise ValueError("probabilities lie between 0 and 1")
    if bins < 1:
        raise ValueError(f"at least one bin, not {bins}")
    check_row_weights(weights, labels.size)
