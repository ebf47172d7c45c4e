"""Ctrl-C, SIGTERM and SIGKILL at the worst moments: nothing half done outside, no process left, the next call mends."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

from mlci.core.package import read_package
from tests.e2e.conftest import Ended

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.conftest import Project

pytestmark = pytest.mark.slow

INTERRUPTIONS = [
    signal.SIGINT,
    pytest.param(signal.SIGTERM, marks=pytest.mark.slow),
    pytest.param(signal.SIGHUP, marks=pytest.mark.slow),
]
LONGEST_SECONDS = 60
FORMATS = "mlci/formats"
"""How the command line of a confined child can be told from others."""

TRAIN = """\
import os, time
if os.fork() == 0:
    os.setsid()
    while True:
        time.sleep(0.1)
open("started", "w").close()
time.sleep(600)
"""

HOLD_THE_PUSH = """\
#!/bin/sh
# Hold a push until it may go on, at most a minute.
touch "$PWD/arrived"
for _ in $(seq 1200); do
    [ -e "$PWD/go" ] && exit 0
    sleep 0.05
done
"""

STRIKE = """\
import os, sys

moment, name, number, *arguments = sys.argv[1:]
state = "waiting"

def strike(event, values):
    # Python tells of a rename before it happens; whatever it tells of next comes after it.
    global state
    if state == "waiting" and event == "os.rename" and os.fspath(values[1]).endswith(name):
        state = "reached"
        if moment == "after":
            return
    if state == "reached":
        state = "over"
        os.kill(os.getpid(), int(number))

sys.addaudithook(strike)
from mlci.cli import main
sys.exit(main(arguments))
"""


def wait_for(is_there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LONGEST_SECONDS
    while not is_there():
        assert time.monotonic() < deadline, "it did not come to the moment that the test waits for"
        time.sleep(0.01)


def interrupted(process: subprocess.Popen[str], number: signal.Signals) -> Ended:
    """Send a signal to mlci alone, and return how it ended."""
    process.send_signal(number)
    out, err = process.communicate(timeout=LONGEST_SECONDS)
    return Ended(process.returncode, out, err)


def struck(project: Project, moment: str, name: str, number: signal.Signals, *arguments: str) -> Ended:
    """Run a verb that gets a signal right before, or right after, it renames something to what ends with NAME."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", STRIKE, moment, name, str(int(number)), *arguments],
        cwd=project.folder, env=project.environment, capture_output=True, text=True, check=False,
        stdin=subprocess.DEVNULL, timeout=LONGEST_SECONDS,
    )  # fmt: skip
    return Ended(done.returncode, done.stdout, done.stderr)


def confined_children(process: subprocess.Popen[str]) -> list[Path]:
    """Return the children of mlci that are about to load a model: they have begun to load its libraries."""
    children = content(Path(f"/proc/{process.pid}/task/{process.pid}/children")).split()
    found = [Path("/proc", pid) for pid in children if FORMATS in content(Path("/proc", pid, "cmdline"))]
    return [child for child in found if "numpy" in content(child / "maps")]


def processes_left(project: Project) -> list[str]:
    """Return the command lines of processes that were started for a project: each test has a HOME of its own."""
    home = f"HOME={project.place}\0"
    return [
        content(path.with_name("cmdline")) for path in Path("/proc").glob("[0-9]*/environ") if home in content(path)
    ]


def content(file: Path) -> str:
    """Return a file of a process, nothing where the process is gone."""
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""


def hold_pushes(project: Project) -> Path:
    """Let the origin hold every push; return the file that says that one has arrived."""
    origin = project.place / "origin.git"
    hook = origin / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(HOLD_THE_PUSH)
    hook.chmod(0o755)
    return origin / "arrived"


def let_pushes_go(project: Project) -> None:
    (project.place / "origin.git" / "go").touch()


def answering(project: Project) -> str:
    """Return the version in the deployed folder, where every file is as its manifest says."""
    current = project.place / "live" / "current"
    read_package({path.name: path.read_bytes() for path in current.iterdir()})
    return current.readlink().name.partition("-")[0]


def told_of_the_last_deployment(project: Project) -> tuple[str, str]:
    """Return state and description that the host was told last."""
    file = project.folder / ".mlci" / "forge" / "deployments.json"
    last = json.loads(file.read_text())["deployments"][-1]["statuses"][-1]
    return last["state"], last["description"]


@pytest.mark.parametrize("number", INTERRUPTIONS)
def test_train__leaves_no_process_and_no_candidate(fresh: Project, number: signal.Signals) -> None:
    (fresh.folder / "train.py").write_text(TRAIN)
    before = fresh.outside()
    process = fresh.start("train")
    wait_for((fresh.folder / "started").exists)
    assert interrupted(process, number) == Ended(130, "", "interrupted\n")
    assert processes_left(fresh) == []
    assert fresh.outside() == before
    assert not (fresh.folder / ".mlci" / "submission").exists()


@pytest.mark.parametrize("number", INTERRUPTIONS)
def test_predict__leaves_no_process(released: Project, number: signal.Signals) -> None:
    before = released.outside()
    process = released.start("predict", "v1.0.0", "data/holdout.csv")
    wait_for(lambda: bool(confined_children(process)))
    (child,) = confined_children(process)
    assert interrupted(process, number) == Ended(130, "", "interrupted\n")
    assert not child.exists()
    assert processes_left(released) == []
    assert released.outside() == before


@pytest.mark.parametrize("number", INTERRUPTIONS)
def test_promote__while_it_predicts_changes_nothing(merged: Project, number: signal.Signals) -> None:
    before = merged.outside()
    process = merged.start("promote")
    wait_for(lambda: bool(confined_children(process)))
    (child,) = confined_children(process)
    assert interrupted(process, number) == Ended(
        130,
        "",
        "· validate cells, holdout\n· predict and score holdout with the candidate and v1.0.0\ninterrupted\n",
    )
    assert not child.exists()
    assert processes_left(merged) == []
    assert merged.outside() == before


@pytest.mark.parametrize("number", INTERRUPTIONS)
def test_push__happens_wholly_or_not_at_all_and_the_next_call_converges(
    merged: Project, number: signal.Signals
) -> None:
    before = merged.outside()["refs"]
    has_arrived = hold_pushes(merged).exists
    process = merged.start("promote")
    wait_for(has_arrived)
    ended = interrupted(process, number)
    assert (ended.exit_code, ended.out, ended.err.splitlines()[-1]) == (130, "", "interrupted")
    assert processes_left(merged) == []
    assert merged.outside()["refs"] == before
    let_pushes_go(merged)
    assert merged.mlci("promote").out.startswith("v2.0.0 is in production, before v1.0.0\n")


def test_push__of_a_killed_promotion_arrives_and_the_next_call_finds_it(merged: Project) -> None:
    before = merged.outside()["refs"]
    has_arrived = hold_pushes(merged).exists
    process = merged.start("promote")
    wait_for(has_arrived)
    process.kill()
    process.wait()
    let_pushes_go(merged)  # Git, and the origin, go on without us
    wait_for(lambda: merged.outside()["refs"] != before)
    wait_for(lambda: processes_left(merged) == [])
    process.communicate()
    assert merged.mlci("promote").out == "nothing to promote: v2.0.0 in production is this very package\n"
    assert merged.mlci("verify").exit_code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_store__keeps_the_whole_package_or_nothing(merged: Project, moment: str, number: signal.Signals) -> None:
    before = merged.outside()["refs"]
    ended = struck(merged, moment, ".tar", number, "promote")
    assert ended.exit_code in {130, -signal.SIGKILL}
    assert merged.outside()["refs"] == before
    assert merged.mlci("verify").exit_code == 0
    assert merged.mlci("promote").out.startswith("v2.0.0 is in production, before v1.0.0\n")
    assert merged.mlci("verify").exit_code == 0


@pytest.mark.parametrize(
    ("moment", "version", "told"),
    [
        ("before", "v1.0.0", ("failure", "v1.0.0 keeps answering")),
        ("after", "v2.0.0", ("success", "v2.0.0 answers")),
    ],
)
@pytest.mark.parametrize("number", INTERRUPTIONS)
def test_switch__a_whole_version_answers_and_the_next_call_converges(
    promoted: Project, moment: str, version: str, told: tuple[str, str], number: signal.Signals
) -> None:
    ended = struck(promoted, moment, "/current", number, "deploy", "live")
    assert ended == Ended(130, "", "interrupted\n")
    assert (answering(promoted), told_of_the_last_deployment(promoted)) == (version, told)
    assert not list((promoted.place / "live").glob(".*"))
    assert promoted.mlci("deploy", "live").out.startswith("live answers with v2.0.0")
    assert answering(promoted) == "v2.0.0"


@pytest.mark.parametrize(("moment", "version"), [("before", "v1.0.0"), ("after", "v2.0.0")])
def test_switch__that_was_killed_leaves_a_whole_version(promoted: Project, moment: str, version: str) -> None:
    ended = struck(promoted, moment, "/current", signal.SIGKILL, "deploy", "live")
    assert ended.exit_code == -signal.SIGKILL
    assert answering(promoted) == version
    assert promoted.mlci("deploy", "live").out.startswith("live answers with v2.0.0")
    assert answering(promoted) == "v2.0.0"
    assert promoted.mlci("verify").exit_code == 0


def test_predict_out__goes_on_after_a_kill(released: Project) -> None:
    header, *lines = (released.folder / "data" / "holdout.csv").read_text().splitlines()
    many = "\n".join([header, *(lines * 1000)[:270_000]]) + "\n"
    (released.folder / "rows.csv").write_text(many)
    killed = struck(
        released, "after", "/000000", signal.SIGKILL, "predict", "v1.0.0", "rows.csv", "--out", "answers.csv"
    )
    assert killed.exit_code == -signal.SIGKILL
    assert not (released.folder / "answers.csv").exists()
    ended = released.mlci("predict", "v1.0.0", "rows.csv", "--out", "answers.csv")
    assert (ended.exit_code, ended.out) == (0, "answers.csv\n"), ended.err
    assert ended.err == "· 200,000 of 270,000 rows answered\n· 270,000 of 270,000 rows answered\n"
    assert processes_left(released) == []
    whole = released.mlci("predict", "v1.0.0", "rows.csv", "--out", "whole.csv")
    assert "· 200,000 of 270,000 rows answered" in whole.err
    assert (released.folder / "answers.csv").read_bytes() == (released.folder / "whole.csv").read_bytes()
    assert list(released.folder.glob(".*.parts")) == []


def test_predict_out__is_what_predict_prints(released: Project) -> None:
    printed = released.mlci("predict", "v1.0.0", "data/holdout.csv").out.splitlines()
    for name in ("answers.csv", "answers.parquet"):
        ended = released.mlci("predict", "v1.0.0", "data/holdout.csv", "--out", name)
        assert ended.exit_code == 0, ended.err
    rows = [line.split(",") for line in (released.folder / "answers.csv").read_text().splitlines()]
    assert [",".join([row[0], f"{float(row[1]):.6f}", row[2]]) for row in rows[1:]] == printed[1:]
    table = duckdb.read_parquet(str(released.folder / "answers.parquet")).fetchall()
    assert [[str(row), repr(probability), str(decision)] for row, probability, decision in table] == rows[1:]


def test_predict_out__over_its_own_rows_is_refused(released: Project) -> None:
    before = (released.folder / "data" / "holdout.csv").read_bytes()
    ended = released.mlci("predict", "v1.0.0", "data/holdout.csv", "--out", "data/../data/holdout.csv")
    assert (ended.exit_code, "the answers would replace data/holdout.csv" in ended.err) == (2, True)
    assert (released.folder / "data" / "holdout.csv").read_bytes() == before
