"""`mlci runs`: what was tried, how it ended, and which was the best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlci.core.runs.listing import best, found, newest_first

if TYPE_CHECKING:
    from mlci.commands.ports import RunsBranch, Workbench
    from mlci.core.runs import KeptRun, RunDetails
    from mlci.core.runs.listing import Wanted


@dataclass(frozen=True, slots=True)
class Shown:
    """A run with what is too long for its record; None where that is gone."""

    run: KeptRun
    details: RunDetails | None

    def to_dict(self) -> dict[str, Any]:
        """Return both as a JSON object."""
        details = self.details.to_dict() if self.details else None
        return {**run_dict(self.run), "details": details}


def list_runs(work: Workbench, shared: RunsBranch) -> list[KeptRun]:
    """Return every run that is kept here or was shared, the newest first; failed and interrupted ones too."""
    # What is here, with its details, hides the same record on the branch.
    known = {run.id: run for run in shared.runs()} | {run.id: run for run in work.runs()}
    return newest_first(known.values())


def show_run(reference: str, work: Workbench, shared: RunsBranch) -> Shown:
    """Return the run that REFERENCE names."""
    run = found(list_runs(work, shared), reference)
    return Shown(run, work.details(run))


def best_run(metric: str, wanted: Wanted | None, work: Workbench, shared: RunsBranch) -> Shown:
    """Return the run with the best last value of METRIC."""
    run = best(list_runs(work, shared), metric, wanted)
    return Shown(run, work.details(run))


def run_dict(run: KeptRun) -> dict[str, Any]:
    """Return a run as a JSON object: its record, its name and where it was found."""
    return {"id": run.id, "where": run.where, **run.record.to_dict()}
