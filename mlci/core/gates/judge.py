"""The decision of the whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from mlci.core.answers import crossing
from mlci.core.gates.by_value import by_value
from mlci.core.gates.cost import of_cost
from mlci.core.gates.decision import decide, without_rows
from mlci.core.gates.gap import gap_between, worst_of
from mlci.core.gates.result import Decision, Flips, GateResult, Outcome, Verdict
from mlci.core.gates.slices import in_slices
from mlci.core.gates.strictness import Strictness
from mlci.core.metrics import is_cost, metric_of
from mlci.core.statistics.mcnemar import mcnemar_mid_p
from mlci.core.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from mlci.core.evidence import Evidence, Slice
    from mlci.core.gates.result import GateOutcome, SliceResult
    from mlci.core.gates.slices import Judgement
    from mlci.core.judging_sections import StatisticsSection
    from mlci.core.owned_gates import OwnedGate
    from mlci.core.requirement import Gate

MASK: Final = "…"
"""What stands for an id that identifies somebody."""
SORTED: Final = frozenset({"auc", "average_precision", "ranks"})
"""Kinds of metrics that need the rows in the order of their scores."""


def judge(gates: Sequence[OwnedGate], evidence: Evidence, statistics: StatisticsSection) -> Verdict:
    """Return the verdict on the candidate.

    Fail if a gate fails, else not comparable if production is, else inconclusive if a gate is, else pass or first.
    """
    if evidence.numbers is not None:
        return _verdict(by_value(gates, evidence, evidence.numbers), evidence)
    strictness = Strictness(statistics.confidence, statistics.min_rows, statistics.min_changed)
    sliced = _in_slices(gates, evidence, strictness, is_adjusted=statistics.multiplicity == "holm")
    results = tuple(
        of_cost(owned, evidence, statistics.confidence)
        if is_cost(owned.gate.metric)
        else _result(owned, evidence, *(sliced.get(place) or _of_all_rows(owned.gate, evidence, strictness)))
        for place, owned in enumerate(gates)
    )
    return _verdict(results, evidence)


def _verdict(results: tuple[GateResult, ...], evidence: Evidence) -> Verdict:
    return Verdict(
        outcome=_whole({result.outcome for result in results if result.severity == "error"}, evidence),
        results=results,
        flips=_flips(evidence) if evidence.production is not None and evidence.has_decisions else None,
        rows=len(evidence.labels),
        positives=evidence.positives,
        not_comparable=evidence.not_comparable,
        notes=tuple(_crossings(evidence)),
    )


def _crossings(evidence: Evidence) -> Iterator[str]:
    """Yield which models answer quantiles that no distribution has."""
    if evidence.task != "quantile" or not evidence.classes:
        return
    for who, said in (("the candidate", evidence.candidate), ("production", evidence.production)):
        rows, every = 0 if said is None else crossing(said), counted(len(evidence.labels), "row")
        if rows:
            yield (
                f"the quantiles of {who} cross in {rows:,} of {every}, a lower one above a higher one: "
                "sort them within each row, or look at the order of `evaluate.quantiles`"
            )


def _whole(outcomes: set[GateOutcome], evidence: Evidence) -> Outcome:
    if Outcome.FAIL in outcomes:
        return Outcome.FAIL
    if evidence.not_comparable is not None:
        return Outcome.NOT_COMPARABLE
    if Outcome.INCONCLUSIVE in outcomes:
        return Outcome.INCONCLUSIVE
    return Outcome.FIRST if evidence.production is None else Outcome.PASS


def _of_all_rows(gate: Gate, evidence: Evidence, strictness: Strictness) -> Judgement:
    return without_rows(gate, evidence) or decide(gate, evidence.view.on(gate.metric), strictness), ()


def _in_slices(
    gates: Sequence[OwnedGate], evidence: Evidence, strictness: Strictness, *, is_adjusted: bool
) -> dict[int, Judgement]:
    """Return by its place what each gate comes to that looks at slices, and whose rows decide.

    What head adds, and what only warns, is a family of its own: it may not make a proof for base's gates harder.
    """
    families: dict[tuple[object, ...], dict[int, tuple[Gate, tuple[Slice, ...]]]] = {}
    judged: dict[int, Judgement] = {}
    for place, owned in enumerate(gates):
        gate = owned.gate
        chosen = owned.chosen(evidence.slices) if gate.slices else (evidence.all_rows,)
        is_family = gate.require == "no_proven_regression"
        if not (is_family or owned.gate.slices) or without_rows(gate, evidence):
            continue
        if gate.require == "gap_not_wider":
            judged[place] = _gaps(gate, chosen, evidence, strictness)
            continue
        key = (gate.require, owned.origin, gate.severity) if is_family else (place,)
        families.setdefault(key, {})[place] = (gate, chosen)
    if any(metric_of(gate.metric).kind in SORTED for family in families.values() for gate, _ in family.values()):
        _sort(evidence)
    members = [list(family.values()) for family in families.values()]
    found = in_slices(members, evidence.view, strictness, is_adjusted=is_adjusted)
    for places, judgements in zip(families.values(), found, strict=True):
        judged |= dict(zip(places, judgements, strict=True))
    return judged


def _sort(evidence: Evidence) -> None:
    """Sort the scores of both models once, so that slices are cut out of an order."""
    for answers in (evidence.whole.candidate, evidence.whole.production):
        if answers is not None:
            answers.sort()


def _gaps(gate: Gate, chosen: tuple[Slice, ...], evidence: Evidence, strictness: Strictness) -> Judgement:
    """Return what a gate between groups comes to: the values of a column are groups, and conditions are, together."""
    columns: dict[str, list[Slice]] = {}
    for each in chosen:
        columns.setdefault(each.name if each.place else "", []).append(each)
    judged = [gap_between(gate, groups, evidence.view, strictness) for groups in columns.values()]
    results = sorted((result for _, result in judged), key=_severity)
    return worst_of(judged), tuple(results)


def _severity(result: SliceResult) -> int:
    order = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS)
    return next(place for place, outcome in enumerate(order) if result.outcome is outcome)


def _result(owned: OwnedGate, evidence: Evidence, decision: Decision, slices: tuple[SliceResult, ...]) -> GateResult:
    """Return the result of a gate; of slices it shows the values of the worst."""
    gate, both = owned.gate, evidence.view.on(owned.gate.metric)
    worst = slices[0] if slices else None
    if worst is not None:
        candidate, production, rows = worst.candidate, worst.production, worst.rows
    else:
        candidate, production, rows = _value(gate, evidence), None, both.candidate.sample.rows
        production = None if both.production is None else both.production.value(gate.metric)
    flipped = _flipped(gate, evidence, worst)
    return replace(
        GateResult.of(owned, decision, candidate=candidate, production=production, rows=rows),
        slices=slices if gate.slices else (),
        flipped=flipped if decision.outcome is Outcome.FAIL else None,
        mid_p=_mid_p(gate, evidence, flipped) if gate.require != "gap_not_wider" else None,
    )


def _flipped(gate: Gate, evidence: Evidence, worst: SliceResult | None) -> tuple[int, int] | None:
    """Return how many of the rows that GATE looks at were lost and won, of slices in the WORST.

    None where nothing is compared, or nothing is right or wrong.
    """
    if evidence.production is None or not evidence.has_decisions:
        return None
    now, before = (each.seen_by(gate.metric) for each in (evidence.whole.candidate, evidence.whole.compared))
    looked = now.sample.looked_at(gate.metric)
    counted = np.ones(now.sample.rows, dtype=np.bool_) if looked is None else looked
    if worst is not None:
        of_worst = (each.rows for each in evidence.slices if (each.name, each.place) == (worst.name, worst.place))
        counted = counted & next(of_worst, counted)
    return int((before.right & ~now.right & counted).sum()), int((now.right & ~before.right & counted).sum())


def _mid_p(gate: Gate, evidence: Evidence, flipped: tuple[int, int] | None) -> float | None:
    """Return McNemar's mid-p of the rows that changed sides, of a share that is compared; None of anything else."""
    is_share = metric_of(gate.metric).kind == "share" and evidence.sample.is_plain
    return mcnemar_mid_p(*flipped) if flipped and is_share and not gate.is_alone else None


def _value(gate: Gate, evidence: Evidence) -> float | None:
    both = evidence.view.on(gate.metric)
    if metric_of(gate.metric).kind == "churn":
        return None if both.production is None else float(both.candidate.decides_otherwise(both.compared).mean())
    return both.candidate.value(gate.metric)


def _flips(evidence: Evidence) -> Flips:
    """Return the rows that changed sides."""
    now, before = evidence.whole.candidate.right, evidence.whole.compared.right
    lost, won = before & ~now, now & ~before
    positive = evidence.labels if evidence.task == "binary" else np.zeros(len(evidence.labels), dtype=np.bool_)
    return Flips(
        right_to_wrong=_named(lost, evidence),
        wrong_to_right=_named(won, evidence),
        positive_right_to_wrong=int((lost & positive).sum()),
        positive_wrong_to_right=int((won & positive).sum()),
        has_private_ids=evidence.has_private_ids,
        has_positives=evidence.task == "binary",
    )


def _named(rows: NDArray[np.bool_], evidence: Evidence) -> tuple[str, ...]:
    """Return the ids of ROWS, (n_rows,), each masked where they identify people."""
    return tuple(MASK if evidence.has_private_ids else evidence.ids[row] for row in np.flatnonzero(rows).tolist())
