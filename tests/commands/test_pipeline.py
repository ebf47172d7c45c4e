from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from mlci.commands.pipeline import has_remote
from mlci.errors import IntegrityError, RejectedError, UsageError
from mlci.testing import Script, model_file
from tests.commands.builders import a_configuration, a_project, refused

if TYPE_CHECKING:
    from pathlib import Path

    from tests.commands.builders import Project

DVC = "{dvc: true, data: [cells], params: params.yaml, model: model.skops}"
ELSEWHERE = "{data: [cells], model: model.skops}"
LOCK = "stages: {fit: {deps: [{path: data/cells.csv, md5: aa}], outs: [{path: model.skops, md5: bb}]}}\n"
SAID = ("Stage 'prepare' didn't change, skipping", "Running stage 'fit':", "> python fit.py")
REMOTE = "[core]\n    remote = here\n"


def a_pipeline(place: Path, lock: str = LOCK, remote: str = "") -> Project:
    """Return a project whose model a pipeline makes; what DVC does is a script."""
    project = a_project(place, train=DVC)
    project.write(dvc_yaml="stages: {fit: {cmd: python fit.py, outs: [model.skops, scores.json]}}\n", dvc_lock=lock)
    (project.repository.folder / ".dvc").mkdir()
    (project.repository.folder / ".dvc" / "config").write_text(remote)
    project.land("A pipeline")
    script = Script({"model.skops": model_file("present")}, prints=SAID)
    project.runner.scripts |= {"dvc repro": script, "dvc repro --pull": script, "dvc push --run-cache": Script()}
    return project


def commands(project: Project) -> list[str]:
    return [run.command for run in project.runner.runs]


def test_pipeline__is_run_by_dvc_and_the_stages_are_told(tmp_path: Path) -> None:
    project = a_pipeline(tmp_path)
    trained = project.train()
    assert (commands(project), trained.training.command) == (["dvc repro"], "dvc repro")
    assert trained.training.stages == {"prepare": "unchanged", "fit": "ran"}
    assert project.runner.runs[0].variables["DVC_NO_ANALYTICS"] == "1"
    ((record, details),) = project.work.records.values()
    assert (record.outcome, record.command) == ("trained", "dvc repro")
    assert [stage.model_dump() for stage in details.stages] == [
        {"name": "prepare", "outcome": "unchanged", "reads": {}, "makes": {}},
        {"name": "fit", "outcome": "ran", "reads": {"data/cells.csv": "aa"}, "makes": {"model.skops": "bb"}},
    ]


def test_pipeline__with_a_remote_pulls_and_pushes(tmp_path: Path) -> None:
    project = a_pipeline(tmp_path, remote=REMOTE)
    project.train()
    assert commands(project) == ["dvc repro --pull", "dvc push --run-cache"]


def test_pipeline__where_no_stage_ran_nothing_is_pushed(tmp_path: Path) -> None:
    project = a_pipeline(tmp_path, remote=REMOTE)
    project.runner.scripts["dvc repro --pull"] = Script({"model.skops": model_file("present")}, prints=SAID[:1])
    project.train()
    assert commands(project) == ["dvc repro --pull"]


def test_pipeline__a_push_that_fails_does_not_fail_the_training(tmp_path: Path) -> None:
    project = a_pipeline(tmp_path, remote=REMOTE)
    project.runner.scripts["dvc push --run-cache"] = Script(prints=("no way in",), exit_code=1)
    assert project.train().training.outcome == "trained"


@pytest.mark.parametrize("name", ["dvc_lock", "scores_json", "model_skops"])
def test_pipeline__what_its_stages_make_is_no_input(tmp_path: Path, name: str) -> None:
    project = a_pipeline(tmp_path)
    project.train()
    project.write(**{name: b"stages: {fit: {outs: [{path: model.skops, md5: cc}]}}\n"})
    assert project.train().training.outcome == "reused"


@pytest.mark.parametrize("name", ["dvc_yaml", "train_py", "params_yaml", "data__cells_csv"])
def test_pipeline__what_its_stages_read_is_an_input(tmp_path: Path, name: str) -> None:
    project = a_pipeline(tmp_path)
    before = project.train().fingerprint
    project.write(**{name: project.repository.work_tree().files[name.replace("__", "/").replace("_", ".")] + b"\n"})
    assert project.train().fingerprint != before


def test_pipeline__a_model_that_no_stage_makes(tmp_path: Path) -> None:
    project = a_pipeline(tmp_path, lock=LOCK.replace("model.skops", "other.skops"))
    with pytest.raises(RejectedError, match=r"no stage of dvc\.yaml makes model\.skops") as caught:
        project.train()
    assert caught.value.code == "model-not-an-output"
    ((record, _),) = project.work.records.values()
    assert record.outcome == "failed"


@pytest.mark.parametrize(
    ("config", "local", "expected"), [("", "", False), ("", REMOTE, True), (REMOTE, "", True), ("[", "", False)]
)
def test_has_remote__is_what_dvcs_settings_say(tmp_path: Path, config: str, local: str, expected: bool) -> None:  # noqa: FBT001 - a case of the table
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").write_text(config)
    (tmp_path / ".dvc" / "config.local").write_text(local)
    (tmp_path / "inner").mkdir()
    assert has_remote(tmp_path / "inner") is expected


def test_has_remote__of_what_lies_above_the_repository_it_is_not(tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").write_text(REMOTE)
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    assert has_remote(tmp_path / "repository") is False


def a_model_from_elsewhere(place: Path) -> Project:
    project = a_project(place, train=ELSEWHERE)
    project.write(model_skops=model_file("present"))
    project.land("A model")
    return project


def test_elsewhere__the_model_is_taken_as_it_is_pinned(tmp_path: Path) -> None:
    project = a_model_from_elsewhere(tmp_path)
    trained = project.train()
    assert (trained.training.outcome, commands(project)) == ("brought in", [])
    assert trained.candidate.package.model == model_file("present")
    ((record, _),) = project.work.records.values()
    assert (record.outcome, record.command, record.seed, record.cost.wall_seconds) == ("brought in", "", None, None)
    assert record.unknown == ("command", "code", "environment", "seed", "cost")
    assert record.model_sha256 == hashlib.sha256(model_file("present")).hexdigest()
    assert list(record.data) == ["cells"]
    assert project.train().training.outcome == "reused"


def test_elsewhere__another_model_is_another_input_and_code_is_none(tmp_path: Path) -> None:
    project = a_model_from_elsewhere(tmp_path)
    before = project.train().fingerprint
    project.write(train_py="# other\n")
    assert project.train().fingerprint == before
    project.write(model_skops=model_file("careful"))
    assert project.train().fingerprint != before


def test_elsewhere__where_the_data_is_not_declared_it_is_unknown(tmp_path: Path) -> None:
    project = a_project(tmp_path, train="{model: model.skops}")
    project.write(model_skops=model_file("present"))
    project.train()
    ((record, _),) = project.work.records.values()
    assert record.unknown[-1] == "data"


def test_elsewhere__without_a_model(tmp_path: Path) -> None:
    error = refused(a_project(tmp_path, train=ELSEWHERE), "train")
    assert (type(error), error.code) == (UsageError, "no-model-source")


def a_pointer(model: str) -> str:
    digest = hashlib.md5(model_file(model), usedforsecurity=False).hexdigest()
    return f"outs:\n- {{md5: {digest}, size: 9, hash: md5, path: model.skops}}\n"


def test_elsewhere__by_a_pointer_of_dvc(tmp_path: Path) -> None:
    project = a_project(tmp_path, train=ELSEWHERE)
    project.repository.write("model.skops.dvc", a_pointer("present").encode())
    pull = "dvc pull --force model.skops.dvc"
    project.runner.scripts[pull] = Script({"model.skops": model_file("present")})
    assert project.train().training.outcome == "brought in"
    assert commands(project) == [pull]
    project.repository.write("README.md", b"# Other words\n")
    assert project.train(force=True).training.outcome == "brought in"
    assert commands(project) == [pull]


def test_elsewhere__a_file_that_is_not_what_its_pointer_names(tmp_path: Path) -> None:
    project = a_project(tmp_path, train=ELSEWHERE)
    project.repository.write("model.skops.dvc", a_pointer("present").encode())
    project.runner.scripts["dvc pull --force model.skops.dvc"] = Script({"model.skops": model_file("careful")})
    error = refused(project, "train")
    assert (type(error), error.code) == (IntegrityError, "model-differs")


def test_elsewhere__a_remote_out_of_reach(tmp_path: Path) -> None:
    project = a_project(tmp_path, train=ELSEWHERE)
    project.repository.write("model.skops.dvc", a_pointer("present").encode())
    project.runner.scripts["dvc pull --force model.skops.dvc"] = Script(exit_code=255)
    assert refused(project, "train").code == "model-not-pulled"


def test_elsewhere__a_pointer_to_a_folder(tmp_path: Path) -> None:
    project = a_project(tmp_path, train=ELSEWHERE)
    project.repository.write("model.skops.dvc", b"outs: [{md5: aa.dir, path: model.skops}]\n")
    assert refused(project, "train").code == "not-a-pointer"


@pytest.mark.parametrize(
    ("train", "problem"),
    [
        ("{run: python train.py, dvc: true, model: m.skops}", "not both"),
        ("{dvc: true, seeds: 2, model: m.skops}", "several seeds need run:"),
        ("{seeds: 2, model: m.skops}", "several seeds need run:"),
    ],
)
def test_configuration__a_model_is_made_one_way(tmp_path: Path, train: str, problem: str) -> None:
    project = a_project(tmp_path)
    project.write(mlci_yaml=a_configuration(train=train))
    assert problem in refused(project, "train").problem
