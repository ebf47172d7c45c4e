from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mlci.commands.train import promoted_version
from mlci.core.package import read_package
from mlci.core.report import Conclusion, Training
from mlci.core.runs import DataFile
from mlci.core.runs.tracked import Tracked
from mlci.core.submission import read_record
from mlci.errors import IntegrityError, MlciError, RejectedError, UsageError
from mlci.formats.archive import digest, unpack
from mlci.testing import Run, Script, model_file
from tests.commands.builders import (
    COMMAND,
    MODELS,
    Project,
    a_configuration,
    a_model,
    a_project,
    a_released_project,
    some_rows,
)

if TYPE_CHECKING:
    from pathlib import Path


def refused(project: Project) -> MlciError:
    """Return why no candidate was made; what was a candidate before still is."""
    before = project.work.submission()
    with pytest.raises(MlciError) as caught:
        project.train()
    assert project.work.submission() == before
    return caught.value


def test_train__makes_the_candidate(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    trained = project.train()
    submission = project.work.submission()
    assert trained.training == Training(COMMAND, "trained", "the inputs are new")
    assert submission is not None
    assert (submission.archive, digest(submission.archive)) == (trained.candidate.archive, trained.candidate.sha256)
    assert read_package(unpack(submission.archive)).model == model_file("present")
    assert read_record(submission.record).fingerprint == trained.fingerprint.digest


def test_train__the_signature_comes_from_model_contract_and_configuration(tmp_path: Path) -> None:
    signature = a_project(tmp_path).train().candidate.package.info.signature
    assert signature.model_dump(mode="json") == {
        "inputs": [
            {"name": "radius", "type": "number", "unit": "micrometre", "minimum": 0.0, "maximum": 30.0, "values": None},
            {"name": "texture", "type": "integer", "unit": None, "minimum": None, "maximum": None, "values": None},
        ],
        "classes": [0, 1],
        "positive": 1,
        "threshold": 0.5,
    }


def test_train__tells_the_command_where_things_lie(tmp_path: Path) -> None:
    project = a_project(
        tmp_path,
        train=f"{{run: {COMMAND}, data: [cells], params: params.yaml, env: [HOME], timeout: 90s, model: model.skops}}",
    )
    project.train()
    folder = project.repository.folder
    variables = {
        "MLCI_DATA_CELLS": f"{folder}/data/cells.csv",
        "MLCI_PARAMS": f"{folder}/params.yaml",
        "MLCI_OUTPUT": f"{folder}/model.skops",
        "MLCI_SEED": "0",
    }
    assert project.runner.runs == [Run(COMMAND, folder, variables, ("HOME",), timedelta(seconds=90))]


def test_train__keeps_what_was_run(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.write(params_yaml="C: 2\n")
    trained = project.train()
    kept = project.work.trained(trained.fingerprint.training)
    assert kept is not None
    known, model = kept
    record, details = project.work.records[known.run]
    assert (record.commit, record.outcome, record.cost.wall_seconds) == (project.repository.head(), "trained", 0.25)
    assert (record.dirty is not None, details.dirty_paths) == (True, ("params.yaml",))
    assert record.model_sha256 == known.model_sha256 == hashlib.sha256(model).hexdigest()
    assert record.inputs == trained.fingerprint.to_dict()
    assert known.requirements == dict(project.predictor.requirements("skops"))
    assert (record.params, list(details.code)) == ({"C": 2}, ["train.py"])


def test_train__records_the_data_that_it_reads(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    (record, _), content = *project.work.records.values(), some_rows(100)
    assert record.data == {
        "cells": DataFile(
            path="data/cells.csv",
            git_id=project.repository.work_tree().ids()["data/cells.csv"],
            sha256=hashlib.sha256(content).hexdigest(),
            bytes=len(content),
            rows=100,
        )
    }


def test_train__records_what_the_script_logs(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    folder = project.repository.folder
    logs = Tracked(
        metrics={"loss": ((0, 0.5), (1, 0.25))},
        params={"C": 3, "api_key": "(withheld)"},
        artifacts=(f"{folder}/plot.svg", f"{folder}/absent.svg", "/etc/hostname", f"{folder}/.mlci/x"),
    )
    made = {"model.skops": model_file("present"), "plot.svg": b"<svg/>"}
    project.runner.scripts[COMMAND] = Script(made, logs=logs)
    project.train()
    ((record, details),) = project.work.records.values()
    assert (record.metrics, record.params) == ({"loss": 0.25}, {"C": 3, "api_key": "(withheld)"})
    assert details.history == {"loss": ((0, 0.5), (1, 0.25))}
    assert [(each.path, each.sha256) for each in record.artifacts] == [
        (path, hashlib.sha256(content).hexdigest()) for path, content in made.items()
    ]
    assert details.left_out == tuple(
        f"the artifact {name}: no plain file below the folder of mlci.yaml" for name in ("absent.svg", "hostname", "x")
    )


def test_train__a_clean_tree_has_no_difference_to_record(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    ((record, details),) = project.work.records.values()
    assert (record.dirty, details.dirty_paths) == (None, ())


CANARIES = ("hunter2hunter2", "ghp_" + "a1B2c3D4e5" * 3, "pa55w0rd")
"""Secrets as they get in: by name in the parameters, by their shape, and in the command line."""


def test_train__no_secret_is_in_record_package_or_error(tmp_path: Path) -> None:
    by_name, by_shape, in_command = CANARIES
    command = f"python train.py --password {in_command}"
    project = a_project(tmp_path, train=f"{{run: {command}, data: [cells], params: params.yaml, model: model.skops}}")
    project.write(params_yaml=f"C: 1\ndatabase: {{password: {by_name}, note: use {by_shape} there}}\n")
    project.runner.scripts[command] = Script({"model.skops": model_file("present")})
    trained = project.train()
    project.runner.scripts[command] = Script(exit_code=2)
    with pytest.raises(MlciError) as caught:
        project.train(force=True)
    written = [*(each.to_bytes() for pair in project.work.records.values() for each in pair)]
    written += [kept.to_bytes() for kept, _ in project.work.models.values()]
    submission = project.work.submission()
    assert submission is not None
    written += [
        submission.record,
        submission.archive,
        str(caught.value.to_dict()).encode(),
        str(trained.training).encode(),
    ]
    assert [canary for canary in CANARIES for text in written if canary.encode() in text] == []
    assert set(project.runner.runs[0].secrets) == set(CANARIES)
    ((first, _), (second, _)) = project.work.records.values()
    assert first.params == {"C": 1, "database.note": "use (withheld) there", "database.password": "(withheld)"}
    assert second.reason == "`python train.py --password (withheld)` ended with exit code 2"


def test_train__a_secret_of_a_variable_is_withheld_whatever_a_script_calls_it(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    logs = Tracked(params={"tracking": "user hunter22", "depth": 6})
    project.runner.scripts[COMMAND] = Script({"model.skops": model_file("present")}, logs=logs, secrets=("hunter22",))
    project.train()
    ((record, _),) = project.work.records.values()
    assert record.params == {"C": 1, "depth": 6, "tracking": "user (withheld)"}


def test_check__a_token_that_tests_training_or_installation_print_is_in_no_error(tmp_path: Path) -> None:
    token = "ghp_" + "0123456789abcdefghijABCD"
    project = a_project(tmp_path, environment="{install: make it}", tests="pytest")
    told: list[str] = []
    for failing in ("make it", "pytest", COMMAND):
        project.runner.scripts |= {"make it": Script(makes_environment=True), "pytest": Script()}
        project.runner.scripts[failing] = Script(prints=(f"uses {token}",), exit_code=1)
        with pytest.raises(MlciError) as caught:
            project.check(force=True)
        told.append(str(caught.value.to_dict()))
    assert ["uses (withheld)" in text and token not in text for text in told] == [True, True, True]


def test_check__no_secret_of_tests_or_environment_is_kept_or_told(tmp_path: Path) -> None:
    install, tests = "make it --token hunter2-of-install", "pytest --password hunter2-of-tests"
    project = a_project(tmp_path, environment=f"{{install: {install}}}", tests=tests)
    project.runner.scripts |= {install: Script(makes_environment=True), tests: Script()}
    project.check()
    project.runner.scripts[tests] = Script(exit_code=1)
    with pytest.raises(MlciError) as failed:
        project.check(force=True)
    project.write(train_py="# other\n")
    project.work.environments.clear()
    project.runner.scripts[install] = Script(exit_code=1)
    with pytest.raises(MlciError) as unmade:
        project.check()
    kept = [each.to_bytes() for pair in project.work.records.values() for each in pair]
    kept += [*project.work.files.values(), str(failed.value.to_dict()).encode(), str(unmade.value.to_dict()).encode()]
    assert [text for text in kept if b"hunter2" in text] == []
    assert {run.secrets for run in project.runner.runs if run.command != COMMAND} == {
        ("hunter2-of-install",),
        ("hunter2-of-tests",),
    }


def test_train__the_same_inputs_are_not_run_again(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    first, second = project.train(), project.train()
    assert (len(project.runner.runs), second.candidate.sha256) == (1, first.candidate.sha256)
    assert second.training == Training(COMMAND, "reused", f"same inputs as run {first.fingerprint.training[:12]}")


def test_train__force_runs_again(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    project.makes("careful")
    trained = project.train(force=True)
    assert trained.candidate.package.model == model_file("careful")
    assert trained.training.reason == "asked for by --force"
    assert len(project.runner.runs) == 2


@pytest.mark.parametrize("name", ["train_py", "params_yaml", "data__cells_csv"])
def test_train__other_inputs_are_run_again(tmp_path: Path, name: str) -> None:
    project = a_project(tmp_path)
    project.train()
    project.write(**{name: some_rows(101)})
    assert project.train().training.outcome == "trained"


@pytest.mark.parametrize("name", ["README_md", "data__holdout_csv", "cells_yaml"])
def test_train__what_no_training_reads_makes_no_difference(tmp_path: Path, name: str) -> None:
    project = a_project(tmp_path)
    project.train()
    content = project.repository.work_tree().files[name.replace("__", "/").replace("_", ".")]
    project.write(**{name: content + b"\n"})
    assert project.train().training.outcome == "reused"


LISTED = f"{{run: {COMMAND}, data: [cells], code: [train.py], params: params.yaml, model: model.skops}}"


def test_train__where_code_is_listed_other_files_make_no_difference(tmp_path: Path) -> None:
    project = a_project(tmp_path, train=LISTED)
    project.train()
    project.write(notebook_py="# new, and untracked\n")
    assert project.train().training.outcome == "reused"
    project.repository.commit("Track it")
    assert project.train().training.outcome == "reused"
    project.trains("careful")
    assert project.train().training.outcome == "trained"


def test_train__a_list_of_code_that_names_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        a_project(tmp_path, train=LISTED.replace("[train.py]", "[train.py, src]")).train()
    assert (caught.value.code, caught.value.problem) == (
        "code-missing",
        "train.code names src, which no file of the repository is",
    )


def test_check__a_branch_does_not_hide_its_change_by_a_list_of_code(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.repository.switch("change")
    project.write(mlci_yaml=a_configuration(train=LISTED), own_py="# first\n")
    project.repository.commit("List the code")
    judged = project.check()
    assert [each.sentence for each in judged.changes] == ["changes `train.code`: none → train.py"]
    project.write(own_py="# second, with another effect\n")
    project.repository.commit("Change what is not listed")
    project.makes("careless")
    judged = project.check()
    assert judged.training is not None
    assert (judged.conclusion, judged.training.outcome, judged.training.reason) == (
        Conclusion.FAIL,
        "trained",
        "train.code leaves out what the target branch calls code: own.py",
    )


def test_train__code_elsewhere_in_the_repository_is_an_input_once_it_is_listed(tmp_path: Path) -> None:
    project = a_project(tmp_path, train=LISTED.replace("[train.py]", "[train.py, ../shared]"))
    project.repository.write("../shared/features.py", b"first\n")
    project.repository.write("../other/train.py", b"first\n")
    project.repository.commit("Share code")
    trained = project.train()
    ((record, details),) = project.work.records.values()
    assert (record.dirty, list(details.code)) == (None, ["../shared/features.py", "train.py"])
    project.repository.write("../other/train.py", b"second\n")
    assert project.train().training.outcome == "reused"
    project.repository.write("../shared/features.py", b"second\n")
    again = project.train()
    assert (again.training.outcome, again.training.reason) == ("trained", "the inputs are new")
    assert again.fingerprint.training != trained.fingerprint.training
    (record, details) = list(project.work.records.values())[-1]
    assert (record.dirty is not None, details.dirty_paths) == (True, ("../shared/features.py",))


def test_check__a_change_of_shared_code_alone_is_judged(tmp_path: Path) -> None:
    project = a_project(tmp_path, train=LISTED.replace("[train.py]", "[train.py, ../shared]"))
    project.repository.write("../shared/features.py", b"first\n")
    project.land()
    project.train()
    project.promote()
    project.repository.switch("change")
    assert project.check().conclusion is Conclusion.NOTHING_CHANGED
    project.repository.write("../shared/features.py", b"second\n")
    project.repository.commit("Change shared code")
    judged = project.check()
    assert judged.training is not None
    assert (judged.training.outcome, judged.training.reason) == ("trained", "the inputs are new")


def test_train__of_a_member_of_a_workspace_uses_the_lock_above(tmp_path: Path) -> None:
    project = with_environment(tmp_path, "{install: uv, python: '3.11'}")
    project.repository.write("../uv.lock", b"first")
    project.runner.scripts[UV] = Script(makes_environment=True)
    project.train()
    project.repository.write("../uv.lock", b"second")
    project.train()
    assert [run.command for run in project.runner.runs] == [UV, COMMAND, UV, COMMAND]


def test_check__what_base_does_not_call_code_changes_nothing(tmp_path: Path) -> None:
    project = a_released_project(tmp_path, train=LISTED)
    project.repository.switch("change")
    project.write(own_py="# new\n")
    project.repository.commit("Add a file")
    assert project.check().conclusion is Conclusion.NOTHING_CHANGED


def test_train__untracked_files_may_be_inputs(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    project.write(a_txt="", b_txt="", c_txt="", d_txt="")
    project.train()
    assert project.train().training == Training(
        COMMAND, "trained", "untracked files may be inputs: a.txt, b.txt, c.txt, …"
    )


def test_train__its_own_model_is_no_stray_input(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    project.write(model_skops=model_file("present"))
    assert project.train().training.outcome == "reused"


def test_train__a_kept_run_is_packaged_under_the_configuration_of_today(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    project.write(
        mlci_yaml=a_configuration(evaluate="{data: holdout, id: id, label: malignant, positive: 1, threshold: 0.3}")
    )
    trained = project.train()
    assert (trained.training.outcome, trained.candidate.package.info.signature.threshold) == ("reused", 0.3)


def a_series(place: Path, seeds: int) -> Project:
    train = f"{{run: {COMMAND}, data: [cells], params: params.yaml, seeds: {seeds}, model: model.skops}}"
    return a_project(place, train=train)


def test_train__several_seeds_each_have_a_record_and_the_first_makes_the_candidate(tmp_path: Path) -> None:
    project = a_series(tmp_path, 3)
    trained = project.train()
    assert [run.variables["MLCI_SEED"] for run in project.runner.runs] == ["0", "1", "2"]
    assert [record.seed for record, _ in project.work.records.values()] == [0, 1, 2]
    (known, _) = project.work.models[trained.fingerprint.training]
    assert project.work.records[known.run][0].seed == 0
    assert trained.training.seeds is not None
    assert trained.training.seeds.to_dict() == {"seeds": 3, "candidate": 0, "models": 1, "metrics": {}}


def test_train__more_seeds_train_only_those_that_have_no_record(tmp_path: Path) -> None:
    project = a_series(tmp_path, 2)
    project.train()
    project.write(mlci_yaml=project.repository.work_tree().files["mlci.yaml"].replace(b"seeds: 2", b"seeds: 4"))
    trained = project.train()
    assert trained.training.outcome == "reused"
    assert [run.variables["MLCI_SEED"] for run in project.runner.runs] == ["0", "1", "2", "3"]


def test_train__force_trains_every_seed_again(tmp_path: Path) -> None:
    project = a_series(tmp_path, 2)
    project.train()
    project.train(force=True)
    assert [run.variables["MLCI_SEED"] for run in project.runner.runs] == ["0", "1", "0", "1"]


def test_train__after_all_seeds_the_model_file_is_the_candidates(tmp_path: Path) -> None:
    project = a_series(tmp_path, 2)
    project.train()
    project.write(mlci_yaml=project.repository.work_tree().files["mlci.yaml"].replace(b"seeds: 2", b"seeds: 3"))
    project.makes("careful")
    trained = project.train()
    model = (project.repository.folder / "model.skops").read_bytes()
    assert model == trained.candidate.package.model == model_file("present")
    assert trained.training.seeds is not None
    assert trained.training.seeds.models == 2


def test_train__a_seed_that_fails(tmp_path: Path) -> None:
    project = a_series(tmp_path, 2)
    project.train()
    project.write(mlci_yaml=project.repository.work_tree().files["mlci.yaml"].replace(b"seeds: 2", b"seeds: 3"))
    project.runner.scripts[COMMAND] = Script(exit_code=1)
    assert refused(project).code == "training-failed"
    assert [(record.seed, record.outcome) for record, _ in project.work.records.values()] == [
        (0, "trained"),
        (1, "trained"),
        (2, "failed"),
    ]
    assert (project.repository.folder / "model.skops").read_bytes() == model_file("present")


def with_environment(place: Path, environment: str, **files: str) -> Project:
    project = a_project(place, environment=environment)
    project.repository.write("pyproject.toml", b"[project]\n")
    project.write(**files)
    project.land("An environment")
    return project


UV = 'UV_PROJECT_ENVIRONMENT="$MLCI_ENVIRONMENT" uv sync --frozen --no-progress --python 3.11'


def test_train__in_an_environment_that_is_made_once(tmp_path: Path) -> None:
    project = with_environment(tmp_path, "{install: uv, python: '3.11'}", uv_lock="y")
    project.runner.scripts[UV] = Script(makes_environment=True)
    project.train()
    project.write(train_py="# other\n")
    project.train()
    assert [run.command for run in project.runner.runs] == [UV, COMMAND, COMMAND]
    told = project.runner.runs[1].variables
    place = told["MLCI_ENVIRONMENT"]
    assert (told["PATH"], told["VIRTUAL_ENV"]) == (f"{place}/bin:/usr/bin", place)
    record, _ = next(iter(project.work.records.values()))
    assert record.environment is not None
    assert (record.environment["install"], record.environment["python"], list(record.environment["files"])) == (
        "uv", "3.11", ["pyproject.toml", "uv.lock"],
    )  # fmt: skip
    project.write(uv_lock="z")
    project.train()
    assert [run.command for run in project.runner.runs[3:]] == [UV, COMMAND]


def test_train__another_environment_is_another_input(tmp_path: Path) -> None:
    project = with_environment(tmp_path, "{install: ./make}")
    project.runner.scripts["./make"] = Script(makes_environment=True)
    before = project.train().fingerprint
    project.write(mlci_yaml=a_configuration(environment="{install: ./make --new}"))
    project.runner.scripts["./make --new"] = Script(makes_environment=True)
    assert project.train().fingerprint.training != before.training


@pytest.mark.parametrize(("install", "missing"), [("uv", "uv.lock"), ("pip", "requirements.txt")])
def test_train__where_the_lock_of_the_environment_is_missing(tmp_path: Path, install: str, missing: str) -> None:
    error = refused(with_environment(tmp_path, f"{{install: {install}}}"))
    assert (type(error), error.code, missing in error.problem) == (UsageError, "lock-missing", True)


PIP = (
    'python3 -m venv "$MLCI_ENVIRONMENT" && "$MLCI_ENVIRONMENT/bin/python" -m pip install '
    "--disable-pip-version-check --no-input --requirement requirements.txt"
)


def test_train__requirements_that_include_a_file_above_are_both_inputs_of_the_environment(tmp_path: Path) -> None:
    project = with_environment(tmp_path, "{install: pip}", requirements_txt="-r ../base.txt\n")
    project.repository.write("../base.txt", b"numpy==2.2.0\n")
    project.runner.scripts[PIP] = Script(makes_environment=True)
    project.train()
    ((record, _),) = project.work.records.values()
    assert record.environment is not None
    assert list(record.environment["files"]) == ["../base.txt", "requirements.txt"]


GONE = ("ERROR: No matching distribution found for gone==1.0",)


@pytest.mark.parametrize(
    ("script", "problem", "cause"),
    [
        (Script(prints=GONE, exit_code=1), "exit code 1", "withdrawn"),
        (Script(prints=("sh: python3: not found",), exit_code=127), "exit code 127", "not on PATH"),
        (Script(), "left no $MLCI_ENVIRONMENT/bin", "another place"),
        (Script(seconds=9_999), "took more than an hour", "last words"),
    ],
)
def test_train__an_environment_that_cannot_be_made(tmp_path: Path, script: Script, problem: str, cause: str) -> None:
    project = with_environment(tmp_path, "{install: pip}", requirements_txt="gone==1.0\n")
    project.runner.scripts[PIP] = script
    error = refused(project)
    assert (type(error), error.code, error.where) == (RejectedError, "environment-failed", ".mlci/logs/environment.log")
    assert problem in error.problem
    assert error.cause is not None
    assert cause in error.cause
    assert project.work.environments == set()


def test_train__tests_run_in_the_environment_too(tmp_path: Path) -> None:
    project = with_environment(tmp_path, "{install: ./make}")
    project.write(mlci_yaml=a_configuration(environment="{install: ./make}", tests="pytest -q"))
    project.runner.scripts |= {"./make": Script(makes_environment=True), "pytest -q": Script()}
    project.check()
    assert [run.command for run in project.runner.runs] == ["./make", "pytest -q", COMMAND]
    assert "MLCI_ENVIRONMENT" in project.runner.runs[1].variables


def test_train__while_another_one_runs_in_this_folder(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    with project.work.alone():
        assert refused(project).code == "training-runs"
    assert project.runner.runs == []
    assert project.train().training.outcome == "trained"


def test_train__a_command_that_fails(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    lines = tuple(f"line {number}" for number in range(12))
    project.runner.scripts[COMMAND] = Script(prints=lines, exit_code=3)
    error = refused(project)
    assert (type(error), error.code, error.cause) == (RejectedError, "training-failed", None)
    assert error.problem == "\n".join([f"`{COMMAND}` ended with exit code 3", *lines[2:]])
    assert error.public().problem == f"`{COMMAND}` ended with exit code 3\n…"
    assert error.where is not None
    assert (project.repository.folder / error.where).read_text().startswith("line 0\n")


def test_train__a_program_that_is_not_there(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.runner.scripts.clear()
    error = refused(project)
    assert error.problem == f"`{COMMAND}` ended with exit code 127\nsh: {COMMAND}: not found"
    assert error.cause == "The program is not on PATH."


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        (Script(exit_code=137), "It was killed, most often because memory ran out."),
        (Script(exit_code=139), "It crashed in native code, in most cases inside a library."),
        (
            Script(prints=("ModuleNotFoundError: No module named 'xgboost'", "see above"), exit_code=1),
            "The Python that runs it has no `xgboost`: activate the environment that has, or install it there.",
        ),
    ],
)
def test_train__a_command_that_ends_in_a_known_way(tmp_path: Path, script: Script, cause: str) -> None:
    project = a_project(tmp_path)
    project.runner.scripts[COMMAND] = script
    assert refused(project).cause == cause


def test_train__a_command_that_takes_too_long(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.runner.scripts[COMMAND] = Script(seconds=3601)
    error = refused(project)
    assert (type(error), error.code, error.hint) == (RejectedError, "training-timeout", "train: {timeout: 2h}")
    assert error.problem == f"`{COMMAND}` was ended after 3600 s, with every process it started"


def test_train__a_command_that_leaves_no_model(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.runner.scripts[COMMAND] = Script({"other.skops": model_file("present")})
    error = refused(project)
    assert (type(error), error.code) == (RejectedError, "no-model")
    assert error.problem == f"`{COMMAND}` ended well and left no `model.skops`"


def test_train__a_model_of_yesterday_does_not_pass_for_todays(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    assert (project.repository.folder / "model.skops").is_file()
    project.write(train_py="# forgets to write\n")
    project.runner.scripts[COMMAND] = Script()
    assert refused(project).code == "no-model"


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(Script(exit_code=1), id="crashes"),
        pytest.param(Script(), id="makes nothing"),
        pytest.param(Script(seconds=4_000), id="takes too long"),
    ],
)
def test_train__a_model_of_yesterday_is_there_again_where_no_new_one_was_made(tmp_path: Path, script: Script) -> None:
    project = a_project(tmp_path)
    project.write(model_skops=b"of yesterday")
    project.runner.scripts[COMMAND] = script
    refused(project)
    assert (project.repository.folder / "model.skops").read_bytes() == b"of yesterday"


def test_train__a_model_of_yesterday_gives_way_to_todays(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.write(model_skops=b"of yesterday")
    project.train()
    assert (project.repository.folder / "model.skops").read_bytes() == model_file("present")
    assert [path.name for path in project.work.log_of("x").parent.iterdir() if path.suffix != ".log"] == []


def test_train__a_link_of_yesterday_is_there_again_and_what_it_leads_to_is_untouched(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    link = project.repository.folder / "model.skops"
    (tmp_path / "elsewhere").write_bytes(b"kept")
    link.symlink_to(tmp_path / "elsewhere")
    project.runner.scripts[COMMAND] = Script(exit_code=1)
    refused(project)
    assert (link.readlink(), link.read_bytes()) == (tmp_path / "elsewhere", b"kept")


def test_train__of_a_failed_run_only_the_record_is_kept(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    rows = "row 7: 12.5"
    project.runner.scripts[COMMAND] = Script({"model.skops": model_file("present")}, prints=(rows,), exit_code=1)
    refused(project)
    ((record, details),) = project.work.records.values()
    assert (project.work.models, record.outcome, record.exit_code, record.model_sha256) == ({}, "failed", 1, None)
    assert record.reason == f"`{COMMAND}` ended with exit code 1"
    assert rows not in f"{record}{details}"


def test_train__a_run_that_took_too_long_is_recorded(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.runner.scripts[COMMAND] = Script(seconds=3601)
    refused(project)
    ((record, _),) = project.work.records.values()
    assert (record.outcome, record.exit_code, record.cost.wall_seconds) == ("timed out", None, 3600)


def test_train__an_interrupted_run_is_recorded(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    logs = Tracked(metrics={"loss": ((0, 0.5),)})
    project.runner.scripts[COMMAND] = Script(is_interrupted=True, seconds=4, logs=logs)
    with pytest.raises(KeyboardInterrupt):
        project.train()
    ((record, _),) = project.work.records.values()
    assert (record.outcome, record.reason, record.metrics) == ("interrupted", "it was interrupted", {"loss": 0.5})
    assert project.work.models == {}


def test_train__a_reused_run_is_recorded_once(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.train()
    project.train()
    assert len(project.work.records) == 1


@pytest.mark.parametrize(("content", "code"), [(b"", "not-skops"), (b"PK\x03\x04", "not-skops")])
def test_train__a_file_that_is_no_skops_file(tmp_path: Path, content: bytes, code: str) -> None:
    project = a_project(tmp_path)
    project.runner.scripts[COMMAND] = Script({"model.skops": content})
    error = refused(project)
    assert (type(error), error.code, project.work.models) == (IntegrityError, code, {})


def test_train__data_that_is_not_there(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.repository.remove("data/cells.csv")
    error = refused(project)
    assert (type(error), error.code, project.runner.runs) == (UsageError, "input-unknown", [])
    assert error.problem == "data/cells.csv is not in the repository"


def test_train__parameters_that_are_not_there(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.repository.remove("params.yaml")
    assert refused(project).hint == "git add --force params.yaml"


def test_promoted_version__that_these_very_inputs_made(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    assert promoted_version(repository=project.repository, registry=project.registry) == "v1.0.0"
    project.write(README_md="# Other words\n")
    assert promoted_version(repository=project.repository, registry=project.registry) == "v1.0.0"
    project.write(train_py="# other code\n")
    assert promoted_version(repository=project.repository, registry=project.registry) is None


def test_promoted_version__where_nothing_was_promoted(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    assert promoted_version(repository=project.repository, registry=project.registry) is None


@pytest.mark.parametrize(("column", "what"), [("malignant", "label"), ("id", "id")])
def test_train__a_model_that_reads_label_or_id(tmp_path: Path, column: str, what: str) -> None:
    project = a_project(tmp_path)
    project.predictor.models["present"] = a_model(features=("radius", column))
    error = refused(project)
    assert (error.code, error.problem) == ("label-as-feature", f"the model reads `{column}`, which is the {what}")


def test_train__a_model_that_reads_what_the_contract_does_not_know(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.predictor.models["present"] = a_model(features=("radius", "area"))
    assert refused(project).code == "feature-not-in-contract"


def test_train__a_model_that_does_not_know_the_positive_class(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.predictor.models["present"] = replace(MODELS["present"], classes=("no", "yes"))
    assert refused(project).code == "positive-unknown"


def test_train__a_model_without_names_reads_the_contracts_columns(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.predictor.models["present"] = replace(MODELS["present"], knows_names=False)
    signature = project.train().candidate.package.info.signature
    assert [item.name for item in signature.inputs] == ["radius", "texture"]


def test_train__a_model_without_names_and_with_another_number_of_columns(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.predictor.models["present"] = replace(a_model(features=("radius",)), knows_names=False)
    assert refused(project).code == "features-unnamed"


def test_train__without_a_configuration(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.repository.remove("mlci.yaml")
    assert refused(project).code == "no-configuration"
