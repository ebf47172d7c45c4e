from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, minimize_scalar

from mlci.core.statistics.interval import Interval
from mlci.core.statistics.quantiles import normal_quantile
from mlci.core.statistics.tango import constrained_variance, tango

CONFIDENCES = st.floats(0.51, 0.9999)


@st.composite
def counts(draw: st.DrawFn, most: int = 100_000) -> tuple[int, int, int]:
    n = draw(st.integers(1, most))
    gains = draw(st.integers(0, n))
    return gains, draw(st.integers(0, n - gains)), n


def brute_variance(gains: int, losses: int, n: int, difference: float) -> float:
    """Maximise the trinomial likelihood along P(gain) - P(loss) = difference numerically, without Tango's algebra."""

    def minus_log_likelihood(loss: float) -> float:
        cells = ((gains, loss + difference), (losses, loss), (n - gains - losses, 1 - 2 * loss - difference))
        return -sum(count * math.log(max(p, 1e-300)) for count, p in cells)

    ends = (max(0.0, -difference), (1 - difference) / 2)
    inside = minimize_scalar(minus_log_likelihood, bounds=ends, method="bounded", options={"xatol": 1e-14}).x
    loss = min((*ends, inside), key=minus_log_likelihood)
    return float(2 * loss + difference - difference**2)


def brute_bound(gains: int, losses: int, n: int, z: float) -> float:
    def score(difference: float) -> float:
        deviation = math.sqrt(n * brute_variance(gains, losses, n, difference))
        return (gains - losses - n * difference) / deviation - z

    return float(brentq(score, -1 + 1e-9, 1 - 1e-9, xtol=1e-13))


# The orientation of the sources is ours with gains = n12 and losses = n21. Their intervals are two-sided at 95 %.
# Bentur et al. 2009 and Cavo et al. 2012, as analysed by Fagerland, Lydersen and Laake (2014), Statistics in Medicine
# 33, 2850-2875, and (2017), Statistical Analysis of Contingency Tables, with its R package contingencytables.
@pytest.mark.parametrize(
    ("gains", "losses", "n", "published"),
    [
        pytest.param(1, 7, 21, (-0.286, -0.517, -0.026), id="airway hyper-responsiveness"),
        pytest.param(6, 16, 161, (-0.0621, -0.1240, -0.0054), id="complete response"),
    ],
)
def test_tango__has_the_published_intervals(
    gains: int, losses: int, n: int, published: tuple[float, float, float]
) -> None:
    interval = tango(gains, losses, n, 0.975)

    assert (interval.estimate, interval.lower, interval.upper) == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize(
    ("gains", "losses", "n"),
    [(1, 7, 21), (7, 1, 21), (6, 16, 161), (1, 0, 44), (40, 20, 160), (3, 3, 10), (2, 8, 10), (0, 5, 500), (9, 0, 10)],
)
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.999])
def test_tango__agrees_with_a_brute_force_solution_of_the_score_equation(
    gains: int, losses: int, n: int, confidence: float
) -> None:
    z = normal_quantile(confidence)

    interval = tango(gains, losses, n, confidence)

    assert interval.lower == pytest.approx(brute_bound(gains, losses, n, z), abs=1e-7)
    assert interval.upper == pytest.approx(brute_bound(gains, losses, n, -z), abs=1e-7)


@settings(max_examples=50)
@given(counted=counts(most=200), difference=st.floats(-0.99, 0.99))
def test_constrained_variance__agrees_with_a_numerical_maximum(
    counted: tuple[int, int, int], difference: float
) -> None:
    assert constrained_variance(*counted, difference) == pytest.approx(brute_variance(*counted, difference), abs=1e-6)


@given(counted=counts())
def test_constrained_variance__at_the_estimate_is_the_observed_one(counted: tuple[int, int, int]) -> None:
    gains, losses, n = counted
    estimate = (gains - losses) / n

    observed = (gains + losses) / n - estimate**2

    assert constrained_variance(gains, losses, n, estimate) == pytest.approx(observed, abs=1e-9)


@pytest.mark.parametrize("n", [1, 10, 100, 12_345, 10**9])
def test_tango__without_a_discordant_row_is_not_without_width(n: int) -> None:
    z_squared = normal_quantile(0.95) ** 2

    interval = tango(0, 0, n, 0.95)

    assert interval.estimate == 0
    assert interval.upper == pytest.approx(z_squared / (n + z_squared), rel=1e-9)
    assert interval.lower == -interval.upper


@pytest.mark.parametrize("n", [1, 2, 10, 1000])
def test_tango__when_every_row_changed_one_way_ends_exactly_at_1(n: int) -> None:
    z_squared = normal_quantile(0.95) ** 2

    gained, lost = tango(n, 0, n, 0.95), tango(0, n, n, 0.95)

    assert (gained.estimate, gained.upper) == (1, 1)
    assert gained.lower == pytest.approx((n - z_squared) / (n + z_squared), abs=1e-14)
    assert lost == Interval(-1, -1, -gained.lower, None)


@given(counted=counts(), confidence=CONFIDENCES)
def test_tango__mirrors_to_the_last_bit_when_the_models_swap(counted: tuple[int, int, int], confidence: float) -> None:
    gains, losses, n = counted

    interval, swapped = tango(gains, losses, n, confidence), tango(losses, gains, n, confidence)

    assert (interval.estimate, interval.lower, interval.upper) == (-swapped.estimate, -swapped.upper, -swapped.lower)


@given(counted=counts(), confidence=CONFIDENCES)
def test_tango__bounds_enclose_the_estimate_within_minus_1_and_1(
    counted: tuple[int, int, int], confidence: float
) -> None:
    interval = tango(*counted, confidence)

    assert -1 <= interval.lower <= interval.estimate <= interval.upper <= 1


@given(counted=counts(), confidence=st.floats(0.51, 0.99))
def test_tango__is_wider_at_more_confidence(counted: tuple[int, int, int], confidence: float) -> None:
    narrow, wide = tango(*counted, confidence), tango(*counted, confidence + 0.005)

    assert wide.lower <= narrow.lower
    assert wide.upper >= narrow.upper


@given(counted=counts(most=2000), confidence=CONFIDENCES)
def test_tango__does_not_fall_when_a_loss_becomes_a_gain(counted: tuple[int, int, int], confidence: float) -> None:
    gains, losses, n = counted[0], counted[1] + 1, counted[2] + 1

    before, after = tango(gains, losses, n, confidence), tango(gains + 1, losses - 1, n, confidence)

    assert after.lower >= before.lower
    assert after.upper >= before.upper


@given(counted=counts(most=2000))
def test_tango__score_statistic_falls_as_the_difference_rises(counted: tuple[int, int, int]) -> None:
    # The halving relies on it; so it is checked on a grid that knows nothing of the bounds.
    gains, losses, n = counted
    grid = [step / 100 for step in range(-99, 100, 2)]

    scores = [
        (gains - losses - n * difference) / math.sqrt(n * constrained_variance(gains, losses, n, difference))
        for difference in grid
    ]

    assert all(left >= right - 1e-9 for left, right in itertools.pairwise(scores))


def test_tango__approaches_the_normal_interval_for_many_rows() -> None:
    n, gains, losses = 10**8, 3 * 10**6, 2 * 10**6
    reach = normal_quantile(0.95) * math.sqrt((0.05 - 0.01**2) / n)

    interval = tango(gains, losses, n, 0.95)

    assert interval.lower == pytest.approx(0.01 - reach, abs=1e-7)
    assert interval.upper == pytest.approx(0.01 + reach, abs=1e-7)


@pytest.mark.parametrize(
    ("margin", "churn"),
    [(0.01, 0.012), (0.01, 0.05), (0.01, 0.1), (0.02, 0.02), (0.02, 0.05), (0.02, 0.1), (0.03, 0.03), (0.05, 0.1)],
)
def test_tango__lets_a_model_exactly_the_margin_worse_pass_in_at_most_six_and_a_half_percent(
    margin: float, churn: float
) -> None:
    # Enumerated instead of drawn: the chances of all tables with n = 200, so that there is neither seed nor noise.
    n, most = 200, 50
    gain, loss = (churn - margin) / 2, (churn + margin) / 2
    tables = [(gains, losses) for gains in range(most) for losses in range(most)]

    chances = [
        math.comb(n, gains)
        * math.comb(n - gains, losses)
        * gain**gains
        * loss**losses
        * (1 - churn) ** (n - gains - losses)
        for gains, losses in tables
    ]
    passes = [tango(gains, losses, n, 0.95).lower > -margin for gains, losses in tables]

    assert sum(chances) == pytest.approx(1, abs=1e-6)
    assert sum(chance for chance, passed in zip(chances, passes, strict=True) if passed) <= 0.065


@pytest.mark.parametrize(
    ("gains", "losses", "n"), [(0, 0, 0), (0, 0, -1), (-1, 1, 10), (1, -1, 10), (6, 5, 10), (1, 0, 0)]
)
def test_tango__refuses_impossible_counts(gains: int, losses: int, n: int) -> None:
    with pytest.raises(ValueError, match="part of the rows"):
        tango(gains, losses, n, 0.95)


def test_tango__refuses_a_confidence_that_is_not_one_sided() -> None:
    with pytest.raises(ValueError, match="confidence"):
        tango(1, 0, 2, 0.5)
