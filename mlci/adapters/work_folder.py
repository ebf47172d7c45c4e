"""`.mlci/`: what mlci keeps beside `mlci.yaml`, ignored by Git. Every file is whole or absent."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from mlci.adapters.files import write_atomically
from mlci.adapters.made_once import made_once
from mlci.core.runs.record import ID_LENGTH, KeptRun, read_details, read_kept_model, read_run, run_id
from mlci.core.submission import ARCHIVE, RECORD, Submission
from mlci.errors import OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlci.core.package import Package
    from mlci.core.runs import KeptModel, RunDetails, RunRecord

NAME = ".mlci"
RECORD_FILE = "record.json"
DETAILS_FILE = "details.json"


class WorkFolder:
    """Runs, the candidate, reports and caches of one model."""

    def __init__(self, folder: Path) -> None:
        """Take the folder of `mlci.yaml`; nothing is made before it is written.

        What writes raises `UsageError("foreign-work-folder")` where `.mlci` is no folder of ours, and
        `OutsideError("work-folder-failed")` where it cannot be written.
        """
        self.folder = folder
        self.path = folder / NAME

    @property
    def predictions(self) -> Path:
        """Where predictions are kept by the digests of package and rows."""
        return self.path / "cache" / "predictions"

    @property
    def objects(self) -> Path:
        """Where files of a commit are laid out by their Git id.

        Whoever asks is about to, so Git is told to ignore the folder; where nothing can be written, that is told then.
        """
        with suppress(OutsideError):
            self.ready()
        return self.path / "cache" / "objects"

    @property
    def data(self) -> Path:
        """Where data that lie outside of Git are kept by their hashes."""
        return self.path / "cache" / "data"

    @property
    def packages(self) -> Path:
        """Where packages of the host's store are kept by their digests."""
        return self.path / "cache" / "packages"

    @property
    def forge(self) -> Path:
        """Where the local forge lives."""
        return self.path / "forge"

    def log_of(self, fingerprint: str, seed: int = 0) -> Path:
        """Return where the output of the run with FINGERPRINT and SEED is kept."""
        return self.ready() / "logs" / f"{fingerprint[:ID_LENGTH]}{f'-{seed}' if seed else ''}.log"

    def trained(self, fingerprint: str) -> tuple[KeptModel, bytes] | None:
        """Return what a run with FINGERPRINT made and what is known of it, None if none did or it is damaged.

        Raises `IntegrityError("newer-schema")` where a newer mlci made it.
        """
        folder = self.path / "trained" / fingerprint[:ID_LENGTH]
        file = folder / "trained.json"
        try:
            kept = read_kept_model(file.read_bytes(), self._shown(file))
            model = (folder / "model.bin").read_bytes()
        except (OSError, ValueError):
            return None
        return (kept, model) if kept.fingerprint == fingerprint else None

    def keep_trained(self, kept: KeptModel, model: bytes) -> None:
        """Keep what a run made; what was there for the same fingerprint is replaced."""
        files = {"trained.json": kept.to_bytes(), "model.bin": model}
        self._replace_folder(self.path / "trained" / kept.fingerprint[:ID_LENGTH], files)

    def keep_run(self, record: RunRecord, details: RunDetails) -> str:
        """Keep the record of a run, and return its name."""
        files = {RECORD_FILE: record.to_bytes(), DETAILS_FILE: details.to_bytes()}
        name = run_id(files[RECORD_FILE])
        self._replace_folder(self.path / "runs" / name, files)
        return name

    def runs(self) -> Iterator[KeptRun]:
        """Yield every run that is kept, in no order; what is no record under its own name is passed over.

        Raises `IntegrityError("newer-schema")` where a newer mlci kept one.
        """
        try:
            names = os.listdir(self.path / "runs")  # noqa: PTH208 - thousands of names, a path each would take long
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise self._failed(error) from error
        whole = f"{self.path}/runs"
        for name in names:
            run = _run(whole, name)
            if run is not None:
                yield run

    def run(self, name: str) -> KeptRun | None:
        """Return the run of this name, None where it is gone or damaged; raises as `runs`."""
        return _run(f"{self.path}/runs", name)

    def details(self, run: KeptRun) -> RunDetails | None:
        """Return what is too long for the record of a run, None where it is gone or is not what the record names."""
        file = self.path / "runs" / run.id / DETAILS_FILE
        try:
            content = file.read_bytes()
            is_whole = hashlib.sha256(content).hexdigest() == run.record.details_sha256
            return read_details(content, self._shown(file)) if is_whole else None
        except (OSError, ValueError):
            return None

    def _shown(self, file: Path) -> str:
        return file.relative_to(self.folder).as_posix()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Train alone in this folder while the block lasts: two would write the same model file.

        Raises `UsageError("training-runs")` where somebody trains here; the system ends the lock with the process.
        """
        with self._writing():
            lock = (self.ready() / "training.lock").open("wb")
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UsageError(
                    "training-runs",
                    "another training runs in this folder",
                    where=str(self.path),
                    cause="Both would write the same model file, and neither could say whose it is.",
                    hint="Wait for it, or train in another clone: git worktree add ../other",
                ) from None
            yield

    @contextmanager
    def environment(self, sha256: str) -> Iterator[tuple[Path, bool]]:
        """Yield where an environment lies and whether it is whole; who wants the same waits until the block is done.

        What the block makes is whole when it ends well, and removed when it does not.
        """
        folder = self.ready() / "environments"
        path = folder / sha256[:ID_LENGTH]
        with self._writing():
            folder.mkdir(exist_ok=True)
            with made_once(path) as is_whole:
                yield path, is_whole

    def submission(self) -> Submission | None:
        """Return what was submitted for judging, None where nothing was."""
        folder = self.path / "submission"
        try:
            return Submission((folder / RECORD).read_bytes(), (folder / ARCHIVE).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._failed(error) from error

    def submit(self, submission: Submission, package: Package) -> None:
        """Keep what is submitted for judging, and lay out its package where people can look at it."""
        self._replace_folder(self.path / "candidate", package.files)
        self._replace_folder(self.path / "submission", {RECORD: submission.record, ARCHIVE: submission.archive})

    def write(self, name: str, data: bytes) -> Path:
        """Write a file of `.mlci/`, whole or not at all, and return its path."""
        path = self.ready() / name
        with self._writing():
            write_atomically(path, data)
        return path

    def read(self, name: str) -> bytes | None:
        """Return a file of `.mlci/`, None where it is missing."""
        path = self.path / name
        return path.read_bytes() if path.is_file() else None

    def _replace_folder(self, folder: Path, files: Mapping[str, bytes]) -> None:
        """Put a folder with FILES in the place of FOLDER; interrupted, it leaves the old one, the new one, or none."""
        self.ready()
        with self._writing():
            folder.parent.mkdir(parents=True, exist_ok=True)
            fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
            stale = fresh.with_name(fresh.name.replace(".new-", ".old-"))
            try:
                for name, data in files.items():
                    (fresh / name).write_bytes(data)
                fresh.chmod(0o755)
                if folder.exists():
                    folder.rename(stale)
                fresh.rename(folder)
            finally:
                if stale.exists() and not folder.exists():
                    stale.rename(folder)
                shutil.rmtree(fresh, ignore_errors=True)
                shutil.rmtree(stale, ignore_errors=True)

    def ready(self) -> Path:
        """Make `.mlci/`, with a `.gitignore` that keeps it out of Git even where nobody asked `mlci init`."""
        if self.path.is_symlink() or (self.path.exists() and not self.path.is_dir()):
            raise UsageError(
                "foreign-work-folder",
                f"{NAME} is {'a symbolic link' if self.path.is_symlink() else 'a file'}, and mlci keeps a folder there",
                where=str(self.path),
                cause="It was not made by mlci.",
                hint=f"Move it away: mv {NAME} {NAME}.old",
            )
        with self._writing():
            self.path.mkdir(exist_ok=True)
            ignore = self.path / ".gitignore"
            if not ignore.exists():
                write_atomically(ignore, b"*\n")
        return self.path

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> OutsideError:
        return OutsideError(
            "work-folder-failed",
            f"{NAME} could not be used: {error.strerror}",
            where=str(self.path),
            hint="Look at the disk's free space and the folder's permissions.",
        )


def _run(folder: str, name: str) -> KeptRun | None:
    """Return the run in a folder of its name; paths are texts, an object for each would take long."""
    try:
        with open(f"{folder}/{name}/{RECORD_FILE}", "rb") as file:  # noqa: PTH123 - as above
            content = file.read()
        if run_id(content) == name:
            return KeptRun(name, read_run(content, f"{NAME}/runs/{name}/{RECORD_FILE}"))
    except (OSError, ValueError):
        pass
    return None
