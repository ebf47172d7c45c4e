from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mlci.core.statistics.power import rows_to_decide_tango
from mlci.core.statistics.sealed_budget import SealedBudget
from mlci.core.statistics.sealed_plan import (
    plan_sealed_set,
    rows_by_bennett,
    rows_by_hoeffding,
    rows_by_normal,
)
from mlci.core.statistics.tango import tango

MARGINS = st.floats(0.005, 0.5)
LEVELS = st.floats(1e-9, 0.2)
SHARES = st.floats(0.01, 1)


def test_rows_by_bennett__are_the_published_29k_and_67k() -> None:
    # Renggli et al. (2019), section 4: d < 0.1, reliability 0.9999, tolerance 0.01; 29K rows for 32 steps that are not
    # adaptive, 67K for 32 fully adaptive ones. Their bound is two-sided and shares δ between two tests: a factor of 4.
    assert rows_by_bennett(0.01, 0.0001 / 4 / 32, 0.1, power=0) == pytest.approx(29_000, rel=0.005)
    assert rows_by_bennett(0.01, 0.0001 / 4 / 2**32, 0.1, power=0) == pytest.approx(67_700, rel=0.005)


def test_rows_by_hoeffding__follow_the_formula_of_ease_ml_ci() -> None:
    # One model alone, tolerance 0.05, 32 fully adaptive steps at 0.9999: ln(2³²/δ) / (2ε²).
    assert rows_by_hoeffding(0.05, 0.0001 / 2**32, power=0, width=1) == math.ceil(
        (32 * math.log(2) + math.log(10_000)) / (2 * 0.05**2)
    )


@given(margin=MARGINS, alpha=LEVELS, disagreement=SHARES)
def test_rows_by_bennett__solve_its_equation(margin: float, alpha: float, disagreement: float) -> None:
    u = margin / disagreement
    h = (1 + u) * math.log1p(u) - u

    needed = rows_by_bennett(margin, alpha, disagreement, power=0)

    assert needed == pytest.approx(-math.log(alpha) / (disagreement * h), rel=1e-6, abs=1.01)


@pytest.mark.parametrize("alpha", [0.05, 0.05 / 32, 1e-6])
@pytest.mark.parametrize("disagreement", [0.02, 0.05, 0.2])
@pytest.mark.parametrize("margin", [0.01, 0.02])
def test_rows__are_fewer_the_more_is_known(margin: float, alpha: float, disagreement: float) -> None:
    normal, bennett, hoeffding = (
        rows_by_normal(margin, alpha, disagreement),
        rows_by_bennett(margin, alpha, disagreement),
        rows_by_hoeffding(margin, alpha),
    )

    assert normal < bennett < hoeffding


@given(margin=MARGINS, alpha=LEVELS, power=st.floats(0, 0.99))
def test_rows_by_hoeffding__fall_with_the_square_of_the_margin(margin: float, alpha: float, power: float) -> None:
    once, twice = (rows_by_hoeffding(one, alpha, power=power) for one in (margin, margin / 2))

    assert 4 * once - 4 <= twice <= 4 * once


@given(margin=MARGINS, alpha=LEVELS, disagreement=SHARES, power=st.floats(0, 0.98))
def test_rows__grow_with_the_power_and_shrink_with_the_level(
    margin: float, alpha: float, disagreement: float, power: float
) -> None:
    for rows in (rows_by_bennett, rows_by_normal):
        assert rows(margin, alpha, disagreement, power=power + 0.01) >= rows(margin, alpha, disagreement, power=power)
        assert rows(margin, alpha / 2, disagreement, power=power) >= rows(margin, alpha, disagreement, power=power)
    assert rows_by_hoeffding(margin, alpha, power=power + 0.01) >= rows_by_hoeffding(margin, alpha, power=power)


def test_rows_by_normal__agree_with_the_planning_of_gates() -> None:
    # A candidate as good as production, which disagrees on a tenth of the rows.
    planned = rows_to_decide_tango(50, 50, 1000, 0.02, 0.95)

    assert rows_by_normal(0.02, 0.05, 0.1) == planned


def test_rows_by_normal__take_levels_beyond_what_a_float_can_subtract_from_1() -> None:
    assert rows_by_normal(0.1, 1e-30, 0.5) > rows_by_normal(0.1, 1e-12, 0.5)


@pytest.mark.parametrize(
    "n", [rows_by_bennett(0.02, 0.05 / 4, 0.02), rows_by_normal(0.02, 0.05 / 4, 0.02)], ids=["Bennett", "normal"]
)
def test_rows__give_tangos_gate_the_power_they_promise(n: int) -> None:
    # A candidate as good as production, two changes in a hundred rows; exact over all numbers of changes.
    margin, alpha, disagreement = 0.02, 0.05 / 4, 0.02
    power = 0.0
    for changed in range(int(stats.binom.ppf(1 - 1e-9, n, disagreement))):
        gains = np.arange(changed + 1)
        passed = [tango(int(gain), int(changed - gain), n, 1 - alpha).lower > -margin for gain in gains]
        power += stats.binom.pmf(changed, n, disagreement) * stats.binom.pmf(gains, changed, 0.5)[passed].sum()

    assert power >= 0.78


def test_plan_sealed_set__of_the_largest_margin_and_budget_is_a_number() -> None:
    plan = plan_sealed_set(1.0, 0.95, SealedBudget(1000, 1000), disagreement=0.5)

    assert 0 < plan.alpha_per_look < 1e-300
    assert plan.bennett is not None
    assert 0 < plan.bennett < plan.hoeffding < 10_000


def test_plan_sealed_set__of_a_budget() -> None:
    plan = plan_sealed_set(0.02, 0.95, SealedBudget(20, 3), disagreement=0.05)

    assert plan.hypotheses == 1350
    assert plan.alpha_per_look == pytest.approx(0.05 / 1350)
    assert plan.hoeffding == rows_by_hoeffding(0.02, plan.alpha_per_look)
    assert plan.bennett == rows_by_bennett(0.02, plan.alpha_per_look, 0.05)
    assert plan.normal == rows_by_normal(0.02, plan.alpha_per_look, 0.05)
    assert plan.normal < plan.bennett < plan.hoeffding


def test_plan_sealed_set__without_a_measured_disagreement_knows_hoeffding_only() -> None:
    plan = plan_sealed_set(0.02, 0.95, SealedBudget(20, 3))

    assert (plan.bennett, plan.normal) == (None, None)


@pytest.mark.parametrize("margin", [0.0, -0.1, 1.5, math.nan])
def test_plan_sealed_set__refuses_what_is_no_margin(margin: float) -> None:
    with pytest.raises(ValueError, match="margin to plan for"):
        plan_sealed_set(margin, 0.95, SealedBudget(20, 3))


@pytest.mark.parametrize("disagreement", [0.0, -0.1, 1.5, math.nan])
def test_plan_sealed_set__refuses_what_is_no_share(disagreement: float) -> None:
    with pytest.raises(ValueError, match="share of rows that differ"):
        plan_sealed_set(0.02, 0.95, SealedBudget(20, 3), disagreement=disagreement)


@pytest.mark.parametrize("power", [-0.1, 1.0, math.nan])
def test_plan_sealed_set__refuses_what_is_no_power(power: float) -> None:
    with pytest.raises(ValueError, match="power lies between"):
        plan_sealed_set(0.02, 0.95, SealedBudget(20, 3), power=power)


@pytest.mark.parametrize("reliability", [0.5, 1.0, 0.05])
def test_plan_sealed_set__refuses_what_is_no_reliability(reliability: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        plan_sealed_set(0.02, reliability, SealedBudget(20, 3))


@pytest.mark.parametrize("alpha", [0.0, 0.5, math.nan])
def test_rows__refuse_what_is_no_level(alpha: float) -> None:
    with pytest.raises(ValueError, match="level lies between"):
        rows_by_hoeffding(0.02, alpha)


@pytest.mark.parametrize("width", [0.0, -1.0, math.inf, math.nan])
def test_rows_by_hoeffding__refuse_what_is_no_width(width: float) -> None:
    with pytest.raises(ValueError, match="width"):
        rows_by_hoeffding(0.02, 0.05, width=width)
