from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlci.commands.reproduce import reproduce
from mlci.core.reproduction import Difference
from mlci.errors import OutsideError, RejectedError, UsageError
from mlci.render.reproduction_text import reproduction_text
from mlci.testing import FakeRepository, FakeRunsBranch, MemoryWorkbench, Script, model_file
from tests.commands.builders import COMMAND, a_model, a_project, a_released_project, some_rows
from tests.commands.test_programs import a_program_project
from tests.commands.test_raw_pickles import a_pickling_project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlci.core.reproduction import Reproduction
    from mlci.testing.predictor import Columns
    from tests.commands.builders import Project


def again(
    project: Project, reference: str, tolerance: float = 1e-6, shared: dict[str, bytes] | None = None
) -> Reproduction:
    @contextmanager
    def separate(commit: str) -> Iterator[tuple[FakeRepository, MemoryWorkbench]]:
        folder = project.place / "again"
        folder.mkdir()
        files = project.repository.tree(commit).files
        yield FakeRepository(folder, files), MemoryWorkbench(folder)

    return reproduce(
        reference,
        tolerance=tolerance,
        repository=project.repository,
        runner=project.runner,
        tools=project.tools,
        shared=FakeRunsBranch(shared),
        separate=separate,
    )


def apart(came: Reproduction) -> dict[str, tuple[int, float]]:
    """Return on how many rows answers were compared, and how far they lie apart."""
    told = came.to_dict()
    found = {name: told[f"{name}_rows"] for name in ("golden", "evaluation") if told[f"{name}_rows"]}
    return {name: (each["rows"], round(each["largest_difference"], 9)) for name, each in found.items()}


def test_reproduce__of_a_version_makes_the_same_bytes(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(train_py="# other code that is not asked\n")
    came = again(project, "v1.0.0")
    assert (came.outcome, came.reason, came.differences) == ("identical", "the package has the same bytes", ())
    assert project.runner.runs[0].folder == project.place / "again"


def test_reproduce__needs_neither_records_nor_the_store_where_bytes_are_the_same(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.work.records.clear()
    project.work.models.clear()
    project.store.archives.clear()
    assert again(project, "#production").outcome == "identical"


def test_reproduce__of_the_candidate_is_of_the_run_that_made_it(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    (name,) = project.work.records
    came = again(project, "candidate")
    assert (came.subject, came.outcome) == (f"run {name}", "identical")


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("candidate", "no-candidate"),
        ("v9.9.9", "unknown-version"),
        ("#gone", "unknown-version"),
        ("feed", "unknown-run"),
    ],
)
def test_reproduce__of_what_is_not_there(tmp_path: Path, reference: str, code: str) -> None:
    project = a_project(tmp_path)
    with pytest.raises(UsageError) as caught:
        again(project, reference)
    assert (caught.value.code, project.runner.runs) == (code, [])


def test_reproduce__of_a_run_takes_its_seed(tmp_path: Path) -> None:
    train = f"{{run: {COMMAND}, data: [cells], params: params.yaml, seeds: 2, model: model.skops}}"
    project = a_project(tmp_path, train=train)
    project.train()
    name = next(name for name, (record, _) in project.work.records.items() if record.seed == 1)
    came = again(project, f"run:{name}")
    assert (came.outcome, came.reason) == ("identical", "the model has the same bytes")
    assert project.runner.runs[-1].variables["MLCI_SEED"] == "1"


def test_reproduce__other_bytes_with_the_same_answers_are_equal(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.predictor.models["twin"] = project.predictor.models["present"]
    project.makes("twin")
    came = again(project, "v1.0.0")
    assert (came.outcome, apart(came)) == ("equal", {"golden": (16, 0.0), "evaluation": (200, 0.0)})
    assert came.reason.startswith("other bytes, and the same answers: 16 golden rows at most ")
    assert came.reason.endswith(", 200 evaluation rows at most 0 apart; 1e-06 is tolerated")


def test_reproduce__of_a_run_asks_both_models_golden_rows(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    project.predictor.models["twin"] = project.predictor.models["present"]
    project.makes("twin")
    came = again(project, next(iter(project.work.records)))
    assert (came.outcome, apart(came)) == ("equal", {"golden": (16, 0.0), "evaluation": (200, 0.0)})


def test_reproduce__where_only_golden_rows_differ(tmp_path: Path) -> None:
    project = a_project(tmp_path, trains="careful")
    project.train()
    project.promote()

    def earlier(columns: Columns) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        return np.where(np.asarray(columns["radius"]) > 12, 0.9, 0.1)

    # No evaluation row lies between the two limits, 12 and 15; golden rows are spread over the range.
    project.predictor.models["twin"] = replace(a_model(), probability=earlier)
    project.makes("twin")
    came = again(project, "v1.0.0")
    assert came.outcome == "different"
    assert came.reason.startswith("other answers: 16 golden rows at most 0.8 apart, ")


def test_reproduce__where_the_model_of_then_cannot_be_asked_any_more(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.predictor.models["twin"] = project.predictor.models.pop("present")
    project.makes("twin")
    came = again(project, "v1.0.0")
    assert (came.outcome, apart(came)) == ("different", {"golden": (16, 0.0)})
    assert came.reason.startswith("other bytes, and evaluation rows could not be compared: 16 golden rows at most ")


def test_reproduce__by_a_record_that_somebody_shared(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    ((_, (record, _)),) = project.work.records.items()
    project.work.records.clear()
    changed = record.model_copy(update={"python": "CPython 3.10.0"})
    came = again(project, "v1.0.0", shared={changed.id: changed.to_bytes()})
    assert came.differences == (Difference("python", "CPython 3.10.0", "–"),)


def test_reproduce__other_answers_are_different_and_what_differs_comes_first(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    ((name, (record, details)),) = project.work.records.items()
    changed = record.model_copy(update={"python": "CPython 3.10.0"})
    project.work.records = {name: (changed, details.model_copy(update={"packages": {"numpy": "1.0"}}))}
    project.makes("careful")
    came = again(project, "v1.0.0")
    assert came.outcome == "different"
    assert apart(came)["evaluation"] == (200, 0.8)
    assert reproduction_text(came).splitlines()[:4] == [
        "tumour@v1.0.0: different",
        "  differs        then            now",
        "  python         CPython 3.10.0  –",
        "  package numpy  1.0             –",
    ]
    assert again_tolerates(project, 0.9).outcome == "equal"


def again_tolerates(project: Project, tolerance: float) -> Reproduction:
    (project.place / "again").rename(project.place / "before")
    return again(project, "v1.0.0", tolerance)


def test_reproduce__of_a_run_on_changes_that_no_commit_has(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.write(params_yaml="C: 2\n")
    project.train()
    project.makes("careful")
    (name,) = project.work.records
    came = again(project, name)
    assert came.outcome == "different"
    assert [each.what for each in came.differences] == ["params", "work tree"]
    assert came.differences[1] == Difference(
        "work tree", "with changes that no commit has: params.yaml", "as committed"
    )


def test_reproduce__where_the_model_of_then_is_gone(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.store.archives.clear()
    project.makes("careful")
    came = again(project, "v1.0.0")
    assert (came.outcome, came.answers) == ("different", None)
    assert came.reason == "the model has other bytes, and the one of then is not here to be asked"


def test_reproduce__where_training_fails(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.runner.scripts[COMMAND] = Script(exit_code=1)
    with pytest.raises(RejectedError):
        again(project, "v1.0.0")


def test_reproduce__of_a_run_that_made_no_model(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.runner.scripts[COMMAND] = Script(exit_code=1)
    with pytest.raises(RejectedError):
        project.train()
    (name,) = project.work.records
    with pytest.raises(UsageError) as caught:
        again(project, name)
    assert caught.value.code == "no-model-made"


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        ("v9.0.0", "unknown-version"),
        ("candidat", "unknown-reference"),
        ("abcd", "unknown-run"),
        ("run:@", "unknown-run"),
    ],
)
def test_reproduce__of_what_is_not_here(tmp_path: Path, reference: str, code: str) -> None:
    project = a_released_project(tmp_path)
    with pytest.raises(UsageError) as caught:
        again(project, reference)
    assert caught.value.code == code


def test_reproduce__a_pipeline_runs_every_stage_and_pushes_nothing(tmp_path: Path) -> None:
    project = a_project(tmp_path, train="{dvc: true, model: model.skops}")
    project.write(
        dvc_yaml="stages: {fit: {cmd: x, outs: [model.skops]}}\n",
        dvc_lock="stages: {fit: {outs: [{path: model.skops, md5: bb}]}}\n",
    )
    project.land("A pipeline")
    script = Script({"model.skops": model_file("present")}, prints=("Running stage 'fit':",))
    project.runner.scripts |= {"dvc repro": script, "dvc repro --force": script}
    project.train()
    assert again(project, next(iter(project.work.records))).outcome == "identical"
    assert [run.command for run in project.runner.runs] == ["dvc repro", "dvc repro --force"]


def test_reproduce__restores_the_data_that_dvc_keeps_by_its_hash(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    rows, elsewhere = some_rows(100), tmp_path / "kept"
    digest = hashlib.md5(rows, usedforsecurity=False).hexdigest()
    elsewhere.write_bytes(rows)
    project.repository.remove("data/cells.csv")
    (project.repository.folder / "data" / "cells.csv").write_bytes(rows)
    project.repository.write("data/cells.csv.dvc", f"outs: [{{path: cells.csv, md5: {digest}}}]\n".encode())
    project.land("A pointer")
    project.train()
    (name,) = project.work.records
    with pytest.raises(OutsideError, match="lies nowhere"):
        again(project, name)
    (project.place / "again").rename(project.place / "before")
    project.data.outside[digest] = elsewhere
    assert again(project, name).outcome == "identical"
    assert (project.place / "again" / "data" / "cells.csv").read_bytes() == rows


def test_reproduce__restores_the_data_that_lie_at_an_address(tmp_path: Path) -> None:
    rows = some_rows(100)
    digest = hashlib.sha256(rows).hexdigest()
    data = (
        f"{{cells: {{path: 'https://data.example/cells.csv', sha256: {digest}, contract: cells.yaml}}, "
        "holdout: {path: data/holdout.csv, contract: cells.yaml}}"
    )
    project = a_project(tmp_path, data=data)
    brought = project.repository.folder / ".mlci" / "cache" / "data" / f"sha256-{digest}"
    brought.parent.mkdir(parents=True)
    brought.write_bytes(rows)
    project.train()
    project.data.outside[digest] = brought
    assert again(project, next(iter(project.work.records))).outcome == "identical"
    told = project.runner.runs[-1].variables["MLCI_DATA_CELLS"]
    assert told == str(project.place / "again" / ".mlci" / "cache" / "data" / f"sha256-{digest}")


def test_reproduce__of_a_model_from_elsewhere_restores_it(tmp_path: Path) -> None:
    project = a_project(tmp_path, train="{model: model.skops}")
    project.write(model_skops=model_file("present"))
    project.land("A model")
    project.train()
    assert again(project, next(iter(project.work.records))).outcome == "identical"
    assert project.runner.runs == []


@pytest.mark.parametrize("kind", ["program", "pickle"])
def test_reproduce__of_a_program_and_a_raw_pickle_makes_the_same_bytes(kind: str, tmp_path: Path) -> None:
    project = {"program": a_program_project, "pickle": a_pickling_project}[kind](tmp_path)
    project.train()
    project.promote()
    project.work.records.clear()
    project.work.models.clear()
    came = again(project, "#production")
    assert (came.outcome, came.reason, came.differences) == ("identical", "the package has the same bytes", ())


def test_reproduce__of_a_raw_pickle_that_answers_otherwise_says_how_far(tmp_path: Path) -> None:
    project = a_pickling_project(tmp_path)
    project.train()
    project.promote()
    project.predictor.models["present"] = a_model(0, 1)
    came = again(project, "#production")
    assert (came.outcome, apart(came)) == ("different", {"evaluation": (200, 0.8)})
