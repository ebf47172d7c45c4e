"""Programs of packages, which are hostile code: started confined, given rows, and held to one answer for each.

A program sees its own files, the rows and a folder that is removed afterwards; no other file of the user, no
environment, no connection. Without Landlock and seccomp none is started.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import mlci.formats
from mlci.adapters.child import ENVIRONMENT
from mlci.adapters.interruptions import put_off
from mlci.adapters.model_refusals import sanitised
from mlci.adapters.pipes import hear
from mlci.adapters.program_rows import read_answers, write_rows
from mlci.errors import OutsideError, RejectedError
from mlci.formats.confinement import available
from mlci.formats.program import NOT_CONFINED
from mlci.formats.program_archive import read_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.core.predictions import Predictions
    from mlci.core.program import ProgramInfo
    from mlci.core.table import Table

CHILD: Final = Path(mlci.formats.__file__).parent
SYSTEM: Final = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/localtime", "/etc/R")
"""What programs of the system may be started and read from."""
LIBRARIES: Final = ("lib", "lib64")
INSTALLATION: Final = ("bin", "share", "pyvenv.cfg")
"""What else belongs to a program of an installation of its own: a virtual environment, or one of conda."""
MARKS: Final = ("pyvenv.cfg", "conda-meta")
SYSTEM_PATH: Final = "/usr/local/bin:/usr/bin:/bin"
ROW_BYTES: Final = 100_000
"""The most bytes of answers for one row, on average."""
PAUSE_SECONDS: Final = 0.01
LAST_LINES: Final = 10


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: what it wrote, its last words, its exit code, or None where it took too long."""

    output: bytes
    tail: bytes
    status: int | None


class ConfinedPrograms:
    """Starts programs of packages."""

    def __init__(self, search_path: str, *, memory_bytes: int = 4 * 1024**3, file_bytes: int = 8 * 1024**3) -> None:
        """Look for programs on SEARCH_PATH; each process may have so much memory, each file be so large."""
        self._search_path = search_path
        self._memory_bytes = memory_bytes
        self._file_bytes = file_bytes

    def on_path(self, search_path: str) -> ConfinedPrograms:
        """Return what looks for programs on another SEARCH_PATH."""
        return ConfinedPrograms(search_path, memory_bytes=self._memory_bytes, file_bytes=self._file_bytes)

    def ask(self, content: bytes, rows: Table) -> Predictions:
        """Return what the program in CONTENT answers to ROWS, by their numbers from 1.

        Raises `OutsideError`: "program-missing", "program-unconfined"; `RejectedError`: "program-failed",
        "program-timeout", "program-answers"; and what a malformed file raises.
        """
        program = read_program(content)
        info = program.info
        if not available().is_complete:
            raise OutsideError(
                "program-unconfined",
                f"`{info.text}` is code of a package, and is not started where it cannot be confined",
                cause="It takes Landlock and seccomp, which this system or its container does not offer.",
                hint="Run it on Linux 5.13 or newer.",
            )
        with tempfile.TemporaryDirectory(prefix="mlci-") as name:
            place = Path(name).resolve()
            for path, data in program.files.items():
                file = place / "files" / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)
                file.chmod(0o700)
            (place / "rows").mkdir()
            (place / "answers").mkdir()
            asked = write_rows(place / "rows", rows, info.rows)
            found = self._found(info, place / "files")
            ended = self._run(info, found, place, asked, rows.rows)
            _refuse_failure(info, ended)
            return read_answers(ended.output, place / "answers", rows.rows, info)

    def _found(self, info: ProgramInfo, files: Path) -> Path:
        """Return where the program lies that the command names: among its own FILES, or on the search path."""
        name = info.command[0]
        own = (files / name).resolve()
        if own.is_file() and own.is_relative_to(files):
            return own
        # What a path names that is no file of its own could be anything on this machine.
        found = None if "/" in name else shutil.which(name, path=self._search_path)
        if found is None:
            raise OutsideError(
                "program-missing",
                f"`{name}` is not on this machine, and the package answers with `{info.text}`",
                cause="It is not installed, not on PATH, or no file of the package.",
                hint=f"Install {name}, or list it under train.predict.files.",
            )
        return Path(found).absolute()

    def _run(self, info: ProgramInfo, program: Path, place: Path, asked: Path, rows: int) -> Ended:
        answers = place / "answers"
        path = f"{program.parent}:{SYSTEM_PATH}"
        environment = {
            **ENVIRONMENT, "PATH": path, "HOME": str(answers), "TMPDIR": str(answers), "PYTHONDONTWRITEBYTECODE": "1",
            "MLCI_ROWS": str(asked), "MLCI_ANSWERS": str(answers / "answers.parquet"),
        }  # fmt: skip
        request = {
            "program": str(program),
            "command": list(info.command),
            "environment": environment,
            "folder": str(place / "files"),
            "readable": [str(place / "files"), str(place / "rows")],
            "startable": [*SYSTEM, str(place / "files"), *_installation(program)],
            "writable": str(answers),
            "limits": {
                "memory_bytes": self._memory_bytes,
                "cpu_seconds": info.timeout_seconds,
                "file_bytes": self._file_bytes,
            },
        }
        arguments = [sys.executable, "-I", "-B", str(CHILD), json.dumps(request)]
        with asked.open("rb") as stdin, _started(arguments, place, stdin) as process:
            return _attended(process, info.timeout_seconds, ROW_BYTES * (rows + 1))


@contextlib.contextmanager
def _started(arguments: list[str], folder: Path, stdin: Any) -> Iterator[subprocess.Popen[bytes]]:  # noqa: ANN401 - an open file
    """Start a program in a group of its own, which nothing leaves, and end the whole of it."""
    with put_off():
        process = subprocess.Popen(
            arguments, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, env=dict(ENVIRONMENT),
            start_new_session=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        # It was not awaited yet, so that its number is that of its group and of no other.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _attended(process: subprocess.Popen[bytes], seconds: float, longest: int) -> Ended:
    """Read what the program says until it ends, without awaiting it."""
    deadline = time.monotonic() + seconds
    heard = hear(process, deadline, longest)
    if heard.beyond == "time":
        return Ended(b"", heard.tail, None)
    if heard.beyond == "size":
        return Ended(b"", b"it wrote more than any answers could take", 1)
    while (status := _status(process)) is None:
        if time.monotonic() >= deadline:
            return Ended(b"", heard.tail, None)
        time.sleep(PAUSE_SECONDS)
    return Ended(heard.output, heard.tail, status)


def _status(process: subprocess.Popen[bytes]) -> int | None:
    """Return how a process ended, None while it runs; it stays to be awaited, so that its number is taken."""
    ended = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    if ended is None or ended.si_pid == 0:
        return None
    return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status


def _installation(program: Path) -> list[str]:
    """Return what a program needs beside itself, as it is called and as what it links to."""
    found: list[str] = []
    for path in (program, program.resolve()):
        root = path.parent.parent
        names = LIBRARIES if path.parent.name == "bin" else ()
        if any((root / mark).exists() for mark in MARKS):
            names = (*names, *INSTALLATION)
        found += [str(path), *(str(root / name) for name in names)]
    return found


def _refuse_failure(info: ProgramInfo, ended: Ended) -> None:
    """Raise where the program did not end well."""
    if ended.status == 0:
        return
    words = sanitised(ended.tail)
    if ended.status == NOT_CONFINED:
        raise OutsideError(
            "program-unconfined",
            f"`{info.text}` is code of a package, and could not be confined: {words}",
            hint="Run it on the host, or in a container that allows Landlock and seccomp.",
        )
    last = "\n".join(ended.tail.decode(errors="replace").splitlines()[-LAST_LINES:])
    shown = "\n".join("".join(each for each in line if each.isprintable()) for line in last.splitlines())
    if ended.status is None:
        problem, code = f"`{info.text}` was ended after {info.timeout_seconds} s", "program-timeout"
        cause = "It waits for something, or needs longer than train.predict.timeout."
        hint = "train: {predict: {…, timeout: 30m}}"
    else:
        how = f"exit code {ended.status}" if ended.status > 0 else f"signal {-ended.status}"
        problem, code = f"`{info.text}` ended with {how}", "program-failed"
        cause = "It may read its own files, the rows and the system's programs, and write to TMPDIR; it has no network."
        hint = "List what it reads under train.predict.files; then run it by hand with rows on its standard input."
    error = RejectedError(code, problem + (f"\n{shown}" if shown else ""), cause=cause, hint=hint)
    error.private = shown or None  # what it prints may be rows
    raise error
