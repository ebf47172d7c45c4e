"""One contract for runners: the fake plays a script for each command, the real one is a shell."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.training_process import TrainingProcess
from mlci.testing import Run, Script, ScriptedRunner

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.ports import Runner
    from mlci.core.training import Completed

TRAINS = "echo fitted; printf model > model.skops"
FAILS = "echo no data; exit 3"
HANGS = "sleep 60"
TALKS = "for line in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22; do echo $line; done"


def scripted() -> Runner:
    return ScriptedRunner(
        {
            TRAINS: Script({"model.skops": b"model"}, prints=("fitted",)),
            FAILS: Script(prints=("no data",), exit_code=3),
            HANGS: Script(seconds=60),
            TALKS: Script(prints=tuple(str(number) for number in range(1, 23))),
        }
    )


def in_a_shell() -> Runner:
    return TrainingProcess({"PATH": "/usr/bin:/bin"}, lambda _: None)


@pytest.fixture(params=[scripted, in_a_shell])
def runner(request: pytest.FixtureRequest) -> Runner:
    made: Runner = request.param()
    return made


def run(runner: Runner, command: str, folder: Path, seconds: float = 20) -> Completed:
    return runner.run(
        command,
        folder=folder,
        log=folder / "logs" / "run.log",
        variables={"MLCI_SEED": "0"},
        passed=("HOME",),
        timeout=timedelta(seconds=seconds),
    )


def test_run__writes_the_model_and_the_log(runner: Runner, tmp_path: Path) -> None:
    done = run(runner, TRAINS, tmp_path)
    assert (done.exit_code, done.tail) == (0, ("fitted",))
    assert (tmp_path / "model.skops").read_bytes() == b"model"
    assert (tmp_path / "logs" / "run.log").read_text() == "fitted\n"


def test_run__a_command_that_fails(runner: Runner, tmp_path: Path) -> None:
    done = run(runner, FAILS, tmp_path)
    assert (done.exit_code, done.tail) == (3, ("no data",))


def test_run__a_command_that_nobody_knows(runner: Runner, tmp_path: Path) -> None:
    done = run(runner, "no-such-program", tmp_path)
    assert (done.exit_code, done.tail[-1].endswith("no-such-program: not found")) == (127, True)


def test_run__the_time_is_up(runner: Runner, tmp_path: Path) -> None:
    done = run(runner, HANGS, tmp_path, seconds=0.1)
    assert (done.exit_code, done.seconds >= 0.1) == (None, True)


def test_run__keeps_the_last_lines_and_logs_all(runner: Runner, tmp_path: Path) -> None:
    done = run(runner, TALKS, tmp_path)
    assert done.tail == tuple(str(number) for number in range(3, 23))
    assert (tmp_path / "logs" / "run.log").read_text().startswith("1\n2\n3\n")


def test_runs__tell_what_was_run(tmp_path: Path) -> None:
    runner = ScriptedRunner()
    run(runner, "python train.py", tmp_path)
    assert runner.runs == [Run("python train.py", tmp_path, {"MLCI_SEED": "0"}, ("HOME",), timedelta(seconds=20))]
