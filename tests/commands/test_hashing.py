from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.prediction import ChildPredictor
from mlci.commands.case import open_case
from mlci.commands.hashing import WITHOUT
from mlci.commands.repackaging import repackaged
from mlci.core.environment import plan
from mlci.core.lock import find_lock, hashed_requirements
from mlci.core.training_sections import EnvironmentSection
from mlci.testing.predictor import REQUIREMENTS
from mlci.testing.runner import Script
from tests.commands.builders import a_project

if TYPE_CHECKING:
    from tests.commands.builders import Project

ROOT = Path(__file__).parents[2]
LOCKED = {**REQUIREMENTS, "joblib": "1.5.0"}


def a_lock(versions: dict[str, str]) -> str:
    return "".join(f"{name}=={version} --hash=sha256:{'a' * 64}\n" for name, version in versions.items())


def written(project: Project) -> tuple[str, tuple[str, ...]]:
    trained = project.train()
    return trained.candidate.package.files["requirements.txt"].decode(), trained.remarks


def test_requirements__without_a_lock_are_versions_and_a_warning(tmp_path: Path) -> None:
    assert written(a_project(tmp_path)) == (
        f"{WITHOUT.decode()}numpy==2.2.0\nscikit-learn==1.6.0\nskops==0.13.0\n",
        (),
    )


def test_requirements__have_the_hashes_of_the_lock(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.write(requirements_txt=a_lock(LOCKED))
    text, remarks = written(project)
    assert remarks == ()
    assert re.findall(r"^([a-z-]+==\S+)", text, re.MULTILINE) == [
        "joblib==1.5.0", "numpy==2.2.0", "scikit-learn==1.6.0", "skops==0.13.0",
    ]  # fmt: skip
    assert text.count(f"--hash=sha256:{'a' * 64}\n") == 4


def test_requirements__a_lock_of_other_versions_is_told(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.write(requirements_txt=a_lock({**LOCKED, "numpy": "1.26.0"}))
    text, remarks = written(project)
    assert text.startswith("# Versions without hashes")
    assert remarks == (
        "no hashes in requirements.txt: requirements.txt has numpy 1.26.0, and mlci predicts with 2.2.0",
    )


def test_requirements__are_the_same_for_who_judges(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.write(requirements_txt=a_lock(LOCKED))
    project.land("Lock it")
    trained = project.train()
    case = open_case(
        project.repository.tree(project.repository.head()), project.repository.tree(project.base), project.tools
    )
    assert repackaged(trained.candidate, case, project.tools).sha256 == trained.candidate.sha256


def a_member(place: Path, install: str = "uv") -> Project:
    """A project whose lock lies above, for others of the repository, too."""
    project = a_project(place, environment=f"{{install: {install}}}")
    packages = (
        f'[[package]]\nname = "{name}"\nversion = "{version}"\nwheels = [{{hash = "sha256:{"a" * 64}"}}]\n'
        for name, version in LOCKED.items()
    )
    project.repository.write("../uv.lock", "".join(packages).encode())
    project.repository.write("../requirements.txt", a_lock({**LOCKED, "numpy": "1.26.0"}).encode())
    project.write(pyproject_toml="[project]\n", requirements_txt="numpy==2.2.0\n")
    ids = dict.fromkeys(("pyproject.toml", "requirements.txt", "../uv.lock"), "")
    made = plan(EnvironmentSection(install=install), ids, lambda _: None)
    assert made is not None
    project.runner.scripts[made.command] = Script(makes_environment=True)
    return project


def test_requirements__have_the_hashes_of_the_lock_above_that_the_environment_is_made_from(tmp_path: Path) -> None:
    project = a_member(tmp_path)
    project.land("Lock the workspace")
    trained = project.train()
    assert trained.remarks == ()
    text = trained.candidate.package.files["requirements.txt"].decode()
    assert text.count(f"--hash=sha256:{'a' * 64}\n") == 4
    case = open_case(
        project.repository.tree(project.repository.head()), project.repository.tree(project.base), project.tools
    )
    assert repackaged(trained.candidate, case, project.tools).sha256 == trained.candidate.sha256


@pytest.mark.parametrize("install", ["pip", "make environment"])
def test_requirements__a_lock_above_that_no_environment_is_made_from_is_none(install: str, tmp_path: Path) -> None:
    assert written(a_member(tmp_path, install))[0].startswith(WITHOUT.decode())


def test_requirements__of_an_environment_that_a_command_makes_from_a_lock_above(tmp_path: Path) -> None:
    text, remarks = written(a_member(tmp_path, "uv pip install -r ../requirements.txt"))
    assert text.startswith(WITHOUT.decode())
    assert remarks == (
        "no hashes in requirements.txt: ../requirements.txt has numpy 1.26.0, and mlci predicts with 2.2.0",
    )


def test_requirements__of_the_real_libraries_are_all_in_a_real_lock() -> None:
    lock = find_lock({"requirements.txt"}, lambda _: (ROOT / "requirements" / "ml.txt").read_bytes())
    assert lock is not None
    text, reason = hashed_requirements(ChildPredictor().dependencies("skops"), lock)
    assert reason is None
    named = re.findall(r"^([a-z-]+)==", text or "", re.MULTILINE)
    assert {"numpy", "pandas", "scikit-learn", "scipy", "skops", "joblib", "threadpoolctl", "six"} <= set(named)
    assert "duckdb" not in named
