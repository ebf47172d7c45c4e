"""The command line itself: help, versions, wrong usage, and what a verb loads."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mlci.cli.run import missing_extra
from mlci.version import VERSION

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

VERBS = [
    "init", "validate", "train", "check", "report", "promote", "rollback", "deploy", "predict", "verify", "demo",
    "version", "registry list", "registry show",
]  # fmt: skip


def mlci(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-P", "-m", "mlci", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("verb", VERBS)
def test_help__begins_with_an_example(verb: str) -> None:
    done = mlci(*verb.split(), "--help")
    lines = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    assert done.returncode == 0
    assert lines[0].startswith(f"Usage: mlci {verb}")
    assert lines[1].startswith(f"Example: mlci {verb}")


@pytest.mark.parametrize("arguments", [["--version"], ["version"]])
def test_version__is_one_line(arguments: list[str]) -> None:
    assert mlci(*arguments).stdout == f"mlci {VERSION}\n"


@pytest.mark.parametrize("arguments", [["chek"], ["check", "--nonsense"], ["rollback"], ["deploy"]])
def test_usage__that_is_wrong_ends_with_two_and_no_traceback(arguments: list[str]) -> None:
    done = mlci(*arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


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


def test_registry_list__loads_no_numbers(released: Project) -> None:
    modules = loaded_by(released, "registry", "list")
    assert "mlci.core.registry" in modules
    assert not modules & {"numpy", "duckdb", "scipy", "requests"}
