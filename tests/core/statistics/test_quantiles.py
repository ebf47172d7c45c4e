from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlci.core.statistics.quantiles import normal_cdf, normal_quantile, t_quantile

PROBABILITIES = st.floats(1e-9, 1 - 1e-9)
DEGREES = st.floats(1, 1e7)


@given(p=PROBABILITIES)
def test_normal_quantile__agrees_with_scipy(p: float) -> None:
    assert normal_quantile(p) == pytest.approx(stats.norm.ppf(p), rel=1e-12, abs=1e-15)


@given(z=st.floats(-37, 37))
def test_normal_cdf__agrees_with_scipy(z: float) -> None:
    assert normal_cdf(z) == pytest.approx(stats.norm.cdf(z), rel=1e-11, abs=0)


@given(p=PROBABILITIES)
def test_normal_cdf__undoes_the_quantile(p: float) -> None:
    assert normal_cdf(normal_quantile(p)) == pytest.approx(p, rel=1e-9)


@given(p=PROBABILITIES, degrees=DEGREES)
def test_t_quantile__agrees_with_scipy(p: float, degrees: float) -> None:
    assert t_quantile(p, degrees) == pytest.approx(stats.t.ppf(p, degrees), rel=1e-8, abs=1e-8)


@pytest.mark.parametrize(
    ("p", "degrees", "known"), [(0.95, 1, 6.314), (0.95, 19, 1.729), (0.975, 10, 2.228), (0.99, 49, 2.405)]
)
def test_t_quantile__has_the_values_of_the_printed_tables(p: float, degrees: float, known: float) -> None:
    assert round(t_quantile(p, degrees), 3) == known


def test_t_quantile__with_one_degree_is_that_of_cauchy() -> None:
    assert t_quantile(0.95, 1) == pytest.approx(math.tan(math.pi * 0.45), rel=1e-12)


def test_t_quantile__with_infinite_degrees_is_normal() -> None:
    assert t_quantile(0.95, math.inf) == normal_quantile(0.95)


@pytest.mark.parametrize("p", [-0.1, 0.0, 1.0, 1.1, math.nan])
def test_quantiles__refuse_what_is_no_probability(p: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        normal_quantile(p)
    with pytest.raises(ValueError, match="between 0 and 1"):
        t_quantile(p, 10)


@pytest.mark.parametrize("degrees", [0.0, -1.0, math.nan])
def test_t_quantile__refuses_degrees_that_are_not_positive(degrees: float) -> None:
    with pytest.raises(ValueError, match="degrees of freedom"):
        t_quantile(0.95, degrees)
