from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import binom, ttest_rel

from mlci.core.statistics.repeats import median_interval, ratio_interval


@pytest.mark.parametrize("count", [5, 8, 10, 15, 40])
def test_median__is_below_its_upper_bound_as_often_as_the_binomial_says(count: int) -> None:
    found = median_interval([float(each) for each in range(1, count + 1)], 0.95)
    assert found is not None
    place = int(found.lower)
    assert (found.upper, found.estimate) == (count + 1 - place, (count + 1) / 2)
    assert binom.cdf(place - 1, count, 0.5) <= 0.05 < binom.cdf(place, count, 0.5)


def test_median__of_all_orders_of_seven_values_is_the_same() -> None:
    values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    found = {median_interval(order, 0.95) for order in itertools.islice(itertools.permutations(values), 0, None, 97)}
    assert len(found) == 1


def test_median__of_too_few_values_has_no_bounds() -> None:
    assert median_interval([1.0, 2.0, 3.0, 4.0], 0.95) is None
    assert median_interval([1.0] * 9, 0.999) is None


def test_ratio__is_a_paired_t_on_logarithms() -> None:
    generator = np.random.default_rng(5)
    now, before = generator.lognormal(0.1, 0.2, 12), generator.lognormal(0, 0.2, 12)
    found = ratio_interval(now.tolist(), before.tolist(), 0.95)
    bounds = ttest_rel(np.log(now), np.log(before)).confidence_interval(0.9)
    assert found is not None
    assert np.log([found.lower, found.upper]) == pytest.approx([bounds.low, bounds.high])
    turned = ratio_interval(before.tolist(), now.tolist(), 0.95)
    assert turned is not None
    assert (turned.lower, turned.upper) == pytest.approx((1 / found.upper, 1 / found.lower))


def test_ratio__cancels_what_a_turn_was_like_for_both() -> None:
    slow = np.array([1.0, 30.0, 2.0, 500.0])
    found = ratio_interval((2 * slow).tolist(), slow.tolist(), 0.95)
    assert found is not None
    assert (found.lower, found.upper) == pytest.approx((2.0, 2.0))


def test_ratio__keeps_its_level_with_ten_turns() -> None:
    generator, draws = np.random.default_rng(3), 4_000
    noise = generator.gamma(2.0, 0.05, (draws, 2, 10)) + 1  # times have a longer tail above
    found = [ratio_interval(now, before, 0.95) for now, before in noise.tolist()]
    beyond = sum(each is not None and each.upper < 1 for each in found)
    assert beyond / draws == pytest.approx(0.05, abs=0.012)


def test_ratio__of_two_turns_is_none_and_of_no_time_an_error() -> None:
    assert ratio_interval([1.0, 2.0], [1.0, 2.0], 0.95) is None
    with pytest.raises(ValueError, match="positive"):
        ratio_interval([1.0, 0.0, 1.0], [1.0, 1.0, 1.0], 0.95)
    with pytest.raises(ValueError, match="as many"):
        ratio_interval([1.0, 1.0, 1.0], [1.0, 1.0], 0.95)
