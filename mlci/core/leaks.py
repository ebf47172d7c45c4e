"""Leaks between data sets: rows, groups or times that a model saw in training and is judged on, and labels given away.

What is looked for stands in `mlci.yaml`; what was measured comes from an adapter; this module says what it means.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlci.core.findings import ExampleRow, Finding
from mlci.core.words import code, codes, counted, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.core.contract.share import Share
    from mlci.core.leak_rule import OwnedLeakRule


MOST_COLLAPSED: Final = 0.001
"""Share of different rows that rounding makes equal within one set, from which on rounded rows say nothing."""


@dataclass(frozen=True, slots=True)
class Relation:
    """The label as a sum: LABEL = Σ factor × column + constant."""

    terms: tuple[tuple[float, str], ...]
    constant: float

    @property
    def text(self) -> str:
        """The sum as a reader writes it.

        >>> Relation(((1.0, "casual"), (1.0, "registered")), 0.0).text
        '`casual` + `registered`'
        >>> Relation(((-2.5, "a"),), 1.0).text
        '−2.5 × `a` + 1'
        """
        parts = [(factor < 0, f"{_factor(abs(factor))}{code(column)}") for factor, column in self.terms]
        if self.constant:
            parts.append((self.constant < 0, f"{abs(self.constant):g}"))
        (is_negative, first), *more = parts
        sign = "−" if is_negative else ""
        return f"{sign}{first}" + "".join(f" {'−' if negative else '+'} {part}" for negative, part in more)


@dataclass(frozen=True, slots=True)
class Shared:
    """What the later of two sets has in common with the earlier one, by one way of looking."""

    failing: int
    """Rows of the later set."""
    groups: int = 0
    """Values of the group that stand in both."""
    examples: tuple[ExampleRow, ...] = ()
    """The first of the rows."""


@dataclass(frozen=True, slots=True)
class PairEvidence:
    """What was found between two sets."""

    earlier: str
    later: str
    rows: int
    """Of the later set."""
    columns: tuple[str, ...]
    """What rows were compared by."""
    exact: Shared
    rounded: Shared
    """Rows that are equal on one of two grids of rounded numbers, and not exactly."""
    collapsed: float
    """The share of different rows of one set that rounding makes equal."""
    groups: Shared | None = None
    times: Shared | None = None
    """Rows that are not after the last one of the earlier set."""


@dataclass(frozen=True, slots=True)
class LabelEvidence:
    """What was found about the label of one set."""

    dataset: str
    rows: int
    equal: tuple[str, ...] = ()
    """Columns that hold the label."""
    determining: tuple[tuple[str, int], ...] = ()
    """Columns of which each value goes with one label, and how many values they have."""
    relation: Relation | None = None


@dataclass(frozen=True, slots=True)
class LeakEvidence:
    """All that was found by one rule."""

    pairs: tuple[PairEvidence, ...] = ()
    label: LabelEvidence | None = None


def leak_findings(owned: OwnedLeakRule, evidence: LeakEvidence) -> tuple[Finding, ...]:
    """Return what is wrong by a rule, each finding in the set that is spoiled: the later one, or that of the label."""
    found = [each for pair in evidence.pairs for each in _between(owned, pair)]
    if evidence.label is not None:
        found += _label_findings(owned, evidence.label)
    return tuple(found)


def _between(owned: OwnedLeakRule, pair: PairEvidence) -> Iterator[Finding]:
    earlier = code(pair.earlier)
    if not _is_tolerated(owned.rule.max_share, pair.exact, pair):
        sentence = f"{_extent(pair.exact, pair)} stand in {earlier}, too"
        yield _finding(owned, pair, ("rows", *pair.columns), sentence, pair.exact)
    if pair.collapsed <= MOST_COLLAPSED and not _is_tolerated(owned.rule.max_share, pair.rounded, pair):
        sentence = f"{_extent(pair.rounded, pair)} stand in {earlier}, too, but for the last digits of their numbers"
        yield _finding(owned, pair, ("rounded", *pair.columns), sentence, pair.rounded)
    if pair.groups is not None and pair.groups.failing and owned.rule.group is not None:
        values = counted(pair.groups.groups, "value")
        sentence = (
            f"{_extent(pair.groups, pair)} belong to {values} of {code(owned.rule.group)} that {earlier} has, too"
        )
        yield _finding(owned, pair, ("group", owned.rule.group), sentence, pair.groups)
    if pair.times is not None and pair.times.failing and owned.rule.time is not None:
        sentence = f"{_extent(pair.times, pair)} are not after the last {code(owned.rule.time)} of {earlier}"
        yield _finding(owned, pair, ("time", owned.rule.time), sentence, pair.times)


def _is_tolerated(most: Share, shared: Shared, pair: PairEvidence) -> bool:
    return most.allows(shared.failing, pair.rows)


def _extent(shared: Shared, pair: PairEvidence) -> str:
    return f"{shared.failing:,} of {counted(pair.rows, 'row')} ({percent(shared.failing / pair.rows)})"


def _label_findings(owned: OwnedLeakRule, evidence: LabelEvidence) -> Iterator[Finding]:
    label = owned.rule.label or ""
    for column in evidence.equal:
        sentence = f"{code(column)} is the label {code(label)} in every row"
        yield _of_label(owned, evidence, (column, label), sentence)
    for column, values in evidence.determining:
        sentence = (
            f"{code(column)} determines the label {code(label)}: each of its {values:,} values has one label only"
        )
        yield _of_label(owned, evidence, (column, label), sentence)
    if evidence.relation is not None:
        columns = tuple(column for _, column in evidence.relation.terms)
        sentence = f"{evidence.relation.text} is the label {code(label)} in every row"
        yield _of_label(owned, evidence, (*columns, label), sentence)


def _of_label(owned: OwnedLeakRule, evidence: LabelEvidence, columns: tuple[str, ...], sentence: str) -> Finding:
    return Finding(
        dataset=evidence.dataset,
        key=("leaks", "-".join(owned.rule.sets), "label", *columns),
        kind="leak",
        columns=columns,
        sentence=sentence,
        failing=evidence.rows,
        checked=evidence.rows,
        origin=owned.origin,
    )


def _finding(owned: OwnedLeakRule, pair: PairEvidence, kind: tuple[str, ...], sentence: str, shared: Shared) -> Finding:
    what, *columns = kind
    return Finding(
        dataset=pair.later,
        key=("leaks", "-".join(owned.rule.sets), what, pair.earlier, pair.later),
        kind="leak",
        columns=tuple(columns),
        sentence=sentence,
        failing=shared.failing,
        checked=pair.rows,
        examples=shared.examples,
        origin=owned.origin,
    )


def _factor(value: float) -> str:
    return "" if value == 1 else f"{value:g} × "


def nothing_to_compare(pair: tuple[str, str]) -> str:
    """Return the problem of two sets that have no column in common."""
    return f"{codes(pair)} have no column in common by which rows could be compared"
