"""How two models differ on each of several labels: what a figure shows beside gates on all labels together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from mlci.core.bounds import difference
from mlci.core.gates.result import Outcome
from mlci.core.judging_sections import StatisticsSection
from mlci.core.statistics.sampling import NotTrusted

if TYPE_CHECKING:
    from mlci.core.evidence import Evidence
    from mlci.core.statistics.interval import Interval

MOST_LABELS: Final = 40


@dataclass(frozen=True, slots=True)
class LabelDifference:
    """The F1 of one label, candidate against production; no gate by itself."""

    label: str
    rows: int
    """How many rows have the label."""
    interval: Interval
    outcome: Outcome
    """What a gate came to that tolerates nothing: pass where it is proven better, fail where worse."""


def label_differences(evidence: Evidence, confidence: float) -> tuple[LabelDifference, ...]:
    """Return the labels in their order, the most frequent ones; without those whose rows let nothing be said."""
    whole, least = evidence.whole, StatisticsSection().min_changed
    if whole.production is None or evidence.task != "multilabel":
        return ()
    rows = np.count_nonzero(evidence.labels, axis=0)
    found: list[LabelDifference] = []
    for place in sorted(np.argsort(-rows, kind="stable")[:MOST_LABELS].tolist()):
        metric = f"f1@{evidence.classes[place]}"
        told = difference(metric, whole.candidate.on(metric), whole.production.on(metric), confidence, least)
        if isinstance(told, NotTrusted):
            continue
        better = told.interval.lower > 0 and told.lower_doubt is None
        worse = told.interval.upper < 0 and told.upper_doubt is None
        outcome = Outcome.PASS if better else Outcome.FAIL if worse else Outcome.INCONCLUSIVE
        found.append(LabelDifference(evidence.classes[place], int(rows[place]), told.interval, outcome))
    return tuple(found)
