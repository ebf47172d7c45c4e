"""The decision of one gate on one set of rows: all of them, or a slice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.core.bounds import alone, churn, power_of, rows_for_bound, worst_loss
from mlci.core.gates.relative_margin import difference_for, sure_margin
from mlci.core.gates.result import Decision, Outcome, rows_of
from mlci.core.gates.wording import number, signed
from mlci.core.margin import written_number
from mlci.core.metrics import function_of, metric_of
from mlci.core.statistics.interval import Interval
from mlci.core.statistics.power import smallest_visible_difference_of
from mlci.core.statistics.sampling import NotTrusted

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlci.core.bounds import Difference
    from mlci.core.evidence import Both, Evidence
    from mlci.core.gates.strictness import Strictness
    from mlci.core.requirement import Gate


BROKEN: Final = (
    "the function of the target branch fails or is missing, whoever is judged; this branch changes it, which counts "
    "after the merge"
)


def without_rows(gate: Gate, evidence: Evidence) -> Decision | None:
    """Return what GATE comes to whatever the rows say, None where they decide."""
    function = function_of(gate.metric)
    if function in evidence.broken:
        return Decision(Outcome.INCONCLUSIVE, BROKEN)
    if function is not None and function not in evidence.functions:
        return Decision("not applicable", "the code of the function is not on the target branch yet")
    if not gate.needs_production:
        return None
    if evidence.not_comparable is not None:
        return Decision(Outcome.NOT_COMPARABLE, evidence.not_comparable)
    if evidence.production is None:
        return Decision("not applicable", "no production yet to compare with")
    if evidence.is_same_model:
        outcome = Outcome.FAIL if gate.require == "better" else Outcome.PASS
        return Decision(outcome, "the same bytes as production", Interval(0.0, 0.0, 0.0, 0.0))
    return None


def decide(gate: Gate, both: Both, strictness: Strictness) -> Decision:
    """Return what GATE comes to on the rows of BOTH."""
    rows, least = both.candidate.sample.rows, strictness.min_rows
    if rows < least:
        kind = rows_of(gate.metric)
        seen = f"{rows:,} {kind} are" if rows != 1 else f"1 {kind.replace('rows', 'row')} is"
        sentence = f"{seen} fewer than {strictness.wanted_by} ({least})"
        return Decision(Outcome.INCONCLUSIVE, sentence, rows_needed=least)
    if gate.is_alone:
        return _bound(gate, both, strictness.confidence)
    return _comparison(gate, both, strictness)


def margin_of(gate: Gate, production: float | None) -> tuple[float, str]:
    """Return the margin of GATE in the unit of its metric, given production's value, and as a sentence writes it."""
    margin = gate.tolerance.absolute(production or 0.0)
    return margin, f"{margin:.4f} ({gate.limit})" if gate.tolerance.relative else written_number(margin)


def _bound(gate: Gate, both: Both, confidence: float) -> Decision:
    """Decide on the candidate alone."""
    limit, is_ceiling = gate.value or 0.0, gate.require == "ceiling"
    found = _alone(gate, both, confidence)
    if isinstance(found, NotTrusted):
        return Decision(Outcome.INCONCLUSIVE, found.sentence)
    lower, upper = number(found.lower, limit), number(found.upper, limit)
    at_least = f"at least {lower}, the {gate.require} is {gate.limit}"
    at_most = f"at most {upper}, the {gate.require} is {gate.limit}"
    if found.lower > limit:
        return Decision(Outcome.FAIL if is_ceiling else Outcome.PASS, at_least, found)
    if found.upper < limit:
        return Decision(Outcome.PASS if is_ceiling else Outcome.FAIL, at_most, found)
    sentence = f"between {lower} and {upper}, the {gate.require} {gate.limit} lies inside"
    needed = rows_for_bound(gate.metric, both.candidate, found, limit, confidence, is_ceiling=is_ceiling)
    visible = smallest_visible_difference_of(found, confidence)
    return Decision(Outcome.INCONCLUSIVE, sentence, found, needed, visible)


def _alone(gate: Gate, both: Both, confidence: float) -> Interval | NotTrusted:
    """Return the interval of the candidate's own value; of churn, that of the rows that it decides otherwise."""
    if metric_of(gate.metric).kind == "churn":
        return churn(both.candidate, both.compared, confidence)
    return alone(gate.metric, both.candidate, confidence)


def _comparison(gate: Gate, both: Both, strictness: Strictness) -> Decision:
    """Decide on the candidate against production."""
    metric, now, before, confidence = gate.metric, both.candidate, both.compared, strictness.confidence
    margin, written = margin_of(gate, before.value(metric))
    found = difference_for(gate, now, before, strictness)
    if isinstance(found, NotTrusted):
        return Decision(Outcome.INCONCLUSIVE, found.sentence)
    rule = _not_worse if gate.require == "not_worse" else _better
    outcome, sentence = rule(found.interval, margin, written)
    doubt = {Outcome.PASS: found.lower_doubt, Outcome.FAIL: found.upper_doubt}.get(outcome)
    if doubt is None and outcome is not Outcome.INCONCLUSIVE:
        return Decision(
            outcome, sentence, found.interval, again=at_confidence(found, lambda at: rule(at, margin, written))
        )
    if found.lower_doubt is not None:
        worst = worst_loss(metric, now, before, confidence) if gate.require == "not_worse" else None
        if worst is not None and worst <= sure_margin(gate, before, confidence):
            lost = signed(-worst, -margin)
            return Decision(Outcome.PASS, f"so few rows changed that it is {lost} at worst, the margin is {written}")
    if doubt is not None:
        return Decision(Outcome.INCONCLUSIVE, doubt.sentence)
    limit = -margin if gate.require == "not_worse" else margin
    power = power_of(metric, now, before, found.interval, limit=limit, confidence=confidence)
    return Decision(outcome, sentence, found.interval, power.rows_needed, power.smallest_visible)


def at_confidence(
    found: Difference, rule: Callable[[Interval], tuple[Outcome, str]]
) -> Callable[[float], Decision] | None:
    """Return what RULE comes to at any confidence, where the difference FOUND has bounds without another look."""
    if found.at is None:
        return None
    at = found.at

    def again(confidence: float) -> Decision:
        interval = at(confidence)
        outcome, sentence = rule(interval)
        return Decision(outcome, sentence, interval)

    return again


def _not_worse(found: Interval, margin: float, written: str) -> tuple[Outcome, str]:
    lower, upper = signed(found.lower, -margin), signed(found.upper, 0.0)
    if found.lower > -margin:
        return Outcome.PASS, f"at worst {lower}, the margin is {written}"
    if found.upper < 0:
        return Outcome.FAIL, f"proven worse: at best {upper}, at worst {lower}"
    return Outcome.INCONCLUSIVE, f"could be as bad as {lower}, the margin is {written}; could be as good as {upper}"


def _better(found: Interval, margin: float, written: str) -> tuple[Outcome, str]:
    lower, upper = signed(found.lower, margin), signed(found.upper, margin)
    if found.lower > margin:
        return Outcome.PASS, f"at least {lower}, wanted more than {written}"
    if found.upper < margin:
        return Outcome.FAIL, f"at best {upper}, wanted more than {written}"
    return Outcome.INCONCLUSIVE, f"between {lower} and {upper}, wanted more than {written}"
