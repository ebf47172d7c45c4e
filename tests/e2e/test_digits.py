"""The example of a pipeline of DVC, with the real DVC and a remote beside it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import EXAMPLES, Project

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

STAGES = ["prepare", "fit", "score"]


def a_repository(place: Path) -> Project:
    project = Project(place / "digits")
    shutil.copytree(EXAMPLES / "digits", project.folder)
    project.git("init", "--quiet", "--bare", "--initial-branch", "main", "../origin.git")
    project.git("init", "--quiet", "--initial-branch", "main")
    project.git("remote", "add", "origin", "../origin.git")
    project.commit("The example")
    project.git("push", "--quiet", "--set-upstream", "origin", "main")
    return project


def trained(project: Project, *options: str) -> dict[str, object]:
    ended = project.mlci("train", "--json", *options)
    assert ended.exit_code == 0, ended.err
    answer: dict[str, object] = json.loads(ended.out)
    return answer


def test_digits__is_trained_by_dvc_told_and_promoted(tmp_path: Path) -> None:
    project = a_repository(tmp_path)
    assert trained(project)["stages"] == dict.fromkeys(STAGES, "ran")
    assert project.git("status", "--porcelain") == "?? data/.gitignore\n?? dvc.lock\n"
    project.commit("What DVC locked")
    project.git("push", "--quiet")
    assert trained(project)["outcome"] == "reused"
    assert trained(project, "--force")["stages"] == dict.fromkeys(STAGES, "unchanged")
    assert project.mlci("promote").exit_code == 0
    shown = json.loads(project.mlci("runs", "show", newest(project), "--json").out)
    assert [stage["name"] for stage in shown["run"]["details"]["stages"]] == STAGES


def test_digits__a_fresh_clone_takes_stages_from_the_run_cache_of_the_remote(tmp_path: Path) -> None:
    project = a_repository(tmp_path)
    first = trained(project)
    other = Project(tmp_path / "clone" / "of" / "digits")
    project.git("clone", "--quiet", "../origin.git", str(other.folder))
    (other.place / "digits-remote").symlink_to(tmp_path / "digits-remote")
    again = trained(other)
    # What DVC does not cache it cannot bring back, so the stage of the scores runs.
    assert again["stages"] == {"prepare": "from the run cache", "fit": "from the run cache", "score": "ran"}
    assert again["package"] == first["package"]


def test_digits__is_reproduced_elsewhere_by_somebody_else(tmp_path: Path) -> None:
    project = a_repository(tmp_path)
    trained(project)
    project.commit("What DVC locked")
    project.git("push", "--quiet")
    assert trained(project)["outcome"] == "reused"
    assert project.mlci("promote").exit_code == 0
    other = Project(tmp_path / "somewhere" / "else" / "digits")
    project.git("clone", "--quiet", "../origin.git", str(other.folder))
    # Neither the cache nor the remote of DVC is here: every stage runs, and makes the same.
    home = tmp_path / "home"
    home.mkdir()
    (other.place / "models").symlink_to(tmp_path / "models")
    ended = other.mlci(
        "reproduce", "#production", "--json",
        HOME=str(home), TZ="Pacific/Kiritimati", LANG="C", LC_ALL="C", PYTHONHASHSEED="7",
    )  # fmt: skip
    assert ended.exit_code == 0, ended.err
    answer = json.loads(ended.out)
    assert (answer["outcome"], answer["reason"]) == ("identical", "the package has the same bytes")
    assert other.mlci("verify", "v1.0.0").exit_code == 0


def newest(project: Project) -> str:
    """Return the name of the run that was last."""
    (run,) = json.loads(project.mlci("runs", "list", "--json", "--limit", "1").out)["runs"]
    return str(run["id"])
