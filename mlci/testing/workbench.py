"""`.mlci/` in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.package import read_package
from mlci.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.package import Package
    from mlci.core.training import CandidateRecord, RunRecord


class MemoryWorkbench:
    """Keeps runs, the candidate and files; only logs and files of a commit are written to disk, by others."""

    def __init__(self, folder: Path) -> None:
        """Stand beside the `mlci.yaml` in `folder`."""
        self.path = folder / ".mlci"
        self.files: dict[str, bytes] = {}
        self.runs: dict[str, tuple[RunRecord, bytes]] = {}
        self._candidate: tuple[CandidateRecord, Package] | None = None

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

    def candidate(self) -> tuple[CandidateRecord, Package]:
        """Return the candidate, read anew as from a disk that others can write to."""
        if self._candidate is None:
            raise UsageError("no-candidate", "there is no candidate", hint="mlci train")
        record, package = self._candidate
        return record, read_package(package.files)

    def write_candidate(self, record: CandidateRecord, package: Package) -> None:
        """Make a package the candidate."""
        self._candidate = (record, package)

    def write(self, name: str, data: bytes) -> Path:
        """Keep a file; the path that is returned is a name only."""
        self.files[name] = data
        return self.path / name

    def read(self, name: str) -> bytes | None:
        """Return a file, None where it is missing."""
        return self.files.get(name)
