"""Words and numbers that every form of a report shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.amount import shown_amount
from mlci.core.gates import RULES, rows_of
from mlci.core.gates.wording import COSTS
from mlci.core.metrics import metric_of
from mlci.core.report import Conclusion
from mlci.core.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlci.core.contract_diffs import ContractDiff
    from mlci.core.gates import Flips, GateResult, SliceResult, Verdict
    from mlci.core.report import Report
    from mlci.core.statistics.interval import Interval

REQUIREMENTS = {
    "not_worse": "not worse",
    "better": "better",
    "floor": "floor",
    "ceiling": "ceiling",
    "no_proven_regression": "no proven regression",
    "gap_not_wider": "gap not wider",
}
MOST_SLICES = 5
"""Slices of a gate that a report shows; JSON has all."""
_LIMITS = {"floor": "at least", "ceiling": "at most", "better": "by more than"}
SHORT_DIGEST = 12


def title(report: Report, *, loud: bool = False) -> str:
    """Return the outcome in a few words, with what head loosens: `pass · loosens 1 rule, which counts after the merge`.

    What has no order (another threshold, another policy) is told beside it, since nobody but a reader can order it.
    """
    outcome = _outcome(report)
    return " · ".join(filter(None, (outcome.upper() if loud else outcome, _waiting(report))))


def _outcome(report: Report) -> str:
    if report.conclusion in {Conclusion.INCONCLUSIVE, Conclusion.NOT_COMPARABLE} and report.blocks:
        return f"{report.conclusion}, blocked"
    return str(report.conclusion)


def _waiting(report: Report) -> str:
    """Return how many rules head loosens or changes without counting yet; nothing where there is none."""
    loosened = len(report.loosened)
    other = sum(change.direction == "other" for change in report.changes)
    if not loosened + other:
        return ""
    first = f"{'loosens' if loosened else 'changes'} {counted(loosened or other, 'rule')}"
    second = f" and changes {other}" if loosened and other else ""
    return f"{first}{second}, which {'counts' if loosened + other == 1 else 'count'} after the merge"


def asked(result: GateResult) -> str:
    """Return what is required, and where: `not worse`, `floor in every slice`."""
    return " ".join(filter(None, (REQUIREMENTS[result.require], result.scope)))


def worst_slices(result: GateResult, *, rows: bool) -> tuple[tuple[SliceResult, ...], int]:
    """Return the slices of a gate that matter most, and how many more there are; without ROWS they name no value.

    All that failed or are open come first; where all hold, the worst of them.
    """
    shown = result.slices if rows else result.without_values().slices
    return shown[:MOST_SLICES], max(0, len(shown) - MOST_SLICES)


def limit(result: GateResult, report: Report) -> str:
    """Return what a gate asks for: `margin 0.02`, `at least 0.7`.

    Head's own gate says so where base has gates too, since it is checked in addition.
    """
    text = f"{_LIMITS.get(result.require, 'margin')} {result.limit}"
    if result.severity == "warn":
        text += " (only warns)"
    return f"{text} (new here)" if result.origin == "head" and report.trust.has_base else text


def value(number: float | None) -> str:
    """Return a metric's value, a dash where there is none.

    >>> value(0.97058), value(None)
    ('0.971', '–')
    """
    return "–" if number is None else f"{number:.3f}"


def value_of(result: GateResult, number: float | None) -> str:
    """Return a value of the metric of a gate, with its unit where it has one."""
    unit = metric_of(result.metric).unit
    return value(number) if unit is None or number is None else shown_amount(number, unit)


def rows_judged(result: GateResult) -> str:
    """Return on how many rows a gate was judged; a dash where no row says anything of it."""
    return f"{result.rows:,}" if result.rows or not result.is_cost else "–"


def _of_cost(result: GateResult) -> str:
    """Return what a gate on a cost found: what is saved of an amount, of time a share of production's; + is good."""
    found, unit = result.interval, metric_of(result.metric).unit
    if found is not None and result.is_alone and unit is not None:
        return f"candidate in [{shown_amount(found.lower, unit)}, {shown_amount(found.upper, unit)}]"
    if found is not None:
        return f"{_percent(found.estimate)} [{_percent(found.lower)}, {_percent(found.upper)}]"
    if result.is_alone or result.candidate is None or result.production is None or unit is None:
        return "–"
    gained = result.production - result.candidate
    return f"{'+' if gained > 0 else '−'}{shown_amount(abs(gained), unit)}" if gained else "0"


def _percent(share: float) -> str:
    return f"{share:+.1%}".replace("-", "−")


def signed(number: float) -> str:
    """Return a difference with its sign and a true minus; what rounds to nothing has no sign.

    >>> signed(0.0204), signed(-0.1), signed(-0.0001)
    ('+0.020', '−0.100', '0.000')
    """
    rounded = round(number, 3)
    return f"{rounded:+.3f}".replace("-", "−") if rounded else "0.000"


def interval(result: GateResult, of: Interval | None = None) -> str:
    """Return a gate's interval: of the difference, or for a floor or a ceiling of the candidate alone; OF a slice."""
    if result.is_cost:
        return _of_cost(result)
    found = of or result.interval
    if found is None:
        return "–"
    if result.is_alone:
        return f"candidate in [{found.lower:.3f}, {found.upper:.3f}]"
    return f"{signed(found.estimate)} [{signed(found.lower)}, {signed(found.upper)}]"


def of_them_positive(flips: Flips) -> tuple[str, str]:
    """Return how many of the rows that were lost, and won, are of the positive class; nothing where there is none."""
    if not flips.has_positives:
        return "", ""
    return f" ({flips.positive_right_to_wrong} positive)", f" ({flips.positive_wrong_to_right} positive)"


def level(confidence: float) -> str:
    """Return the two-sided level of an interval whose bounds are one-sided at CONFIDENCE.

    >>> level(0.95)
    '90 %'
    """
    return f"{round((2 * confidence - 1) * 100, 1):g} %"


def power_sentence(result: GateResult) -> str:
    """Return what would decide an inconclusive gate that has an interval, or names how many rows it needs."""
    rows, where = rows_of(result.metric), " of the worst slice" if result.slices and not result.is_gap else ""
    if result.rows_needed is None:
        decide = f"more {rows} of this kind would not make it pass: by what these show, it misses what is asked"
    elif result.interval is None:
        decide = f"at least {result.rows_needed:,} {rows}{where} are needed (now {result.rows:,})"
    else:
        decide = f"about {result.rows_needed:,} {rows}{where} would decide it with 80 % power (now {result.rows:,})"
    if result.smallest_visible is None:
        return decide
    what = f"distance from the {result.require}" if result.is_alone else "difference"
    return f"{decide}; the smallest {what} that {result.rows:,} {rows} show is {result.smallest_visible:.3f}"


def flipped_sentence(result: GateResult) -> str:
    """Return how the rows of a failed gate changed sides; nothing where it has none."""
    if result.flipped is None:
        return ""
    lost, won = result.flipped
    where = " of the worst slice" if result.slices and not result.is_gap else ""
    return (
        f"of its {result.rows:,} {rows_of(result.metric)}{where}, {lost:,} went right → wrong and {won:,} wrong → right"
    )


def judged_on(verdict: Verdict) -> str:
    """Return what both models were judged on."""
    return f"on {counted(verdict.rows, 'row')}" if verdict.rows else "by numbers as submitted"


def flips_are_its_own(result: GateResult, verdict: Verdict) -> bool:
    """Return whether the rows of a gate that changed sides are others than those that the whole names."""
    has_positives = verdict.flips is not None and verdict.flips.has_positives
    return bool(result.slices) or (result.rows < verdict.rows and not has_positives)


def reading(results: Sequence[GateResult], confidence: float) -> Iterator[tuple[str, str]]:
    """Yield what a newcomer needs to read a table of gates: a name, and what it means."""
    of_rows = [result for result in results if not result.is_cost]
    if not all(result.is_alone for result in of_rows):
        yield "difference", "candidate against production on the same rows, turned so that + is good"
    chance = f"{round((1 - confidence) * 100, 1):g} %"
    if len(of_rows) < len(results):
        yield "difference of a cost", "what is saved, so that + is good; of latency as a share of production's"
    if of_rows:
        yield (
            "interval",
            f"of intervals so made, at most {chance} lie wholly above the truth, and at most {chance} below it",
        )
    for require in dict.fromkeys(result.require for result in of_rows):
        yield REQUIREMENTS[require], RULES[require]
    if of_rows:
        yield "inconclusive", "neither of both, for there are too few rows to tell"
    for metric in dict.fromkeys(result.metric for result in results):
        known = metric_of(metric)
        rule = f"; {COSTS[known.kind]}" if known.unit else ""
        yield metric, f"{known.sentence}; {'higher' if known.higher_is_better else 'lower'} is better{rule}"


def broken_by(diff: ContractDiff) -> str:
    """Return whom the changes of a contract break: "breaks readers of the data (2 changes)"."""
    broken = [f"{whom} ({counted(count, 'change')})" for whom, count in diff.breaking().items()]
    if not broken:
        return f"breaks nobody for sure ({counted(len(diff.changes), 'change')})"
    return f"breaks {' and '.join(broken)}"
