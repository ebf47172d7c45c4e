from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import beta
from statsmodels.stats.proportion import proportion_confint

from mlci.core.statistics.delong import auc_alone
from mlci.core.statistics.logit import logit_interval, proven_average_precision, proven_share
from mlci.core.statistics.quantiles import normal_quantile

if TYPE_CHECKING:
    from collections.abc import Callable

Z = normal_quantile(0.95)
shares = st.floats(0, 1)


@pytest.mark.parametrize("seed", range(5))
def test_logit_interval__is_that_of_the_auc_alone(seed: int) -> None:
    random = np.random.default_rng(seed)
    labels = np.arange(80) < 30
    expected = auc_alone(labels, random.normal(size=80) + 2 * labels, 0.95)
    assert expected.standard_error is not None

    interval = logit_interval(expected.estimate, expected.standard_error, Z, proven_share(30, 0.95))

    assert interval.lower == pytest.approx(expected.lower, rel=1e-12)
    assert interval.upper == pytest.approx(expected.upper, rel=1e-12)


def test_logit_interval__of_a_perfect_auc_is_that_of_the_auc_alone() -> None:
    labels = np.arange(80) < 30
    expected = auc_alone(labels, labels.astype(np.float64), 0.95)

    assert logit_interval(1.0, 0.0, Z, proven_share(30, 0.95)) == expected


def test_logit_interval__of_a_share_is_the_known_one() -> None:
    # Agresti (2002), Categorical Data Analysis, section 3.1: logit p ± z √(1 / (n p (1 - p))), here 45 of 50.
    interval = logit_interval(0.9, math.sqrt(0.9 * 0.1 / 50), 1.959964, proven=1.0)
    reach = 1.959964 * math.sqrt(1 / 45 + 1 / 5)

    assert math.log(interval.lower / (1 - interval.lower)) == pytest.approx(math.log(9) - reach, rel=1e-12)
    assert math.log(interval.upper / (1 - interval.upper)) == pytest.approx(math.log(9) + reach, rel=1e-12)


@given(estimate=shares, standard_error=st.floats(0, 10), quantile=st.floats(0, 10), proven=shares)
def test_logit_interval__lies_within_its_limits_and_around_its_estimate(
    estimate: float, standard_error: float, quantile: float, proven: float
) -> None:
    interval = logit_interval(estimate, standard_error, quantile, proven)

    assert 0 <= interval.lower <= estimate <= interval.upper <= 1
    assert interval.lower <= max(proven, 0)
    assert interval.upper >= 1 - proven


@given(estimate=shares, standard_error=st.floats(0, 10), proven=shares)
def test_logit_interval__mirrors(estimate: float, standard_error: float, proven: float) -> None:
    assume(1 - (1 - estimate) == estimate)  # only then does the mirror image name the same number
    interval = logit_interval(estimate, standard_error, Z, proven)
    mirrored = logit_interval(1 - estimate, standard_error, Z, proven)

    assert mirrored.lower == pytest.approx(1 - interval.upper, abs=1e-12)
    assert mirrored.upper == pytest.approx(1 - interval.lower, abs=1e-12)


@given(estimate=st.integers(0, 64).map(lambda part: part / 64), standard_error=st.floats(0, 1), proven=shares)
def test_logit_interval__between_other_limits_is_that_of_the_share(
    estimate: float, standard_error: float, proven: float
) -> None:
    unit = logit_interval(estimate, standard_error, Z, proven)
    wide = logit_interval(2 * estimate - 1, 2 * standard_error, Z, proven, limits=(-1.0, 1.0))

    assert wide.lower == pytest.approx(2 * unit.lower - 1, abs=1e-12)
    assert wide.upper == pytest.approx(2 * unit.upper - 1, abs=1e-12)


@pytest.mark.parametrize(("estimate", "limits"), [(1.0, (0.0, 1.0)), (0.0, (0.0, 1.0)), (1.0, (-1.0, 1.0))])
@pytest.mark.parametrize("standard_error", [0.0, 1e-18])
def test_logit_interval__at_a_limit_has_a_width(
    estimate: float, limits: tuple[float, float], standard_error: float
) -> None:
    interval = logit_interval(estimate, standard_error, Z, proven_share(100, 0.95), limits)

    assert interval.upper - interval.lower == pytest.approx((limits[1] - limits[0]) * (1 - 0.05**0.01), rel=1e-12)


def test_logit_interval__without_spread_leaves_open_what_is_not_proven() -> None:
    interval = logit_interval(0.5, 0.0, Z, proven=0.9)

    assert (interval.lower, interval.upper) == pytest.approx((0.45, 0.55))


@pytest.mark.parametrize(
    ("estimate", "standard_error", "quantile", "proven", "sentence"),
    [
        (1.1, 0.1, Z, 0.9, "an estimate within its limits"),
        (-0.1, 0.1, Z, 0.9, "an estimate within its limits"),
        (math.nan, 0.1, Z, 0.9, "an estimate within its limits"),
        (0.5, -0.1, Z, 0.9, "finite and not negative"),
        (0.5, math.inf, Z, 0.9, "finite and not negative"),
        (0.5, 0.1, -1.0, 0.9, "finite and not negative"),
        (0.5, 0.1, Z, 1.1, "a share that is proven"),
        (0.5, 0.1, Z, math.nan, "a share that is proven"),
    ],
)
def test_logit_interval__refuses_impossible_numbers(
    estimate: float, standard_error: float, quantile: float, proven: float, sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        logit_interval(estimate, standard_error, quantile, proven)


@pytest.mark.parametrize("n", [1, 10, 59, 1_000_000])
def test_proven_share__is_the_bound_of_clopper_and_pearson(n: int) -> None:
    assert proven_share(n, 0.95) == pytest.approx(beta.ppf(0.05, n, 1), rel=1e-12)
    assert proven_share(n, 0.95) == pytest.approx(proportion_confint(n, n, alpha=0.1, method="beta")[0], rel=1e-12)


@given(rows=st.lists(st.integers(1, 200), min_size=1, max_size=6), data=st.data())
def test_proven_share__of_the_smallest_class_bounds_the_mean_of_the_classes(
    rows: list[int], data: st.DataObject
) -> None:
    # Any true shares under which all rows of all classes are right with a chance of 5 % ...
    parts = [data.draw(st.floats(1e-6, 1)) for _ in rows]
    logs = [math.log(0.05) * part / sum(parts) / n for part, n in zip(parts, rows, strict=True)]

    # ... have a mean of at least what is returned.
    assert np.mean(np.exp(logs)) >= proven_share(min(rows), 0.95) - 1e-12


def average_precision_of(above: float, below: float, negatives_to_positive: float) -> float:
    """The true average precision if a share of the negatives lies above all positives but those below all negatives."""
    share = negatives_to_positive * above
    inside = quad(lambda found: found / (found + share), 0, 1 - below)[0]
    outside = quad(lambda found: found / (found + negatives_to_positive), 1 - below, 1)[0]
    return float(inside + outside)


@pytest.mark.parametrize("n_positives", [1, 5, 17, 50, 1000])
@pytest.mark.parametrize("negatives_to_positive", [1, 10, 1000])
def test_proven_average_precision__is_no_more_than_a_perfect_result_proves(
    n_positives: int, negatives_to_positive: int
) -> None:
    n_negatives = n_positives * negatives_to_positive

    def with_part_above(part: float) -> float:
        # No positive is seen below, no negative above: (1 - b)^n₁ (1 - c)^n₀ = 5 %, split between the two.
        below = 1 - 0.05 ** ((1 - part) / n_positives)
        above = 1 - 0.05 ** (part / n_negatives)
        return average_precision_of(above, below, negatives_to_positive)

    worst = min(with_part_above(part) for part in np.linspace(0, 1, 21))
    assert proven_average_precision(n_positives, 0.95) <= worst


@pytest.mark.parametrize("n_positives", [50, 1000])
def test_proven_average_precision__is_attained_with_many_negatives(n_positives: int) -> None:
    above = 1 - 0.05 ** (1 / (n_positives * 10_000))

    assert proven_average_precision(n_positives, 0.95) == pytest.approx(
        average_precision_of(above, 0.0, 10_000), abs=1e-4
    )


@given(n=st.floats(0.1, 1e9), confidence=st.floats(0.51, 0.999))
def test_proven_average_precision__is_less_than_that_of_pairs(n: float, confidence: float) -> None:
    assert 0 <= proven_average_precision(n, confidence) <= proven_share(n, confidence) <= 1


@pytest.mark.parametrize("proven", [proven_share, proven_average_precision])
def test_proven__refuses_no_rows_and_two_sided_levels(proven: Callable[[float, float], float]) -> None:
    with pytest.raises(ValueError, match="rows are more than 0"):
        proven(0, 0.95)
    with pytest.raises(ValueError, match=r"between 0\.5 and 1"):
        proven(10, 0.05)
