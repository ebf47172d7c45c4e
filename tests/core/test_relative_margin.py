from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import scipy.stats
from pydantic import ValidationError

from mlci.core.answers import Answers, MeasuredAnswers, NumberAnswers, Sample, TaskAnswers
from mlci.core.bounds import Difference, difference
from mlci.core.evidence import Both
from mlci.core.gates.decision import decide
from mlci.core.gates.relative_margin import correlation_with_size, difference_for, sure_margin
from mlci.core.gates.strictness import Strictness
from mlci.core.requirement import Gate
from mlci.core.statistics.tango import tango
from mlci.core.statistics.wilson import wilson

if TYPE_CHECKING:
    from mlci.core.statistics.interval import Interval

STRICTNESS = Strictness(confidence=0.95, min_rows=30, min_changed=10)
RANDOM = np.random.default_rng(8)
ROWS = 300
OUTCOMES = RANDOM.normal(50, 5, ROWS)
BEFORE = RANDOM.normal(0, 2, ROWS)
NOW = 0.9 * BEFORE + RANDOM.normal(0, 1, ROWS)


def numbers(now: np.ndarray = NOW, before: np.ndarray = BEFORE) -> tuple[TaskAnswers, TaskAnswers]:
    sample = Sample(OUTCOMES)
    return NumberAnswers(sample, OUTCOMES + now), NumberAnswers(sample, OUTCOMES + before)


def a_gate(metric: str, require: str, margin: str | float) -> Gate:
    slices = {"slices": ["site"]} if require == "no_proven_regression" else {}
    return Gate.model_validate({"metric": metric, "require": require, "margin": margin, **slices})


def interval_of(gate: Gate, both: tuple[TaskAnswers, TaskAnswers]) -> Interval:
    found = difference_for(gate, *both, STRICTNESS)
    assert isinstance(found, Difference)
    return found.interval


def plain(metric: str, both: tuple[TaskAnswers, TaskAnswers]) -> Interval:
    found = difference(metric, *both, 0.95, 10)
    assert isinstance(found, Difference)
    return found.interval


def of_sum(share: float) -> Any:  # noqa: ANN401 - scipy's interval
    """Return Student's 90 % interval of the mean of what MAE gains with SHARE of production's, row by row."""
    rows = np.abs(BEFORE) - np.abs(NOW) + share * np.abs(BEFORE)
    return scipy.stats.ttest_1samp(rows, 0.0).confidence_interval(0.9)


def test_not_worse__of_a_relative_margin_is_students_bound_of_the_sum() -> None:
    found, mae = interval_of(a_gate("mae", "not_worse", "40%"), numbers()), float(np.abs(BEFORE).mean())
    known = plain("mae", numbers())
    moved_for_skewness = plain_of_t(known) - known.lower
    assert found.upper == known.upper  # that it is worse is held against 0
    assert found.lower + 0.4 * mae <= of_sum(0.4).low
    assert found.lower + 0.4 * mae == pytest.approx(of_sum(0.4).low, abs=moved_for_skewness + 1e-9)


def plain_of_t(found: Interval) -> float:
    assert found.standard_error is not None
    return float(found.estimate - scipy.stats.t.ppf(0.95, ROWS - 1) * found.standard_error)


def test_better__of_a_relative_margin_is_never_less_than_the_bound_alone() -> None:
    both = numbers(0.4 * NOW)
    found, known = interval_of(a_gate("mae", "better", "30%"), both), plain("mae", both)
    assert correlation_with_size("mae", *both) > 0.5
    # What is gained grows with production's loss, as the margin does: less would do, and is not taken.
    assert (found.lower, found.upper) == pytest.approx((known.lower, known.upper), abs=1e-12)


def test_no_proven_regression__of_a_relative_margin_moves_the_upper_bound() -> None:
    found, known = interval_of(a_gate("mae", "no_proven_regression", "40%"), numbers()), plain("mae", numbers())
    assert found.lower == known.lower
    assert found.upper > known.upper


def shares(lost: int) -> tuple[Answers, Answers]:
    labels = np.arange(400) % 2 == 0
    right, wrong = np.where(labels, 0.8, 0.2), np.where(labels, 0.3, 0.7)
    sample, places = Sample(labels), np.arange(400)
    before, now = (
        np.where(places < 120, wrong, right),
        np.where((places < 120 - 10) | (places >= 400 - lost), wrong, right),
    )
    return Answers(sample, now, 0.5), Answers(sample, before, 0.5)


def test_not_worse__of_a_share_is_made_of_tangos_bound_and_wilsons() -> None:
    both, share = shares(40), 0.5
    of_change, of_production = tango(10, 40, 400, 0.95), wilson(280, 400, 0.95)
    gains = both[0].right.astype(float) - both[1].right
    together = float(np.corrcoef(gains, both[1].right)[0, 1])
    below = of_change.estimate - of_change.lower
    of_margin = share * (of_production.estimate - of_production.lower)
    expected = math.sqrt(below**2 + of_margin**2 + 2 * together * below * of_margin)
    found = interval_of(a_gate("accuracy", "not_worse", "50%"), both)
    assert correlation_with_size("accuracy", *both) == pytest.approx(together, rel=1e-9)
    assert of_change.estimate - found.lower == pytest.approx(max(expected, below), rel=1e-9)


def test_not_worse__what_only_a_margin_known_exactly_would_pass_does_not_pass() -> None:
    both, mae = numbers(1.4 * NOW), float(np.abs(BEFORE).mean())
    margin = -1.001 * plain("mae", both).lower
    assert decide(a_gate("mae", "not_worse", margin), Both(*both), STRICTNESS).outcome == "pass"
    gate = a_gate("mae", "not_worse", f"{100 * margin / mae:.6f}%")
    assert decide(gate, Both(*both), STRICTNESS).outcome == "fail"  # for it is proven to be worse


def test_difference__of_an_absolute_margin_is_left_alone() -> None:
    assert interval_of(a_gate("mae", "not_worse", 0.4), numbers()) == plain("mae", numbers())


def test_difference__of_a_value_below_0_goes_by_its_size() -> None:
    labels = np.arange(ROWS) % 2 == 0
    said = np.where(labels, 0.2, 0.8)  # nearly all wrong: an MCC near -1
    before = np.where(np.arange(ROWS) < 60, 1 - said, said)
    now = np.where(np.arange(ROWS) >= ROWS - 40, 1 - said, before)
    both = Answers(Sample(labels), now, 0.5), Answers(Sample(labels), before, 0.5)
    mirrored = correlation_with_size("mcc", *both)
    estimates: list[Any] = [each.estimate("mcc") for each in both]
    gain, size = estimates[0].influence - estimates[1].influence, -estimates[1].influence
    assert mirrored == pytest.approx(float(np.corrcoef(gain, size)[0, 1]), rel=1e-9)


def test_difference__of_a_function_goes_by_its_sets() -> None:
    values = np.concatenate([[2.0], 2.0 + RANDOM.normal(0, 0.05, 50)])
    moved = values * 0.9 + np.concatenate([[0.0], RANDOM.normal(0, 0.02, 50)])
    now, before = (
        MeasuredAnswers(Sample(OUTCOMES), answers, found)
        for answers, found in zip(numbers(), (moved, values), strict=True)
    )
    gains, sizes = (moved[0] - values[0]) - (moved[1:] - values[1:]), values[0] - values[1:]
    expected = float((gains * sizes).sum() / math.sqrt((gains**2).sum() * (sizes**2).sum()))
    assert correlation_with_size("higher@profit", now, before) == pytest.approx(expected, rel=1e-9)


def test_worst_case__is_held_against_the_margin_that_is_sure() -> None:
    both = shares(0)
    same = both[1], both[1]
    gate = a_gate("accuracy", "not_worse", "2%")
    sure = 0.02 * wilson(280, 400, 0.95).lower
    assert sure_margin(gate, both[1], 0.95) == pytest.approx(sure, rel=1e-9)
    assert sure_margin(a_gate("accuracy", "not_worse", 0.02), both[1], 0.95) == 0.02
    assert decide(gate, Both(*same), STRICTNESS).outcome == "pass"


def test_gap__has_no_relative_margin() -> None:
    written = {"metric": "recall", "require": "gap_not_wider", "margin": "5%", "slices": ["sex"]}
    with pytest.raises(ValidationError, match="the margin of a gap is a number"):
        Gate.model_validate(written)
