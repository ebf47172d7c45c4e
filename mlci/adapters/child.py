"""One child process of an interpreter: what it is sent, what it answers, and its end, whatever happens."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlci.adapters.interruptions import put_off
from mlci.adapters.pipes import Heard, hear
from mlci.errors import OutsideError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ENVIRONMENT: Final[Mapping[str, str]] = {
    "LANG": "C.UTF-8",
    # One thread each: Landlock binds the thread that asks for it, so libraries may not have started others before.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "LOKY_MAX_CPU_COUNT": "1",
}


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """What one child may use: address space, CPU time, wall time, and bytes of its answer."""

    memory_bytes: int = 4 * 1024**3
    cpu_seconds: int = 600
    wall_seconds: float = 900.0
    answer_bytes: int = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a child left behind: its output, the end of its errors, its exit status, and why we ended it if we did."""

    output: bytes
    tail: bytes
    status: int
    ended_for: str | None


class Child:
    """An interpreter that runs one program once for each request, without environment and open files of ours."""

    def __init__(self, python: Path, program: Path, limits: ChildLimits) -> None:
        """Use the interpreter PYTHON for PROGRAM, a folder or a file, within LIMITS."""
        self._python = python
        self._program = program
        self._limits = limits

    def run(self, request: bytes, folder: Path, longest: int) -> Outcome:
        """Run the program to its end, or end it; its whole process group is gone when this returns or raises.

        FOLDER is where it works, LONGEST the bytes that it may answer. Raises OutsideError `child-not-started`.
        """
        child: subprocess.Popen[bytes] | None = None
        try:
            with put_off():
                child = self._start(folder)
            return self._attend(child, request, longest)
        finally:
            if child is not None:
                _end(child)

    @contextlib.contextmanager
    def talking(self, request: bytes, folder: Path) -> Iterator[Dialogue]:
        """Yield the program, which is asked several times; its whole process group is gone when this ends.

        Raises OutsideError `child-not-started`.
        """
        child: subprocess.Popen[bytes] | None = None
        try:
            with put_off():
                child = self._start(folder)
            dialogue = Dialogue(child, self._limits)
            dialogue.say(request)
            yield dialogue
        finally:
            if child is not None:
                _end(child)

    def _start(self, folder: Path) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                [str(self._python), "-I", "-B", str(self._program)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=dict(ENVIRONMENT),
                start_new_session=True,
            )
        except OSError as error:
            raise not_started(self._python, str(error.strerror)) from error

    def _attend(self, child: subprocess.Popen[bytes], request: bytes, longest: int) -> Outcome:
        deadline = time.monotonic() + self._limits.wall_seconds
        _send(child, request)
        if child.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                child.stdin.close()
        return _outcome(child, hear(child, deadline, longest), self._limits, deadline, longest)


class Dialogue:
    """A child that answers until nothing is asked any more."""

    def __init__(self, child: subprocess.Popen[bytes], limits: ChildLimits) -> None:
        """Ask CHILD, within LIMITS: those of time are for each answer."""
        self._child, self._limits = child, limits
        self._begun = time.monotonic()
        self._deadline = self._begun + limits.wall_seconds
        self._rest = b""

    @property
    def age_seconds(self) -> float:
        """How long ago it began, which is the most that it can have computed."""
        return time.monotonic() - self._begun

    @property
    def peak_bytes(self) -> int | None:
        """The most resident memory that it had so far; None where the kernel does not tell, or it is gone."""
        return peak_bytes(self._child.pid)

    def say(self, line: bytes) -> None:
        """Ask, and do not wait."""
        self._deadline = time.monotonic() + self._limits.wall_seconds
        _send(self._child, line)

    def hear(self, longest: int, length: Callable[[bytes], int | None]) -> Outcome:
        """Return its next answer, of as many bytes as LENGTH tells of its beginning.

        The status is 0 where it waits for another question.
        """
        # It may have begun with the answer after this one.
        heard = hear(self._child, self._deadline, longest + len(self._rest), length, self._rest)
        whole = length(heard.output)
        if heard.beyond is None and whole is not None and len(heard.output) >= whole:
            self._rest = heard.output[whole:]
            return Outcome(heard.output[:whole], heard.tail, 0, None)
        return _outcome(self._child, heard, self._limits, self._deadline, longest)


def _outcome(
    child: subprocess.Popen[bytes], heard: Heard, limits: ChildLimits, deadline: float, longest: int
) -> Outcome:
    """Return what a child left that has nothing more to say, once it ended."""
    too_slow = f"it took longer than {limits.wall_seconds:g} seconds"
    if heard.beyond is not None:
        _end(child)
        too_long = f"its answer is longer than {longest} bytes"
        return Outcome(b"", heard.tail, child.returncode, too_long if heard.beyond == "size" else too_slow)
    try:
        status = child.wait(max(deadline - time.monotonic(), 0.1))
    except subprocess.TimeoutExpired:
        return Outcome(b"", heard.tail, 0, too_slow)
    return Outcome(heard.output, heard.tail, status, None)


def peak_bytes(process: int) -> int | None:
    """Return the most resident memory that a process had so far, as the kernel counts it; None where it does not tell.

    What `wait4` tells includes what its parent had before the process was another program.
    """
    try:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    found = re.search(r"^VmHWM:\s+([0-9]+) kB$", status, re.MULTILINE)
    return None if found is None else int(found[1]) * 1024


def _send(child: subprocess.Popen[bytes], request: bytes) -> None:
    """Write a question, which is smaller than a pipe holds; a child that is gone already is noticed later."""
    if child.stdin is not None:
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write(request)
            child.stdin.flush()


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.returncode is None:
        # The child leads a session of its own, so its number is that of the group, and stays until it is awaited.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    for stream in (child.stdin, child.stdout, child.stderr):
        if stream is not None and not stream.closed:
            stream.close()


def not_started(python: Path, reason: str) -> OutsideError:
    """Return the error for an interpreter that cannot be run, or does not answer."""
    return OutsideError(
        "child-not-started",
        f"the child that loads models could not be started: {reason}",
        where=str(python),
        hint="check that the Python environment of the model exists",
    )
