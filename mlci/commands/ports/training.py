"""What a run needs: the time, a process, and a folder to keep what it made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta
    from pathlib import Path

    from mlci.core.package import Package
    from mlci.core.runs import KeptModel, KeptRun, RunDetails, RunRecord
    from mlci.core.submission import Submission
    from mlci.core.training import Completed


class Clock(Protocol):
    """The time."""

    def now(self) -> datetime:
        """Return the time now in UTC."""


class Runner(Protocol):
    """Runs a training command."""

    def now(self) -> datetime:
        """Return the time by the clock that runs are dated with."""

    @property
    def search_path(self) -> str:
        """Where commands look for programs."""

    def run(
        self,
        command: str,
        *,
        folder: Path,
        log: Path,
        variables: Mapping[str, str],
        passed: tuple[str, ...],
        timeout: timedelta,
        secrets: tuple[str, ...] = (),
    ) -> Completed:
        """Run a command line, with every process that it starts ended when it returns; no secret is in its output."""


class Workbench(Protocol):
    """`.mlci/`: runs, the candidate, reports, caches."""

    @property
    def objects(self) -> Path:
        """Where files of a commit are laid out."""

    def log_of(self, fingerprint: str, seed: int = 0) -> Path:
        """Return where the output of a run is kept."""

    def trained(self, fingerprint: str) -> tuple[KeptModel, bytes] | None:
        """Return what a run made and what is known of it, None if none did."""

    def keep_trained(self, kept: KeptModel, model: bytes) -> None:
        """Keep what a run made."""

    def keep_run(self, record: RunRecord, details: RunDetails) -> str:
        """Keep the record of a run, and return its name."""

    def runs(self) -> Iterator[KeptRun]:
        """Yield every run that is kept, in no order."""

    def run(self, name: str) -> KeptRun | None:
        """Return the run of this name, None where its record is gone."""

    def details(self, run: KeptRun) -> RunDetails | None:
        """Return what is too long for the record of a run, None where it is gone."""

    def submission(self) -> Submission | None:
        """Return what was submitted for judging, `None` where nothing was."""

    def submit(self, submission: Submission, package: Package) -> None:
        """Keep what is submitted for judging, and lay out its package where people can look at it."""

    def alone(self) -> AbstractContextManager[None]:
        """Train alone in this folder while the block lasts; somebody else's training is a `UsageError`."""

    def environment(self, sha256: str) -> AbstractContextManager[tuple[Path, bool]]:
        """Yield where an environment lies and whether it is whole, to nobody else meanwhile; it is whole after that."""

    def write(self, name: str, data: bytes) -> Path:
        """Write a file, whole or not at all."""

    def read(self, name: str) -> bytes | None:
        """Return a file that was written, None where it is missing."""
