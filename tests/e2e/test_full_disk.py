"""A disk that takes no more while a package is written: told as such, and what was there stays."""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from tests.formats.native_models import library

if TYPE_CHECKING:
    from tests.e2e.conftest import Project

pytestmark = pytest.mark.slow

KIBIBYTES = 300
"""The largest file that may be written."""


def with_little_room(project: Project, *arguments: str) -> tuple[int, str]:
    """Run a verb that may write no large file; return its exit code and what it says."""
    command = shlex.join([sys.executable, "-P", "-m", "mlci", *arguments])
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f {KIBIBYTES}; exec {command}"],
        cwd=project.folder, env=project.environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


def a_large_model(project: Project, seed: int) -> None:
    cells = pd.read_csv(project.folder / "data" / "cells.csv")
    forest = library("sklearn.ensemble").RandomForestClassifier(60, random_state=seed)
    forest.fit(cells[["mean_radius", "mean_texture"]], cells["malignant"])
    library("skops.io").dump(forest, project.folder / "model.skops")
    project.git("add", "--force", "model.skops", "mlci.yaml")
    project.git("commit", "--quiet", "--message", f"Model {seed}")


def test_full_disk__costs_no_package_that_was_there(fresh: Project) -> None:
    fresh.replace("mlci.yaml", "train: {run: python train.py, ", "train: {")
    a_large_model(fresh, 0)
    assert fresh.mlci("train").exit_code == 0
    manifest = fresh.folder / ".mlci" / "candidate" / "manifest.json"
    before = manifest.read_bytes()

    code, said = with_little_room(fresh, "package", "model.skops")
    assert (code, said.partition("\n")[0]) == (
        5,
        "error[folder-failed]: the package could not be written: File too large",
    )
    packaged = fresh.folder / ".mlci" / "packaged"
    assert [path for path in packaged.rglob("*") if path.is_file()] == []

    a_large_model(fresh, 1)
    code, said = with_little_room(fresh, "train")
    assert (code, said.partition("\n")[0]) == (5, "error[disk-full]: a file could not be written: File too large")
    assert manifest.read_bytes() == before
    assert fresh.mlci("verify", ".mlci/candidate").exit_code == 0
    assert fresh.mlci("train").exit_code == 0
    assert manifest.read_bytes() != before
