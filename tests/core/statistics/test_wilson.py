from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from mlci.core.statistics.quantiles import normal_quantile
from mlci.core.statistics.wilson import wilson

CONFIDENCES = st.floats(0.51, 0.9999)


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int]:
    n = draw(st.integers(1, 100_000))
    return draw(st.integers(0, n)), n


@given(counted=counts(), confidence=CONFIDENCES)
def test_wilson__agrees_with_statsmodels(counted: tuple[int, int], confidence: float) -> None:
    successes, n = counted

    interval = wilson(successes, n, confidence)

    # Theirs is two-sided: what is left out on both sides together.
    lower, upper = proportion_confint(successes, n, alpha=2 * (1 - confidence), method="wilson")
    assert interval.estimate == successes / n
    assert interval.lower == pytest.approx(lower, abs=1e-12)
    assert interval.upper == pytest.approx(upper, abs=1e-12)


@given(counted=counts(), confidence=CONFIDENCES)
def test_wilson__bounds_enclose_the_estimate_within_0_and_1(counted: tuple[int, int], confidence: float) -> None:
    interval = wilson(*counted, confidence)

    assert 0 <= interval.lower <= interval.estimate <= interval.upper <= 1


@given(counted=counts(), confidence=CONFIDENCES)
def test_wilson__mirrors_when_successes_and_failures_swap(counted: tuple[int, int], confidence: float) -> None:
    successes, n = counted

    interval, mirrored = wilson(successes, n, confidence), wilson(n - successes, n, confidence)

    assert interval.upper == 1 - mirrored.lower
    assert mirrored.upper == 1 - interval.lower


@given(counted=counts(), confidence=st.floats(0.51, 0.99))
def test_wilson__is_wider_at_more_confidence(counted: tuple[int, int], confidence: float) -> None:
    narrow, wide = wilson(*counted, confidence), wilson(*counted, confidence + 0.005)

    assert wide.lower <= narrow.lower
    assert wide.upper >= narrow.upper


def test_wilson__is_what_the_score_test_just_does_not_reject() -> None:
    interval = wilson(45, 50, 0.95)

    for bound, z in ((interval.lower, normal_quantile(0.95)), (interval.upper, -normal_quantile(0.95))):
        assert (0.9 - bound) / math.sqrt(bound * (1 - bound) / 50) == pytest.approx(z, rel=1e-12)


def test_wilson__of_no_success_and_of_all_is_exact_at_the_end() -> None:
    z_squared = normal_quantile(0.95) ** 2

    nothing, everything = wilson(0, 30, 0.95), wilson(30, 30, 0.95)

    assert (nothing.lower, everything.upper) == (0.0, 1.0)
    assert nothing.upper == pytest.approx(z_squared / (30 + z_squared), rel=1e-12)
    assert everything.lower == pytest.approx(30 / (30 + z_squared), rel=1e-12)


def test_wilson__takes_fractional_counts_of_weighted_rows() -> None:
    below, between, above = (wilson(successes, 20.5, 0.95).lower for successes in (12, 12.25, 12.5))

    assert below < between < above


def test_wilson__uses_no_standard_error() -> None:
    assert wilson(3, 10, 0.95).standard_error is None


@pytest.mark.parametrize(
    ("successes", "n"), [(0, 0), (1, 0), (-1, 10), (11, 10), (math.nan, 10), (1, math.nan), (1, math.inf)]
)
def test_wilson__refuses_impossible_counts(successes: float, n: float) -> None:
    with pytest.raises(ValueError, match="successes"):
        wilson(successes, n, 0.95)


def test_wilson__refuses_a_confidence_that_is_not_one_sided() -> None:
    with pytest.raises(ValueError, match="confidence"):
        wilson(1, 2, 0.05)
