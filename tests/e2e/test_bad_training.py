"""Training commands that fail, hang, or leave something else than a model."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Project, Refuses

pytestmark = pytest.mark.slow

HANGS_WITH_CHILDREN = """\
import os, time

def hang(name):
    with open(name, "w") as file:
        file.write(str(os.getpid()))
    while True:
        time.sleep(0.1)

if os.fork() == 0:
    hang("child.pid")
if os.fork() == 0:
    os.setsid()
    hang("session.pid")
if os.fork() == 0:
    if os.fork():
        os._exit(0)
    os.setsid()
    if os.fork():
        os._exit(0)
    hang("daemon.pid")
print("fitting, iteration 1", flush=True)
hang("train.pid")
"""


def train_with(project: Project, command: str | None = None, script: str | None = None) -> None:
    """Put another training command or script into a project."""
    if command is not None:
        project.replace("mlci.yaml", "run: python train.py", f"run: {command}")
    if script is not None:
        (project.folder / "train.py").write_text(script)


def test_command__that_fails(fresh: Project, refuses: Refuses) -> None:
    script = "import sys\nprint('reading cells')\nsys.exit('ValueError: no column mean_radius')\n"
    train_with(fresh, script=script)
    refuses(fresh, "train", exit_code=1, told="training-failed")


def test_command__that_fails_leaves_a_report_and_everything_outside(released: Project, refuses: Refuses) -> None:
    train_with(released, script="raise SystemExit('no convergence')\n")
    refuses(released, "check", exit_code=1, told="training-failed-check")
    assert "No model was made" in (released.folder / ".mlci" / "report.md").read_text()


def test_command__that_says_a_lot_is_shown_once_with_its_end_above_the_error(fresh: Project) -> None:
    train_with(fresh, script="for line in range(1000): print('line', line)\nraise SystemExit(3)\n")
    ended = fresh.mlci("train")
    lines = ended.err.splitlines()
    assert lines[:1000] == [f"  | line {number}" for number in range(1000)]
    assert lines[1000] == "error[training-failed]: `python train.py` ended with exit code 3"
    assert lines[1001].startswith("  where: .mlci/logs/")


def test_command__that_fails_is_quoted_for_who_reads_json(fresh: Project) -> None:
    train_with(fresh, script="for line in range(1000): print('line', line)\nraise SystemExit(3)\n")
    problem = json.loads(fresh.mlci("train", "--json").out)["problem"].splitlines()
    assert problem == ["`python train.py` ended with exit code 3", *(f"line {number}" for number in range(990, 1000))]


def test_command__that_lacks_a_library(fresh: Project, refuses: Refuses) -> None:
    train_with(fresh, script="raise SystemExit(\"ModuleNotFoundError: No module named 'nowhere'\")\n")
    refuses(fresh, "train", exit_code=1, told="training-lacks-library")


def test_check__says_whether_it_trains(released: Project) -> None:
    released.replace("params.yaml", "C: 0.1", "C: 0.2")
    trained, reused, forced = (released.mlci("check", *more).err.splitlines()[1:-1] for more in ([], [], ["--force"]))
    assert trained[0] == "· train: python train.py"
    assert re.sub("[0-9a-f]{12}", "<id>", reused[0]) == "· train: reused, same inputs as run <id>"
    assert (forced[0], forced[1:]) == ("· train: python train.py (asked for by --force)", trained[1:])


def test_command__that_says_something_hostile_cannot_paint_the_terminal(fresh: Project) -> None:
    train_with(fresh, script="print('\\x1b[2J\\x1b]0;title\\x07 \\u202e done')\nraise SystemExit(1)\n")
    ended = fresh.mlci("train")
    assert ended.exit_code == 1
    assert not {"\x1b", "\x07", "\u202e"} & set(ended.err)


def test_command__that_is_not_found(fresh: Project, refuses: Refuses) -> None:
    train_with(fresh, command="pyton train.py")
    refuses(fresh, "train", exit_code=1, told="training-not-found")


def test_command__that_is_killed(fresh: Project) -> None:
    train_with(fresh, script="import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    ended = fresh.mlci("train")
    assert (ended.exit_code, "ended with exit code 139" in ended.err) == (1, True)


def test_command__that_hangs_is_ended_with_all_its_children(fresh: Project, refuses: Refuses) -> None:
    train_with(fresh, script=HANGS_WITH_CHILDREN)
    fresh.replace("mlci.yaml", "model: model.skops}", "model: model.skops, timeout: 2s}")
    refuses(fresh, "train", exit_code=1, told="training-timeout")
    pids = [(fresh.folder / f"{name}.pid").read_text() for name in ("child", "session", "daemon", "train")]
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []


def test_command__that_leaves_a_child_behind_is_not_held_up_by_it(fresh: Project) -> None:
    train_with(fresh, command="sh train.sh")
    (fresh.folder / "train.sh").write_text("python train.py\nsleep 600 &\necho $! > child.pid\n")
    ended = fresh.mlci("train")
    assert ended.exit_code == 0
    assert not Path(f"/proc/{(fresh.folder / 'child.pid').read_text().strip()}").exists()


@pytest.mark.parametrize(
    ("name", "script", "exit_code"),
    [
        ("no-model", "print('done')\n", 1),
        ("model-elsewhere", "open('model.pkl', 'wb').write(b'x')\n", 1),
        ("pickle", "import pickle\npickle.dump({'coef': [1.0]}, open('model.skops', 'wb'))\n", 2),
        ("joblib", "import joblib\njoblib.dump({'coef': [1.0]}, 'model.skops')\n", 2),
        ("text", "open('model.skops', 'w').write('coef: 1.0')\n", 4),
        ("nothing", "open('model.skops', 'w')\n", 4),
        ("link", "import os\nos.symlink('/etc/passwd', 'model.skops')\n", 4),
    ],
    ids=lambda value: value if isinstance(value, str) and "\n" not in value else "",
)
def test_command__that_writes_something_else_than_a_model(
    fresh: Project, refuses: Refuses, name: str, script: str, exit_code: int
) -> None:
    train_with(fresh, script=script)
    refuses(fresh, "train", exit_code=exit_code, told=f"training-{name}")
    assert not (fresh.folder / ".mlci" / "submission").exists()


def test_command__that_writes_over_its_data(fresh: Project, refuses: Refuses) -> None:
    script = (fresh.folder / "train.py").read_text()
    train_with(fresh, script=f"{script}\nopen('data/cells.csv', 'a').write('x')\n")
    refuses(fresh, "train", exit_code=1, told="training-data-overwritten")
    (run,) = json.loads(fresh.mlci("runs", "list", "--json").out)["runs"]
    assert (run["outcome"], "data/cells.csv" in run["reason"]) == ("failed", True)
    assert (fresh.folder / "model.skops").is_file()


def test_command__that_also_writes_what_nothing_declares(fresh: Project) -> None:
    script = (fresh.folder / "train.py").read_text()
    logs = "import mlci\nopen('logged.txt', 'w')\nmlci.log_artifact('logged.txt')\nopen('roc.csv', 'w')\n"
    train_with(fresh, script=f"{script}\n{logs}")
    ended = fresh.mlci("train")
    assert ended.exit_code == 0, ended.err
    assert "· it also wrote roc.csv, which nothing declares: mlci.log_artifact(path) records a file" in ended.err
    (run,) = json.loads(fresh.mlci("runs", "list", "--json").out)["runs"]
    shown = json.loads(fresh.mlci("runs", "show", run["id"], "--json").out)["run"]
    assert shown["details"]["also_wrote"] == ["roc.csv"]
    assert [each["path"] for each in shown["artifacts"]] == ["logged.txt", "model.skops"]


def test_command__that_writes_a_folder_fails_and_so_does_the_next_one(fresh: Project, refuses: Refuses) -> None:
    train_with(fresh, script="import os\nos.makedirs('model.skops/part')\n")
    refuses(fresh, "train", exit_code=1, told="training-folder")
    refuses(fresh, "train", exit_code=2, told="training-folder-again")


def test_candidate__of_before_is_not_promoted_for_a_failed_one(released: Project, refuses: Refuses) -> None:
    train_with(released, script="raise SystemExit(1)\n")
    released.commit()
    released.git("push", "--quiet")
    assert released.mlci("train").exit_code == 1
    refuses(released, "promote", exit_code=4, told="candidate-stale")


@pytest.mark.parametrize("file", ["candidate.json", "package.tar"])
def test_candidate__that_is_damaged_is_not_promoted(merged: Project, refuses: Refuses, file: str) -> None:
    damaged = merged.folder / ".mlci" / "submission" / file
    damaged.write_bytes(damaged.read_bytes()[:-20])
    refuses(merged, "promote", exit_code=4, told=f"candidate-damaged-{damaged.stem}")


@pytest.mark.parametrize("file", ["trained.json", "model.bin"])
def test_run__that_is_damaged_is_made_again(released: Project, file: str) -> None:
    (run,) = (released.folder / ".mlci" / "trained").iterdir()
    whole = (run / "model.bin").read_bytes()
    (run / file).write_bytes((run / file).read_bytes()[:-20])
    assert released.mlci("train").out.startswith("trained: ")
    assert (run / "model.bin").read_bytes() == whole


def test_disk__that_is_full_when_the_model_is_packaged(fresh: Project) -> None:
    # A limit of 28 KiB a file: the model of 26 KiB can be written, its package cannot.
    limited = ["/bin/sh", "-c", 'ulimit -f 56; exec "$0" -P -m mlci train', sys.executable]
    done = subprocess.run(limited, cwd=fresh.folder, env=fresh.environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "error[work-folder-failed]: .mlci could not be used: " in done.stderr) == (5, True)
    assert fresh.mlci("train").out.startswith("reused: same inputs as run ")


def test_disk__that_is_full_when_training_begins(fresh: Project) -> None:
    limited = ["/bin/sh", "-c", 'ulimit -f 0; exec "$0" -P -m mlci train', sys.executable]
    done = subprocess.run(limited, cwd=fresh.folder, env=fresh.environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "error[work-folder-failed]: " in done.stderr) == (5, True), done.stderr


def test_file__that_cannot_be_written_is_named(fresh: Project) -> None:
    assert fresh.mlci("train").exit_code == 0
    ended = fresh.mlci("compare", "candidate", "candidate", "--no-fetch", "--curves", "params.yaml/curves")
    assert ended.exit_code == 5
    assert "error[file-failed]: a file could not be used: Not a directory" in ended.err


def test_training__two_at_once_in_one_folder(fresh: Project) -> None:
    (fresh.folder / "train.py").write_text("open('begun', 'w').close()\nimport time\ntime.sleep(60)\n")
    with fresh.start("train") as first:
        deadline = time.monotonic() + 30
        while not (fresh.folder / "begun").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        second = fresh.mlci("train")
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=30)
    assert second.exit_code == 2
    assert "error[training-runs]: another training runs in this folder" in second.err
    (run,) = json.loads(fresh.mlci("runs", "list", "--json").out)["runs"]
    assert run["outcome"] == "interrupted"
