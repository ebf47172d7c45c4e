"""The effective number of rows that changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


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
