"""The command line itself: help, versions, wrong usage, what becomes of its output, and what a verb loads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from mlci.cli.run import missing_extra, refused_by_system
from mlci.version import VERSION
from tests.e2e.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Golden
    from tests.e2e.conftest import Project

COMMAND = [sys.executable, "-P", "-m", "mlci"]


def mlci(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False)


def test_help__reads_well(golden: Golden) -> None:
    golden("terminal/help.txt", mlci("--help").stdout)
    golden("terminal/help-predict.txt", mlci("predict", "--help").stdout)


@pytest.mark.parametrize("group", [[], ["registry"]])
def test_help__is_what_a_bare_command_gets(group: list[str]) -> None:
    done = mlci(*group)
    assert (done.returncode, (done.stdout + done.stderr).strip()) == (2, mlci(*group, "--help").stdout.strip())


@pytest.mark.parametrize("arguments", [["--version"], ["version"]])
def test_version__is_one_line(arguments: list[str]) -> None:
    assert mlci(*arguments).stdout == f"mlci {VERSION}\n"


def test_version__as_json() -> None:
    assert json.loads(mlci("version", "--json").stdout) == {
        "schema": "mlci/program/1",
        "program": "mlci",
        "version": VERSION,
    }


WRONG = {
    "verb": (["chek"], "No such command 'chek'. Did you mean 'check'?", "mlci"),
    "verb of a group": (["registry", "shw"], "No such command 'shw'. Did you mean 'show'?", "mlci registry"),
    "option": (["check", "--nonsense"], "No such option: --nonsense", "mlci check"),
    "option missing": (["rollback"], "Missing option '--reason'", "mlci rollback"),
    "argument missing": (["predict", "v1.0.0"], "Missing argument 'ROWS'", "mlci predict"),
    "argument too many": (["check", "cells"], "Got unexpected extra argument(s) (cells)", "mlci check"),
    "value missing": (["rollback", "--reason"], "Option '--reason' requires an argument", "mlci rollback"),
}


@pytest.mark.parametrize("name", WRONG)
def test_usage__that_is_wrong_is_an_error_like_any_other(name: str) -> None:
    arguments, problem, where = WRONG[name]
    done = mlci(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error[wrong-usage]: {problem}\n  where: {where}\n  mend:  {where} --help\n"


@pytest.mark.parametrize(("arguments", "problem", "where"), [WRONG["option"], WRONG["verb"], WRONG["argument missing"]])
def test_usage__that_is_wrong_is_told_as_json(arguments: list[str], problem: str, where: str) -> None:
    done = mlci(*arguments, "--json")
    assert (done.returncode, done.stderr) == (2, "")
    assert json.loads(done.stdout) == {
        "schema": "mlci/error/1",
        "code": "wrong-usage",
        "problem": problem,
        "where": where,
        "cause": None,
        "hint": f"{where} --help",
        "exit_code": 2,
    }


@contextmanager
def a_closed_pipe() -> Iterator[int]:
    """Yield the end to write to of a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@contextmanager
def a_full_disk(folder: Path) -> Iterator[int]:
    """Yield a descriptor that can be written to as little as a file on a full disk."""
    (folder / "output").touch()
    descriptor = os.open(folder / "output", os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["version", "--json"], ["registry", "--help"]])
def test_output__whose_reader_has_gone_is_lost_quietly(arguments: list[str]) -> None:
    with a_closed_pipe() as pipe:
        done = subprocess.run([*COMMAND, *arguments], stdout=pipe, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_output__of_a_demo_without_an_audience_ends_it(tmp_path: Path) -> None:
    with a_closed_pipe() as pipe:
        command = [*COMMAND, "demo", "--keep", str(tmp_path / "demo")]
        done = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert not (tmp_path / "demo" / "models").exists()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["version", "--json"]])
def test_output__that_cannot_be_written_is_a_failure_outside(tmp_path: Path, arguments: list[str]) -> None:
    with a_full_disk(tmp_path) as full:
        done = subprocess.run([*COMMAND, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 5
    assert done.stderr == (
        "error[output-failed]: the result could not be written: Bad file descriptor\n"
        "  where: standard output\n"
        "  cause: What it is sent to is full or closed; what the verb has done stands.\n"
        "  mend:  Make room there, or send it elsewhere.\n"
    )


def test_output__an_error_that_cannot_be_written_as_json_is_told_as_text(tmp_path: Path) -> None:
    with a_full_disk(tmp_path) as full:
        command = [*COMMAND, "chek", "--json"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    codes = [line.partition(":")[0] for line in done.stderr.splitlines() if line.startswith("error")]
    assert (done.returncode, codes) == (5, ["error[wrong-usage]", "error[output-failed]"])


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_output__of_a_check_that_cannot_be_written_leaves_its_report(trained: Project, as_json: list[str]) -> None:
    with a_full_disk(trained.place) as full:
        done = subprocess.run(
            [*COMMAND, "check", *as_json], cwd=trained.folder, env=trained.environment,
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, "error[output-failed]" in done.stderr, "Traceback" in done.stderr) == (5, True, False)
    assert (trained.folder / ".mlci" / "report.md").exists()


@pytest.mark.parametrize(("closed", "exit_code"), [(">&-", 5), ("2>&-", 0), ("<&-", 0)])
def test_output__that_is_closed(trained: Project, closed: str, exit_code: int) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *COMMAND, "registry", "list"],
        cwd=trained.folder, env=trained.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stderr) == (exit_code, False)


def test_output__beside_the_result_that_nobody_reads_is_lost_quietly(trained: Project) -> None:
    with a_closed_pipe() as pipe:
        done = subprocess.run(
            [*COMMAND, "check"], cwd=trained.folder, env=trained.environment,
            stdout=subprocess.PIPE, stderr=pipe, text=True, check=False,
        )  # fmt: skip
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "Report: .mlci/report.md")


def test_output__progress_comes_before_the_result_where_nothing_is_kept_back() -> None:
    lines = ("import sys", "from mlci.cli.streams import guarded", "with guarded():")
    program = "\n".join([*lines, "    sys.stderr.write('first\\n')", "    print('then')"])
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    assert done.stdout == "first\nthen\n"


def test_output__in_an_encoding_that_lacks_a_sign(trained: Project) -> None:
    ended = trained.mlci("check", PYTHONIOENCODING="ascii")
    assert (ended.exit_code, "\\xb7 no token" in ended.out) == (0, True)


def test_init__as_json(tmp_path: Path) -> None:
    rows = "".join(f"{number},{number % 7},{number % 2}\n" for number in range(1, 40))
    (tmp_path / "cells.csv").write_text(f"id,size,malignant\n{rows}")
    command = [*COMMAND, "init", "cells.csv", "--holdout", "cells.csv", "--label", "malignant", "--json"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "holdout is the training data" in done.stderr) == (0, True)
    assert json.loads(done.stdout) == {
        "schema": "mlci/init/1",
        "wrote": ["mlci.yaml", "contracts/cells.yaml", ".gitignore"],
        "next": "git add -A && git commit, then mlci check",
    }


def test_init__of_data_without_a_label() -> None:
    done = mlci("init", "cells.csv", "--github")
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, "  mend:  mlci init cells.csv --label COLUMN")


def moved(project: Project, *folders: str) -> None:
    """Move the configuration of PROJECT into each of FOLDERS."""
    text = (project.folder / "mlci.yaml").read_bytes()
    (project.folder / "mlci.yaml").unlink()
    for folder in folders:
        (project.folder / folder).mkdir(parents=True, exist_ok=True)
        (project.folder / folder / "mlci.yaml").write_bytes(text)


def lost_in(project: Project, folder: str) -> tuple[str, str]:
    """Return usual cause and hint of what `mlci train` says in a folder that has no configuration."""
    (project.folder / folder).mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [*COMMAND, "train", "--json"], cwd=project.folder / folder, env=project.environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    error = json.loads(done.stdout)
    assert (done.returncode, error["code"]) == (2, "no-configuration")
    return error["cause"], error["hint"]


@pytest.mark.parametrize(("folder", "hint"), [("data", "cd .."), ("data/raw/2026", "cd ../../..")])
def test_folder__below_the_configuration(fresh: Project, folder: str, hint: str) -> None:
    assert lost_in(fresh, folder) == ("It lies in a folder above this one.", hint)


def test_folder__below_several_configurations_names_the_nearest(fresh: Project) -> None:
    moved(fresh, ".", "models/tumour")
    assert lost_in(fresh, "models/tumour/data") == ("It lies in a folder above this one.", "cd ..")


def test_folder__beside_or_above_the_only_configuration(fresh: Project) -> None:
    moved(fresh, "models/the tumour")
    assert lost_in(fresh, ".")[1] == "cd 'models/the tumour'"
    assert lost_in(fresh, "data")[1] == "cd '../models/the tumour'"


def test_folder__above_many_configurations_names_five(fresh: Project) -> None:
    moved(fresh, *(f"models/{letter}" for letter in "abcdefg"))
    assert lost_in(fresh, ".") == (
        "This repository holds 7 models, each in a folder of its own.",
        "cd to one of them: models/a, models/b, models/c, models/d, models/e and 2 more",
    )


def test_folder__of_a_repository_without_any_configuration(fresh: Project) -> None:
    moved(fresh)
    assert lost_in(fresh, "data")[1] == "mlci init DATA.csv --label COLUMN"


def test_folder__what_git_ignores_is_no_model(fresh: Project) -> None:
    moved(fresh, ".mlci/copy")
    assert lost_in(fresh, ".")[1] == "mlci init DATA.csv --label COLUMN"


def test_error__as_json_names_code_problem_and_what_mends_it(fresh: Project) -> None:
    ended = fresh.mlci("deploy", "nowhere", "--json")
    assert (ended.exit_code, ended.err) == (2, "")
    assert ended.out == (
        "{\n"
        '  "cause": null,\n'
        '  "code": "unknown-target",\n'
        '  "exit_code": 2,\n'
        '  "hint": "Listed under deploy: live",\n'
        '  "problem": "no deployment is called \'nowhere\'",\n'
        '  "schema": "mlci/error/1",\n'
        '  "where": "mlci.yaml"\n'
        "}\n"
    )


def test_file__that_may_not_be_read_is_told_with_that_cause() -> None:
    assert refused_by_system(PermissionError(13, "Permission denied", "data/my cells.csv")).to_dict() == {
        "code": "file-failed",
        "problem": "a file could not be used: Permission denied",
        "where": "data/my cells.csv",
        "cause": "This user lacks the permission, on it or on a folder above it.",
        "hint": "ls -ld 'data/my cells.csv' shows who may; chmod or chown it, or run mlci as another user.",
        "exit_code": 5,
    }


def test_extra__that_is_missing_is_named() -> None:
    error = missing_extra(ModuleNotFoundError("No module named 'duckdb'", name="duckdb"))
    assert error is not None
    assert (error.exit_code, error.hint) == (2, 'pip install "mlci[data]"')


def test_extra__an_import_that_fails_for_another_reason_is_a_bug() -> None:
    assert missing_extra(ModuleNotFoundError("No module named 'mlci.nowhere'", name="mlci.nowhere")) is None


def loaded_by(project: Project, *arguments: str) -> set[str]:
    """Return the modules that mlci's own process loads while it runs a verb."""
    done = subprocess.run(
        [sys.executable, "-P", "-X", "importtime", "-m", "mlci", *arguments],
        cwd=project.folder, env=project.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def test_check__loads_neither_scikit_learn_nor_scipy_stats(released: Project) -> None:
    modules = loaded_by(released, "check", "--force")
    assert "mlci.core.gates" in modules
    assert not modules & {"sklearn", "scipy.stats", "pandas", "skops", "joblib"}


@pytest.mark.parametrize(
    "verb",
    [
        ("contract", "infer", "data/cells.csv"),
        ("contract", "diff", "contracts/cells.yaml", "HEAD:contracts/cells.yaml"),
        ("contract", "export", "contracts/cells.yaml"),
        ("split", "data/cells.csv", "--key", "id"),
        ("data", "status"),
        ("data", "pull"),
    ],
    ids=" ".join,
)
def test_verbs_about_data__load_no_numbers(fresh: Project, verb: tuple[str, ...]) -> None:
    modules = loaded_by(fresh, *verb)
    assert "mlci.cli.app" in modules
    assert not modules & {"numpy", "pandas", "scipy", "sklearn", "requests"}


def test_fetch__of_data_loads_what_every_installation_has(fresh: Project) -> None:
    """The step that brings data in a job has the libraries of stores, and none that read rows."""
    modules = loaded_by(fresh, "fetch", "--data")
    assert "mlci.commands.fetch_data" in modules
    assert not modules & {"numpy", "pandas", "duckdb", "backports", "requests"}


def test_profile__loads_no_pandas(fresh: Project) -> None:
    modules = loaded_by(fresh, "profile", "cells")
    assert not modules & {"pandas", "scipy", "sklearn"}


def test_validate__loads_no_pandas_to_look_for_leaks(fresh: Project) -> None:
    fresh.replace("mlci.yaml", "gates:", "leaks: [{sets: [cells, holdout], label: malignant}]\ngates:")
    modules = loaded_by(fresh, "validate")
    assert "mlci.adapters.duckdb_leaks" in modules
    assert not modules & {"pandas", "scipy", "sklearn"}


@pytest.mark.parametrize(
    "verb", ["show", pytest.param("list", marks=pytest.mark.slow), pytest.param("history", marks=pytest.mark.slow)]
)
def test_registry__is_read_without_configuration_and_numbers(released: Project, verb: str) -> None:
    modules = loaded_by(released, "registry", verb, "--no-fetch")
    assert {"mlci.core.registry", "mlci.core.configuration_file"} <= modules
    ours = {"mlci.core.config", "mlci.core.documents", "mlci.core.fingerprint", "mlci.core.runs.record"}
    assert not modules & (ours | {"numpy", "duckdb", "scipy", "requests"})
