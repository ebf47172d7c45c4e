from __future__ import annotations

import math

import numpy as np
import pytest

from mlci.core.statistics.row_weights import check_row_weights


@pytest.mark.parametrize("weights", [None, np.array([1.0, 0.0]), np.array([0.0, 0.0]), np.array([1e-300, 1e300])])
def test_check_row_weights__accepts_none_zero_and_any_size(
    weights: np.ndarray[tuple[int], np.dtype[np.float64]],
) -> None:
    check_row_weights(weights, 2)


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf, -math.inf, 1.7e308])
def test_check_row_weights__refuses_what_cannot_be_added_up(wrong: float) -> None:
    with np.errstate(over="ignore"), pytest.raises(ValueError, match="not negative and add up to a finite number"):
        check_row_weights(np.array([1e308, wrong]), 2)


@pytest.mark.parametrize("shape", [(1,), (3,), (2, 1), ()])
def test_check_row_weights__refuses_another_number_of_rows(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="weights are one for each of 2 rows"):
        check_row_weights(np.ones(shape), 2)
