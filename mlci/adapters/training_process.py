"""Running the user's training command: a clean environment, its output streamed and kept, nothing left behind."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections import deque
from typing import IO, TYPE_CHECKING, Final

from mlci.adapters.clock import SystemClock
from mlci.adapters.machine import machine
from mlci.adapters.process_tree import GRACE_SECONDS, ProcessTree, Usage, adopting_orphans
from mlci.adapters.tracking_folder import tracking
from mlci.core.runs.secrets import SHORTEST, WITHHELD, shown_value
from mlci.core.section import TOKEN_VARIABLES
from mlci.core.training import Completed, InterruptedTraining

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime, timedelta
    from pathlib import Path

PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "USER", "LOGNAME", "TZ", "VIRTUAL_ENV", "CONDA_PREFIX")
"""What a training command sees of the caller's environment, besides what `train.env` names."""

TAIL_LINES: Final = 20
LONGEST_LINE: Final = 2_000
FIRST_LOOK_SECONDS: Final = 0.02
LAST_LOOK_SECONDS: Final = 1.0
"""How often memory is looked at: often in the beginning, then at every twentieth of the time that has passed."""
FIRST_WORD_SECONDS: Final = 15.0
"""After this time, and then each time that it has doubled, a silent command is said to be running still."""


def _nobody(_: str) -> None:
    """Tell nobody."""


class TrainingProcess:
    """Runs a command line in its own session, and ends every process that it started."""

    def __init__(
        self,
        environ: Mapping[str, str],
        echo: Callable[[str], None],
        tell: Callable[[str], None] = _nobody,
        *,
        silence_seconds: float = FIRST_WORD_SECONDS,
    ) -> None:
        """Take the caller's environment, what shows a line of output, and what is told when it is silent for long."""
        self.environ = environ
        self.echo = echo
        self.tell = tell
        self._clock = SystemClock(environ)
        self._silence_seconds = silence_seconds
        self._silent_since = 0.0

    def now(self) -> datetime:
        """Return the time by the clock that runs are dated with."""
        return self._clock.now()

    @property
    def search_path(self) -> str:
        """Where commands look for programs: what the caller's PATH says."""
        return self.environ.get("PATH", os.defpath)

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
        """Run COMMAND as a shell would, and return how it ended; its output goes to LOG and, line by line, to echo.

        SECRETS, and what looks like one in the variables that are PASSED, are replaced in log and echo. Raises
        `InterruptedTraining` when somebody interrupts it, after everything that it started was ended.
        """
        # The configuration refuses these names, too; a token here would be in the hands of whoever wrote the command.
        names = [name for name in (*PASSED_ON, *passed) if name not in TOKEN_VARIABLES]
        environment = {name: self.environ[name] for name in names if name in self.environ} | dict(variables)
        seen = {name: environment[name] for name in passed if name in environment and name not in variables}
        shown = {name: shown_value(name, value) for name, value in seen.items()}
        secret = tuple(value for name, value in seen.items() if shown[name] != value)
        hidden = _masks((*secrets, *secret))
        tail: deque[str] = deque(maxlen=TAIL_LINES)
        log.parent.mkdir(parents=True, exist_ok=True)
        exit_code: int | None = None
        is_interrupted = False
        with log.open("wb") as file, tracking(log.parent) as tracked, adopting_orphans():
            tree = ProcessTree()
            pump: threading.Thread | None = None
            on = machine(command, environment, folder, tracked.lines)
            usage = Usage(tree)
            began_at = self._clock.now()
            started = time.monotonic()
            try:
                # The command line is the user's own text and means what it means in a shell.
                tree.process = subprocess.Popen(
                    ["/bin/sh", "-c", command],
                    cwd=folder,
                    env=environment | tracked.variables(environment),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
                pump = threading.Thread(target=self._pump, args=(tree.process.stdout, file, tail, hidden), daemon=True)
                pump.start()
                exit_code = self._wait(tree.process, usage, started, timeout.total_seconds())
            except KeyboardInterrupt:
                is_interrupted = True
            finally:
                seconds = time.monotonic() - started
                # Also after a normal end and at Ctrl-C: a child that was left behind would hold the pipe open.
                tree.end()
                if pump is not None:
                    pump.join(GRACE_SECONDS)
            done = Completed(
                exit_code=exit_code,
                seconds=seconds,
                tail=tuple(tail),
                started=began_at,
                cpu_seconds=usage.cpu_seconds,
                peak_bytes=usage.peak_bytes,
                tracked=tracked.read(),
                variables=shown,
                secrets=secret,
                machine=on,
            )
        if is_interrupted:
            raise InterruptedTraining(done)
        return done

    def _wait(self, process: subprocess.Popen[bytes], usage: Usage, started: float, limit: float) -> int | None:
        """Return the exit code of PROCESS, None where it takes longer than the LIMIT in seconds."""
        self._silent_since = started
        to_say = self._silence_seconds
        while True:
            usage.look()
            now = time.monotonic()
            passed, silent = now - started, now - self._silent_since
            if passed >= limit:
                return None
            if silent < self._silence_seconds:
                to_say = self._silence_seconds
            elif silent >= to_say:
                to_say = 2 * silent
                self.tell(f"train: running for {passed:.0f} s, without a word for {silent:.0f} s")
            pause = min(max(passed / 20, FIRST_LOOK_SECONDS), LAST_LOOK_SECONDS, limit - passed)
            with contextlib.suppress(subprocess.TimeoutExpired):
                ended = process.wait(pause)
                # As a shell tells it of its children; here it was the shell itself that a signal ended.
                return 128 - ended if ended < 0 else ended

    def _pump(self, stream: IO[bytes], file: IO[bytes], tail: deque[str], hidden: tuple[bytes, ...]) -> None:
        # Whatever becomes of the lines, the pipe is read to its end: else the command waits for room in it.
        with stream:
            for raw in _masked(iter(lambda: stream.readline(LONGEST_LINE), b""), hidden):
                self._silent_since = time.monotonic()
                line = raw.decode(errors="replace").rstrip("\r\n")
                tail.append(line)
                with contextlib.suppress(OSError, ValueError):  # the disk is full; a stray child still writes
                    file.write(raw)
                with contextlib.suppress(OSError, ValueError):  # nobody looks any more: `mlci train 2>&1 | head`
                    self.echo(line)


def _masks(secrets: tuple[str, ...]) -> tuple[bytes, ...]:
    """Return what is to be replaced in output, the longest first; a secret of several lines is printed in lines."""
    lines = {line.strip() for secret in secrets for line in secret.splitlines()}
    found = {line.encode(errors="surrogateescape") for line in lines if len(line) >= SHORTEST}
    return tuple(sorted(found, key=len, reverse=True))


def _masked(pieces: Iterator[bytes], secrets: tuple[bytes, ...]) -> Iterator[bytes]:
    """Yield lines, and pieces of long ones, without the secrets in them, also where one is cut between two pieces."""
    if not secrets:
        yield from pieces
        return
    held = b""
    for piece in pieces:
        text = held + piece
        for secret in secrets:
            text = text.replace(secret, WITHHELD.encode())
        kept = 0 if text.endswith(b"\n") else min(len(secrets[0]) - 1, len(text))
        held = text[len(text) - kept :]
        if len(text) > kept:
            yield text[: len(text) - kept]
    if held:
        yield held
