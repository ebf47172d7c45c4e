"""A command and every process below it: ended together, and what they take of the machine."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

GRACE_SECONDS: Final = 3.0
"""How long processes that were asked to end may take for it."""
LOOK_SECONDS: Final = 0.02
PR_SET_CHILD_SUBREAPER: Final = 36
PR_GET_CHILD_SUBREAPER: Final = 37
_MAXRSS_UNIT: Final = 1 if sys.platform == "darwin" else 1024
"""Bytes that `ru_maxrss` counts in: see getrusage(2) of either system."""


class ProcessTree:
    """A command and every process below it, also those that left its session.

    On Linux these are all that came below this process since; elsewhere only the session can be ended.
    """

    def __init__(self) -> None:
        """Take note of what runs below this process already and is no part of it."""
        self.process: subprocess.Popen[bytes] | None = None
        """The command itself, once it runs."""
        self._others = set(_children(os.getpid()))

    def resident_bytes(self) -> int:
        """Return the resident memory of all of it now (Linux; 0 elsewhere)."""
        own = [] if self.process is None else [self.process.pid]
        return sum(_resident_bytes(pid) for pid in {*own, *self._below()})

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
def adopting_orphans() -> Iterator[None]:
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


class Usage:
    """What a process tree takes, from when this was made: time from the system's accounts, memory by looking at it."""

    def __init__(self, tree: ProcessTree) -> None:
        """Begin to count; no other child of this process may end meanwhile."""
        self._tree = tree
        self._before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self._seen_bytes = 0

    def look(self) -> None:
        """Look at the memory now."""
        self._seen_bytes = max(self._seen_bytes, self._tree.resident_bytes())

    @property
    def cpu_seconds(self) -> float:
        """User and system time of every process of the tree that ended; orphans were adopted, so they count."""
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        return now.ru_utime + now.ru_stime - self._before.ru_utime - self._before.ru_stime

    @property
    def peak_bytes(self) -> int | None:
        """The most memory that was seen, or what one process had at its height if that is more; None if unknown.

        The system keeps the height of the largest process since this one began, and counts in what this one had when
        it forked: only what is above both is the tree's.
        """
        height = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        of_one = height * _MAXRSS_UNIT if height > max(own, self._before.ru_maxrss) else 0
        return max(self._seen_bytes, of_one) or None


def _resident_bytes(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):  # it ended meanwhile, or there is no /proc
        return 0
    return pages * resource.getpagesize()
