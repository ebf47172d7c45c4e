"""Evidence of functions of one's own: base's code, on what both models answered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mlci.core.gates.undecidable import perfect
from mlci.core.metric_function import MeasuredRows, MetricFunction, file_and_function
from mlci.core.metrics import function_of
from mlci.core.statistics.jackknife import sets_of
from mlci.core.statistics.sampling import NotTrusted, of_rows
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from mlci.commands.ports import Predictor, Tree
    from mlci.core.evidence import Evidence, Slice
    from mlci.core.judging_sections import EvaluateSection
    from mlci.core.rules import Rules


def functions_of(tree: Tree, section: EvaluateSection) -> tuple[MetricFunction, ...]:
    """Return the functions that SECTION names, with their code in TREE, where that is there."""
    found = []
    for name, text in section.metrics.items():
        file, function = file_and_function(text)
        code = tree.read(file)
        found.append(MetricFunction(name, file, function, code or b"", is_missing=code is None))
    return tuple(found)


def refuse_missing(functions: Sequence[MetricFunction], where: str) -> None:
    """Raise `UsageError("metric-missing")` where one of FUNCTIONS, which are named WHERE, has no code."""
    lacking = next((each for each in functions if each.is_missing), None)
    if lacking is not None:
        raise UsageError(
            "metric-missing",
            f"the metric `{lacking.name}` is a function of {lacking.file}, which is not there",
            where=where,
            cause="The file was removed or renamed, or evaluate.metrics mistypes its path.",
            hint=f"git checkout HEAD -- {lacking.file}, or mend evaluate.metrics",
        )


def seen_by_head(
    functions: Sequence[MetricFunction], named: Mapping[str, str], head: Tree
) -> tuple[MetricFunction, ...]:
    """Return base's FUNCTIONS with whether HEAD changes them, whose own `evaluate.metrics` are NAMED so."""

    def is_changed(each: MetricFunction) -> bool:
        if named.get(each.name) != f"{each.file}:{each.function}":
            return True
        return head.read(each.file) != (None if each.is_missing else each.code)

    return tuple(replace(each, is_changed=is_changed(each)) for each in functions)


def with_functions(
    evidence: Evidence, functions: Sequence[MetricFunction], rules: Rules, predictor: Predictor, *, where: str
) -> Evidence:
    """Return EVIDENCE with what those of FUNCTIONS come to that a gate of RULES names, being named WHERE.

    One that has no code, or fails of any answers, and that head changes, is called broken. Raises as `refuse_missing`
    and `Predictor.measure` do.
    """
    names = {function_of(owned.gate.metric) for owned in rules.gates}
    wanted = [each for each in functions if each.name in names]
    if not wanted or not len(evidence.labels):
        return evidence
    # Who mends a function is not held up by it, and passes no gate by it either.
    refuse_missing([each for each in wanted if not each.is_changed], where)
    broken, rows = frozenset(each.name for each in wanted if each.is_missing), _rows(evidence)
    there = [each for each in wanted if not each.is_missing]
    names = {each.name for each in there}
    looked_at = [owned.chosen(evidence.slices) for owned in rules.gates if function_of(owned.gate.metric) in names]
    slices, parts = _parts(evidence, list(dict.fromkeys(each for chosen in looked_at for each in chosen)))
    evidence, rows = replace(evidence, measured_slices=slices), replace(rows, parts=parts)
    try:
        return replace(evidence, functions=predictor.measure(there, rows) if there else {}, broken=broken)
    except UsageError:
        failing = _broken([each for each in there if each.is_changed], rows, evidence, predictor)
        if not failing:
            raise
    others = [each for each in there if each.name not in failing]
    functions_found = predictor.measure(others, rows) if others else {}
    return replace(evidence, functions=functions_found, broken=broken | failing)


def _rows(evidence: Evidence) -> MeasuredRows:
    sets = sets_of(len(evidence.labels), evidence.sampling)
    is_multiclass = evidence.task == "multiclass"
    return MeasuredRows(
        labels=np.array(evidence.classes)[evidence.labels] if is_multiclass else evidence.labels,
        candidate=evidence.candidate,
        production=evidence.production,
        weights=evidence.weights,
        sets=None if isinstance(sets, NotTrusted) else sets,
        classes=evidence.classes,
    )


def _parts(evidence: Evidence, slices: Sequence[Slice]) -> tuple[tuple[Slice, ...], NDArray[np.int8] | None]:
    """Return those of SLICES that have rows enough for a jackknife of their own, and the sets of their rows."""
    found: list[Slice] = []
    parts = np.full((len(slices), len(evidence.labels)), -1, dtype=np.int8)  # a byte a row, for slices may be many
    for each in slices:
        places = np.flatnonzero(each.rows)
        sets = sets_of(places.size, of_rows(evidence.sampling, places))
        if not isinstance(sets, NotTrusted):
            parts[len(found), places] = sets
            found.append(each)
    return tuple(found), parts[: len(found)] if found else None


def _broken(
    functions: Sequence[MetricFunction], rows: MeasuredRows, evidence: Evidence, predictor: Predictor
) -> frozenset[str]:
    """Return those of FUNCTIONS that fail of what production answers, or a perfect model: no candidate is to blame.

    All rows decide, as slices may be those that head adds.
    """
    said = perfect(evidence) if rows.production is None else rows.production
    blameless = replace(rows, candidate=said, production=None, parts=None)
    found = set()
    for each in functions:
        try:
            predictor.measure([each], blameless)
        except UsageError:
            found.add(each.name)
    return frozenset(found)
