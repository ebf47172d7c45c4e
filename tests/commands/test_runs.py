from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.commands.runs import best_run, list_runs, show_run
from mlci.core.runs.tracked import Tracked
from mlci.errors import MlciError, UsageError
from mlci.testing import FakeRunsBranch, MemoryWorkbench, Script, model_file
from tests.commands.builders import COMMAND, a_project
from tests.core.runs.records import DETAILS, a_record

if TYPE_CHECKING:
    from pathlib import Path

NOBODYS = FakeRunsBranch()


def test_list_runs__has_every_run_of_a_project(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    project.runner.scripts[COMMAND] = Script(exit_code=3)
    project.write(params_yaml="C: 2\n")
    with pytest.raises(MlciError):
        project.train()
    assert sorted(run.record.outcome for run in list_runs(project.work, NOBODYS)) == ["failed", "trained"]


def test_show_run__by_the_fingerprint_that_a_report_names(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    reused = project.train().training.reason.removeprefix("same inputs as run ")
    shown = show_run(reused, project.work, NOBODYS)
    assert (shown.run.record.outcome, shown.details and list(shown.details.code)) == ("trained", ["train.py"])


def test_show_run__as_json(tmp_path: Path) -> None:
    work = MemoryWorkbench(tmp_path)
    name = work.keep_run(a_record(), DETAILS)
    written = show_run(name, work, NOBODYS).to_dict()
    assert (written["id"], written["schema"], written["details"]["schema"]) == (
        name, "mlci/run/2", "mlci/run-details/1",
    )  # fmt: skip


def test_best_run__of_what_scripts_logged(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    for place, loss in enumerate((0.5, 0.2, 0.3)):
        logs = Tracked(metrics={"loss": ((0, loss),)})
        project.runner.scripts[COMMAND] = Script({"model.skops": model_file("present")}, logs=logs)
        project.write(params_yaml=f"C: {place}\n")
        project.train()
    assert best_run("loss", "lowest", project.work, NOBODYS).run.record.params == {"C": 1}


def test_best_run__of_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        best_run("loss", "lowest", MemoryWorkbench(tmp_path), NOBODYS)
