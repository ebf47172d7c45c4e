"""How much CPU time mlci takes to start: `--version` and `--help`, beside a Python that does nothing.

CPU seconds (user and system) of the child, the median of several runs after one that warms the caches. Exits with 1
when a promise is broken.
"""

from __future__ import annotations

import os
import statistics
import sys
from dataclasses import dataclass

RUNS = 9
PYTHON = (sys.executable, "-I")


@dataclass(frozen=True)
class Start:
    """A command, and how many CPU seconds it may take."""

    name: str
    command: tuple[str, ...]
    promised: float | None = None


STARTS = (
    Start("python -c pass", (*PYTHON, "-c", "pass")),
    Start("mlci --version", (*PYTHON, "-m", "mlci", "--version"), 0.15),
    Start("mlci --help", (*PYTHON, "-m", "mlci", "--help"), 0.35),
)


def cpu_seconds(command: tuple[str, ...]) -> float:
    """Return the CPU seconds of one run of COMMAND; raises `RuntimeError` when it does not end with 0."""
    quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    child = os.posix_spawn(command[0], command, os.environ, file_actions=quiet)
    _, status, used = os.wait4(child, 0)
    if status != 0:
        msg = f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}"
        raise RuntimeError(msg)
    return used.ru_utime + used.ru_stime


def measure(start: Start) -> float:
    """Return the median CPU seconds of START."""
    cpu_seconds(start.command)
    return statistics.median(cpu_seconds(start.command) for _ in range(RUNS))


def main() -> int:
    """Print a table of promise and measured; return 1 when a promise is broken."""
    kept = True
    print(f"{'CPU seconds':<16}{'promise':>10}{'measured':>10}")
    for start in STARTS:
        measured = measure(start)
        promise = "–" if start.promised is None else f"≤ {start.promised:.2f}"
        holds = start.promised is None or measured <= start.promised
        kept = kept and holds
        print(f"{start.name:<16}{promise:>10}{measured:>10.3f}{'' if holds else '  broken'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
