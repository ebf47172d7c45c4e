from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom

from mlci.core.answers import Answers, Sample
from mlci.core.bounds import alone, difference, power_of, rows_for_bound, worst_loss
from mlci.core.statistics.delong import auc_difference, auc_difference_of
from mlci.core.statistics.interval import Interval
from mlci.core.statistics.logit import logit_interval
from mlci.core.statistics.paired import paired_difference
from mlci.core.statistics.quantiles import t_quantile
from mlci.core.statistics.ranks import Ranking, roc_auc
from mlci.core.statistics.sampling import Clusters, NotTrusted
from mlci.core.statistics.skewness import skewness, widened_for_skewness
from mlci.core.statistics.tango import tango


def a_pair(rows: int, *, gains: int = 0, losses: int = 0) -> tuple[Answers, Answers]:
    """Return candidate and production on rows of both classes by turns, where so many changed sides."""
    labels = np.arange(rows) % 2 == 0
    right, wrong = np.where(labels, 0.8, 0.2), np.where(labels, 0.3, 0.7)
    lost, gained = np.arange(rows) < losses, np.arange(rows) >= rows - gains
    sample = Sample(labels)
    candidate, production = np.where(lost, wrong, right), np.where(gained, wrong, right)
    return Answers(sample, candidate, 0.5), Answers(sample, production, 0.5)


def interval_of(metric: str, both: tuple[Answers, Answers], min_changed: float = 10) -> Interval:
    judged = difference(metric, *both, 0.95, min_changed)
    assert not isinstance(judged, NotTrusted)
    return judged.interval


@pytest.mark.parametrize(
    ("lost", "lower"),
    [(0, -0.0295), (1, -0.0466), (2, -0.0616), (5, -0.1023)],  # Clopper and Pearson (1934), one-sided 95 % of 100
)
def test_difference__of_a_share_with_few_rows_only_lost_is_exact(lost: int, lower: float) -> None:
    interval = interval_of("accuracy", a_pair(100, losses=lost))
    assert interval.lower == pytest.approx(lower, abs=5e-5)
    assert binom.cdf(lost, 100, -interval.lower) == pytest.approx(0.05)


def test_difference__mirrors_when_the_models_are_swapped() -> None:
    lost, gained = interval_of("accuracy", a_pair(100, losses=3)), interval_of("accuracy", a_pair(100, gains=3))
    assert (lost.lower, lost.upper) == pytest.approx((-gained.upper, -gained.lower), abs=1e-15)


@pytest.mark.parametrize(("gains", "losses"), [(1, 3), (0, 10), (10, 0), (20, 30)])
def test_difference__of_any_other_share_is_that_of_tango(gains: int, losses: int) -> None:
    assert interval_of("accuracy", a_pair(100, gains=gains, losses=losses)) == tango(gains, losses, 100, 0.95)


@pytest.mark.parametrize("rows", [100, 1_000])
def test_difference__of_a_share_passes_falsely_in_less_than_6_percent_at_any_margin(rows: int) -> None:
    bounds = [-interval_of("accuracy", a_pair(rows, losses=lost)).lower for lost in range(25)]
    assert max(binom.cdf(lost, rows, bound) for lost, bound in enumerate(bounds)) < 0.06


@pytest.mark.parametrize("metric", ["brier", "log_loss", "roc_auc", "average_precision", "mcc", "f1"])
def test_difference__a_gain_alone_proves_nothing(metric: str) -> None:
    wave = 0.19 * np.sin(np.arange(400))  # no two rows score alike
    now, before = (replace(each, probabilities=each.probabilities + wave) for each in a_pair(400, gains=1))
    judged = difference(metric, now, before, 0.95, 10)
    assert not isinstance(judged, NotTrusted)
    assert judged.lower_doubt == NotTrusted(
        "few changes", "too few rows changed for an interval to be trusted (1.0 effectively, 10 wanted)"
    )


def test_difference__where_nearly_all_that_changed_lost_is_wider_below_alone() -> None:
    both = a_pair(400, losses=25)
    gain = -(both[0].losses("brier") - both[1].losses("brier"))
    error = float(gain.std(ddof=1)) / math.sqrt(400)
    interval = interval_of("brier", both)
    reach = (interval.upper - interval.estimate, interval.estimate - interval.lower)
    assert reach[0] / error == pytest.approx(1.6486, abs=1e-4)  # t with 399 degrees
    # 25 equal losses: g = 1/5, all but what the other rows' shift takes of it
    assert reach[1] / error == pytest.approx(1.6486 + (2 * 1.644854**2 + 1) / 6 / 5, abs=2e-3)


def test_widened_for_skewness__nothing_of_what_is_even() -> None:
    interval = Interval(0.0, -0.1, 0.1, 0.06)
    assert widened_for_skewness(interval, skewness(np.array([-1.0, 1.0, 0.0])), 0.95) == interval
    assert widened_for_skewness(interval, skewness(np.zeros(3)), 0.95) == interval


def test_auc_difference__of_influences_is_that_of_scores() -> None:
    generator = np.random.default_rng(1)
    labels = generator.random(500) < 0.3
    scores = [np.round(labels + generator.standard_normal(500), 1) for _ in range(2)]
    one, other = (roc_auc(Ranking.of(each).labelled(labels)) for each in scores)
    assert one is not None
    assert other is not None
    direct = auc_difference(labels, scores[0], scores[1], 0.95)
    found = auc_difference_of(labels, paired_difference(one, other)).interval(0.95)
    assert (found.estimate, found.lower, found.upper, found.standard_error) == pytest.approx(
        (direct.estimate, direct.lower, direct.upper, direct.standard_error), abs=1e-14
    )


def test_auc_difference__of_influences_needs_two_rows_of_each_class() -> None:
    labels = np.array([True, False, False])
    estimate = roc_auc(Ranking.of(np.array([0.3, 0.2, 0.1])).labelled(labels))
    assert estimate is not None
    with pytest.raises(ValueError, match="two rows of each class"):
        auc_difference_of(labels, estimate)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [("accuracy", 0.0466), ("brier", 0.0466), ("recall", 0.0914), ("log_loss", None), ("f1", None), ("roc_auc", None)],
)
def test_worst_loss__is_the_share_that_can_have_changed(metric: str, expected: float | None) -> None:
    now, before = (answers.on(metric) for answers in a_pair(100, losses=1))
    assert worst_loss(metric, now, before, 0.95) == (None if expected is None else pytest.approx(expected, abs=5e-5))


def test_worst_loss__of_groups_or_weights_has_no_bound() -> None:
    both = a_pair(100, losses=1)
    for changed in (
        replace(both[0].sample, sampling=Clusters(np.arange(100) % 25)),
        replace(both[0].sample, weights=np.ones(100)),
    ):
        now, before = replace(both[0], sample=changed), replace(both[1], sample=changed)
        assert worst_loss("accuracy", now, before, 0.95) is None


def test_power_of__a_share_without_a_change_asks_for_more_rows_than_there_are() -> None:
    both = a_pair(100)
    interval = interval_of("accuracy", both)
    assert power_of("accuracy", *both, interval, limit=-0.028, confidence=0.95).rows_needed == 106
    assert power_of("accuracy", *both, interval, limit=0.01, confidence=0.95).rows_needed is None


def test_rows_for_bound__of_a_ceiling_counts_from_below() -> None:
    answers = a_pair(400, losses=60)[0]
    interval = alone("log_loss", answers, 0.95)
    assert not isinstance(interval, NotTrusted)
    assert interval.standard_error is not None
    limit = interval.estimate + interval.standard_error
    needed = rows_for_bound("log_loss", answers, interval, limit, 0.95, is_ceiling=True)
    assert needed == math.ceil(400 * (1.644854 + 0.841621) ** 2)
    assert rows_for_bound("log_loss", answers, interval, limit, 0.95, is_ceiling=False) is None


@pytest.mark.parametrize(
    ("metric", "rows", "sentence"),
    [
        ("roc_auc", 60, "30 negative rows are too few to judge roc_auc; 50 are wanted"),
        ("average_precision", 81, "40 negative rows are too few to judge average_precision; 50 are wanted"),
        ("roc_auc", 1, "roc_auc needs rows of both classes; there is only one"),
    ],
)
def test_alone__says_which_rows_lack(metric: str, rows: int, sentence: str) -> None:
    lacks = alone(metric, a_pair(rows)[0], 0.95)
    assert isinstance(lacks, NotTrusted)
    assert lacks.sentence == sentence


def test_difference__says_whose_metric_is_not_defined() -> None:
    now, before = a_pair(100)
    never = replace(now, probabilities=np.full(100, 0.1))
    sentence = "precision of {} is not defined on these rows: a class, or a decision, never occurs"
    assert difference("precision", never, before, 0.95, 10) == NotTrusted("undefined", sentence.format("the candidate"))
    assert difference("precision", now, never, 0.95, 10) == NotTrusted("undefined", sentence.format("production"))


def test_difference__of_groups_goes_by_groups() -> None:
    both = a_pair(400, gains=30, losses=40)
    sample = replace(both[0].sample, sampling=Clusters(np.arange(400) // 10))
    grouped = interval_of("accuracy", (replace(both[0], sample=sample), replace(both[1], sample=sample)))
    sums = np.zeros(40)
    sums[:4], sums[-3:] = -10, 10
    error = float((sums / 10).std(ddof=1)) / math.sqrt(40)
    assert grouped.standard_error == pytest.approx(error)
    reach = 1.684875 * error  # t with 39 degrees
    assert grouped.upper - grouped.estimate == pytest.approx(reach, rel=1e-5)
    moved = sums - sums.mean()  # four groups lost, three gained: the longer tail is below
    skewed = abs(float((moved**3).sum())) / float((moved**2).sum()) ** 1.5
    assert grouped.estimate - grouped.lower == pytest.approx(
        reach + error * skewed * (2 * 1.644854**2 + 1) / 6, rel=1e-5
    )


def test_difference__of_too_few_groups_says_how_many_there_are() -> None:
    both = a_pair(400, losses=40)
    sample = replace(both[0].sample, sampling=Clusters(np.arange(400) % 19))
    judged = difference("accuracy", replace(both[0], sample=sample), replace(both[1], sample=sample), 0.95, 10)
    assert judged == NotTrusted("few groups", "at least 20 groups are needed, there are 19")


@pytest.mark.parametrize("losses", [3, 25])
@pytest.mark.parametrize("metric", ["accuracy", "f1", "mcc", "log_loss", "brier", "roc_auc", "average_precision"])
def test_difference__at_another_confidence_is_that_of_another_look(metric: str, losses: int) -> None:
    wave = 0.19 * np.sin(np.arange(400))
    now, before = (
        replace(each, probabilities=each.probabilities + wave) for each in a_pair(400, losses=losses, gains=4)
    )
    once, again = (difference(metric, now, before, confidence, 10) for confidence in (0.95, 0.999))
    assert not isinstance(once, NotTrusted)
    assert not isinstance(again, NotTrusted)
    assert once.at is not None
    assert once.at(0.999) == again.interval != once.interval


def test_difference__of_losses_that_changed_alike_is_wider_at_a_higher_confidence() -> None:
    sample = Sample(np.arange(200) % 2 == 0)
    before = np.where(sample.labels, 0.7, 0.3)
    both = Answers(sample, np.where(sample.labels, 0.8, 0.2), 0.5), Answers(sample, before, 0.5)
    once, again = (difference("brier", *both, confidence, 10) for confidence in (0.95, 0.999))
    assert not isinstance(once, NotTrusted)
    assert not isinstance(again, NotTrusted)
    assert once.at is not None
    assert once.at(0.999) == again.interval
    assert again.interval.lower < once.interval.lower < 0.05


def test_average_precision__bounds_of_one_model_are_freed_of_its_bias() -> None:
    generator = np.random.default_rng(2)
    labels = generator.random(150) < 0.4
    answers = Answers(Sample(labels), 0.5 + 0.1 * generator.standard_normal(150), 0.5)
    estimate, found = answers.estimate("average_precision"), alone("average_precision", answers, 0.95)
    assert estimate is not None
    assert not isinstance(found, NotTrusted)
    proven = answers.proven("average_precision", 0.95)
    error = float(estimate.influence.std(ddof=1)) / math.sqrt(150)
    as_it_stands = logit_interval(estimate.value, error, t_quantile(0.95, 149), proven)
    freed = logit_interval(estimate.value - estimate.bias, error, t_quantile(0.95, 149), proven)
    assert estimate.bias > 0.01
    assert (found.estimate, found.lower) == pytest.approx((estimate.value, freed.lower), abs=1e-12)
    assert found.lower < as_it_stands.lower


def test_difference__of_average_precision_is_freed_of_what_the_worse_model_has_more_of() -> None:
    generator = np.random.default_rng(6)
    sample = Sample(generator.random(300) < 0.4)
    good = np.where(sample.labels, 0.6, 0.4) + 0.1 * generator.standard_normal(300)
    now, before = Answers(sample, generator.random(300), 0.5), Answers(sample, good, 0.5)
    one, other = now.estimate("average_precision"), before.estimate("average_precision")
    assert one is not None
    assert other is not None
    paired = paired_difference(one, other)
    error = float(paired.influence.std(ddof=1)) / math.sqrt(300)
    found = interval_of("average_precision", (now, before))
    assert paired.bias > 0.005
    assert found.estimate == paired.value
    reach = t_quantile(0.95, 299) * error
    assert found.lower == pytest.approx(paired.value - reach - paired.bias, abs=1e-12)
    assert found.upper >= paired.value + reach - paired.bias  # the longer tail is above
