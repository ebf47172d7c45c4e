"""The delete-a-group jackknife: a standard error for any function of rows, in 50 evaluations.

For metrics whose influence nobody has derived: a user's own function, the calibration error. The units (rows or
groups) are dealt out to 50 sets once and for all, and the function is evaluated without each set in turn.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mlci.core.magnitude import LARGEST, is_beyond
from mlci.core.statistics.effective import effective_changes, effective_for_lower_bound
from mlci.core.statistics.interval import Interval, check_confidence
from mlci.core.statistics.quantiles import t_quantile
from mlci.core.statistics.sampling import (
    BLOCKS,
    FEWEST_GROUPS,
    FEWEST_ROWS_IN_TIME,
    Blocks,
    Clusters,
    Independent,
    NotTrusted,
    Sampling,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SETS: Final = 50
FEWEST_ROWS: Final = 100
"""At least two rows a set."""
SETS_PER_CHANGE: Final = 4
"""Of normal changes about a third of the sets carry the variance; a quarter must."""


@dataclass(frozen=True, slots=True, eq=False)
class Jackknife:
    """The value on all rows, and the values without each set of rows."""

    value: float
    without: NDArray[np.float64]
    """(n_sets,) the function of the rows outside a set."""

    @property
    def standard_error(self) -> float:
        """√((G - 1)/G · Σ(θ₍g₎ - θ)²), about θ itself rather than the replicates' mean, which is never less."""
        n_sets = self.without.size
        return math.sqrt((n_sets - 1) / n_sets * float(np.square(self.without - self.value).sum()))

    @property
    def gains(self) -> NDArray[np.float64]:
        """(n_sets,) how much each set raises the value of all rows."""
        return self.value - self.without

    @property
    def effective_sets(self) -> float:
        """How many sets carry the variance: `effective_changes` of the replicates; of normal ones about a third."""
        return effective_changes(self.without - self.value)

    def interval(self, confidence: float) -> Interval:
        """Return the value with one-sided t bounds of G - 1 degrees; raises ValueError for a wrong confidence."""
        check_confidence(confidence)
        reach = t_quantile(confidence, self.without.size - 1) * self.standard_error
        return Interval(self.value, self.value - reach, self.value + reach, self.standard_error)


def jackknife(value_of: Callable[[NDArray[np.intp]], float], n_rows: int, sampling: Sampling) -> Jackknife | NotTrusted:
    """Return `value_of` on all rows and without each set, or why it is not to be trusted.

    `value_of` takes rising positions of rows and is called at most 51 times; for a paired difference see
    `jackknife_difference`. Rows, or whole clusters, are dealt to 50 sets (as many as there are clusters, if fewer) of
    equal size by a fixed hash of their number, so that no pattern in the order of rows meets a set, and a second run
    gives the same answer; number rows by their ids to make it independent of a file's order. A time series has the 20
    stretches of `Blocks` as sets. Not trusted: fewer than 100 rows, 20 clusters, 500 rows in time, or a value that is
    not finite on the rows of some set. What `value_of` raises is passed on.

    Kott (2001), Journal of Official Statistics 17, 521-526; Shao and Tu (1995), The Jackknife and Bootstrap, section
    2.3. For quantiles and other functions that jump it is not consistent.
    """
    sets = sets_of(n_rows, sampling)
    if isinstance(sets, NotTrusted):
        return sets
    value = float(value_of(np.arange(n_rows)))
    without = [float(value_of(np.flatnonzero(sets != one))) for one in range(int(sets.max()) + 1)]
    return jackknife_of(np.array([value, *without]))


def jackknife_of(values: NDArray[np.float64]) -> Jackknife | NotTrusted:
    """Return the jackknife of VALUES, (1 + n_sets,): that of all rows, then those without each set."""
    if not np.isfinite(values).all():
        return NotTrusted("undefined", "the metric has no value on some part of the rows")
    if is_beyond(values).any():
        return NotTrusted("undefined", f"the metric is beyond {LARGEST:g} on some part of the rows")
    return Jackknife(float(values[0]), values[1:])


def enough_changes_of_sets(gains: NDArray[np.float64], n_changed: int, min_changed: float) -> NotTrusted | None:
    """Return None if enough changed for a lower bound to be trusted, else the reason; as `enough_changes` of groups.

    GAINS, (n_sets,), are what each set adds, N_CHANGED the rows that are answered otherwise. For an upper bound pass
    the gains with the other sign.
    """
    if n_changed < min_changed:
        extent = f"({n_changed}, {min_changed:g} wanted)"
        return NotTrusted("few changes", f"too few rows changed for an interval to be trusted {extent}")
    needed = min(min_changed, gains.size / SETS_PER_CHANGE)
    found = effective_for_lower_bound(gains)
    if found < needed:
        extent = f"({found:.1f} effectively of {gains.size}, {needed:g} wanted)"
        return NotTrusted("few changes", f"too few sets of rows changed for an interval to be trusted {extent}")
    return None


def jackknife_difference(
    candidate: Callable[[NDArray[np.intp]], float],
    production: Callable[[NDArray[np.intp]], float],
    n_rows: int,
    sampling: Sampling,
) -> Jackknife | NotTrusted:
    """Return `jackknife` of candidate - production, both always on the same rows."""
    return jackknife(lambda rows: candidate(rows) - production(rows), n_rows, sampling)


def sets_of(n_rows: int, sampling: Sampling) -> NDArray[np.intp] | NotTrusted:
    """Return the number of each row's set, (n_rows,) from 0, all of which occur; or why there are none.

    See `jackknife`. Raises ValueError where SAMPLING speaks of other rows.
    """
    match sampling:
        case Independent():
            if n_rows < FEWEST_ROWS:
                return NotTrusted("few rows", f"a jackknife needs at least {FEWEST_ROWS} rows, there are {n_rows}")
            return _dealt(n_rows)
        case Clusters(codes):
            _check_rows(codes, n_rows)
            present, unit = np.unique(codes, return_inverse=True)
            if present.size < FEWEST_GROUPS:
                return NotTrusted("few groups", f"at least {FEWEST_GROUPS} groups are needed, there are {present.size}")
            return _dealt(present.size)[unit]
        case Blocks(order):
            _check_rows(order, n_rows)
            if n_rows < FEWEST_ROWS_IN_TIME:
                return NotTrusted(
                    "few rows", f"a time series needs at least {FEWEST_ROWS_IN_TIME} rows, there are {n_rows}"
                )
            sets = np.empty(n_rows, dtype=np.intp)
            sets[order] = np.arange(n_rows) * BLOCKS // n_rows
            return sets


def _check_rows(numbers: NDArray[np.intp], n_rows: int) -> None:
    if numbers.shape != (n_rows,):
        raise ValueError(f"how rows were drawn is told for each of {n_rows} rows, not for {numbers.shape}")


def _dealt(n_units: int) -> NDArray[np.intp]:
    sets = np.empty(n_units, dtype=np.intp)
    sets[np.argsort(_mixed(n_units), kind="stable")] = np.arange(n_units) % min(SETS, n_units)
    return sets


def _mixed(n_units: int) -> NDArray[np.uint64]:
    # SplitMix64 of 0, 1, 2, …: Steele, Lea and Flood (2014), OOPSLA, 453-472. Unsigned arrays wrap around silently.
    z = np.arange(1, n_units + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
