"""Metrics that are a share of rows: each row is right or wrong, 0 or 1, so that counts say all.

By their definition, as accuracy, or by their values: whether a query has a hit among its first three is 0 or 1 as long
as no scores are equal, and so is a score that was handed in for an exact match.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mlci.core.metrics import metric_of
from mlci.core.statistics.tango import tango
from mlci.core.statistics.worst_case import worst_case

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlci.core.answers import TaskAnswers
    from mlci.core.statistics.interval import Interval

    Booleans = NDArray[np.bool_]


def is_share(metric: str, *models: TaskAnswers) -> bool:
    """Return whether METRIC is a share of rows for every model, on rows that were drawn one by one and count alike."""
    if not all(each.sample.is_plain for each in models):
        return False
    kind = metric_of(metric).kind
    return kind == "share" or (kind in {"queries", "score"} and all(_is_0_or_1(metric, each) for each in models))


def right_rows(metric: str, answers: TaskAnswers) -> Booleans:
    """Return which rows are right as METRIC sees it, (n_rows,), where `is_share` holds."""
    chosen = metric_of(metric)
    if chosen.kind == "share":
        return answers.right
    best = 1.0 if chosen.kind == "score" and chosen.higher_is_better else 0.0  # scores are what they are, not losses
    return np.asarray(answers.losses(metric) == best, dtype=np.bool_)


def changes(metric: str, candidate: TaskAnswers, production: TaskAnswers) -> tuple[int, int]:
    """Return how many rows went from wrong to right, and from right to wrong, where `is_share` holds."""
    now, before = right_rows(metric, candidate), right_rows(metric, production)
    return int(np.count_nonzero(now & ~before)), int(np.count_nonzero(before & ~now))


def difference_of_shares(gains: int, losses: int, rows: int, min_changed: float, confidence: float) -> Interval:
    """Return Tango's interval, with an exact bound on the side where only few rows changed, and all alike.

    Tango's bound is then the score bound of one small share, beyond which so few would be seen in 6.9 % (none of 100
    rows) instead of 5 %: a normal tail at a count of nearly 0. There, and only there, Clopper and Pearson (1934) have a
    bound that is exact and no wider than need be.
    """
    found = tango(gains, losses, rows, confidence)
    if gains + losses >= min_changed:
        return found
    lower, upper = found.lower, found.upper
    if gains == 0:
        lower = min(lower, -worst_case(losses, rows, 1.0, confidence))
    if losses == 0:
        upper = max(upper, worst_case(gains, rows, 1.0, confidence))
    return replace(found, lower=lower, upper=upper)


def _is_0_or_1(metric: str, answers: TaskAnswers) -> bool:
    values = answers.losses(metric)
    return bool(((values == 0) | (values == 1)).all())
