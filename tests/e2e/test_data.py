"""Data that DVC keeps on a real remote, in a repository of a model: brought, shown, checked, trained on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import Project

if TYPE_CHECKING:
    from tests.conftest import Golden

DVC = Path(sys.executable).with_name("dvc")
DATA = ("data/cells.csv", "data/holdout.csv")


def dvc(project: Project, *arguments: str) -> None:
    environment = project.environment | {"DVC_NO_ANALYTICS": "1"}
    subprocess.run([DVC, *arguments, "--quiet"], cwd=project.folder, env=environment, check=True, capture_output=True)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a place with a clone whose data DVC keeps on a remote, and nowhere else."""
    place = tmp_path_factory.mktemp("dvc") / "place"
    place.mkdir()
    made = Project(place / "made")
    shutil.copytree(Path(__file__).parents[2] / "examples" / "tumour", made.folder)
    made.git("init", "--quiet", "--bare", "--initial-branch", "main", "../origin.git")
    made.git("init", "--quiet", "--initial-branch", "main")
    dvc(made, "init")
    dvc(made, "remote", "add", "--default", "store", "../remote")
    dvc(made, "add", *DATA)
    dvc(made, "push")
    made.git("remote", "add", "origin", "../origin.git")
    made.commit("Keep the data with DVC")
    made.git("push", "--quiet", "--set-upstream", "origin", "main")
    made.git("clone", "--quiet", "../origin.git", "../tumour")
    Project(place / "tumour").git("remote", "set-url", "origin", "../origin.git")
    shutil.rmtree(made.folder)
    return place


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Project:
    return Project(shutil.copytree(template, tmp_path / "place", symlinks=True) / "tumour")


@pytest.mark.slow
def test_data__is_shown_brought_checked_and_trained_on(project: Project, golden: Golden) -> None:
    before = project.mlci("data", "status")
    assert not (project.folder / "data" / "cells.csv").exists()
    pulled = project.mlci("data", "pull")
    again = project.mlci("data", "pull")
    assert (before.exit_code, pulled.exit_code, again.out) == (0, 0, pulled.out)
    golden("terminal/data-status.txt", before.out)
    golden("terminal/data-pull.txt", pulled.out)
    assert project.git("status", "--porcelain") == ""
    validated = project.mlci("validate")
    assert (validated.exit_code, "cells" in validated.out) == (0, True)
    trained = project.mlci("train")
    assert trained.exit_code == 0, trained.err


@pytest.mark.slow
def test_validate__brings_what_is_missing(project: Project) -> None:
    ended = project.mlci("validate", "--json")
    assert ended.exit_code == 0, ended.err
    assert [each["path"] for each in json.loads(ended.out)["datasets"]] == list(DATA)
    assert not (project.folder / "data" / "cells.csv").exists()


@pytest.mark.slow
def test_data__that_was_changed_is_refused_and_left_alone(project: Project) -> None:
    file = project.folder / "data" / "cells.csv"
    project.mlci("data", "pull")
    changed = file.read_bytes().replace(b"0", b"1", 1)
    file.write_bytes(changed)
    for verb in (("validate",), ("train",)):
        ended = project.mlci(*verb)
        assert (ended.exit_code, "error[data-differs]" in ended.err) == (4, True), ended.err
    status = json.loads(project.mlci("data", "pull", "cells", "--json").out)
    assert [(each["path"], each["state"]) for each in status["files"]] == [("data/cells.csv", "changed")]
    assert file.read_bytes() == changed


@pytest.mark.slow
def test_base__its_rows_are_those_of_its_own_pointer(project: Project) -> None:
    project.mlci("data", "pull")
    rows = (project.folder / "data" / "holdout.csv").read_text().splitlines(keepends=True)
    (project.folder / "data" / "holdout.csv").write_text("".join(rows[:201]))
    dvc(project, "add", "data/holdout.csv")
    shutil.rmtree(project.folder / ".dvc" / "cache")
    ended = project.mlci("check", "--json")
    assert ended.exit_code == 0, ended.err
    report = json.loads(ended.out)
    assert os.fspath(project.place) not in ended.out
    assert report["rows"] == len(rows) - 1
