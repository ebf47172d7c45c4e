"""The effective number of rows that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NOTHING = 1e-70  # what is this much smaller than the largest leaves nothing of its fourth power


def effective_changes(differences: NDArray[np.float64]) -> float:
    """Return (Σe²)² / Σe⁴ of the rows' differences, shape `(n_rows,)`: how many rows carry the variance.

    k equal changes among unchanged rows give k; one change that dwarfs the others gives nearly 1; no change gives 0.
    Normal theory for a mean is not to be trusted where the number is small, however many rows there are: the ratio is
    n over the kurtosis about 0, and the kurtosis bounds how well n rows estimate their own variance. Raises ValueError
    if there is no row or a difference is not finite.

    >>> effective_changes(np.array([0.0, 1.0, -1.0, 1.0, 0.0]))
    3.0
    """
    if differences.size == 0 or not np.isfinite(differences).all():
        raise ValueError("an effective number needs at least one row, and finite differences")
    largest = float(np.abs(differences).max())
    if largest == 0:
        return 0.0
    squares = np.square(differences / largest)  # in [0, 1]: neither huge nor tiny differences leave the floats' range
    return float(squares.sum() ** 2 / np.square(squares).sum())


def effective_for_lower_bound(differences: NDArray[np.float64]) -> float:
    """Return `effective_changes` of the differences, shape `(n_rows,)`, with gains capped where that makes it largest.

    What can make a lower bound of the mean too high is a loss that was not seen; a gain that dwarfs the others cannot.
    It raises the standard error by more than the mean as long as it stands nearly alone: k equal gains among n rows
    shift the bound by (k - z √k) / n, which is negative up to k = z². So a few large gains make the bound lower, and
    are no reason to distrust it. Never less than `effective_changes`; the same where nothing was gained. For an upper
    bound pass the differences with the other sign. Raises as `effective_changes` does.

    >>> rows = np.array([9.0, 1.0, 1.0, 1.0, -1.0])
    >>> round(effective_changes(rows), 2), effective_for_lower_bound(rows)
    (1.1, 5.0)
    """
    plain = effective_changes(differences)
    scale = float(np.abs(differences).max())
    gains = np.sort(differences[differences > _NOTHING * scale])
    if gains.size == 0:
        return plain
    losses, gains = np.square(differences[differences < 0] / scale), np.square(gains / scale)
    above = np.arange(gains.size, 0, -1)  # with the cap at each gain, so many count as that one
    squares = losses.sum() + np.cumsum(gains) - gains + above * gains
    fourths = np.square(losses).sum() + np.cumsum(np.square(gains)) - np.square(gains) + above * np.square(gains)
    return max(plain, float((np.square(squares) / fourths).max()))
