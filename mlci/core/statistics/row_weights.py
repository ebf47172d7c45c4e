"""What weights of rows may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def check_row_weights(weights: NDArray[np.float64] | None, n_rows: int) -> None:
    """Raise ValueError unless `weights` is None (every row counts once), or `(n_rows,)`, not negative, of finite sum.

    All may be 0, as in a slice that happens to hold such rows only: a metric is undefined there, like one of no rows.
    """
    if weights is None:
        return
    if weights.shape != (n_rows,):
        raise ValueError(f"weights are one for each of {n_rows} rows, not of shape {weights.shape}")
    if not ((weights >= 0).all() and np.isfinite(weights.sum())):
        raise ValueError("weights are not negative and add up to a finite number")
