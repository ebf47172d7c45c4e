from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mlci.commands.compare import compare_runs, curve_files
from mlci.core.runs import KeptRun
from mlci.core.runs.comparison import compared as compare_two
from mlci.core.runs.comparison import comparison_csv, curves_csv, curves_dict
from mlci.core.runs.tracked import Tracked
from mlci.errors import UsageError
from mlci.render.comparison_text import run_comparison_text
from mlci.testing import FakeRunsBranch, Script, model_file
from tests.commands.builders import COMMAND, MODEL, a_released_project, some_rows

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.runs.comparison import RunComparison
    from tests.commands.builders import Project


def two_runs(place: Path) -> Project:
    """Return a project with a version, and a candidate that differs in parameters, data and code."""
    project = a_released_project(place)
    project.write(params_yaml="C: 2\ndepth: 3\n", data__cells_csv=some_rows(101), train_py="# other\n", new_py="")
    logs = Tracked(metrics={"loss": ((0, 0.5), (1, 0.25)), "=evil/../x": ((0, 1.0), (1, 2.0)), "once": ((0, 1.0),)})
    project.runner.scripts[COMMAND] = Script({"model.skops": model_file("careful")}, logs=logs)
    project.train()
    return project


def compared(project: Project, first: str, second: str) -> RunComparison:
    return compare_runs(
        first,
        second,
        model=MODEL,
        repository=project.repository,
        registry=project.registry,
        work=project.work,
        shared=FakeRunsBranch(),
    )


def test_compare__says_in_what_two_runs_differ(tmp_path: Path) -> None:
    comparison = compared(two_runs(tmp_path), "#production", "candidate")
    text = re.sub(r"\b[0-9a-f]{8,64}\b…?", "<id>", run_comparison_text(comparison))
    assert [" ".join(line.split()) for line in text.splitlines()] == [
        "differs name <id> <id>",
        "parameter C 1 2",
        "parameter depth – 3",
        "data cells data/cells.csv <id> (100 rows) data/cells.csv <id> (101 rows)",
        "code new.py – <id>",
        "code train.py <id> <id>",
        "run changes without a commit – <id>",
        "",
        "metric <id> <id> difference",
        "=evil/../x – 2",
        "loss – 0.25",
        "once – 1",
    ]


def test_compare__as_csv_holds_no_formula(tmp_path: Path) -> None:
    lines = comparison_csv(compared(two_runs(tmp_path), "v1.0.0", "candidate")).splitlines()
    assert lines[1] == "parameter,C,1,2"
    assert "metric,'=evil/../x,,2.0" in lines


def test_compare__draws_what_has_steps_under_names_of_its_own(tmp_path: Path) -> None:
    assert curve_files(compared(two_runs(tmp_path), "v1.0.0", "candidate")) == {
        "=evil/../x": "001--evil-x.svg",
        "loss": "002-loss.svg",
    }


def test_compare__of_a_run_with_itself(tmp_path: Path) -> None:
    project = two_runs(tmp_path)
    name = next(iter(project.work.records))
    assert run_comparison_text(compared(project, name, f"run:{name}")) == (
        f"both are run {name[:8]}, so that nothing differs: mlci runs show {name[:8]}"
    )


def test_compare__of_two_runs_with_the_same_inputs(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    ((name, (record, details)),) = project.work.records.items()
    again = record.model_copy(update={"started": record.started + timedelta(minutes=1)})
    project.work.keep_run(again, details)
    text = run_comparison_text(compared(project, name, again.id))
    assert text == f"{name[:8]} and {again.id[:8]} had the same inputs"


def test_compare__every_value_is_told_as_csv_and_json(tmp_path: Path) -> None:
    comparison = compared(two_runs(tmp_path), "v1.0.0", "candidate")
    second = comparison.second.id
    assert curves_csv(comparison).splitlines() == [
        "metric,run,step,value",
        f"'=evil/../x,{second},0,1.0",
        f"'=evil/../x,{second},1,2.0",
        f"loss,{second},0,0.5",
        f"loss,{second},1,0.25",
        f"once,{second},0,1.0",
    ]
    told = curves_dict(comparison)
    assert (told["second"], told["curves"]["loss"]) == (second, {"first": [], "second": [[0, 0.5], [1, 0.25]]})


def test_compare__where_the_details_are_gone_code_differs_as_a_whole(tmp_path: Path) -> None:
    project = two_runs(tmp_path)
    names = list(project.work.records)
    whole = compared(project, *names)
    runs = [KeptRun(name, project.work.records[name][0]) for name in names]
    bare = compare_two(runs[0], runs[1], (None, None))
    assert [line.name for line in bare.differences if line.kind == "code"] == ["all files together"]
    assert len([line for line in whole.differences if line.kind == "code"]) == 2


@pytest.mark.parametrize(
    ("reference", "code"), [("v1.0.0", "run-not-here"), ("abcd", "unknown-run"), ("v9.0.0", "unknown-version")]
)
def test_compare__of_what_is_not_here(tmp_path: Path, reference: str, code: str) -> None:
    project = a_released_project(tmp_path)
    project.work.records.clear()
    with pytest.raises(UsageError) as caught:
        compared(project, reference, reference)
    assert caught.value.code == code
