"""Evidence of scores that were handed in: nothing is predicted or scored here, only compared, on base's rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlci.commands.evaluation_slices import slices_of
from mlci.commands.stated import incomplete, rows_of
from mlci.core.evidence import Evidence
from mlci.core.plain_text import one_line
from mlci.core.words import code
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlci.commands.evaluation_set import EvaluationSet
    from mlci.commands.installed import Installed
    from mlci.core.rules import Rules


def score_evidence(
    rows: EvaluationSet, rules: Rules, *, candidate: Installed, production: Installed | None
) -> Evidence:
    """Return the scores of both models on ROWS, of the metrics that the gates of RULES name.

    Raises `IntegrityError("scores-incomplete")` where the candidate has no score of a row, or none of a metric.
    """
    ids = rows.read_ids()
    names = tuple(dict.fromkeys(owned.gate.metric.partition("@")[2] for owned in rules.gates))
    problem = _why_not(production, ids, names) if production else None
    return Evidence(
        ids=ids,
        labels=np.zeros(len(ids)),
        candidate=_scores(candidate, ids, names),
        production=_scores(production, ids, names) if production and not problem else None,
        is_same_model=production is not None and production.package.model == candidate.package.model,
        not_comparable=problem,
        has_private_ids=rows.has_private_ids,
        weights=rows.weights(),
        sampling=rows.sampling(),
        slices=slices_of(rows, rules),
        task=rows.task,
        scores=names,
    )


def _scores(installed: Installed, ids: Sequence[str], names: Sequence[str]) -> NDArray[np.float64]:
    """Return the scores of the rows with these IDS, (n_ids, n_names)."""
    scores = rows_of(installed.package)
    found = scores.of(ids)
    if found is None:
        raise incomplete(scores, ids)
    absent = _absent(names, scores.columns)
    if absent:
        raise IntegrityError(
            "scores-incomplete",
            f"there is no score {absent}, which a gate names",
            cause="The gates are those of the target branch; the training writes other columns.",
            hint="Let the training write every column that a gate names, and loosen the gates in a change of its own.",
        )
    return found[:, [scores.columns.index(name) for name in names]]


def _why_not(production: Installed, ids: Sequence[str], names: Sequence[str]) -> str | None:
    """Return in words why PRODUCTION cannot be compared with, None where it can."""
    name = f"production {production.version}" if production.version else "production"
    if production.package.level != "scores":
        return f"{name} holds its {production.package.level}, and no scores"
    scores = rows_of(production.package)
    absent, lacking = _absent(names, scores.columns), len(scores.lacking(ids))
    if absent:
        return f"{name} has no score {absent}"
    return f"{name} has no score of {lacking:,} of the {len(ids):,} rows" if lacking else None


def _absent(names: Sequence[str], columns: Sequence[str]) -> str:
    absent = next((name for name in names if name not in columns), None)
    return "" if absent is None else code(one_line(absent))
