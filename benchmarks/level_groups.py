"""Rows in groups, many samples at once: how often a candidate passes that is worse by exactly the margin.

Groups differ in how hard they are, and in how much of them was lost. What mlci computes for one sample is written here
for blocks of samples, from the same definitions, and held against `mlci.core.bounds` on some of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri, stdtrit

from benchmarks.coverage_draws import with_capped_gains
from mlci.core.answers import Answers, Sample
from mlci.core.bounds import difference
from mlci.core.judging_sections import StatisticsSection
from mlci.core.statistics.sampling import Clusters, NotTrusted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Booleans = NDArray[np.bool_]

SECTION = StatisticsSection()
METRICS = ("accuracy", "log_loss", "f1", "roc_auc")
ROWS_OF_GROUP = 50
THRESHOLD = 0.5
POSITIVE = 0.4
SAMPLES = 64
"""At once."""
CHECKED = 3
GROUPS_OF_POPULATION = 100_000


@dataclass(frozen=True, eq=False)
class Samples:
    """Samples of groups, each array (n_samples, n_rows), a group after the other."""

    labels: Booleans
    production: Floats
    candidate: Floats

    @classmethod
    def drawn(cls, samples: int, groups: int, generator: np.random.Generator) -> Samples:
        """Return SAMPLES of so many groups."""
        hard = np.repeat(generator.standard_normal((samples, groups)), ROWS_OF_GROUP, axis=1)
        lost = np.repeat(generator.beta(1, 9, (samples, groups)), ROWS_OF_GROUP, axis=1)
        labels = generator.random(hard.shape) < POSITIVE
        logits = (1.8 - 0.8 * hard) * (2.0 * labels - 1) + 2 * generator.standard_normal(hard.shape)
        production = 1 / (1 + np.exp(-logits))
        is_lost = (generator.random(hard.shape) < lost) & ((production >= THRESHOLD) == labels)
        return cls(labels, production, np.where(is_lost, 1 - production, production))

    def difference(self, metric: str) -> tuple[Floats, Floats, Booleans]:
        """Return candidate - production of each sample so that + is good, influences, and which rows changed."""
        values, influences = zip(
            *(self._estimate(metric, said) for said in (self.candidate, self.production)), strict=True
        )
        sign = -1.0 if metric == "log_loss" else 1.0
        changed = self.candidate != self.production
        return sign * (values[0] - values[1]), sign * (influences[0] - influences[1]), changed

    def _estimate(self, metric: str, said: Floats) -> tuple[Floats, Floats]:
        decided = said >= THRESHOLD
        match metric:
            case "accuracy":
                return _mean(np.asarray(decided == self.labels, dtype=np.float64))
            case "log_loss":
                return _mean(-np.log(np.where(self.labels, said, 1 - said)))
            case "f1":
                found, positive = (decided & self.labels).astype(np.float64), self.labels.astype(np.float64)
                return _ratio(2 * found, decided.astype(np.float64) + positive)
            case _:
                return _roc_auc(self.labels, said)

    def answers(self, sample: int) -> tuple[Answers, Answers]:
        """Return candidate and production of one sample."""
        codes = np.arange(self.labels.shape[1]) // ROWS_OF_GROUP
        rows = Sample(self.labels[sample], None, Clusters(codes))
        return Answers(rows, self.candidate[sample], THRESHOLD), Answers(rows, self.production[sample], THRESHOLD)


def _mean(values: Floats) -> tuple[Floats, Floats]:
    means = values.mean(axis=1)
    return np.asarray(means), np.asarray(values - means[:, None])


def _ratio(above: Floats, below: Floats) -> tuple[Floats, Floats]:
    beneath = below.mean(axis=1)
    value = above.mean(axis=1) / beneath
    return np.asarray(value), np.asarray((above - value[:, None] * below) / beneath[:, None])


def _roc_auc(labels: Booleans, scores: Floats) -> tuple[Floats, Floats]:
    """Return the AUC by placements, where no two scores are equal."""
    order = np.argsort(scores, axis=1)
    positive = np.take_along_axis(labels, order, axis=1)
    positives, rows = positive.sum(axis=1, keepdims=True), labels.shape[1]
    below = np.cumsum(~positive, axis=1) / (rows - positives)
    above = 1 - np.cumsum(positive, axis=1) / positives
    area = (positive * below).sum(axis=1, keepdims=True) / positives
    of_rows = np.where(positive, (below - area) * rows / positives, (above - area) * rows / (rows - positives))
    influence = np.empty_like(of_rows)
    np.put_along_axis(influence, order, of_rows, axis=1)
    return np.asarray(area[:, 0]), influence


def passed(drawn: Samples, metric: str, margin: float) -> Booleans:
    """Return whether `not_worse` passes on each sample, (n_samples,)."""
    value, gain, changed = drawn.difference(metric)
    sums = _sums(gain)
    groups = sums.shape[1]
    squares = np.square(sums)
    error = np.sqrt(squares.sum(axis=1) * groups / (groups - 1))
    longer_tail = (squares * sums).sum(axis=1) / squares.sum(axis=1) ** 1.5
    lower = value - stdtrit(groups - 1, SECTION.confidence) * error
    excess = error * np.abs(longer_tail) * (2 * ndtri(SECTION.confidence) ** 2 + 1) / 6
    lower = np.where(longer_tail < 0, lower - excess, lower)
    counted = _of_decisions(drawn, changed) if metric in {"accuracy", "f1"} else changed
    kept = np.where(counted, gain, 0.0)
    enough = _is_effective(kept, SECTION.min_changed)
    enough &= _is_effective(_sums(kept), min(SECTION.min_changed, groups / 4))
    return np.asarray(enough & (lower > -margin))


def _of_decisions(drawn: Samples, changed: Booleans) -> Booleans:
    return np.asarray(changed & ((drawn.candidate >= THRESHOLD) != (drawn.production >= THRESHOLD)))


def _sums(influence: Floats) -> Floats:
    """Return the sum of each group's influences over the rows of the sample."""
    samples, rows = influence.shape
    return np.asarray(influence.reshape(samples, -1, ROWS_OF_GROUP).sum(axis=2) / rows)


def _is_effective(gains: Floats, wanted: float) -> Booleans:
    squares = np.square(gains)
    effective = squares.sum(axis=1) ** 2 / np.square(squares).sum(axis=1)
    few = np.flatnonzero(effective < wanted)
    effective[few] = np.maximum(effective[few], with_capped_gains(gains[few], np.ones_like(gains[few])))
    return np.asarray(effective >= wanted)


def margin_of(metric: str) -> float:
    """Return by how much the candidate is worse in METRIC, of very many groups."""
    population = Samples.drawn(1, GROUPS_OF_POPULATION, np.random.default_rng(1))
    return float(-population.difference(metric)[0][0])


def false_passes(metric: str, margin: float, groups: int, draws: int) -> int:
    """Return how many of DRAWS samples pass; raises `RuntimeError` where `mlci.core.bounds` says otherwise."""
    generator, found = np.random.default_rng(groups), 0
    for first in range(0, draws, SAMPLES):
        drawn = Samples.drawn(min(SAMPLES, draws - first), groups, generator)
        outcome = passed(drawn, metric, margin)
        if first == 0 and outcome[:CHECKED].tolist() != [
            _by_mlci(drawn, metric, margin, one) for one in range(CHECKED)
        ]:
            raise RuntimeError(f"{metric}: mlci decides otherwise than this script takes it to")
        found += int(outcome.sum())
    return found


def _by_mlci(drawn: Samples, metric: str, margin: float, sample: int) -> bool:
    judged: Any = difference(metric, *drawn.answers(sample), SECTION.confidence, SECTION.min_changed)
    if isinstance(judged, NotTrusted) or judged.lower_doubt is not None:
        return False
    return bool(judged.interval.lower > -margin)
