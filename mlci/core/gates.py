"""The verdict: whether the candidate may replace production.

`judge` is the decision, pure and deterministic. Differences are oriented so that + is good; L and U are one-sided
bounds at the confidence of the rules, so [L, U] is the two-sided interval at twice that confidence minus one. For a
floor or a ceiling they are the bounds of the candidate's own value.

| requirement   | pass                  | fail  | otherwise    |
|---------------|-----------------------|-------|--------------|
| `not_worse` m | L > −m (tried first)  | U < 0 | inconclusive |
| `better` m    | L > m                 | U < m | inconclusive |
| `floor` v     | L > v                 | U < v | inconclusive |
| `ceiling` v   | U < v                 | L > v | inconclusive |

Without production yet, `not_worse` and `better` do not apply; where production cannot be compared with any more, they
are not comparable, and floors alone decide what fails. The same bytes as production pass `not_worse` and fail `better`,
whatever the rows say. Where theory is not to be trusted (too few rows, rows of one class, too few that changed) a gate
is inconclusive; of few changes the worst case may still say that it is not worse. A gate with severity `warn` is shown
and does not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mlci.core.bounds import alone, difference, power_of, rows_for_bound, worst_loss
from mlci.core.evidence import Both, Evidence
from mlci.core.margin import written_number
from mlci.core.metrics import METRICS
from mlci.core.statistics.interval import Interval
from mlci.core.statistics.sampling import NotTrusted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from mlci.core.config import Gate, StatisticsSection
    from mlci.core.metrics import Looks
    from mlci.core.rules import OwnedGate

__all__ = ["Evidence", "Flips", "GateResult", "Outcome", "Verdict", "judge"]


ROWS: Mapping[Looks, str] = {"all": "rows", "positives": "positive rows", "negatives": "negative rows"}
"""What the rows are called that a metric looks at."""


MASK = "…"
"""What stands for an id that identifies somebody."""


class Outcome(StrEnum):
    """What a gate, or the whole, came to."""

    PASS = "pass"  # noqa: S105 - a word of the verdict, no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    NOT_COMPARABLE = "not comparable"
    """Production cannot be compared with; policy takes it for inconclusive."""
    FIRST = "first"
    """Of the whole: no production yet, every floor passed."""


GateOutcome = Outcome | Literal["not applicable"]
"""Of a gate: what compares with production does not apply where there is none."""


@dataclass(frozen=True, slots=True)
class GateResult:
    """One gate with its evidence, and its outcome in words."""

    metric: str
    require: str
    limit: str
    """The margin or the value, as it is written in the configuration."""
    origin: Literal["base", "head"]
    outcome: GateOutcome
    candidate: float | None
    production: float | None
    interval: Interval | None
    """Of the paired difference (+ is good), or for a floor of the candidate alone."""
    rows: int
    """How many rows the metric is computed on."""
    sentence: str
    """Why, in words."""
    rows_needed: int | None = None
    """For an inconclusive gate: rows that would decide it with 80 % power if the observed rates hold."""
    smallest_visible: float | None = None
    """For an inconclusive gate: the smallest true difference that these rows show with 80 % power."""
    severity: Literal["error", "warn"] = "error"
    """Whether the gate counts for the whole."""

    @property
    def is_alone(self) -> bool:
        """Whether the gate looks at the candidate alone."""
        return self.require in {"floor", "ceiling"}

    @property
    def name(self) -> str:
        """The gate in one word pair, such as `recall not_worse`."""
        return f"{self.metric} {self.require}"

    @property
    def has_no_interval(self) -> bool:
        """Whether theory gives no interval on these rows; the sentence says why."""
        return self.outcome is Outcome.INCONCLUSIVE and self.interval is None and self.rows_needed is None

    def to_dict(self) -> dict[str, Any]:
        """Return the result as a JSON object."""
        interval = self.interval
        return {
            "metric": self.metric,
            "require": self.require,
            "limit": self.limit,
            "origin": self.origin,
            "outcome": str(self.outcome),
            "production": self.production,
            "candidate": self.candidate,
            "difference": interval.estimate if interval and not self.is_alone else None,
            "lower": interval.lower if interval else None,
            "upper": interval.upper if interval else None,
            "rows": self.rows,
            "sentence": self.sentence,
            "rows_needed": self.rows_needed,
            "smallest_visible": self.smallest_visible,
            "severity": self.severity,
        }


@dataclass(frozen=True, slots=True)
class Flips:
    """The rows on which candidate and production decide differently."""

    right_to_wrong: tuple[str, ...]
    wrong_to_right: tuple[str, ...]
    positive_right_to_wrong: int
    """How many of `right_to_wrong` are of the positive class."""
    positive_wrong_to_right: int
    has_private_ids: bool = False
    """Whether the ids identify people; they are masked here, and a report has the counts alone."""

    def to_dict(self) -> dict[str, Any]:
        """Return counts as a JSON object; ids stay out of it, since reports may be public."""
        return {
            "right_to_wrong": len(self.right_to_wrong),
            "wrong_to_right": len(self.wrong_to_right),
            "positive_right_to_wrong": self.positive_right_to_wrong,
            "positive_wrong_to_right": self.positive_wrong_to_right,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """The whole: one outcome, every gate's result, and the rows that changed sides."""

    outcome: Outcome
    results: tuple[GateResult, ...]
    flips: Flips | None
    rows: int
    positives: int
    not_comparable: str | None = None
    """Why production could not be compared with, in words."""

    def with_outcome(self, outcome: GateOutcome) -> tuple[GateResult, ...]:
        """Return the gates that came to OUTCOME."""
        return tuple(result for result in self.results if result.outcome == outcome)

    def deciding(self, outcome: GateOutcome) -> tuple[GateResult, ...]:
        """Return those of them that count for the whole."""
        return tuple(result for result in self.with_outcome(outcome) if result.severity == "error")


def judge(gates: Sequence[OwnedGate], evidence: Evidence, statistics: StatisticsSection) -> Verdict:
    """Return the verdict on the candidate.

    Fail if a gate fails, else not comparable if production is, else inconclusive if a gate is, else pass or first.
    """
    results = tuple(_judge_gate(owned, evidence, statistics) for owned in gates)
    return Verdict(
        outcome=_whole({result.outcome for result in results if result.severity == "error"}, evidence),
        results=results,
        flips=None if evidence.production is None else _flips(evidence),
        rows=len(evidence.labels),
        positives=evidence.positives,
        not_comparable=evidence.not_comparable,
    )


def _whole(outcomes: set[GateOutcome], evidence: Evidence) -> Outcome:
    if Outcome.FAIL in outcomes:
        return Outcome.FAIL
    if evidence.not_comparable is not None:
        return Outcome.NOT_COMPARABLE
    if Outcome.INCONCLUSIVE in outcomes:
        return Outcome.INCONCLUSIVE
    return Outcome.FIRST if evidence.production is None else Outcome.PASS


@dataclass(frozen=True, slots=True)
class _Decision:
    """What a gate came to, and why."""

    outcome: GateOutcome
    sentence: str
    interval: Interval | None = None
    rows_needed: int | None = None
    smallest_visible: float | None = None


def _judge_gate(owned: OwnedGate, evidence: Evidence, statistics: StatisticsSection) -> GateResult:
    gate, both = owned.gate, evidence.on(owned.gate.metric)
    decision = _decide(gate, evidence, both, statistics)
    return GateResult(
        metric=gate.metric,
        require=gate.require,
        limit=gate.limit,
        origin=owned.origin,
        outcome=decision.outcome,
        candidate=both.candidate.value(gate.metric),
        production=None if both.production is None else both.production.value(gate.metric),
        interval=decision.interval,
        rows=both.candidate.sample.rows,
        sentence=decision.sentence,
        rows_needed=decision.rows_needed,
        smallest_visible=decision.smallest_visible,
        severity=gate.severity,
    )


def _decide(gate: Gate, evidence: Evidence, both: Both, statistics: StatisticsSection) -> _Decision:
    if not gate.is_alone and evidence.not_comparable is not None:
        return _Decision(Outcome.NOT_COMPARABLE, evidence.not_comparable)
    if not gate.is_alone and evidence.production is None:
        return _Decision("not applicable", "no production yet to compare with")
    if not gate.is_alone and evidence.is_same_model:
        outcome = Outcome.PASS if gate.require == "not_worse" else Outcome.FAIL
        return _Decision(outcome, "the same bytes as production", Interval(0.0, 0.0, 0.0, 0.0))
    rows, least = both.candidate.sample.rows, statistics.min_rows
    if rows < least:
        sentence = f"{rows} {ROWS[METRICS[gate.metric].looks_at]} are fewer than statistics.min_rows ({least})"
        return _Decision(Outcome.INCONCLUSIVE, sentence, rows_needed=least)
    if gate.is_alone:
        return _bound(gate, both, statistics.confidence)
    return _comparison(gate, both, statistics)


def _bound(gate: Gate, both: Both, confidence: float) -> _Decision:
    """Decide on the candidate alone."""
    limit, is_ceiling = gate.value or 0.0, gate.require == "ceiling"
    found = alone(gate.metric, both.candidate, confidence)
    if isinstance(found, NotTrusted):
        return _Decision(Outcome.INCONCLUSIVE, found.sentence)
    lower, upper = _number(found.lower, limit), _number(found.upper, limit)
    at_least = f"at least {lower}, the {gate.require} is {gate.limit}"
    at_most = f"at most {upper}, the {gate.require} is {gate.limit}"
    if found.lower > limit:
        return _Decision(Outcome.FAIL if is_ceiling else Outcome.PASS, at_least, found)
    if found.upper < limit:
        return _Decision(Outcome.PASS if is_ceiling else Outcome.FAIL, at_most, found)
    sentence = f"between {lower} and {upper}, the {gate.require} {gate.limit} lies inside"
    needed = rows_for_bound(gate.metric, both.candidate, found, limit, confidence, is_ceiling=is_ceiling)
    return _Decision(Outcome.INCONCLUSIVE, sentence, found, needed)


def _comparison(gate: Gate, both: Both, statistics: StatisticsSection) -> _Decision:
    """Decide on the candidate against production."""
    metric, now, before, confidence = gate.metric, both.candidate, both.compared, statistics.confidence
    margin = gate.tolerance.absolute(before.value(metric) or 0.0)
    written = f"{margin:.4f} ({gate.limit})" if gate.tolerance.relative else written_number(margin)
    found = difference(metric, now, before, confidence, statistics.min_changed)
    if isinstance(found, NotTrusted):
        return _Decision(Outcome.INCONCLUSIVE, found.sentence)
    decide = _not_worse if gate.require == "not_worse" else _better
    outcome, sentence = decide(found.interval, margin, written)
    doubt = {Outcome.PASS: found.lower_doubt, Outcome.FAIL: found.upper_doubt}.get(outcome)
    if doubt is None and outcome is not Outcome.INCONCLUSIVE:
        return _Decision(outcome, sentence, found.interval)
    if found.lower_doubt is not None:
        worst = worst_loss(metric, now, before, confidence) if gate.require == "not_worse" else None
        if worst is not None and worst <= margin:
            lost = _signed(-worst, -margin)
            return _Decision(Outcome.PASS, f"so few rows changed that it is {lost} at worst, the margin is {written}")
    if doubt is not None:
        return _Decision(Outcome.INCONCLUSIVE, doubt.sentence)
    limit = -margin if gate.require == "not_worse" else margin
    power = power_of(metric, now, before, found.interval, limit=limit, confidence=confidence)
    return _Decision(outcome, sentence, found.interval, power.rows_needed, power.smallest_visible)


def _not_worse(found: Interval, margin: float, written: str) -> tuple[Outcome, str]:
    lower, upper = _signed(found.lower, -margin), _signed(found.upper, 0.0)
    if found.lower > -margin:
        return Outcome.PASS, f"at worst {lower}, the margin is {written}"
    if found.upper < 0:
        return Outcome.FAIL, f"proven worse: at best {upper}, at worst {lower}"
    return Outcome.INCONCLUSIVE, f"could be as bad as {lower}, the margin is {written}; could be as good as {upper}"


def _better(found: Interval, margin: float, written: str) -> tuple[Outcome, str]:
    lower, upper = _signed(found.lower, margin), _signed(found.upper, margin)
    if found.lower > margin:
        return Outcome.PASS, f"at least {lower}, wanted more than {written}"
    if found.upper < margin:
        return Outcome.FAIL, f"at best {upper}, wanted more than {written}"
    return Outcome.INCONCLUSIVE, f"between {lower} and {upper}, wanted more than {written}"


def _flips(evidence: Evidence) -> Flips:
    """Return the rows that changed sides."""
    now, before = evidence.whole.candidate.right, evidence.whole.compared.right
    lost, won = before & ~now, now & ~before
    return Flips(
        right_to_wrong=_named(lost, evidence),
        wrong_to_right=_named(won, evidence),
        positive_right_to_wrong=int((lost & evidence.labels).sum()),
        positive_wrong_to_right=int((won & evidence.labels).sum()),
        has_private_ids=evidence.has_private_ids,
    )


def _named(rows: NDArray[np.bool_], evidence: Evidence) -> tuple[str, ...]:
    """Return the ids of ROWS, (n_rows,), each masked where they identify people."""
    return tuple(MASK if evidence.has_private_ids else evidence.ids[row] for row in np.flatnonzero(rows).tolist())


def _signed(value: float, limit: float) -> str:
    """Return a difference with its sign and a true minus, in enough digits to tell it from LIMIT.

    >>> _signed(0.0123, 0.0), _signed(-0.5, 0.0), _signed(-0.00004, 0.0), _signed(-0.0, 0.0)
    ('+0.012', '−0.500', '−0.00004', '0.000')
    """
    digits = _digits(value, limit)
    return f"{value:+.{digits}f}".replace("-", "−") if round(value, digits) else f"{0:.{digits}f}"


def _number(value: float, limit: float) -> str:
    return f"{value:.{_digits(value, limit)}f}"


def _digits(value: float, limit: float) -> int:
    """Return how many digits after the point tell VALUE from LIMIT: three, more if they must, three if none can."""
    return next((digits for digits in range(3, 10) if round(value, digits) != round(limit, digits)), 3)
