from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from mlci.core.statistics.effective import effective_changes, effective_for_lower_bound

if TYPE_CHECKING:
    from numpy.typing import NDArray

DIFFERENCES = hnp.arrays(np.float64, st.integers(1, 50), elements=st.floats(-1e3, 1e3, allow_subnormal=False))


@pytest.mark.parametrize(
    ("differences", "expected"),
    [
        pytest.param([0.0, 0.0, 0.0], 0.0, id="no change"),
        pytest.param([0.0, 0.3, 0.0], 1.0, id="one change"),
        pytest.param([0.5, -0.5, 0.0, 0.5], 3.0, id="equal changes, whatever their sign"),
        pytest.param([1.0, 2.0], 25 / 17, id="by hand: (1 + 4)² / (1 + 16)"),
        pytest.param([1e6, 1.0, 1.0, 1.0], 1.0, id="one that dwarfs the others"),
        pytest.param([1e300, -1e300, 0.0], 2.0, id="huge"),
        pytest.param([1e-300, 1e-300, 0.0], 2.0, id="tiny"),
    ],
)
def test_effective_changes__counts_the_rows_that_carry_the_variance(differences: list[float], expected: float) -> None:
    assert effective_changes(np.array(differences)) == pytest.approx(expected, rel=1e-9)


def test_effective_changes__of_normal_differences_is_a_third_of_the_rows() -> None:
    # n over the kurtosis, and that of a normal distribution is 3.
    differences = np.random.default_rng(7).normal(size=100_000)

    assert effective_changes(differences) == pytest.approx(100_000 / 3, rel=0.03)


@given(differences=DIFFERENCES)
def test_effective_changes__lies_between_0_and_the_rows_that_changed(differences: np.ndarray) -> None:
    changed = int(np.count_nonzero(differences))

    assert min(changed, 1) - 1e-9 <= effective_changes(differences) <= changed * (1 + 1e-9)


@given(differences=DIFFERENCES, unchanged=st.integers(0, 20), factor=st.sampled_from([-4.0, 0.5, 1024.0]))
def test_effective_changes__ignores_unit_sign_and_unchanged_rows(
    differences: np.ndarray, unchanged: int, factor: float
) -> None:
    other = np.concatenate((differences * factor, np.zeros(unchanged)))

    assert effective_changes(other) == pytest.approx(effective_changes(differences), rel=1e-9)


@pytest.mark.parametrize("differences", [[], [np.nan], [1.0, np.inf]])
def test_effective_changes__refuses_no_rows_and_differences_that_are_not_finite(differences: list[float]) -> None:
    with pytest.raises(ValueError, match="finite differences"):
        effective_changes(np.array(differences))


@given(st.lists(st.floats(-1e6, 1e6).map(lambda x: round(x, 3)), min_size=1, max_size=30).map(np.array))
def test_effective_for_lower_bound__is_the_best_of_all_caps(differences: NDArray[np.float64]) -> None:
    caps = [float(gain) for gain in differences if gain > 0]
    expected = max(effective_changes(np.minimum(differences, cap)) for cap in [*caps, np.inf])
    assert effective_for_lower_bound(differences) == pytest.approx(expected, rel=1e-9)


@given(st.lists(st.floats(-1e6, 0), min_size=1, max_size=30).map(np.array))
def test_effective_for_lower_bound__losses_count_as_they_are(differences: NDArray[np.float64]) -> None:
    assert effective_for_lower_bound(differences) == effective_changes(differences)
