"""`mlci runs publish`: the record of the run that made the candidate, for everybody.

In CI it comes from a job that ran anybody's code: it is read as hostile input, and what it says is as submitted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.commands.inputs import fingerprint_of
from mlci.commands.sides import head_side
from mlci.core.runs.shared import read_shared
from mlci.core.submission import RECORD, read_record
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from mlci.commands.ports import Clock, Repository, RunsBranch, Workbench
    from mlci.core.runs import KeptRun


def publish(
    who: str, *, repository: Repository, work: Workbench, shared: RunsBranch, clock: Clock
) -> tuple[KeptRun, bool] | None:
    """Add the run of the candidate of HEAD to the branch in the name of WHO.

    Return it and whether it was not there yet; None where nothing was submitted, or without a record that can travel.
    Raises `IntegrityError`: "submission-malformed", "run-malformed", "stale-candidate", "foreign-branch".
    """
    submission = work.submission()
    text = read_record(submission.record).run if submission else None
    if text is None:
        return None
    run = read_shared(text.encode(errors="replace"), RECORD)
    tree = repository.tree(repository.head())
    expected = fingerprint_of(head_side(tree), tree).training
    if run.record.fingerprint != expected:
        raise IntegrityError(
            "stale-candidate",
            "the record of the run is not of this commit",
            where=f"fingerprint {run.record.fingerprint[:12]}, the commit has {expected[:12]}",
            cause="Something was committed, merged or switched after the last training, or mlci was updated.",
            hint="mlci train",
        )
    return run, shared.add(run, who, clock.now())
