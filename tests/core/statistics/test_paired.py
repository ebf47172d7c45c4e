from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.statistics.estimate import Estimate
from mlci.core.statistics.interval import Interval
from mlci.core.statistics.losses import paired_t
from mlci.core.statistics.paired import paired_difference
from mlci.core.statistics.row_losses import mean_estimate
from mlci.core.statistics.sampling import Independent, effective_number, mean_interval

SEEDS = st.integers(0, 2**32 - 1)


@given(seed=SEEDS)
def test_paired_difference__of_means_has_the_interval_of_paired_losses(seed: int) -> None:
    candidate, production = np.random.default_rng(seed).gamma(1.0, size=(2, 50))
    difference = paired_difference(mean_estimate(candidate), mean_estimate(production))

    interval = mean_interval(difference.influence, None, Independent(), 0.95, difference.value)

    theirs = paired_t(candidate - production, 0.95)
    assert isinstance(interval, Interval)
    assert (interval.estimate, interval.lower, interval.upper) == pytest.approx(
        (theirs.estimate, theirs.lower, theirs.upper), rel=1e-9, abs=1e-12
    )


@given(seed=SEEDS)
def test_paired_difference__of_equal_models_is_nothing_at_all(seed: int) -> None:
    estimate = mean_estimate(np.random.default_rng(seed).gamma(1.0, size=50))

    difference = paired_difference(estimate, estimate)

    assert difference.value == 0
    assert not difference.influence.any()


@given(seed=SEEDS, shift=st.floats(0.001, 10))
def test_paired_difference__of_a_constant_shift_shows_no_row_that_changed(seed: int, shift: float) -> None:
    losses = np.random.default_rng(seed).gamma(1.0, size=50)

    difference = paired_difference(mean_estimate(losses + shift), mean_estimate(losses))

    assert difference.value == pytest.approx(shift)
    # Rounding must not pass for fifty changed rows.
    assert effective_number(difference.influence, None, Independent()) == 0


def test_paired_difference__keeps_what_is_small_but_no_rounding() -> None:
    candidate = Estimate(0.0, np.array([1.0, 1e-12, -1.0]))
    production = Estimate(0.0, np.array([1.0, 0.0, -1.0]))

    assert paired_difference(candidate, production).influence.tolist() == [0.0, 1e-12, 0.0]


def test_paired_difference__refuses_other_rows() -> None:
    with pytest.raises(ValueError, match="same rows"):
        paired_difference(Estimate(0.0, np.zeros(2)), Estimate(0.0, np.zeros(3)))
