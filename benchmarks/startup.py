"""How much CPU time mlci takes to start: `--version`, `--help` and two verbs, beside a Python that does nothing.

CPU seconds (user and system) of the child, the median of several runs after one that warms the caches. The verbs run in
a new repository with a thousand rows: `registry list` loads the configuration and no contract, `validate` all that
checks data. Exits with 1 when a promise is broken.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

RUNS = 9
ROWS = 1_000
PYTHON = (sys.executable, "-I")
CONFIGURATION = """\
version: 1
model: {name: tumour, task: binary}
data: {cells: {path: cells.csv, contract: cells.yaml}}
train: {run: "true", data: [cells], model: model.skops}
evaluate: {data: cells, id: id, label: y, positive: 1}
gates: [{metric: roc_auc, require: not_worse, margin: 0.01}]
promote: {store: {directory: ../models}}
"""
CONTRACT = "columns: {id: {type: integer, unique: true}, x: {type: number, min: 0}, y: {type: integer, enum: [0, 1]}}\n"


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
    Start("mlci registry list", (*PYTHON, "-m", "mlci", "registry", "list")),
    Start("mlci validate", (*PYTHON, "-m", "mlci", "validate")),
)


def repository(place: Path) -> Path:
    """Return a clone in PLACE that has a model, a contract and a thousand rows."""
    origin, clone = place / "origin.git", place / "clone"
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_GLOBAL": os.devnull}

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=place, check=True, env=environment, stdout=subprocess.DEVNULL)

    git("init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    git("init", "--quiet", "--initial-branch=main", str(clone))
    (clone / "mlci.yaml").write_text(CONFIGURATION)
    (clone / "cells.yaml").write_text(CONTRACT)
    rows = "".join(f"{number},{number / 10},{number % 2}\n" for number in range(ROWS))
    (clone / "cells.csv").write_text(f"id,x,y\n{rows}")
    of_clone = ("-C", str(clone))
    git(*of_clone, "add", "--all")
    git(*of_clone, "-c", "user.name=Ana", "-c", "user.email=ana@example.org", "commit", "--quiet", "--message", "first")
    git(*of_clone, "remote", "add", "origin", str(origin))
    git(*of_clone, "push", "--quiet", "origin", "main")
    return clone


def cpu_seconds(command: tuple[str, ...]) -> float:
    """Return the CPU seconds of one run of COMMAND; raises `RuntimeError` when it does not end with 0."""
    quiet = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]
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
    with tempfile.TemporaryDirectory() as place:
        os.chdir(repository(Path(place)))
        return shown()


def shown() -> int:
    """Print the table, measured in the folder at hand; return 1 when a promise is broken."""
    kept = True
    print(f"{'CPU seconds':<20}{'promise':>10}{'measured':>10}")
    for start in STARTS:
        measured = measure(start)
        promise = "–" if start.promised is None else f"≤ {start.promised:.2f}"
        holds = start.promised is None or measured <= start.promised
        kept = kept and holds
        print(f"{start.name:<20}{promise:>10}{measured:>10.3f}{'' if holds else '  broken'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
