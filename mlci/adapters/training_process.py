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
from typing import IO, TYPE_CHECKING, Final

from mlci.core.section import TOKEN_VARIABLES
from mlci.core.training import Completed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import timedelta

PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER", "LOGNAME", "TZ", "VIRTUAL_ENV", "CONDA_PREFIX")
"""What a training command sees of the caller's environment, besides what `train.env` names."""

TAIL_LINES: Final = 20
LONGEST_LINE: Final = 2_000
GRACE_SECONDS: Final = 3.0
"""How long processes that were asked to end may take for it."""
LOOK_SECONDS: Final = 0.02
PR_SET_CHILD_SUBREAPER: Final = 36
PR_GET_CHILD_SUBREAPER: Final = 37


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
        # The configuration refuses these names, too; a token here would be in the hands of whoever wrote the command.
        names = [name for name in (*PASSED_ON, *passed) if name not in TOKEN_VARIABLES]
        environment = {name: self.environ[name] for name in names if name in self.environ} | dict(variables)
        tail: deque[str] = deque(maxlen=TAIL_LINES)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as file, _adopting_orphans():
            tree = _Tree()
            pump: threading.Thread | None = None
            try:
                started = time.monotonic()
                # The command line is the user's own text and means what it means in a shell.
                tree.process = subprocess.Popen(
                    ["/bin/sh", "-c", command],
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                pump = threading.Thread(target=self._pump, args=(tree.process.stdout, file, tail), daemon=True)
                pump.start()
                try:
                    ended = tree.process.wait(timeout.total_seconds())
                    # As a shell tells it of its children; here it was the shell itself that a signal ended.
                    exit_code: int | None = 128 - ended if ended < 0 else ended
                except subprocess.TimeoutExpired:
                    exit_code = None
                seconds = time.monotonic() - started
            finally:
                # Also after a normal end and at Ctrl-C: a child that was left behind would hold the pipe open.
                tree.end()
                if pump is not None:
                    pump.join(GRACE_SECONDS)
        return Completed(exit_code, seconds, tuple(tail))

    def _pump(self, stream: IO[bytes], file: IO[bytes], tail: deque[str]) -> None:
        # Whatever becomes of the lines, the pipe is read to its end: else the command waits for room in it.
        with stream:
            for raw in iter(lambda: stream.readline(LONGEST_LINE), b""):
                line = raw.decode(errors="replace").rstrip("\r\n")
                tail.append(line)
                with contextlib.suppress(OSError, ValueError):  # the disk is full; a stray child still writes
                    file.write(raw)
                with contextlib.suppress(OSError, ValueError):  # nobody looks any more: `mlci train 2>&1 | head`
                    self.echo(line)


class _Tree:
    """A command and every process below it, also those that left its session.

    On Linux these are all that came below this process since; elsewhere only the session can be ended.
    """

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self._others = set(_children(os.getpid()))

    def end(self) -> None:
        """End them all: first asked, then killed. Interrupted meanwhile, they are killed at once."""
        try:
            if not self._is_over():
                self._signal(signal.SIGTERM)
                self._wait()
        finally:
            # Again and again: what was forked while one look was taken is caught by the next one.
            deadline = time.monotonic() + GRACE_SECONDS
            while not self._is_over() and time.monotonic() < deadline:
                self._signal(signal.SIGKILL)
                time.sleep(LOOK_SECONDS)

    def _wait(self) -> None:
        deadline = time.monotonic() + GRACE_SECONDS
        while not self._is_over() and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, number)
        for pid in self._below():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, number)

    def _is_over(self) -> bool:
        """Say whether nothing of it lives; what ended and came to this process as an orphan is taken note of."""
        own = None if self.process is None else self.process.pid
        for pid in set(_children(os.getpid())) - self._others - {own}:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        if self.process is None:
            return not self._below()
        return self.process.poll() is not None and not self._below() and not _group_lives(self.process.pid)

    def _below(self) -> list[int]:
        started = set(_children(os.getpid())) - self._others
        return [pid for child in started for pid in (child, *_descendants(child))]


@contextlib.contextmanager
def _adopting_orphans() -> Iterator[None]:
    """Make this process the parent of orphaned grandchildren (Linux), so that a double fork does not escape."""
    if sys.platform != "linux":
        yield
        return
    process_control = ctypes.CDLL(None).prctl
    before = ctypes.c_int()
    process_control(PR_GET_CHILD_SUBREAPER, ctypes.byref(before), 0, 0, 0)
    process_control(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        process_control(PR_SET_CHILD_SUBREAPER, before.value, 0, 0, 0)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _descendants(pid: int) -> Iterator[int]:
    """Yield the processes below PID (Linux; elsewhere none are known)."""
    for child in _children(pid):
        yield child
        yield from _descendants(child)


def _children(pid: int) -> Iterator[int]:
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            yield from map(int, (task / "children").read_text().split())
