"""How the rows of an evaluation set were drawn, and the interval that follows from it.

Influence values add up: an estimate is the truth plus their weighted mean. How far that mean strays depends on which
rows were drawn together. Rows drawn one by one are the units themselves; rows of one patient, user or query are one
unit; of a time series, a stretch long enough to forget the one before is. So the weighted influences are summed within
a unit, and Student's t takes it from there:

    SE = √(U/(U - 1) · Σ_u (Σ_{i in u} wᵢφᵢ)²) / Σw,    bounds: estimate ± t(U - 1) · SE

With rows as units and without weights this is sd(φ)/√n. The sums are not centred, because Σwᵢφᵢ = 0 by construction.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from mlci.core.statistics.effective import effective_changes, effective_for_lower_bound
from mlci.core.statistics.interval import Interval, check_confidence
from mlci.core.statistics.quantiles import t_quantile
from mlci.core.statistics.weighted import check_weights, power_of_two_scaled, scaled_back

if TYPE_CHECKING:
    from numpy.typing import NDArray

FEWEST_GROUPS: Final = 20
"""Below it the spread of groups of unequal size is not known well enough, even for t (Cameron and Miller 2015)."""
BLOCKS: Final = 20
FEWEST_ROWS_IN_TIME: Final = 500
"""Blocks of 25 rows: shorter ones would not forget each other."""
_FEWEST_ROWS = 2
_SPARSE = 4
_UNITS_PER_CHANGE = 4


@dataclass(frozen=True, slots=True)
class Independent:
    """Rows drawn one by one: the row is the unit, t has n - 1 degrees of freedom."""


@dataclass(frozen=True, slots=True, eq=False)
class Clusters:
    """Rows drawn in groups: the group is the unit, t has G - 1 degrees of freedom, from 20 groups on.

    Liang and Zeger (1986), Biometrika 73, 13-22; G - 1 degrees: Cameron and Miller (2015), Journal of Human Resources
    50, 317-372, section VI.D.
    """

    codes: NDArray[np.intp]
    """(n_rows,) the number of the row's group, from 0 on; not every number needs to occur."""


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """Rows of a time series: 20 contiguous stretches are the units, t has 19 degrees of freedom, from 500 rows on.

    For losses of forecasts this is the comparison of Diebold and Mariano (1995), Journal of Business and Economic
    Statistics 13, 253-263, with the long-run variance from blocks: Ibragimov and Müller (2010), same journal 28,
    453-468, who prove that t keeps levels up to 8 % even if the blocks' variances differ.
    """

    order: NDArray[np.intp]
    """(n_rows,) the rows' positions from the earliest to the latest, as `np.argsort(time, kind="stable")` gives."""


Sampling = Independent | Clusters | Blocks


@dataclass(frozen=True, slots=True)
class NotTrusted:
    """Why there is no interval: theory is not to be trusted on these rows."""

    reason: Literal["few rows", "few groups", "few changes", "undefined"]
    sentence: str


@dataclass(frozen=True, slots=True)
class Spread:
    """The standard error of an estimate, and how well it is known itself."""

    standard_error: float
    degrees: int
    """Degrees of freedom of t: the number of units minus one."""


def mean_interval(
    influence: NDArray[np.float64],
    weights: NDArray[np.float64] | None,
    sampling: Sampling,
    confidence: float,
    estimate: float,
) -> Interval | NotTrusted:
    """Return `estimate` with one-sided t bounds, or why there are none to be trusted.

    `influence`, shape `(n_rows,)`, is that of the estimate: of one model, or candidate minus production for their
    paired difference (`paired_difference`). The bounds are not kept within the metric's range. A standard error of 0
    gives bounds without width: guard with `enough_changes`. Where a metric looks at some rows only and rows are in
    groups, leave the others out (`of_rows`, or weight 0), so that only groups that it looks at are counted. Raises
    ValueError for a confidence outside (0.5, 1) and as `unit_sums` does.

    >>> mean_interval(np.array([-1.5, -0.5, 0.5, 1.5]), None, Independent(), 0.95, 2.5).lower.__round__(4)
    0.9809
    """
    check_confidence(confidence)
    found = spread(influence, weights, sampling)
    if isinstance(found, NotTrusted):
        return found
    reach = t_quantile(confidence, found.degrees) * found.standard_error
    return Interval(estimate, estimate - reach, estimate + reach, found.standard_error)


def spread(
    influence: NDArray[np.float64], weights: NDArray[np.float64] | None, sampling: Sampling
) -> Spread | NotTrusted:
    """Return the standard error and its degrees of freedom, or why it is not to be trusted; raises as `unit_sums`."""
    sums = unit_sums(influence, weights, sampling)
    lacking = _lacks(sums.size, influence.size if weights is None else int(np.count_nonzero(weights)), sampling)
    if lacking is not None:
        return lacking
    scaled, exponent = power_of_two_scaled(sums)
    root = float(np.sqrt(np.square(scaled).sum() * sums.size / (sums.size - 1)))
    return Spread(scaled_back(root, exponent), sums.size - 1)


def unit_sums(
    influence: NDArray[np.float64], weights: NDArray[np.float64] | None, sampling: Sampling
) -> NDArray[np.float64]:
    """Return Σwᵢφᵢ / Σw of every unit, shape `(n_units,)`: by how much it moved the estimate.

    Rows of weight 0 count as not there. Raises ValueError for no row, an influence that is not finite, weights as in
    `check_weights`, negative or too few codes, and an order that does not name every row once.
    """
    if influence.ndim != 1 or influence.size == 0 or not np.isfinite(influence).all():
        raise ValueError("a standard error needs at least one row, and finite influences")
    check_weights(weights, influence.size)
    _check_sampling(sampling, influence.size)
    if weights is None:
        return _sums(influence / influence.size, sampling)
    if weights.all():
        share, _ = power_of_two_scaled(weights)
        return _sums(influence * (share / share.sum()), sampling)
    counted = np.flatnonzero(weights)
    share, _ = power_of_two_scaled(weights[counted])
    return _sums(influence[counted] * (share / share.sum()), of_rows(sampling, counted))


def of_rows(sampling: Sampling, rows: NDArray[np.intp]) -> Sampling:
    """Return how the rows at the positions `rows` were drawn, for a slice; positions occur once.

    >>> of_rows(Blocks(np.array([2, 0, 1])), np.array([1, 2])).order
    array([1, 0])
    """
    match sampling:
        case Independent():
            return sampling
        case Clusters(codes):
            return Clusters(codes[rows])
        case Blocks(order):
            when = np.empty(order.size, dtype=np.intp)
            when[order] = np.arange(order.size)
            return Blocks(np.argsort(when[rows]))


def effective_number(influence: NDArray[np.float64], weights: NDArray[np.float64] | None, sampling: Sampling) -> float:
    """Return `effective_changes` of the units' sums: how many rows, groups or blocks carry the variance.

    Never more than there are units, and of n normal sums about n/3. Raises as `unit_sums` does.
    """
    return effective_changes(unit_sums(influence, weights, sampling))


def enough_changes(
    influence: NDArray[np.float64], weights: NDArray[np.float64] | None, sampling: Sampling, min_changed: float
) -> NotTrusted | None:
    """Return None if enough changed for a lower bound by t to be trusted, else the reason.

    For an upper bound pass the influences with the other sign. Rows must reach `min_changed` changes, as
    `effective_for_lower_bound` counts them. Of groups and blocks, whose sums are closer to normal, a quarter must carry
    the variance or `min_changed` of them, whichever is less: 20 normal sums reach about 7. Raises as `unit_sums` does.
    """
    rows = _effective(unit_sums(influence, weights, Independent()), min_changed)
    if rows < min_changed:
        extent = f"({rows:.1f} effectively, {min_changed:g} wanted)"
        return NotTrusted("few changes", f"too few rows changed for an interval to be trusted {extent}")
    if isinstance(sampling, Independent):
        return None
    sums = unit_sums(influence, weights, sampling)
    needed = min(min_changed, sums.size / _UNITS_PER_CHANGE)
    units = _effective(sums, needed)
    if units < needed:
        kind = "groups" if isinstance(sampling, Clusters) else "stretches of time"
        extent = f"({units:.1f} effectively, {needed:g} wanted)"
        return NotTrusted("few changes", f"too few {kind} changed for an interval to be trusted {extent}")
    return None


def _effective(sums: NDArray[np.float64], needed: float) -> float:
    """Return `effective_for_lower_bound`, or the plain number, never more and without a sort, where that suffices."""
    plain = effective_changes(sums)
    return plain if plain >= needed else effective_for_lower_bound(sums)


def _lacks(n_units: int, n_rows: int, sampling: Sampling) -> NotTrusted | None:
    match sampling:
        case Independent() if n_units < _FEWEST_ROWS:
            return NotTrusted("few rows", f"a spread needs at least {_FEWEST_ROWS} rows, there is {n_units}")
        case Clusters() if n_units < FEWEST_GROUPS:
            return NotTrusted("few groups", f"at least {FEWEST_GROUPS} groups are needed, there are {n_units}")
        case Blocks() if n_rows < FEWEST_ROWS_IN_TIME:
            return NotTrusted(
                "few rows", f"a time series needs at least {FEWEST_ROWS_IN_TIME} rows, there are {n_rows}"
            )
        case _:
            return None


def _sums(shares: NDArray[np.float64], sampling: Sampling) -> NDArray[np.float64]:
    match sampling:
        case Independent():
            return shares
        case Clusters(codes):
            # Counting beats sorting by far, unless a small slice has numbers of many groups that it does not hold.
            if codes.max() > _SPARSE * codes.size:
                codes = np.unique(codes, return_inverse=True)[1]
            present = np.bincount(codes) > 0
            return np.asarray(np.bincount(codes, weights=shares)[present], dtype=np.float64)
        case Blocks(order):
            n_blocks = min(BLOCKS, shares.size)
            starts = np.arange(n_blocks) * shares.size // n_blocks
            return np.asarray(np.add.reduceat(shares[order], starts), dtype=np.float64)


def _check_sampling(sampling: Sampling, n_rows: int) -> None:
    match sampling:
        case Independent():
            return
        case Clusters(codes):
            if codes.shape != (n_rows,) or not np.issubdtype(codes.dtype, np.integer) or codes.min() < 0:
                raise ValueError("clusters need one whole number a row, none negative")
        case Blocks(order):
            once = order.shape == (n_rows,) and order.min() >= 0 and order.max() < n_rows
            if not (once and np.bincount(order, minlength=n_rows).all()):
                raise ValueError("an order in time names the position of every row once")
