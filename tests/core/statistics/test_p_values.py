from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlci.core.statistics.p_values import p_value_t, p_value_tango
from mlci.core.statistics.quantiles import normal_cdf, t_quantile
from mlci.core.statistics.tango import tango


@st.composite
def changes(draw: st.DrawFn, most: int = 400) -> tuple[int, int, int]:
    n = draw(st.integers(1, most))
    gains = draw(st.integers(0, n))
    return gains, draw(st.integers(0, n - gains)), n


# --- t --------------------------------------------------------------------------------------------------------------


@given(
    estimate=st.floats(-10, 10),
    standard_error=st.floats(0.01, 10),
    degrees=st.integers(1, 1000),
    limit=st.floats(-10, 10),
)
def test_p_value_t__agrees_with_scipy(estimate: float, standard_error: float, degrees: int, limit: float) -> None:
    theirs = stats.t.cdf((estimate - limit) / standard_error, degrees)

    assert p_value_t(estimate, standard_error, degrees, limit) == pytest.approx(theirs, rel=1e-9, abs=1e-300)


@given(
    estimate=st.floats(-1, 1),
    standard_error=st.floats(0.01, 1),
    degrees=st.integers(1, 100),
    confidence=st.floats(0.51, 0.9999),
)
def test_p_value_t__is_at_the_level_where_the_upper_bound_meets_the_limit(
    estimate: float, standard_error: float, degrees: int, confidence: float
) -> None:
    upper = estimate + t_quantile(confidence, degrees) * standard_error

    assert p_value_t(estimate, standard_error, degrees, upper) == pytest.approx(1 - confidence, rel=1e-6)


def test_p_value_t__with_infinite_degrees_is_the_normal_one() -> None:
    assert p_value_t(-1.96, 1.0, math.inf, 0.0) == normal_cdf(-1.96)


def test_p_value_t__without_spread_is_that_of_an_interval_without_width() -> None:
    assert [p_value_t(estimate, 0.0, 19, -0.1) for estimate in (-0.2, -0.1, 0.0)] == [0.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("estimate", "standard_error", "degrees", "limit"),
    [(math.nan, 1, 1, 0), (0, -1, 1, 0), (0, math.nan, 1, 0), (0, math.inf, 1, 0), (0, 1, 0, 0), (0, 1, 1, math.inf)],
)
def test_p_value_t__refuses_what_is_no_number(
    estimate: float, standard_error: float, degrees: float, limit: float
) -> None:
    with pytest.raises(ValueError, match="a p-value needs"):
        p_value_t(estimate, standard_error, degrees, limit)


# --- Tango ----------------------------------------------------------------------------------------------------------


def test_p_value_tango__at_0_is_mcnemars_without_correction() -> None:
    # Bentur et al. (2009), 1 and 7 of 21: z = 6/√8, two-sided 0.034 in Fagerland, Lydersen and Laake (2013), table 2.
    assert p_value_tango(1, 7, 21, 0.0) == pytest.approx(normal_cdf(-6 / math.sqrt(8)), rel=1e-12)
    assert 2 * p_value_tango(1, 7, 21, 0.0) == pytest.approx(0.034, abs=5e-4)


@pytest.mark.parametrize("n", range(1, 13))
@pytest.mark.parametrize(("confidence", "limit"), [(0.95, -0.1), (0.95, 0.0), (0.8, -0.3), (0.99, 0.25)])
def test_p_value_tango__rejects_exactly_where_the_upper_bound_does(n: int, confidence: float, limit: float) -> None:
    tables = [(gains, losses) for gains in range(n + 1) for losses in range(n + 1 - gains)]

    by_p_value = [table for table in tables if p_value_tango(*table, n, limit) < 1 - confidence]

    assert by_p_value == [table for table in tables if tango(*table, n, confidence).upper < limit]


@given(counted=changes(), confidence=st.floats(0.6, 0.999))
def test_p_value_tango__is_at_the_level_where_the_upper_bound_meets_the_limit(
    counted: tuple[int, int, int], confidence: float
) -> None:
    upper = tango(*counted, confidence).upper

    # At the end of the range the bound is the end, and no difference is at the level.
    expected = pytest.approx(1 - confidence, rel=1e-5)
    assert upper > 1 - 1e-9 or p_value_tango(*counted, upper) == expected


@given(counted=changes(), low=st.floats(-1, 1), high=st.floats(-1, 1))
def test_p_value_tango__falls_as_the_limit_rises(counted: tuple[int, int, int], low: float, high: float) -> None:
    low, high = sorted((low, high))

    assert p_value_tango(*counted, high) <= p_value_tango(*counted, low) + 1e-9


def proven_share(n: int, churn: float, difference: float, limit: float, alpha: float) -> float:
    """Return how often a candidate with that true difference is found below the limit, over all tables of n rows."""
    gain_rate = (churn + difference) / 2
    total = 0.0
    for changed in range(int(stats.binom.ppf(1 - 1e-10, n, churn)) + 1):
        proven = [p_value_tango(gains, changed - gains, n, limit) < alpha for gains in range(changed + 1)]
        of_gains = stats.binom.pmf(np.arange(changed + 1), changed, gain_rate / churn)
        total += stats.binom.pmf(changed, n, churn) * of_gains[proven].sum()
    return float(total)


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 250])
@pytest.mark.parametrize("churn", [0.02, 0.1, 0.2])
@pytest.mark.parametrize("limit", [0.0, -0.01, -0.05])
@pytest.mark.parametrize("n", [60, 200])
def test_p_value_tango__proves_nothing_against_a_harmless_candidate(
    n: int, limit: float, churn: float, alpha: float
) -> None:
    assert proven_share(n, churn, 0.0, limit, alpha) <= 1.05 * alpha


@pytest.mark.parametrize(
    ("n", "churn", "most"), [(60, 0.1, 0.085), (60, 0.2, 0.055), (200, 0.1, 0.055), (200, 0.2, 0.055)]
)
def test_p_value_tango__exactly_at_the_limit_keeps_its_level_unless_few_rows_change(
    n: int, churn: float, most: float
) -> None:
    assert proven_share(n, churn, -0.05, -0.05, 0.05) <= most


def test_p_value_tango__without_a_change() -> None:
    assert p_value_tango(0, 0, 100, 0.0) == 0.5
    assert p_value_tango(0, 0, 100, -0.05) > 0.95
    assert p_value_tango(0, 0, 100, 0.05) < 0.05


@pytest.mark.parametrize(
    ("gains", "losses", "limit", "p_value"), [(0, 5, -1.0, 0.5), (0, 4, -1.0, 1.0), (5, 0, 1.0, 0.5), (4, 0, 1.0, 0.0)]
)
def test_p_value_tango__at_the_end_of_the_range(gains: int, losses: int, limit: float, p_value: float) -> None:
    assert p_value_tango(gains, losses, 5, limit) == p_value


@pytest.mark.parametrize(
    ("gains", "losses", "n", "limit"), [(-1, 0, 5, 0), (0, -1, 5, 0), (3, 3, 5, 0), (0, 0, 0, 0), (1, 1, 5, 1.1)]
)
def test_p_value_tango__refuses_impossible_counts(gains: int, losses: int, n: int, limit: float) -> None:
    with pytest.raises(ValueError, match=r"part of the rows|between -1 and 1"):
        p_value_tango(gains, losses, n, limit)
