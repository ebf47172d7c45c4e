"""The candidate: written by who trained it, read back by who judges it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.commands.installed import Installed
from mlci.core.package import read_package
from mlci.core.runs.record import read_run
from mlci.core.runs.shared import can_travel
from mlci.core.submission import RECORD, CandidateRecord, Submission, read_record
from mlci.core.submission_zip import read_submission
from mlci.errors import IntegrityError, UsageError
from mlci.formats.archive import digest, pack, unpack

if TYPE_CHECKING:
    from mlci.commands.ports import Forge, Workbench
    from mlci.core.fingerprint import Fingerprint
    from mlci.core.package import Package


ARTIFACT = "mlci-submission"
"""What a run calls what it submits."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A package that wants to be judged."""

    package: Package
    archive: bytes
    sha256: str
    fingerprint: str
    """Of the inputs, as its maker says."""
    train_seconds: float | None = None
    """Processor time of its training, as its maker says."""

    @property
    def installed(self) -> Installed:
        """The package, as it is judged."""
        return Installed(self.package, self.sha256, train_seconds=self.train_seconds)


def submit(package: Package, inputs: Fingerprint, work: Workbench) -> Candidate:
    """Submit PACKAGE, made from INPUTS, for judging; with the record of the run that made its model."""
    archive, run = pack(package.files), _record_of(inputs, work)
    record = CandidateRecord(fingerprint=inputs.digest, inputs=inputs.to_dict(), run=run)
    work.submit(Submission(record.to_bytes(), archive), package)
    return Candidate(package, archive, digest(archive), inputs.digest, _train_seconds(run, inputs.training))


def _record_of(inputs: Fingerprint, work: Workbench) -> str | None:
    kept = work.trained(inputs.training)
    run = work.run(kept[0].run) if kept else None
    return run.record.to_bytes().decode() if run and can_travel(run) else None


def _train_seconds(run: str | None, training: str | None = None) -> float | None:
    """Return the processor time in the record of a RUN, if that is one of this TRAINING."""
    try:
        record = None if run is None else read_run(run.encode(), RECORD)
    except (ValueError, IntegrityError):  # pydantic's errors are among them; without a record there is no cost
        return None
    if record is None or (training is not None and record.fingerprint != training):
        return None
    seconds = record.cost.cpu_seconds
    return seconds if seconds is not None and seconds >= 0 else None


def submitted(submission: Submission | None, expected: Fingerprint) -> Candidate:
    """Return the candidate in SUBMISSION, if it says that it was made from the inputs EXPECTED.

    That it says so proves nothing; it only tells an old submission from a new one. Raises `UsageError("no-candidate")`,
    `IntegrityError`: "stale-candidate", "submission-malformed", "package-malformed".
    """
    candidate = read_candidate(submission)
    if candidate.fingerprint != expected.digest:
        raise IntegrityError(
            "stale-candidate",
            "the candidate was not made from this commit",
            where=f"fingerprint {candidate.fingerprint[:12]}, the commit has {expected.digest[:12]}",
            cause="Something was committed, merged or switched after the last training, or mlci was updated.",
            hint="mlci train",
        )
    return candidate


def read_candidate(submission: Submission | None) -> Candidate:
    """Return the candidate in SUBMISSION, whatever it was made from; raises as `submitted` does."""
    if submission is None:
        raise UsageError("no-candidate", "there is no candidate", cause="Nothing was trained here.", hint="mlci train")
    record, archive = read_record(submission.record), submission.archive
    seconds = _train_seconds(record.run)
    return Candidate(read_package(unpack(archive)), archive, digest(archive), record.fingerprint, seconds)


def find_submission(forge: Forge, run_id: int) -> Submission | None:
    """Return what a run submitted, None where it submitted nothing, or what it did has expired."""
    try:
        return read_submission(forge.artifact(run_id, ARTIFACT))
    except UsageError as error:
        if error.code != "artifact-missing":
            raise
        return None
