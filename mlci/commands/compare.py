"""`mlci compare`: two runs beside each other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlci.commands.candidate import read_candidate
from mlci.commands.lineage import CANDIDATE, origin_of
from mlci.commands.resolving import resolve_in
from mlci.commands.runs import list_runs
from mlci.core.canonical import canonical_sha256
from mlci.core.lineage import made
from mlci.core.runs.comparison import compared
from mlci.core.runs.listing import found
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlci.commands.ports import RegistryBranch, Repository, RunsBranch, Workbench
    from mlci.core.runs import KeptRun
    from mlci.core.runs.comparison import RunComparison

NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_-]+")


def compare_runs(
    first: str,
    second: str,
    *,
    model: str,
    repository: Repository,
    registry: RegistryBranch,
    work: Workbench,
    shared: RunsBranch,
) -> RunComparison:
    """Return the runs that FIRST and SECOND name, beside each other.

    A reference is a run, `candidate`, or a version or stage of MODEL: then the run that made it, if its
    record is here or was shared.
    """
    runs = tuple(list_runs(work, shared))
    one, other = (
        run_of(each, runs, model=model, repository=repository, registry=registry, work=work) for each in (first, second)
    )
    return compared(one, other, (work.details(one), work.details(other)))


def run_of(
    reference: str,
    runs: Sequence[KeptRun],
    *,
    model: str,
    repository: Repository,
    registry: RegistryBranch,
    work: Workbench,
) -> KeptRun:
    """Return the run that REFERENCE names; raises `UsageError`: "unknown-run", "run-not-here", and as references do."""
    if reference == CANDIDATE:
        fingerprint = read_candidate(work.submission()).fingerprint
        made_it = [run for run in runs if canonical_sha256(run.record.inputs) == fingerprint]
    elif any(sign in reference for sign in "@#.") and not reference.startswith("run:"):
        version = resolve_in(registry.load(model).registry, reference)
        origin = origin_of(version, repository)
        made_it = [run for run in runs if made(run, version, origin)]
    else:
        return found(runs, reference)
    best = next((run for run in made_it if run.record.model_sha256 and not run.record.seed), None)
    if best is None:
        raise UsageError(
            "run-not-here",
            f"no record here is of the run that made {reference}",
            cause="It was made on another machine or in a job, or .mlci/runs was removed.",
            hint=f"mlci lineage {reference} says what Git knows",
        )
    return best


def curve_files(comparison: RunComparison) -> dict[str, str]:
    """Return a file name for each metric with at least two values in a run, by its name."""
    drawn = [name for name, both in comparison.histories.items() if any(len(history) > 1 for history in both)]
    return {name: f"{number:03d}-{NOT_IN_NAMES.sub('-', name)[:60]}.svg" for number, name in enumerate(drawn, 1)}
