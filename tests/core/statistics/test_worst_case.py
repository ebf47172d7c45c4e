from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from mlci.core.statistics.worst_case import largest_share, passes_worst_case, range_of_mean, worst_case


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int]:
    n = draw(st.integers(1, 100_000))
    return draw(st.integers(0, n)), n


@given(counted=counts(), confidence=st.floats(0.51, 0.9999))
def test_largest_share__agrees_with_statsmodels(counted: tuple[int, int], confidence: float) -> None:
    # Theirs is two-sided: what is left out on both sides together.
    _, upper = proportion_confint(*counted, alpha=2 * (1 - confidence), method="beta")

    assert largest_share(*counted, confidence) == pytest.approx(upper, rel=1e-9)


@given(n=st.integers(1, 10_000), confidence=st.floats(0.51, 0.9999))
def test_largest_share__without_a_change_is_the_rule_of_three(n: int, confidence: float) -> None:
    assert largest_share(0, n, confidence) == pytest.approx(1 - (1 - confidence) ** (1 / n), rel=1e-8)


def test_largest_share__of_nothing_but_changes_is_all() -> None:
    assert largest_share(7, 7, 0.95) == 1.0


@pytest.mark.parametrize("n", [1, 5, 20, 100])
def test_largest_share__keeps_its_level_at_every_share_by_exact_enumeration(n: int) -> None:
    uppers = np.array([largest_share(changed, n, 0.95) for changed in range(n + 1)])

    for share in np.linspace(0.001, 0.999, 400):
        missed = stats.binom.pmf(np.arange(n + 1), n, share)[uppers < share].sum()
        assert missed <= 0.05 + 1e-12


def test_passes_worst_case__decides_with_hardly_a_change() -> None:
    # Two of 1,000 changed: at most 0.63 % can have, and each can cost a whole row.
    assert passes_worst_case(2, 1000, largest_loss=1.0, margin=0.01, confidence=0.95)
    assert not passes_worst_case(2, 1000, largest_loss=1.0, margin=0.005, confidence=0.95)
    assert not passes_worst_case(2, 1000, largest_loss=36.04, margin=0.01, confidence=0.95)


def test_passes_worst_case__never_does_for_a_loss_without_a_bound() -> None:
    assert worst_case(0, 10**6, largest_loss=math.inf, confidence=0.95) == math.inf
    assert not passes_worst_case(0, 10**6, largest_loss=math.inf, margin=1e300, confidence=0.95)


def test_worst_case__supposes_that_the_heaviest_rows_change() -> None:
    evenly = worst_case(1, 500, largest_loss=1.0, confidence=0.95)

    assert worst_case(1, 500, largest_loss=1.0, confidence=0.95, largest_weight=4.0) == pytest.approx(4 * evenly)


@pytest.mark.parametrize("n", [100, 400])
@pytest.mark.parametrize("churn", [0.005, 0.01, 0.03])
def test_passes_worst_case__lets_a_candidate_at_the_margin_through_in_at_most_5_percent(n: int, churn: float) -> None:
    # All changes are for the worse, and the margin is exactly what they cost: the hardest case there is.
    passed = [passes_worst_case(changed, n, 1.0, churn, 0.95) for changed in range(n + 1)]

    assert stats.binom.pmf(np.arange(n + 1), n, churn)[passed].sum() <= 0.05


@pytest.mark.parametrize(("changed", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_largest_share__refuses_impossible_counts(changed: int, n: int) -> None:
    with pytest.raises(ValueError, match="part of the rows"):
        largest_share(changed, n, 0.95)


@pytest.mark.parametrize(("largest_loss", "largest_weight"), [(-1.0, 1.0), (math.nan, 1.0), (1.0, 0.5)])
def test_worst_case__refuses_losses_and_weights_that_are_none(largest_loss: float, largest_weight: float) -> None:
    with pytest.raises(ValueError, match="not negative"):
        worst_case(1, 10, largest_loss, 0.95, largest_weight=largest_weight)


def test_largest_share__refuses_a_confidence_that_is_not_one_sided() -> None:
    with pytest.raises(ValueError, match="confidence"):
        largest_share(1, 10, 0.05)


def test_range_of_mean__is_beyond_the_mean_that_would_rarely_show_no_other_row() -> None:
    # 60 rows of 0.5 are seen in 5 % where the share 1 - 0.05^(1/60) of the population is at the largest loss, -2.
    unseen = 1 - 0.05 ** (1 / 60)
    lower, upper = range_of_mean(np.full(60, 0.5), np.full(60, 1.0), largest=2.0, confidence=0.95)
    assert lower == pytest.approx((1 - unseen) * 0.5 - unseen * 2.0)
    assert upper == pytest.approx((1 - unseen) * 0.5 + unseen * 2.0)


def test_range_of_mean__of_units_that_weigh_more_is_wider() -> None:
    even, uneven = (
        range_of_mean(np.full(40, 0.5), np.array([*[1.0] * 39, heaviest]), largest=1.0, confidence=0.95)
        for heaviest in (1.0, 3.0)
    )
    assert uneven[0] < even[0] < 0.5 < even[1] < uneven[1]


def test_range_of_mean__a_value_beyond_the_largest_is_refused() -> None:
    with pytest.raises(ValueError, match="no value lies beyond the largest"):
        range_of_mean(np.array([3.0, 1.0]), np.ones(2), largest=2.0, confidence=0.95)
