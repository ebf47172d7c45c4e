from __future__ import annotations

import numpy as np
import pytest

from mlci.core.answers import QueryAnswers, Sample, ScoreAnswers, TaskAnswers
from mlci.core.bounds import alone, difference, power_of, rows_for_bound
from mlci.core.shares import changes, is_share, right_rows
from mlci.core.statistics.interval import Interval
from mlci.core.statistics.power import rows_to_decide_tango, rows_to_decide_wilson
from mlci.core.statistics.ranking_metrics import rank_queries
from mlci.core.statistics.sampling import Clusters, NotTrusted
from mlci.core.statistics.tango import tango
from mlci.core.statistics.wilson import wilson

ROWS = 100
GAINS, LOSSES = 3, 12
"""Rows that the candidate alone is right in, and production alone; of the others half are right."""


def values(*, is_candidate: bool) -> np.ndarray:
    found = (np.arange(ROWS) % 2).astype(np.float64)
    found[:GAINS] = is_candidate
    found[GAINS : GAINS + LOSSES] = not is_candidate
    return found


def scored(metric: str, sample: Sample | None = None, *, half: bool = False) -> tuple[TaskAnswers, TaskAnswers]:
    """Return candidate and production by scores; HALF a score of the candidate's last row."""
    word, _, name = metric.partition("@")
    both = []
    for is_candidate in (True, False):
        found = values(is_candidate=is_candidate)
        if word == "loss":
            found = 1 - found
        if half and is_candidate:
            found[-1] = 0.5
        both.append(ScoreAnswers(sample or Sample(np.zeros(ROWS)), found[:, None], (name,)))
    return both[0], both[1]


def listed(*, tied: bool = False) -> tuple[TaskAnswers, TaskAnswers]:
    """Return candidate and production as lists of two items each, of which the first or the last is relevant."""
    queries, relevance = np.repeat(np.arange(ROWS), 2), np.tile([1.0, 0.0], ROWS)
    both = []
    for is_candidate in (True, False):
        is_hit = values(is_candidate=is_candidate)
        scores = np.column_stack([is_hit, 1 - is_hit])
        if tied and is_candidate:
            scores[-1] = 0.5
        both.append(QueryAnswers(Sample(np.ones(ROWS)), rank_queries(relevance, scores.ravel(), queries)))
    return both[0], both[1]


def pair(metric: str) -> tuple[TaskAnswers, TaskAnswers]:
    return listed() if metric == "hit_rate@1" else scored(metric)


ALIKE = ("hit_rate@1", "score@passed", "loss@missed")


@pytest.mark.parametrize("metric", ALIKE)
def test_difference__of_what_is_0_or_1_in_every_row_is_that_of_tango(metric: str) -> None:
    now, before = pair(metric)
    assert changes(metric, now, before) == (GAINS, LOSSES)
    found = difference(metric, now, before, 0.95, 10)
    assert not isinstance(found, NotTrusted)
    assert (found.interval, found.lower_doubt, found.upper_doubt) == (tango(GAINS, LOSSES, ROWS, 0.95), None, None)
    needed = power_of(metric, now, before, found.interval, limit=-0.1, confidence=0.95).rows_needed
    assert needed == rows_to_decide_tango(GAINS, LOSSES, ROWS, 0.1, 0.95)


@pytest.mark.parametrize("metric", ALIKE)
def test_alone__of_what_is_0_or_1_in_every_row_is_that_of_wilson(metric: str) -> None:
    now, right = pair(metric)[0], int(right_rows(metric, pair(metric)[0]).sum())
    is_loss = metric.startswith("loss")
    found = alone(metric, now, 0.95)
    assert found == wilson(ROWS - right if is_loss else right, ROWS, 0.95)
    assert isinstance(found, Interval)
    limit = 0.6 if is_loss else 0.4
    needed = rows_for_bound(metric, now, found, limit, 0.95, is_ceiling=is_loss)
    assert needed == rows_to_decide_wilson(right, ROWS, 0.4, 0.95)


def test_difference__of_equal_answers_without_a_change_is_as_wide_as_a_shares() -> None:
    production = scored("score@passed")[1]
    found = difference("score@passed", production, production, 0.95, 10)
    assert not isinstance(found, NotTrusted)
    assert found.interval.lower == pytest.approx(-0.0295, abs=5e-5)  # Clopper and Pearson (1934): 1 - 0.05^(1/100)


@pytest.mark.parametrize(
    ("metric", "both"),
    [
        ("score@passed", scored("score@passed", half=True)),
        ("hit_rate@1", listed(tied=True)),
        ("score@passed", scored("score@passed", Sample(np.zeros(ROWS), np.ones(ROWS)))),
        ("score@passed", scored("score@passed", Sample(np.zeros(ROWS), None, Clusters(np.arange(ROWS) // 2)))),
    ],
    ids=["a score between", "equal scores of items", "weights", "groups"],
)
def test_difference__of_anything_else_goes_by_t(metric: str, both: tuple[TaskAnswers, TaskAnswers]) -> None:
    assert not is_share(metric, *both)
    found = difference(metric, *both, 0.95, 5)
    assert not isinstance(found, NotTrusted)
    assert found.interval.standard_error is not None
