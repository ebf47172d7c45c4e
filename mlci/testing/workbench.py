"""`.mlci/` in memory."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlci.core.runs import KeptRun
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlci.core.package import Package
    from mlci.core.runs import KeptModel, RunDetails, RunRecord
    from mlci.core.submission import Submission


class MemoryWorkbench:
    """Keeps runs, the candidate and files; only logs and files of a commit are written to disk, by others."""

    def __init__(self, folder: Path) -> None:
        """Stand beside the `mlci.yaml` in `folder`."""
        self.path = folder / ".mlci"
        self.files: dict[str, bytes] = {}
        self.models: dict[str, tuple[KeptModel, bytes]] = {}
        self.records: dict[str, tuple[RunRecord, RunDetails]] = {}
        self.environments: set[str] = set()
        self.is_training = False
        self._submission: Submission | None = None

    @property
    def objects(self) -> Path:
        """Where files of a commit are laid out."""
        return self.path / "objects"

    def log_of(self, fingerprint: str, seed: int = 0) -> Path:
        """Return where the output of a run is kept."""
        return self.path / "logs" / f"{fingerprint[:16]}{f'-{seed}' if seed else ''}.log"

    def trained(self, fingerprint: str) -> tuple[KeptModel, bytes] | None:
        """Return what a run made, and what is known of it."""
        return self.models.get(fingerprint)

    def keep_trained(self, kept: KeptModel, model: bytes) -> None:
        """Keep what a run made."""
        self.models[kept.fingerprint] = (kept, model)

    def keep_run(self, record: RunRecord, details: RunDetails) -> str:
        """Keep the record of a run, and return its name."""
        self.records[record.id] = (record, details)
        return record.id

    def runs(self) -> Iterator[KeptRun]:
        """Yield every run that is kept."""
        return (KeptRun(name, record) for name, (record, _) in self.records.items())

    def run(self, name: str) -> KeptRun | None:
        """Return the run of this name, None where its record is gone."""
        return KeptRun(name, self.records[name][0]) if name in self.records else None

    def details(self, run: KeptRun) -> RunDetails | None:
        """Return what is too long for the record of a run."""
        _, details = self.records.get(run.id, (None, None))
        return details

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Train alone while the block lasts."""
        if self.is_training:
            raise UsageError("training-runs", "another training runs in this folder")
        self.is_training = True
        try:
            yield
        finally:
            self.is_training = False

    @contextmanager
    def environment(self, sha256: str) -> Iterator[tuple[Path, bool]]:
        """Yield where an environment lies, and whether it is whole; it is after that."""
        path = self.path / "environments" / sha256[:16]
        try:
            yield path, sha256 in self.environments
        except BaseException:
            shutil.rmtree(path, ignore_errors=True)
            raise
        self.environments.add(sha256)

    def submission(self) -> Submission | None:
        """Return what was submitted for judging."""
        return self._submission

    def submit(self, submission: Submission, package: Package) -> None:  # noqa: ARG002 - people look at no memory
        """Keep what is submitted for judging."""
        self._submission = submission

    def write(self, name: str, data: bytes) -> Path:
        """Keep a file; the path that is returned is a name only."""
        self.files[name] = data
        return self.path / name

    def read(self, name: str) -> bytes | None:
        """Return a file, None where it is missing."""
        return self.files.get(name)
