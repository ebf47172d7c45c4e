from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from mlci.core.statistics.mcnemar import mcnemar_mid_p

COUNTS = st.integers(0, 500)
SOME = st.integers(1, 500)


def test_mcnemar_mid_p__has_the_published_value_of_bentur() -> None:
    # Airway hyper-responsiveness before and after transplantation, 1 and 7 of 21 children: Fagerland, Lydersen and
    # Laake (2013), BMC Medical Research Methodology 13:91, table 1; the exact test has 0.070, its mid-p 0.039.
    assert mcnemar_mid_p(1, 7) == pytest.approx(0.0391, abs=5e-5)
    assert mcnemar([[1, 1], [7, 12]], exact=True).pvalue == pytest.approx(0.0703, abs=5e-5)


@pytest.mark.parametrize("n", range(1, 25))
def test_mcnemar_mid_p__counts_half_of_what_was_seen_by_exact_enumeration(n: int) -> None:
    for gains in range(n + 1):
        as_unlikely = min(gains, n - gains)
        tails = [k for k in range(n + 1) if min(k, n - k) < as_unlikely]
        seen = [k for k in range(n + 1) if min(k, n - k) == as_unlikely]
        # Half of either tail's edge; where both counts are equal there is one edge, counted half.
        expected = sum(Fraction(math.comb(n, k), 2**n) for k in tails) + sum(
            Fraction(math.comb(n, k), 2**n) / 2 for k in seen
        )

        assert mcnemar_mid_p(gains, n - gains) == pytest.approx(float(expected), rel=1e-12)


@given(gains=SOME, losses=COUNTS)
def test_mcnemar_mid_p__lies_below_the_exact_test_by_what_was_seen(gains: int, losses: int) -> None:
    exact = mcnemar([[0, gains], [losses, 0]], exact=True).pvalue

    assert 0 < mcnemar_mid_p(gains, losses) <= exact


@given(gains=COUNTS, losses=COUNTS)
def test_mcnemar_mid_p__does_not_take_sides(gains: int, losses: int) -> None:
    assert mcnemar_mid_p(gains, losses) == mcnemar_mid_p(losses, gains)


def test_mcnemar_mid_p__without_a_change_is_1() -> None:
    assert mcnemar_mid_p(0, 0) == 1.0


def test_mcnemar_mid_p__of_a_million_changes_is_nearly_normal() -> None:
    gains, losses = 500_900, 499_100

    z = (gains - losses) / math.sqrt(gains + losses)

    assert mcnemar_mid_p(gains, losses) == pytest.approx(2 * stats.norm.sf(z), rel=1e-4)


@pytest.mark.parametrize(("gains", "losses"), [(-1, 2), (2, -1)])
def test_mcnemar_mid_p__refuses_negative_counts(gains: int, losses: int) -> None:
    with pytest.raises(ValueError, match="not negative"):
        mcnemar_mid_p(gains, losses)
