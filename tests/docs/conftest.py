"""The projects that the console blocks of our pages are typed in."""

from __future__ import annotations

import shutil
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import EXAMPLES, Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

START = ("README.md", "data", "params.yaml", "train.py")
"""The tumour example before it knows mlci."""


def _project(place: Path, files: tuple[str, ...]) -> Project:
    project = Project(place / "tumour")
    shutil.copytree(EXAMPLES / "tumour", project.folder, ignore=lambda folder, names: _unwanted(folder, names, files))
    return _published(project)


def _published(project: Project) -> Project:
    """Return the project as a repository whose main is on an origin."""
    project.git("init", "--quiet", "--bare", "--initial-branch", "main", "../origin.git")
    project.git("init", "--quiet", "--initial-branch", "main")
    project.git("remote", "add", "origin", "../origin.git")
    project.commit("The example")
    project.git("push", "--quiet", "--set-upstream", "origin", "main")
    return project


def _unwanted(folder: str, names: list[str], files: tuple[str, ...]) -> list[str]:
    return [name for name in names if folder.endswith("/tumour") and name not in files]


def rows_only(place: Path) -> Project:
    """Return the example that has data and no model."""
    project = Project(place / "rows-only")
    shutil.copytree(EXAMPLES / "rows-only", project.folder)
    return _published(project)


def before(place: Path) -> Project:
    """Return a repository that has data and a training script, and does not use mlci yet."""
    return _project(place, START)


def released(place: Path) -> Project:
    """Return the example with its model in production and deployed."""
    project = _project(place, (*START, ".gitignore", "contracts", "mlci.yaml"))
    for verb in (["train"], ["promote"], ["deploy", "live"]):
        ended = project.mlci(*verb)
        assert ended.exit_code == 0, ended.err
    return project


SESSIONS: dict[str, Callable[[Path], Project]] = {"rows-only": rows_only, "before": before, "released": released}


@pytest.fixture(scope="session")
def _sessions(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Project]:
    return cache(lambda name: SESSIONS[name](tmp_path_factory.mktemp("session") / "place"))


@pytest.fixture
def session(request: pytest.FixtureRequest, tmp_path: Path, _sessions: Callable[[str], Project]) -> Project:
    """The project that the parameter names, of which each page has its own copy."""
    made = _sessions(request.param)
    shutil.copytree(made.place, tmp_path / "place", symlinks=True)
    return Project(tmp_path / "place" / made.folder.name)
