"""What gates came to: one result a gate, with one a slice where it looks at slices, and the whole."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Literal

from mlci.core.gates.wording import COSTS, RULES
from mlci.core.metrics import is_cost, metric_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlci.core.metrics import Looks
    from mlci.core.owned_gates import OwnedGate
    from mlci.core.statistics.interval import Interval

ROWS: Final[Mapping[Looks, str]] = {
    "all": "rows",
    "positives": "positive rows",
    "negatives": "negative rows",
    "class": "rows of the class",
    "others": "rows of other classes",
    "queries": "queries",
}
"""What the rows are called that a metric looks at."""

ALONE: Final = frozenset({"floor", "ceiling"})
"""Requirements on the candidate alone."""


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
SliceOutcome = Outcome | Literal["too small"]
"""Of a gate in a slice: one with too few rows takes no part in a proof."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a gate came to, and why."""

    outcome: GateOutcome
    sentence: str
    interval: Interval | None = None
    rows_needed: int | None = None
    smallest_visible: float | None = None
    again: Callable[[float], Decision] | None = field(default=None, compare=False, repr=False)
    """Of a comparison that failed: what it comes to at another confidence, without another look at the rows."""


@dataclass(frozen=True, slots=True)
class SliceResult:
    """One gate in one slice, or between the groups of one column."""

    name: str
    """The column, or the name of the condition."""
    value: str | None
    """The value of the column; None for a condition, and where values are not to be shown."""
    place: int
    """Which of the values of the column it is, in their order, from 1; 0 for a condition."""
    outcome: SliceOutcome
    candidate: float | None
    production: float | None
    interval: Interval | None
    rows: int
    """How many rows the metric is computed on."""
    sentence: str
    """Why, in words, without a value of the data."""

    @property
    def label(self) -> str:
        """The slice in words: `site = B`, or `site, value 2` where values are not to be shown."""
        if self.value is not None:
            return f"{self.name} = {self.value}" if self.value else f"{self.name} is empty"
        return f"{self.name}, value {self.place}" if self.place else self.name

    def without_value(self) -> SliceResult:
        """Return the result as it may stand in a public place: no value of the data."""
        return replace(self, value=None)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as a JSON object."""
        interval = self.interval
        return {
            "slice": self.name,
            "value": self.value,
            "place": self.place,
            "outcome": str(self.outcome),
            "production": self.production,
            "candidate": self.candidate,
            "estimate": interval.estimate if interval else None,
            "lower": interval.lower if interval else None,
            "upper": interval.upper if interval else None,
            "rows": self.rows,
            "sentence": self.sentence,
        }


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
    """Of the paired difference (+ is good), or for a floor of the candidate alone; for slices that of the worst."""
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
    scope: str = ""
    """Where it looks, in words: nothing for all rows, `in every slice`, `in site, small`."""
    slices: tuple[SliceResult, ...] = ()
    """One for each slice, the worst first; none where the gate looks at all rows."""
    flipped: tuple[int, int] | None = None
    """For a failed gate: how many of its rows, of slices those of the worst, went from right to wrong and back; None
    where nothing is decided right or wrong."""
    mid_p: float | None = None
    """McNemar's mid-p of those rows, where a share is compared: a word beside the interval, which decides."""

    @classmethod
    def of(
        cls, owned: OwnedGate, decision: Decision, *, candidate: float | None, production: float | None, rows: int
    ) -> GateResult:
        """Return what the DECISION about a gate comes to, beside the values of both models on so many ROWS."""
        gate = owned.gate
        return cls(
            metric=gate.metric,
            require=gate.require,
            limit=gate.limit,
            origin=owned.origin,
            outcome=decision.outcome,
            candidate=candidate,
            production=production,
            interval=decision.interval,
            rows=rows,
            sentence=decision.sentence,
            rows_needed=decision.rows_needed,
            smallest_visible=decision.smallest_visible,
            severity=gate.severity,
            scope=gate.scope,
        )

    @property
    def is_alone(self) -> bool:
        """Whether the gate looks at the candidate alone."""
        return self.require in ALONE

    @property
    def is_gap(self) -> bool:
        """Whether the gate looks at all groups of a column together."""
        return self.require == "gap_not_wider"

    @property
    def is_cost(self) -> bool:
        """Whether the gate looks at what a model costs, and at no row."""
        return is_cost(self.metric)

    @property
    def name(self) -> str:
        """The gate in a few words, such as `recall not_worse` or `recall floor in every slice`."""
        return " ".join(filter(None, (self.metric, self.require, self.scope)))

    @property
    def rule(self) -> str:
        """When the gate passes and when it fails, in words."""
        return COSTS[metric_of(self.metric).kind] if self.is_cost else RULES[self.require]

    @property
    def has_no_interval(self) -> bool:
        """Whether theory gives no interval, or more rows would not narrow it; the sentence says why."""
        lacks = self.interval is None and self.rows_needed is None
        return self.outcome is Outcome.INCONCLUSIVE and (lacks or self.is_cost)

    def without_values(self) -> GateResult:
        """Return the result as it may stand in a public place: no value of the data."""
        return replace(self, slices=tuple(each.without_value() for each in self.slices))

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
            "right_to_wrong": self.flipped[0] if self.flipped else None,
            "wrong_to_right": self.flipped[1] if self.flipped else None,
            "mcnemar_mid_p": self.mid_p,
            "rule": self.rule,
            "severity": self.severity,
            "scope": self.scope,
            "slices": [each.to_dict() for each in self.slices],
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
    has_positives: bool = True
    """Whether the task has a positive class, so that its rows are counted."""

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
    positives: int | None
    """Rows of the positive class; None where the task has none."""
    not_comparable: str | None = None
    """Why production could not be compared with, in words."""
    notes: tuple[str, ...] = ()
    """What is odd about the answers and was judged as it stands, in words."""

    def with_outcome(self, outcome: GateOutcome) -> tuple[GateResult, ...]:
        """Return the gates that came to OUTCOME."""
        return tuple(result for result in self.results if result.outcome == outcome)

    def deciding(self, outcome: GateOutcome) -> tuple[GateResult, ...]:
        """Return those of them that count for the whole."""
        return tuple(result for result in self.with_outcome(outcome) if result.severity == "error")

    def without_values(self) -> Verdict:
        """Return the verdict as it may stand in a public place: no value of the data."""
        return replace(self, results=tuple(result.without_values() for result in self.results))


def rows_of(metric: str) -> str:
    """Return what the rows are called that METRIC looks at."""
    return ROWS[metric_of(metric).looks_at]
