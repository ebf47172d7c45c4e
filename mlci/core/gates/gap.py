"""The gap of a metric between groups: how much wider the candidate's is than production's.

The gap of a model is the largest difference of the metric between any two groups. It grows by

    max over i, j of (cᵢ - cⱼ) - max over k, m of (pₖ - pₘ)

with c the candidate's values and p production's. For any k and m it is at most the largest of (cᵢ - cⱼ) - (pₖ - pₘ),
and, whatever k and m are, at most the largest of (cᵢ - cⱼ) - (pᵢ - pⱼ), by the triangle inequality: the first is close
where production's gap is wide, the second where both models are much alike. For any i and j it is at least the least of
(cᵢ - cⱼ) - (pₖ - pₘ). Each of those is a linear function of estimates, so its influences are those of its parts, set
into all rows (van der Vaart, "Asymptotic Statistics", 1998, section 3.1), and what both models share cancels.

The rows that judge also choose k and m (or i and j) among K = G(G - 1) ordered pairs, and which upper bound is closer:
so bounds are at 1 - (1 - confidence)/(K + 1), Bonferroni's. Over the other pair the extreme is taken, which costs
nothing (Berger 1982, Technometrics 24, 295-300).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import permutations
from typing import TYPE_CHECKING, Final

import numpy as np

from mlci.core.bounds import worst_loss
from mlci.core.gates.decision import margin_of
from mlci.core.gates.result import Decision, Outcome, SliceResult
from mlci.core.gates.wording import number
from mlci.core.statistics.interval import Interval, without_bias
from mlci.core.statistics.power import rows_to_decide, smallest_visible_difference_of
from mlci.core.statistics.sampling import NotTrusted, enough_changes, mean_interval
from mlci.core.words import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlci.core.answers import Sample, TaskAnswers
    from mlci.core.evidence import Both, Slice, View
    from mlci.core.gates.strictness import Strictness
    from mlci.core.requirement import Gate

    Floats = NDArray[np.float64]

_Pairs = tuple[tuple[int, int], tuple[int, int]]
"""The pair of groups that the candidate's difference is of, and the pair of production's."""
FEWEST_GROUPS: Final = 2


@dataclass(frozen=True, slots=True)
class _Group:
    """One group: the values of both models, and the influences in all rows."""

    slice: Slice
    rows: int
    candidate: float
    production: float
    candidate_influence: Floats
    """(n_rows,) 0 outside the group."""
    production_influence: Floats
    candidate_bias: float
    production_bias: float
    worst: float | None
    """The most that the metric can have changed in this group; None without a bound."""


def gap_between(
    gate: Gate, groups: Sequence[Slice], view: View, strictness: Strictness
) -> tuple[Decision, SliceResult]:
    """Return whether the gap of the metric of GATE between GROUPS grew, and the result that shows it."""
    found = _groups(gate, groups, view, strictness)
    small = len(groups) - len(found)
    if len(found) < FEWEST_GROUPS:
        least = f"{counted(len(groups), 'group')}, of which {len(found)} can be judged"
        decision = Decision(Outcome.INCONCLUSIVE, f"a gap needs two groups with enough rows; there are {least}")
        return decision, _result(groups, decision, None, None, sum(group.rows for group in found))
    now, before = _gap([group.candidate for group in found]), _gap([group.production for group in found])
    margin, written = margin_of(gate, before)
    growth = _growth(found, view.whole.candidate.sample, strictness)
    decision = _decided(growth, found, margin, written)
    if small:
        decision = replace(decision, sentence=f"{decision.sentence}; {counted(small, 'group')} too small to say")
    return decision, _result(groups, decision, now, before, sum(group.rows for group in found))


def _groups(gate: Gate, groups: Sequence[Slice], view: View, strictness: Strictness) -> list[_Group]:
    """Return the groups that have enough rows for the metric, and a value of it."""
    found = []
    for each in groups:
        both = view.of(each).on(gate.metric)
        rows = both.candidate.sample.rows
        if rows < (each.min_rows or strictness.min_rows):
            continue
        now, before = both.candidate.estimate(gate.metric), both.compared.estimate(gate.metric)
        if now is None or before is None:
            continue
        places = _places(each.rows, view.whole.candidate, gate.metric)
        scale = _scale(view.whole.candidate.sample, places)
        found.append(
            _Group(
                each,
                rows,
                now.value,
                before.value,
                _set_into(now.influence * scale, places, len(each.rows)),
                _set_into(before.influence * scale, places, len(each.rows)),
                now.bias,
                before.bias,
                _worst(gate, both, 1 - (1 - strictness.confidence) / len(groups)),
            )
        )
    return found


def _worst(gate: Gate, both: Both, confidence: float) -> float | None:
    return worst_loss(gate.metric, both.candidate, both.compared, confidence)


def _places(rows: NDArray[np.bool_], answers: TaskAnswers, metric: str) -> NDArray[np.intp]:
    """Return which of all rows METRIC is computed on within a group."""
    looked = answers.seen_by(metric).sample.looked_at(metric)
    return np.flatnonzero(rows if looked is None else rows & looked)


def _scale(sample: Sample, places: NDArray[np.intp]) -> float:
    """Return all rows (or their weight) over those of the group: what its influences count among all rows."""
    if sample.weights is None:
        return sample.rows / places.size
    return float(sample.weights.sum() / sample.weights[places].sum())


def _set_into(influence: Floats, places: NDArray[np.intp], rows: int) -> Floats:
    whole = np.zeros(rows)
    whole[places] = influence
    return whole


@dataclass(frozen=True, slots=True)
class _Growth:
    """How much the gap grew, with the doubts about its bounds."""

    interval: Interval
    upper_doubt: NotTrusted | None
    lower_doubt: NotTrusted | None
    sure: float
    """The confidence of each bound."""


def _growth(groups: Sequence[_Group], sample: Sample, strictness: Strictness) -> _Growth | NotTrusted:
    pairs = list(permutations(range(len(groups)), 2))
    now = max(pairs, key=lambda pair: groups[pair[0]].candidate - groups[pair[1]].candidate)
    before = max(pairs, key=lambda pair: groups[pair[0]].production - groups[pair[1]].production)
    sure = 1 - (1 - strictness.confidence) / (len(pairs) + 1)
    found = {
        both: _contrast(groups, *both, sample, sure)
        for both in dict.fromkeys(
            [(now, before)] + [both for pair in pairs for both in ((pair, before), (now, pair), (pair, pair))]
        )
    }
    known: dict[_Pairs, Interval] = {}
    for both, each in found.items():
        if isinstance(each, NotTrusted):
            return each
        known[both] = each
    # Of two sets of pairs, each of which bounds the growth, the one with the lower bound.
    uppermost = min(
        (
            max(chosen, key=lambda both: known[both].upper)
            for chosen in ([(pair, before) for pair in pairs], [(pair, pair) for pair in pairs])
        ),
        key=lambda both: known[both].upper,
    )
    lowest = min(((now, pair) for pair in pairs), key=lambda both: known[both].lower)
    interval = replace(known[now, before], lower=known[lowest].lower, upper=known[uppermost].upper)

    def doubt(both: _Pairs, sign: int) -> NotTrusted | None:
        influence = sign * _influence(groups, *both)
        return enough_changes(influence, sample.weights, sample.sampling, strictness.min_changed)

    return _Growth(interval, upper_doubt=doubt(uppermost, -1), lower_doubt=doubt(lowest, 1), sure=sure)


def _contrast(
    groups: Sequence[_Group], now: tuple[int, int], before: tuple[int, int], sample: Sample, confidence: float
) -> Interval | NotTrusted:
    """Return the candidate's difference between the pair NOW less production's between the pair BEFORE."""
    (i, j), (k, m) = now, before
    value = groups[i].candidate - groups[j].candidate - (groups[k].production - groups[m].production)
    found = mean_interval(_influence(groups, now, before), sample.weights, sample.sampling, confidence, value)
    bias = groups[i].candidate_bias - groups[j].candidate_bias - (groups[k].production_bias - groups[m].production_bias)
    return found if isinstance(found, NotTrusted) else without_bias(found, bias)


def _influence(groups: Sequence[_Group], now: tuple[int, int], before: tuple[int, int]) -> Floats:
    (i, j), (k, m) = now, before
    gained = groups[i].candidate_influence - groups[j].candidate_influence
    return np.asarray(gained - (groups[k].production_influence - groups[m].production_influence), dtype=np.float64)


def _decided(growth: _Growth | NotTrusted, groups: Sequence[_Group], margin: float, written: str) -> Decision:
    if isinstance(growth, NotTrusted):
        return Decision(Outcome.INCONCLUSIVE, growth.sentence)
    rows = sum(group.rows for group in groups)
    found = growth.interval
    # Reports have + for good: a gap that narrows.
    shown = Interval(-found.estimate, -found.upper, -found.lower, found.standard_error)
    at_most, at_least = number(found.upper, margin), number(found.lower, margin)
    if found.upper < margin and growth.upper_doubt is None:
        at_most = (
            f"grows by at most {at_most}" if found.upper >= 0 else f"narrows by at least {number(-found.upper, 0.0)}"
        )
        return Decision(Outcome.PASS, f"the gap {at_most}, the margin is {written}", shown)
    if found.lower > margin and growth.lower_doubt is None:
        return Decision(Outcome.FAIL, f"the gap grows by at least {at_least}, the margin is {written}", shown)
    worst = _worst_growth(groups)
    if growth.upper_doubt is not None and worst is not None and worst < margin:
        lost = number(worst, margin)
        return Decision(
            Outcome.PASS, f"so few rows changed that the gap grows by {lost} at worst, the margin is {written}"
        )
    doubt = growth.upper_doubt if found.upper < margin else growth.lower_doubt if found.lower > margin else None
    if doubt is not None:
        return Decision(Outcome.INCONCLUSIVE, doubt.sentence)
    least = number(abs(found.lower), margin)
    or_else = f"grow by {least} alone" if found.lower > 0 else f"narrow by {least}"
    sentence = f"the gap could grow by {at_most}, the margin is {written}; it could also {or_else}"
    needed = rows_to_decide(shown.estimate, shown.standard_error or 0.0, rows, margin, growth.sure)
    return Decision(Outcome.INCONCLUSIVE, sentence, shown, needed, smallest_visible_difference_of(shown, growth.sure))


def _worst_growth(groups: Sequence[_Group]) -> float | None:
    """Return the most that the gap can have grown where few rows changed: what two groups can at worst have changed."""
    known = sorted((group.worst for group in groups if group.worst is not None), reverse=True)
    return sum(known[:2]) if len(known) == len(groups) else None


def _gap(values: Sequence[float]) -> float:
    return max(values) - min(values)


def _result(
    groups: Sequence[Slice], decision: Decision, now: float | None, before: float | None, rows: int
) -> SliceResult:
    """Return the result of all GROUPS together, under the name of their column or conditions."""
    outcome = decision.outcome if isinstance(decision.outcome, Outcome) else Outcome.INCONCLUSIVE
    name = ", ".join(dict.fromkeys(each.name for each in groups))
    return SliceResult(name, None, 0, outcome, now, before, decision.interval, rows, decision.sentence)


def worst_of(judged: Sequence[tuple[Decision, SliceResult]]) -> Decision:
    """Return the decision of a gate between the groups of several columns: that of the worst."""
    order = (Outcome.FAIL, Outcome.INCONCLUSIVE)
    worst = next((each for outcome in order for each, _ in judged if each.outcome is outcome), None)
    return worst or (judged[0][0] if judged else Decision(Outcome.INCONCLUSIVE, "there is no group to compare"))
