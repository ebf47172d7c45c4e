"""Running the user's training command: a clean environment, its output streamed and kept, nothing left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mlci.core.training import Completed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import timedelta

PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER", "LOGNAME", "TZ", "VIRTUAL_ENV", "CONDA_PREFIX")
"""What a training command sees of the caller's environment, besides what `train.env` names."""

TAIL_LINES = 20
LONGEST_LINE = 2_000
GRACE_SECONDS = 3.0
PR_SET_CHILD_SUBREAPER = 36


class TrainingProcess:
    """Runs a command line in its own session, and ends every process that it started."""

    def __init__(self, environ: Mapping[str, str], echo: Callable[[str], None]) -> None:
        """Take the caller's environment, and what shows a line of output."""
        self.environ = environ
        self.echo = echo

    def run(
        self,
        command: str,
        *,
        folder: Path,
        log: Path,
        variables: Mapping[str, str],
        passed: tuple[str, ...],
        timeout: timedelta,
    ) -> Completed:
        """Run COMMAND as a shell would, and return how it ended; its output goes to LOG and, line by line, to echo."""
        names = (*PASSED_ON, *passed)
        environment = {name: self.environ[name] for name in names if name in self.environ} | dict(variables)
        _adopt_orphans()
        started = time.monotonic()
        log.parent.mkdir(parents=True, exist_ok=True)
        # The command line is the user's own text and means what it means in a shell.
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        tail: deque[str] = deque(maxlen=TAIL_LINES)
        with log.open("wb") as file:
            pump = threading.Thread(target=self._pump, args=(process.stdout, file, tail), daemon=True)
            pump.start()
            try:
                exit_code: int | None = process.wait(timeout.total_seconds())
            except subprocess.TimeoutExpired:
                exit_code = None
            finally:
                # Also after a normal end and at Ctrl-C: a child that was left behind would hold the pipe open.
                _end_tree(process)
                pump.join(GRACE_SECONDS)
        return Completed(exit_code, time.monotonic() - started, tuple(tail))

    def _pump(self, stream: IO[bytes] | None, file: IO[bytes], tail: deque[str]) -> None:
        if stream is None:
            return
        # The log may be closed before, when a stray child still holds the pipe open.
        with stream, contextlib.suppress(ValueError, OSError):
            for raw in iter(lambda: stream.readline(LONGEST_LINE), b""):
                file.write(raw)
                line = raw.decode(errors="replace").rstrip("\r\n")
                tail.append(line)
                self.echo(line)


def _adopt_orphans() -> None:
    """Make this process the parent of orphaned grandchildren (Linux), so that a double fork does not escape."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _end_tree(process: subprocess.Popen[bytes]) -> None:
    """End the command's session and every descendant that left it: first asked, then killed."""
    descendants = set(_descendants(process.pid))
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and (process.poll() is None or _group_lives(process.pid)):
        time.sleep(0.02)
    descendants |= set(_descendants(os.getpid())) - {process.pid}
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for pid in descendants:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    for pid in descendants:
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _descendants(pid: int) -> Iterator[int]:
    """Yield the processes below PID (Linux; elsewhere none are known)."""
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield int(child)
                yield from _descendants(int(child))
