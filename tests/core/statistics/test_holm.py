from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from mlci.core.statistics.holm import holm
from mlci.core.statistics.p_values import p_value_tango
from mlci.core.statistics.quantiles import normal_cdf
from mlci.core.statistics.tango import tango

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_holm__has_the_known_values_of_r() -> None:
    # R: p.adjust(c(0.01, 0.02, 0.03, 0.04, 0.05), "holm") gives 0.05 0.08 0.09 0.09 0.09.
    adjusted = [one.adjusted_p_value for one in holm([0.01, 0.02, 0.03, 0.04, 0.05], 0.95)]

    assert adjusted == pytest.approx([0.05, 0.08, 0.09, 0.09, 0.09])


@given(p_values=P_VALUES, confidence=st.floats(0.51, 0.999))
@settings(max_examples=8)  # theirs takes 0.2 s a call
def test_holm__agrees_with_statsmodels(p_values: list[float], confidence: float) -> None:
    ours = holm(p_values, confidence)

    _, theirs, _, _ = multipletests(p_values, alpha=1 - confidence, method="holm")
    assert [one.adjusted_p_value for one in ours] == pytest.approx(theirs.tolist(), rel=1e-12)


@given(p_values=P_VALUES, confidence=st.floats(0.51, 0.999))
def test_holm__proves_where_a_bound_at_its_confidence_does(p_values: list[float], confidence: float) -> None:
    for one in holm(p_values, confidence):
        assert one.is_proven == (one.p_value < (1 - confidence) / round((1 - confidence) / (1 - one.confidence)))


@given(p_values=P_VALUES, confidence=st.floats(0.51, 0.999))
def test_holm__proves_no_less_than_bonferroni_and_no_more_than_one_by_one(
    p_values: list[float], confidence: float
) -> None:
    alpha = 1 - confidence
    proven = [one.is_proven for one in holm(p_values, confidence)]

    assert all(is_proven for is_proven, p in zip(proven, p_values, strict=True) if p * len(p_values) < alpha)
    assert not any(is_proven for is_proven, p in zip(proven, p_values, strict=True) if p >= alpha)


def test_holm__adjusts_the_confidence_step_by_step_until_it_stops() -> None:
    judged = holm([0.2, 0.001, 0.5, 0.016], 0.95)

    assert [one.is_proven for one in judged] == [False, True, False, True]
    # 0.05/4, then 0.05/3, then 0.05/2 for all that is left.
    assert [1 - one.confidence for one in judged] == pytest.approx([0.025, 0.0125, 0.025, 0.05 / 3])


def test_holm__shows_tango_bounds_that_say_the_same() -> None:
    tables = [(0, 30, 200), (3, 12, 150), (5, 9, 400), (8, 7, 90), (0, 0, 60)]

    judged = holm([p_value_tango(*table, -0.01) for table in tables], 0.95)

    uppers = [tango(*table, one.confidence).upper for table, one in zip(tables, judged, strict=True)]
    assert [one.is_proven for one in judged] == [upper < -0.01 for upper in uppers]
    assert [one.is_proven for one in judged] == [True, False, False, False, False]


def test_holm__of_one_hypothesis_is_the_hypothesis() -> None:
    (only,) = holm([0.04], 0.95)

    assert (only.adjusted_p_value, only.is_proven) == (0.04, True)
    assert only.confidence == pytest.approx(0.95)


def test_holm__of_none_is_none() -> None:
    assert holm([], 0.95) == ()


def test_holm__blocks_a_harmless_candidate_in_at_most_5_percent_of_250_tests() -> None:
    # 50 slices × 5 metrics, without a difference and dependent within a slice.
    rng = np.random.default_rng(1)
    blocked = []
    for _ in range(1000):
        z = (rng.normal(size=(50, 1)) + rng.normal(size=(50, 5))) / np.sqrt(2)
        blocked.append(any(one.is_proven for one in holm([normal_cdf(one) for one in z.ravel()], 0.95)))

    assert np.mean(blocked) <= 0.06


@pytest.mark.parametrize("p_value", [-0.1, 1.1, float("nan")])
def test_holm__refuses_what_is_no_p_value(p_value: float) -> None:
    with pytest.raises(ValueError, match="p-value lies between 0 and 1"):
        holm([0.5, p_value], 0.95)


def test_holm__refuses_a_confidence_that_is_not_one_sided() -> None:
    with pytest.raises(ValueError, match="confidence"):
        holm([0.5], 0.05)
