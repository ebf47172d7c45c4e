"""How much CPU time the registry takes when it is large: 10,000 events of five models, beside GTO on as many tags.

CPU seconds (user and system, with every child) of whole processes, after the fetch; the median of several runs after
one that warms the caches. Exits with 1 when a promise is broken. A promotion is also counted: Git processes and pushes;
a rollback is measured with all that it brings and sends, from and to an origin on this machine.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from mlci.adapters.git import GitRepository
from mlci.adapters.git_process import Git
from mlci.adapters.registry_branch import GitRegistry
from mlci.core.registry import Actor, NewVersion, Registry, plan_promotion
from mlci.core.registry.history import PAGE

if TYPE_CHECKING:
    from mlci.core.registry import Change

RUNS = 5
EVENTS = 10_000
MODELS = ("tumour", "lung", "skin", "heart", "bone")
ANA = Actor("Ana Example <ana@example.org>")
START = datetime(2026, 1, 1, tzinfo=UTC)
CONFIGURATION = """\
version: 1
model: {name: tumour, task: binary}
data: {cells: {path: cells.csv}}
train: {run: "true", data: [cells], model: model.skops}
evaluate: {data: cells, id: id, label: y, positive: 1}
gates: [{metric: recall, require: floor, value: 0.5}]
promote: {store: {directory: ../models}}
"""
ELSEWHERE = "c" * 40
"""A commit that the clone does not have, as a shallow one of a consumer."""
MOST_PROCESSES = 6
EVENTS_OF_A_PROMOTION = 2
"""The version registered, the stage moved."""
ROLLBACK_SECONDS = 2.0
RIVAL_SECONDS = 90


@dataclass(frozen=True)
class Task:
    """A command, and how many CPU seconds it may take."""

    name: str
    command: tuple[str, ...]
    promised: float | None = None


PROMOTIONS = EVENTS // len(MODELS) // EVENTS_OF_A_PROMOTION
MADE_HERE = PROMOTIONS - 2
"""The promotion whose commit the clone has, so that its data and code are told, too."""
MLCI = (sys.executable, "-I", "-m", "mlci", "registry")
TASKS = (
    Task("mlci registry list", (*MLCI, "list", "--no-fetch", "--json")),
    Task("production resolved", (*MLCI, "show", "#production", "--no-fetch", "--json"), 0.5),
    Task("with data and code", (*MLCI, "show", f"v1.{MADE_HERE}.0", "--no-fetch", "--json"), 0.9),
    Task("history listed", (*MLCI, "history", "--no-fetch"), 0.9),
)


def environment() -> dict[str, str]:
    """Return the variables for Git and mlci, without anybody's configuration."""
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_GLOBAL": os.devnull}


def git(folder: Path, *arguments: str) -> None:
    """Run git in FOLDER."""
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, env=environment(), stdout=subprocess.DEVNULL)


def a_package(number: int, commit: str) -> NewVersion:
    """Return a candidate that is no other's, made from COMMIT."""
    return NewVersion(
        package_sha256=f"{number:064x}",
        package_size=1000,
        locations=(f"directory:{number:064x}.tar",),
        run="e" * 64,
        commit=commit,
        evaluation="d" * 64,
        signature="f" * 64,
        part="minor",
        number_reason="parameters changed",
    )


def promotion(registry: Registry, number: int, commit: str = ELSEWHERE) -> Change:
    """Return the change that puts package NUMBER into production."""
    expected = registry.expectation("production")
    return plan_promotion(
        registry,
        a_package(number, commit),
        "production",
        expected,
        actor=ANA,
        now=START + timedelta(hours=number),
        uuids=iter(uuid.uuid4, None),
        reason="a better model, by a little on every metric",
        page=lambda _: "",
    )


def origin_with(place: Path, counts: dict[str, int]) -> Path:
    """Return a clone whose origin has registries with so many events each, and every tag of them."""
    origin, clone = place / "origin.git", place / "clone"
    git(place, "init", "--quiet", "--bare", "--initial-branch=main", str(origin))
    git(place, "clone", "--quiet", str(origin), str(clone))
    for key, value in (("user.name", "Ana"), ("user.email", "ana@example.org")):
        git(clone, "config", key, value)
    (clone / "mlci.yaml").write_text(CONFIGURATION)
    (clone / "cells.csv").write_text("id,x,y\n1,1,1\n")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", "first")
    git(clone, "push", "--quiet", "origin", "main")
    made_from = subprocess.check_output(["git", "-C", str(clone), "rev-parse", "HEAD"], env=environment(), text=True)
    stream = place / "stream"
    with stream.open("wb") as file:
        for model, count in counts.items():
            file.write(imported(model, count, made_from.strip()))
    with stream.open("rb") as file:
        subprocess.run(["git", "-C", str(origin), "fast-import", "--quiet"], stdin=file, check=True, env=environment())
    git(
        clone,
        "fetch",
        "--quiet",
        "origin",
        "+refs/heads/mlci/registry/*:refs/mlci/registry/*",
        "+refs/tags/*:refs/tags/*",
    )
    return clone


def imported(model: str, events: int, made_from: str) -> bytes:
    """Return what `git fast-import` reads: one commit and its tags a promotion; one of them is MADE FROM a commit."""
    parts: list[bytes] = []
    registry = Registry.empty(model)
    for number in range(events // EVENTS_OF_A_PROMOTION):
        change = promotion(registry, number, made_from if number == MADE_HERE else ELSEWHERE)
        registry = change.after
        seconds = int(change.time.timestamp())
        who = f"{change.actor.name} {seconds} +0000"
        parts.append(f"commit refs/heads/mlci/registry/{model}\nmark :1\ncommitter {who}\n".encode() + data(b"x\n"))
        parts += [
            f"M 100644 inline {path}\n".encode() + data(text) for path, text in change.files.items() if path != PAGE
        ]
        parts.append(b"\n")
        for tag in change.tags:
            parts.append(f"tag {tag.name}\nfrom :1\ntagger {who}\n".encode() + data(tag.message.encode()))
    return b"".join(parts)


def data(content: bytes) -> bytes:
    """Return CONTENT as `git fast-import` wants it."""
    return f"data {len(content)}\n".encode() + content + b"\n"


def cpu_seconds(command: tuple[str, ...], folder: Path) -> float:
    """Return the CPU seconds of one run of COMMAND and its children; raises `RuntimeError` unless it ends with 0."""
    before = os.times()
    done = subprocess.run(command, cwd=folder, env=environment(), stdout=subprocess.DEVNULL, check=False)
    after = os.times()
    if done.returncode != 0:
        msg = f"{' '.join(command)} ended with {done.returncode}"
        raise RuntimeError(msg)
    return after.children_user + after.children_system - before.children_user - before.children_system


def measure(task: Task, folder: Path) -> float:
    """Return the median CPU seconds of TASK."""
    cpu_seconds(task.command, folder)
    return statistics.median(cpu_seconds(task.command, folder) for _ in range(RUNS))


def table(title: str, tasks: tuple[Task, ...], folder: Path) -> bool:
    """Print promise and measured for each task, and return whether all promises are kept."""
    print(f"\n{title}\n{'CPU seconds':<22}{'promise':>10}{'measured':>10}")
    kept = True
    for task in tasks:
        measured = measure(task, folder)
        holds = task.promised is None or measured <= task.promised
        promise = "–" if task.promised is None else f"≤ {task.promised:.2f}"
        print(f"{task.name:<22}{promise:>10}{measured:>10.3f}{'' if holds else '  broken'}")
        kept = kept and holds
    return kept


def rival(clone: Path, gto: str) -> str:
    """Return what `gto show` takes on the same tags; once, since it takes long, and not longer than the limit."""
    before = os.times()
    command = (gto, "show", "--json")
    try:
        subprocess.run(
            command, cwd=clone, env=environment(), stdout=subprocess.DEVNULL, check=True, timeout=RIVAL_SECONDS
        )
    except subprocess.TimeoutExpired:
        more = "> "
    else:
        more = ""
    after = os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return f"{'gto show, once':<22}{'–':>10}{more + format(used, '.1f'):>10}"


def count_processes(place: Path, clone: Path) -> bool:
    """Promote once, print how many Git processes and pushes that took, and return whether the promise is kept."""
    log, program = place / "log", place / "git"
    program.write_text(f'#!/bin/sh\necho "$*" >> "{log}"\nexec git "$@"\n')
    program.chmod(0o755)
    registry = GitRegistry(GitRepository.open(clone, Git(environment())))
    counted = GitRegistry(GitRepository(Git(environment(), program=str(program)), clone, ""))
    before = sum(os.times()[:4])
    loaded = counted.load("tumour")
    counted.push("tumour", promotion(loaded.registry, EVENTS), loaded.commit)
    used = sum(os.times()[:4]) - before
    calls = log.read_text().splitlines()
    pushes = sum(" push " in f" {call} " for call in calls)
    arrived = registry.load("tumour").registry.sequence - loaded.registry.sequence
    holds = len(calls) <= MOST_PROCESSES and pushes == 1 and arrived == EVENTS_OF_A_PROMOTION
    counted_as = f"{pushes} push, {len(calls)} Git processes"
    print(f"\na promotion: {counted_as} (promise: 1, at most {MOST_PROCESSES}), {used:.2f} CPU s")
    return holds


def roll_back(clone: Path) -> bool:
    """Go back a few times, each time to the version before, print how long that took, and whether that is kept."""
    command = (sys.executable, "-I", "-m", "mlci", "rollback", "--reason", "misses large cells")
    measured = statistics.median(cpu_seconds(command, clone) for _ in range(3))
    print(f"a rollback, fetch and push included: {measured:.2f} CPU s (promise: ≤ {ROLLBACK_SECONDS:.2f})")
    return measured <= ROLLBACK_SECONDS


def main() -> int:
    """Print promise and measured, and return 1 when a promise is broken."""
    gto = shutil.which("gto", path=str(Path(sys.executable).parent))
    with tempfile.TemporaryDirectory(prefix="mlci-bench-") as name:
        place = Path(name)
        clone = origin_with(place, dict.fromkeys(MODELS, EVENTS // len(MODELS)))
        kept = table(f"{EVENTS:,} events of {len(MODELS)} models", TASKS, clone)
        print(rival(clone, gto) if gto else "gto is not installed")
        kept = count_processes(place, clone) and kept
        kept = roll_back(clone) and kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
