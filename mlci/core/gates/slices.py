"""A gate in slices: each slice by the same rule, and what fails is held against how many slices there are.

A gate passes where every slice passes, each by its own bound: a candidate that is too bad in one slice passes there,
and so in all, with a chance of at most 1 - confidence (Berger 1982, Technometrics 24, 295-300: intersection-union).
Proofs of harm add up the other way: of 50 slices without a change two or three would be "proven worse" by their own
bounds. So a failure counts only if it stands by Holm's procedure (Holm 1979, Scandinavian Journal of Statistics 6,
65-70): with k slices of a family left, by the bound at 1 - (1 - confidence)/k. What is proven leaves, and the others
are seen again. Bounds say the same as p-values, and every metric has them. Several comparisons together by
`no_proven_regression` are allowed half of 1 - confidence: equally good models shall be blocked in 3 % at most, and
bounds that lie far in the tails err somewhat more often than they say (`benchmarks/levels.py`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mlci.core.gates.decision import at_confidence, decide, margin_of
from mlci.core.gates.relative_margin import difference_for
from mlci.core.gates.result import Decision, Outcome, SliceResult, rows_of
from mlci.core.gates.wording import signed
from mlci.core.metrics import function_of
from mlci.core.statistics.sampling import NotTrusted
from mlci.core.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlci.core.evidence import Both, Slice, View
    from mlci.core.gates.result import SliceOutcome
    from mlci.core.gates.strictness import Strictness
    from mlci.core.requirement import Gate
    from mlci.core.statistics.interval import Interval

Judgement = tuple[Decision, tuple[SliceResult, ...]]
"""What a gate came to in its slices: the whole, and each."""

_ORDER: Final[Mapping[str, int]] = {"fail": 0, "inconclusive": 1, "pass": 2, "too small": 3}


@dataclass(slots=True)
class _Cell:
    """One gate in one slice."""

    gate: Gate
    slice: Slice
    found: Decision
    """By the slice's own bound."""
    is_small: bool
    candidate: float | None
    production: float | None
    rows: int
    is_proven: bool = False
    """Whether a failure stands among all of its family."""
    is_lost: bool = False
    """Whether a function of one's own has a value of what production answers, and none of what the candidate does."""

    @property
    def outcome(self) -> SliceOutcome:
        if self.is_small:
            return "too small"
        if self.found.outcome is Outcome.FAIL and not self.is_proven:
            return Outcome.PASS if self.gate.require == "no_proven_regression" else Outcome.INCONCLUSIVE
        return self.found.outcome if isinstance(self.found.outcome, Outcome) else Outcome.INCONCLUSIVE


def in_slices(
    families: Sequence[Sequence[tuple[Gate, tuple[Slice, ...]]]],
    view: View,
    strictness: Strictness,
    *,
    is_adjusted: bool,
) -> list[list[Judgement]]:
    """Return what the gates of each family come to in their slices; a family's failures are held against each other.

    A slice is cut once for all gates. Without IS_ADJUSTED a failure stands by its own bound.
    """
    cells = [[[_Cell(gate, each, _NOTHING, False, None, None, 0) for each in slices] for gate, slices in family]  # noqa: FBT003 - filled in below
             for family in families]  # fmt: skip
    flat = [cell for family in cells for row in family for cell in row]
    for each in dict.fromkeys(cell.slice for cell in flat):
        cut = view.of(each)
        for cell in flat:
            if cell.slice is each:
                _fill(cell, cut, strictness)
    together = [_Family([cell for row in family for cell in row]) for family in cells]
    _prove(together, view, strictness, is_adjusted=is_adjusted)
    return [[_judgement(row, sum(map(len, family))) for row in family] for family in cells]


OF_REGRESSIONS: Final = 0.5
"""How much of 1 - confidence several comparisons by `no_proven_regression` may err together."""
LOST: Final = "the function has a value of what production answers here, and none of what the candidate answers"
_NOTHING: Final = Decision(Outcome.INCONCLUSIVE, "not judged")


def _fill(cell: _Cell, cut: View, strictness: Strictness) -> None:
    """Judge CELL by the rows of its slice alone."""
    both = cut.on(cell.gate.metric)
    cell.rows = both.candidate.sample.rows
    cell.candidate = both.candidate.value(cell.gate.metric)
    cell.production = None if both.production is None else both.production.value(cell.gate.metric)
    least = cell.slice.min_rows or strictness.min_rows
    if cell.gate.require == "no_proven_regression" and cell.rows < least:
        cell.found = Decision(Outcome.PASS, f"{cell.rows:,} {rows_of(cell.gate.metric)}, {least} are wanted")
        cell.is_small = True
        return
    cell.found = _rule(cell)(cell.gate, both, _of_slice(cell.slice, strictness))
    if cell.gate.require == "no_proven_regression" and cell.found.outcome is Outcome.INCONCLUSIVE:
        # What only the candidate makes fail is no lack of rows, and does not pass for one.
        is_function = function_of(cell.gate.metric) is not None
        cell.is_lost = is_function and cell.candidate is None and cell.production is not None
        cell.is_small = not cell.is_lost
        cell.found = replace(cell.found, sentence=LOST) if cell.is_lost else cell.found


def _of_slice(chosen: Slice, strictness: Strictness) -> Strictness:
    if chosen.min_rows is None:
        return strictness
    return replace(strictness, min_rows=chosen.min_rows, wanted_by="the slice's min_rows")


def _rule(cell: _Cell) -> Callable[[Gate, Both, Strictness], Decision]:
    return _regression if cell.gate.require == "no_proven_regression" else decide


def _regression(gate: Gate, both: Both, strictness: Strictness) -> Decision:
    """Return whether a regression beyond the margin is proven; inconclusive is what no theory can judge."""
    before = both.compared
    margin, written = margin_of(gate, before.value(gate.metric))
    found = difference_for(gate, both.candidate, before, strictness)
    if isinstance(found, NotTrusted):
        return Decision(Outcome.INCONCLUSIVE, found.sentence)
    outcome, sentence = _proven(found.interval, margin, written)
    if outcome is Outcome.FAIL and found.upper_doubt is not None:
        return Decision(Outcome.PASS, found.upper_doubt.sentence, found.interval)
    return Decision(
        outcome, sentence, found.interval, again=at_confidence(found, lambda at: _proven(at, margin, written))
    )


def _proven(found: Interval, margin: float, written: str) -> tuple[Outcome, str]:
    best = signed(found.upper, -margin)
    if found.upper < -margin:
        return Outcome.FAIL, f"proven worse: at best {best}, the margin is {written}"
    return Outcome.PASS, f"could be as good as {best}, the margin is {written}"


class _Family:
    """The cells whose failures are held against each other, with those that may still stand."""

    def __init__(self, cells: Sequence[_Cell]) -> None:
        self.cells = cells
        self.open = [cell for cell in cells if cell.found.outcome is Outcome.FAIL]
        self.left = sum(not (cell.is_small or cell.is_lost) for cell in cells)

    def error(self, strictness: Strictness) -> float:
        """Return how often a failure of the family may be one by chance."""
        error = 1 - strictness.confidence
        are_regressions = self.cells[0].gate.require == "no_proven_regression"
        return OF_REGRESSIONS * error if are_regressions and len(self.cells) > 1 else error

    def next_round(self) -> None:
        """Let what was proven leave; where nothing was, nothing more will be."""
        proven = sum(cell.is_proven for cell in self.open)
        self.left -= proven
        self.open = [cell for cell in self.open if not cell.is_proven] if proven else []


def _prove(families: Sequence[_Family], view: View, strictness: Strictness, *, is_adjusted: bool) -> None:
    """Say of every failure whether it stands among all cells of its family; with its bound at that level.

    A slice is cut once a round for all families, and only where a bound at another confidence needs its rows.
    """
    while undecided := [family for family in families if family.open]:
        for each in dict.fromkeys(cell.slice for family in undecided for cell in family.open):
            needs_rows = any(
                cell.slice is each and cell.found.again is None for family in undecided for cell in family.open
            )
            cut = view.of(each) if needs_rows else view  # which then nobody looks at
            for family in undecided:
                sure = 1 - family.error(strictness) / family.left if is_adjusted else strictness.confidence
                for cell in family.open:
                    if cell.slice is each:
                        _see_again(cell, cut, replace(strictness, confidence=sure))
        for family in undecided:
            family.next_round()
    for family in families:
        for cell in family.cells:
            if cell.found.outcome is Outcome.FAIL and not cell.is_proven:
                allowing = f"allowing for {counted(len(family.cells), 'comparison')}"
                sentence = f"fails by its own bound, but not {allowing}, of which some fail by chance"
                cell.found = replace(cell.found, sentence=sentence)


def _see_again(cell: _Cell, cut: View, strictness: Strictness) -> None:
    """Keep what CELL comes to at the confidence of its family where it fails there, too."""
    if cell.found.again is not None:
        found = cell.found.again(strictness.confidence)
    else:
        found = _rule(cell)(cell.gate, cut.on(cell.gate.metric), _of_slice(cell.slice, strictness))
    if found.outcome is Outcome.FAIL:
        cell.found, cell.is_proven = found, True


def _judgement(cells: Sequence[_Cell], family: int) -> Judgement:
    """Return what the CELLS of one gate come to, of a FAMILY of so many."""
    ordered = sorted(cells, key=_badness)
    results = tuple(
        SliceResult(
            name=cell.slice.name,
            value=cell.slice.value,
            place=cell.slice.place,
            outcome=cell.outcome,
            candidate=cell.candidate,
            production=cell.production,
            interval=cell.found.interval,
            rows=cell.rows,
            sentence=cell.found.sentence,
        )
        for cell in ordered
    )
    worst = ordered[0].found if ordered else _NOTHING
    outcomes = {result.outcome for result in results}
    outcome = next((each for each in (Outcome.FAIL, Outcome.INCONCLUSIVE) if each in outcomes), Outcome.PASS)
    needed = worst.rows_needed if outcome is Outcome.INCONCLUSIVE else None
    visible = worst.smallest_visible if outcome is Outcome.INCONCLUSIVE else None
    return Decision(outcome, _sentence(results, outcome, family), worst.interval, needed, visible), results


def _badness(cell: _Cell) -> tuple[int, float]:
    """Return what orders cells from the worst: the outcome, then the difference, or how far from the limit."""
    interval = cell.found.interval
    if interval is None:
        return _ORDER[cell.outcome], 0.0
    return _ORDER[cell.outcome], -interval.estimate if cell.gate.require == "ceiling" else interval.estimate


def _sentence(results: tuple[SliceResult, ...], outcome: Outcome, family: int) -> str:
    """Return in words how many slices came to what."""
    if not results:
        return "there is no slice to look at"
    small = sum(result.outcome == "too small" for result in results)
    looked = len(results) - small
    beside = f"; {counted(small, 'slice')} too small to say" if small else ""
    match outcome:
        case Outcome.FAIL:
            failed = sum(result.outcome is Outcome.FAIL for result in results)
            among = f", allowing for {counted(family, 'comparison')}" if family > 1 else ""
            return f"fails in {failed} of {counted(looked, 'slice')}{among}; worst: {results[0].sentence}{beside}"
        case Outcome.INCONCLUSIVE:
            open_ones = sum(result.outcome is Outcome.INCONCLUSIVE for result in results)
            return f"undecided in {open_ones} of {counted(looked, 'slice')}; first: {results[0].sentence}{beside}"
        case _ if looked == 0:
            return "no slice is large enough to say anything"
        case _:
            return f"holds in {counted(looked, 'slice')}{beside}"
