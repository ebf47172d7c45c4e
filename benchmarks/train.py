"""What mlci adds to a training command, and how long it takes to look at ten thousand runs.

Promises, in CPU seconds: running, recording and packaging add at most 0.5 to a call of `mlci train`, the command itself
and the libraries of the model apart; a million calls of the logging functions take at most 20; the fingerprint of
20,000 files at most 1.0, and it is never wrong after an edit within one second that keeps the size; `mlci runs` over
10,000 records at most 1.0, also where they were shared and looked at once before. Beside each stands what it is to be
compared with.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import process_time

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "tumour"
FILES = 20_000
RECORDS = 10_000
REPEATS = 3
CALLS = 100_000
OVERHEAD_SECONDS = 0.5
CALL_MICROSECONDS = 20.0
"""Of one call, which are the seconds of a million."""
FINGERPRINT_SECONDS = 1.0
RUNS_SECONDS = 1.0


def main() -> int:
    """Measure, show, and return how many promises were not kept."""
    broken = 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for name, measured, against, limit in (*overhead(place), *calls(place), *fingerprints(place), *runs(place)):
            kept = measured <= limit
            broken += not kept
            print(f"{name:<58}{measured:8.3f} s   {against:<40} promised {limit:g}: {'kept' if kept else 'BROKEN'}")
    return broken


def overhead(place: Path) -> list[tuple[str, float, str, float]]:
    """Return what running, recording and packaging add to a call of `mlci train`; the command's own time is taken out.

    The command copies a model of skops, so that it imports nothing. In a forced run the answers of the model are those
    of the run before: nothing loads its library, and what the first run takes more is a line of its own.
    """
    project = a_repository(place / "train", EXAMPLE)
    cpu_of([sys.executable, "train.py"], project)
    (project / "model.skops").rename(project / "made-before.skops")
    settings = (project / "mlci.yaml").read_text().replace("python train.py", "python copy_model.py")
    (project / "mlci.yaml").write_text(settings)
    (project / "copy_model.py").write_text("import shutil\nshutil.copyfile('made-before.skops', 'model.skops')\n")
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", "add", "--force", "--all"], cwd=project, check=True)
    subprocess.run(["git", *who, "commit", "--quiet", "--message", "second"], cwd=project, check=True)
    first = cpu_of(mlci("train"), project)
    whole = min(cpu_of(mlci("train", "--force"), project) for _ in range(REPEATS))
    reused = min(cpu_of(mlci("train"), project) for _ in range(REPEATS))
    command = min(cpu_of([sys.executable, "copy_model.py"], project) for _ in range(REPEATS))
    print(f"{'mlci train: whole call, with the command':<58}{whole:8.3f} s   the command alone: {command:.3f}")
    print(f"{'  the first time: children that ask the model':<58}{first - whole:8.3f} s   with scikit-learn and skops")
    print(f"{'  start, configuration, fingerprint, kept package':<58}{reused:8.3f} s   a call that reuses the run")
    added = whole - command - reused
    return [("  running, recording and packaging, without the command", added, "", OVERHEAD_SECONDS)]


def calls(place: Path) -> list[tuple[str, float, str, float]]:
    """Return what a million calls of the logging functions take, in a run and outside of one."""
    program = (
        "import sys, time, mlci\n"
        "began = time.process_time()\n"
        f"for step in range({CALLS}):\n"
        "    mlci.log_metric('loss', 0.5, step=step)\n"
        f"print((time.process_time() - began) / {CALLS} * 1e6)\n"
    )
    measured = []
    for name, run in (("in a run", str(place / "logged")), ("outside of one", "")):
        Path(run or place).mkdir(exist_ok=True)
        environment = os.environ | {"PYTHONPATH": str(ROOT), "MLCI_RUN": run}
        done = subprocess.run(
            [sys.executable, "-P", "-c", program], env=environment, check=True, capture_output=True, text=True
        )  # fmt: skip
        measured.append((f"a million calls of mlci.log_metric {name}", float(done.stdout), "", CALL_MICROSECONDS))
    return measured


def fingerprints(place: Path) -> list[tuple[str, float, str, float]]:
    """Return the CPU time of a fingerprint of many files, and fail where one misses an edit."""
    from mlci.adapters.git import GitRepository  # noqa: PLC0415 - measured are whole processes, too
    from mlci.adapters.git_process import Git  # noqa: PLC0415
    from mlci.commands.sides import head_side  # noqa: PLC0415
    from mlci.core.fingerprint import fingerprint  # noqa: PLC0415

    project = a_repository(place / "many", EXAMPLE, files=FILES)
    repository = GitRepository.open(project, Git(os.environ))

    def now() -> str:
        tree = repository.work_tree()
        side = head_side(tree)
        return fingerprint(side.config, tree.ids(), side.made).digest

    took, seen = [], {now()}
    for number in range(REPEATS):
        edited = project / "code" / "7" / "107.py"
        edited.write_text(edited.read_text()[:-2] + f"{number}\n")  # the size stays, and the second, too
        began = cpu_so_far()
        seen.add(now())
        took.append(cpu_so_far() - began)
    if len(seen) != REPEATS + 1:
        sys.exit("a fingerprint missed an edit that keeps the size")
    status = cpu_of(["git", "status", "--porcelain"], project)
    against = f"git status: {status:.3f}"
    return [(f"fingerprint of {FILES:,} files after an edit", min(took), against, FINGERPRINT_SECONDS)]


def runs(place: Path) -> list[tuple[str, float, str, float]]:
    """Return the CPU time of the verbs that look at many runs."""
    project = a_repository(place / "runs", EXAMPLE)
    name = many_records(project)
    start = min(cpu_of(mlci("version"), project) for _ in range(REPEATS))
    verbs = (("list",), ("show", name), ("best", "loss", "--lowest"), ("export",))
    measured = []
    for kind in ("records", "shared records"):
        for verb in verbs:
            took = min(cpu_of(mlci("runs", *verb), project) for _ in range(REPEATS))
            measured.append((f"mlci runs {verb[0]} over {RECORDS:,} {kind}", took, f"mlci version: {start:.3f}"))
        if kind == "records":
            share(project)
            first = cpu_of(mlci("runs", "list"), project)
            print(f"{f'mlci runs list, which looks through {RECORDS:,} new ones':<58}{first:8.3f} s")
    return [(*each, RUNS_SECONDS) for each in measured]


def share(project: Path) -> None:
    """Move all records to the branch of shared ones, as a fetch would bring it."""
    kept = project / ".mlci" / "runs"
    stream = ["commit refs/mlci/runs\ncommitter Ada <ada@example.org> 0 +0000\ndata 4\nruns\n"]
    for folder in sorted(kept.iterdir()):
        content = (folder / "record.json").read_text()
        path = f"{folder.name[:2]}/{folder.name}.json"
        stream.append(f"M 100644 inline {path}\ndata {len(content.encode())}\n{content}\n")
    subprocess.run(["git", "fast-import", "--quiet"], cwd=project, input="".join(stream).encode(), check=True)
    shutil.rmtree(kept)
    kept.mkdir()


def many_records(project: Path) -> str:
    """Write records of runs, and return the name of one."""
    from mlci.adapters.work_folder import WorkFolder  # noqa: PLC0415
    from mlci.core.runs import Cost, RunDetails, RunRecord  # noqa: PLC0415

    work, details, name = WorkFolder(project), RunDetails(), ""
    (work.ready() / "runs").mkdir()
    for number in range(RECORDS):
        record = RunRecord(
            fingerprint=f"{number:064x}", inputs={"command": "python train.py"}, commit="c" * 40,
            started=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number), outcome="trained",
            command="python train.py", params={"C": number / 10, "depth": number % 7, "kind": "logistic"},
            metrics={"loss": 1 / (number + 1), "accuracy": number / RECORDS}, cost=Cost(wall_seconds=3.0),
            python="CPython 3.11.7", model_sha256="b" * 64, details_sha256=details.sha256,
        )  # fmt: skip
        name = record.id
        folder = work.path / "runs" / name
        folder.mkdir()
        (folder / "record.json").write_bytes(record.to_bytes())
        (folder / "details.json").write_bytes(details.to_bytes())
    return name


def a_repository(folder: Path, example: Path, files: int = 0) -> Path:
    """Return a repository with the example, and so many files of code beside it."""
    folder.mkdir()
    subprocess.run(["cp", "-r", f"{example}/.", str(folder)], check=True)
    for number in range(files):
        path = folder / "code" / str(number % 100) / f"{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"VALUE = {number:08d}\n")
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for arguments in (("init", "--quiet"), ("add", "--all"), (*who, "commit", "--quiet", "--message", "first")):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    return folder


def mlci(*arguments: str) -> list[str]:
    """Return the command line of a verb."""
    return [sys.executable, "-P", "-m", "mlci", *arguments]


def cpu_so_far() -> float:
    """Return the CPU seconds of this process and of its children."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return process_time() + children.ru_utime + children.ru_stime


def cpu_of(command: list[str], folder: Path) -> float:
    """Return the CPU seconds of a command and of all that it starts."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main())
