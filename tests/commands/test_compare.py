from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mlci.commands.compare import compare, curve_files
from mlci.core.runs import KeptRun
from mlci.core.runs.comparison import compared as compare_two
from mlci.core.runs.comparison import curves_csv, curves_dict
from mlci.core.runs.tracked import Tracked
from mlci.core.side_by_side import side_by_side_csv
from mlci.errors import MlciError
from mlci.render.comparison_text import side_by_side_text
from mlci.testing import FakeRunsBranch, Script, model_file
from tests.commands.builders import COMMAND, a_configuration, a_released_project, some_rows

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.runs.comparison import RunComparison
    from mlci.core.side_by_side import SideBySide
    from tests.commands.builders import Project


def two_runs(place: Path) -> Project:
    """Return a project with a version, and a candidate that differs in parameters, data and code."""
    project = a_released_project(place)
    project.write(params_yaml="C: 2\ndepth: 3\n", data__cells_csv=some_rows(101), train_py="# other\n", new_py="")
    logs = Tracked(metrics={"loss": ((0, 0.5), (1, 0.25)), "=evil/../x": ((0, 1.0), (1, 2.0)), "once": ((0, 1.0),)})
    project.runner.scripts[COMMAND] = Script({"model.skops": model_file("careful")}, logs=logs)
    project.train()
    return project


def compared(project: Project, first: str, second: str, *, base: str | None = None) -> SideBySide:
    return compare(
        first, second, base=base or project.base, repository=project.repository, shared=FakeRunsBranch(),
        tools=project.tools,
    )  # fmt: skip


def runs_compared(project: Project, first: str, second: str) -> RunComparison:
    found = compared(project, first, second).runs
    assert found is not None
    return found


def lines(comparison: SideBySide) -> list[str]:
    """Return what a terminal shows, without hashes and alignment."""
    text = re.sub(r"\b[0-9a-f]{8,64}\b…?", "<id>", side_by_side_text(comparison))
    return [" ".join(line.split()) for line in text.splitlines()]


def test_compare__shows_what_both_score_and_in_what_they_differ(tmp_path: Path) -> None:
    shown = lines(compared(two_runs(tmp_path), "#production", "candidate"))
    assert shown[:5] == [
        "#production: version v1.0.0, package <id>, run <id>",
        "candidate: package <id>, run <id>",
        "",
        "on 200 rows of the evaluation set; + says that candidate is better",
        "metric #production candidate difference [90 %] n candidate is",
    ]
    assert "accuracy 0.9 1 +0.1000 [+0.0703, +0.1404] 200 better" in shown
    assert shown[shown.index("differs name #production candidate") :] == [
        "differs name #production candidate",
        "parameter C 1 2",
        "parameter depth – 3",
        "data cells data/cells.csv <id> (100 rows) data/cells.csv <id> (101 rows)",
        "code new.py – <id>",
        "code train.py <id> <id>",
        "run changes without a commit – <id>",
        "",
        "logged in training #production candidate difference",
        "=evil/../x – 2",
        "loss – 0.25",
        "once – 1",
    ]


def test_compare__as_json_has_every_number(tmp_path: Path) -> None:
    told = compared(two_runs(tmp_path), "candidate", "v1.0.0").to_dict()
    accuracy = next(each for each in told["evaluation"]["metrics"] if each["metric"] == "accuracy")
    assert (told["first"]["reference"], told["second"]["version"]) == ("candidate", "v1.0.0")
    assert (accuracy["first"], accuracy["second"], accuracy["n"]) == (1.0, 0.9, 200)
    assert (accuracy["outcome"], accuracy["difference"]) == ("worse", pytest.approx(-0.1))
    assert accuracy["upper"] == pytest.approx(-0.0703, abs=1e-4)
    assert {line["kind"] for line in told["differences"]} == {"parameter", "data", "code", "run"}


def test_compare__as_csv_holds_no_formula(tmp_path: Path) -> None:
    written = side_by_side_csv(compared(two_runs(tmp_path), "v1.0.0", "candidate")).splitlines()
    assert written[0] == "kind,name,v1.0.0,candidate,difference,lower,upper,outcome"
    assert written[1].startswith("evaluation,accuracy,0.9,1.0,")
    assert "parameter,C,1,2,,,," in written
    assert "metric,'=evil/../x,,2.0,,,," in written


def test_compare__without_records_goes_by_commits(tmp_path: Path) -> None:
    project = two_runs(tmp_path)
    project.work.records.clear()
    comparison = compared(project, "v1.0.0", "candidate")
    assert [(line.kind, line.name) for line in comparison.differences] == [
        ("parameter", "C"), ("parameter", "depth"), ("data", "cells"), ("code", "new.py"), ("code", "train.py"),
    ]  # fmt: skip
    assert (comparison.runs, comparison.not_known, comparison.scored is None) == (None, (), False)


def test_compare__with_the_path_of_a_package(tmp_path: Path) -> None:
    project = two_runs(tmp_path)
    archive = tmp_path / "some.mlci"
    archive.write_bytes(project.store.archives[project.production.package_sha256])
    comparison = compared(project, str(archive), "v1.0.0")
    assert comparison.scored is not None
    assert {comparison.scored.outcome(each) for each in comparison.scored.metrics} == {"same model"}
    project.work.records.clear()
    assert compared(project, str(archive), "v1.0.0").not_known == (
        f"what {archive} was trained from: no record of its run and no commit of it is here",
    )


def test_compare__of_a_signature_that_changed(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.trains("narrow")
    project.train()
    differences = compared(project, "v1.0.0", "candidate").differences
    assert [(line.name, line.first, line.second) for line in differences if line.kind == "signature"] == [
        ("input texture", "integer", None)
    ]


def test_compare__of_what_cannot_be_scored_says_why_and_shows_the_rest(tmp_path: Path) -> None:
    project = two_runs(tmp_path)
    project.stores.clear()
    comparison = compared(project, "v1.0.0", "candidate")
    assert (comparison.scored, comparison.not_scored[:8]) == (None, "v1.0.0: ")
    assert len(comparison.differences) == 6


def test_compare__where_the_first_cannot_read_the_rows(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    rows = b"\n".join(b",".join(line.split(b",")[:2] + line.split(b",")[3:]) for line in some_rows().splitlines())
    contract = "columns:\n  id: {type: integer}\n  radius: {type: number}\n  malignant: {type: integer}\n"
    project.write(data__holdout_csv=rows + b"\n", data__cells_csv=rows + b"\n", cells_yaml=contract)
    project.trains("narrow")
    project.land()
    project.train()
    comparison = compared(project, "v1.0.0", "candidate")
    assert comparison.not_scored == "v1.0.0 reads `texture`, which the evaluation set no longer has"


def test_compare__without_a_target_branch_goes_by_the_work_tree(tmp_path: Path) -> None:
    project = two_runs(tmp_path)
    project.write(mlci_yaml=a_configuration("{metric: recall, require: floor, value: 0.1}"))
    comparison = compare(
        "v1.0.0", "candidate", base=None, repository=project.repository, shared=FakeRunsBranch(), tools=project.tools
    )
    assert comparison.scored is not None
    assert comparison.scored.rows == 200


def test_compare__draws_what_has_steps_under_names_of_its_own(tmp_path: Path) -> None:
    assert curve_files(runs_compared(two_runs(tmp_path), "v1.0.0", "candidate")) == {
        "=evil/../x": "001--evil-x.svg",
        "loss": "002-loss.svg",
    }


def test_compare__of_a_run_with_itself(tmp_path: Path) -> None:
    project = two_runs(tmp_path)
    name = next(iter(project.work.records))
    assert side_by_side_text(compared(project, name, f"run:{name}")).splitlines()[-1] == (
        f"both are of run {name[:8]}, so that nothing differs: mlci runs show {name[:8]}"
    )


def test_compare__of_two_runs_with_the_same_inputs(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    ((name, (record, details)),) = project.work.records.items()
    again = record.model_copy(update={"started": record.started + timedelta(minutes=1)})
    project.work.keep_run(again, details)
    text = side_by_side_text(compared(project, name, again.id))
    assert text.splitlines()[-1] == f"{name} and {again.id} were made from the same inputs"


def test_compare__every_value_is_told_as_csv_and_json(tmp_path: Path) -> None:
    comparison = runs_compared(two_runs(tmp_path), "v1.0.0", "candidate")
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
    whole = runs_compared(project, *names)
    runs = [KeptRun(name, project.work.records[name][0]) for name in names]
    bare = compare_two(runs[0], runs[1], (None, None))
    assert [line.name for line in bare.differences if line.kind == "code"] == ["all files together"]
    assert len([line for line in whole.differences if line.kind == "code"]) == 2


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("abcd", "unknown-run"),
        ("run:x", "unknown-run"),
        ("candidat", "unknown-reference"),
        ("v9.0.0", "unknown-version"),
        ("#staging", "unknown-version"),
        (".", "no-package"),
    ],
)
def test_compare__of_what_is_not_here(tmp_path: Path, reference: str, code: str) -> None:
    project = a_released_project(tmp_path)
    project.work.records.clear()
    with pytest.raises(MlciError) as caught:
        compared(project, reference, reference)
    assert caught.value.code == code
