"""Evidence of functions of one's own: base's code, on what both models answered."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mlci.commands.sides import named_in
from mlci.core.configuration_file import FILE_NAME
from mlci.core.gates.undecidable import perfect
from mlci.core.metric_function import MeasuredRows, MetricFunction, file_and_function
from mlci.core.metrics import function_of
from mlci.core.statistics.jackknife import sets_of
from mlci.core.statistics.sampling import NotTrusted
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.commands.ports import Predictor, Tree
    from mlci.core.evidence import Evidence
    from mlci.core.judging_sections import EvaluateSection
    from mlci.core.rules import Rules


def functions_in(tree: Tree, section: EvaluateSection) -> tuple[MetricFunction, ...]:
    """Return the functions that SECTION names, with their code in TREE; raises `UsageError("metric-missing")`."""
    found = []
    for name, text in section.metrics.items():
        file, function = file_and_function(text)
        code = tree.read(file)
        if code is None:
            raise UsageError(
                "metric-missing",
                f"the metric `{name}` is a function of {file}, which is not there",
                where=named_in(FILE_NAME, tree),
                cause="The file was removed or renamed, or evaluate.metrics mistypes its path.",
                hint=f"git checkout HEAD -- {file}, or mend evaluate.metrics",
            )
        found.append(MetricFunction(name, file, function, code))
    return tuple(found)


def with_functions(
    evidence: Evidence, functions: Sequence[MetricFunction], rules: Rules, predictor: Predictor
) -> Evidence:
    """Return EVIDENCE with what those of FUNCTIONS come to that a gate of RULES names.

    One that fails of any answers, and whose code head changes, is called broken. Raises as `Predictor.measure` does.
    """
    names = {function_of(owned.gate.metric) for owned in rules.gates}
    wanted = [each for each in functions if each.name in names]
    if not wanted or not len(evidence.labels):
        return evidence
    rows = _rows(evidence)
    try:
        return replace(evidence, functions=predictor.measure(wanted, rows))
    except UsageError:
        broken = _broken([each for each in wanted if each.is_changed], rows, evidence, predictor)
        if not broken:
            raise
    # Who mends a function is not held up by it, and passes no gate by it either.
    others = [each for each in wanted if each.name not in broken]
    return replace(evidence, functions=predictor.measure(others, rows) if others else {}, broken=broken)


def _rows(evidence: Evidence) -> MeasuredRows:
    sets = sets_of(len(evidence.labels), evidence.sampling)
    is_multiclass = evidence.task == "multiclass"
    has_several = is_multiclass or evidence.task == "multilabel"
    return MeasuredRows(
        labels=np.array(evidence.classes)[evidence.labels] if is_multiclass else evidence.labels,
        candidate=evidence.candidate,
        production=evidence.production,
        weights=evidence.weights,
        sets=None if isinstance(sets, NotTrusted) else sets,
        classes=evidence.classes if has_several else (),
    )


def _broken(
    functions: Sequence[MetricFunction], rows: MeasuredRows, evidence: Evidence, predictor: Predictor
) -> frozenset[str]:
    """Return those of FUNCTIONS that fail of what production answers, or a perfect model: no candidate is to blame."""
    said = perfect(evidence) if rows.production is None else rows.production
    blameless = replace(rows, candidate=said, production=None)
    found = set()
    for each in functions:
        try:
            predictor.measure([each], blameless)
        except UsageError:
            found.add(each.name)
    return frozenset(found)
