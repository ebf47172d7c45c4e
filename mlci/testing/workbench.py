"""`.mlci/` in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.package import Package
    from mlci.core.submission import Submission
    from mlci.core.training import RunRecord


class MemoryWorkbench:
    """Keeps runs, the candidate and files; only logs and files of a commit are written to disk, by others."""

    def __init__(self, folder: Path) -> None:
        """Stand beside the `mlci.yaml` in `folder`."""
        self.path = folder / ".mlci"
        self.files: dict[str, bytes] = {}
        self.runs: dict[str, tuple[RunRecord, bytes]] = {}
        self._submission: Submission | None = None

    @property
    def objects(self) -> Path:
        """Where files of a commit are laid out."""
        return self.path / "objects"

    def log_of(self, fingerprint: str) -> Path:
        """Return where the output of a run is kept."""
        return self.path / "logs" / f"{fingerprint[:16]}.log"

    def run(self, fingerprint: str) -> tuple[RunRecord, bytes] | None:
        """Return the record and the model of a run."""
        return self.runs.get(fingerprint)

    def keep_run(self, record: RunRecord, model: bytes) -> None:
        """Keep a run and its model."""
        self.runs[record.fingerprint] = (record, model)

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
