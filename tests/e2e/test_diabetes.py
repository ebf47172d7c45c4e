"""The example of a project with LightGBM: trained, packaged, verified, promoted, and reproduced elsewhere."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from mlci.core.baseline import BASELINE_FILE
from tests.e2e.conftest import EXAMPLES, Project

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

ELSEWHERE = {"TZ": "Pacific/Kiritimati", "LANG": "C", "LC_ALL": "C", "PYTHONHASHSEED": "7"}


def a_repository(place: Path) -> Project:
    project = Project(place / "diabetes")
    shutil.copytree(EXAMPLES / "diabetes", project.folder)
    project.git("init", "--quiet", "--bare", "--initial-branch", "main", "../origin.git")
    project.git("init", "--quiet", "--initial-branch", "main")
    project.git("remote", "add", "origin", "../origin.git")
    project.commit("The example")
    project.git("push", "--quiet", "--set-upstream", "origin", "main")
    return project


def answered(project: Project, *arguments: str, **variables: str) -> dict[str, object]:
    ended = project.mlci(*arguments, "--json", **variables)
    assert ended.exit_code == 0, ended.err
    answer: dict[str, object] = json.loads(ended.out)
    return answer


def test_diabetes__is_trained_verified_promoted_and_reproduced_elsewhere(tmp_path: Path) -> None:
    project = a_repository(tmp_path)
    first = answered(project, "train")
    assert project.mlci("verify", ".mlci/candidate").exit_code == 0
    counted = json.loads((project.folder / ".mlci" / "candidate" / BASELINE_FILE).read_bytes())
    assert (counted["rows"], list(counted["predictions"]), counted["label"]["kind"]) == (292, ["prediction"], "numbers")
    assert answered(project, "promote")["version"] == "v1.0.0"

    other = Project(tmp_path / "somewhere" / "else" / "diabetes")
    project.git("clone", "--quiet", "../origin.git", str(other.folder))
    (other.place / "models").symlink_to(tmp_path / "models")
    home = tmp_path / "home"
    home.mkdir()
    again = answered(other, "train", HOME=str(home), **ELSEWHERE)
    assert (again["fingerprint"], again["package"]) == (first["fingerprint"], first["package"])
    made = answered(other, "reproduce", "#production", HOME=str(home), **ELSEWHERE)
    assert (made["outcome"], made["reason"]) == ("identical", "the package has the same bytes")
    assert other.mlci("verify", "v1.0.0").exit_code == 0


def test_diabetes__another_model_is_compared_with_production(tmp_path: Path) -> None:
    project = a_repository(tmp_path)
    answered(project, "train")
    answered(project, "promote")
    project.git("switch", "--quiet", "--create", "stumps")
    project.replace("params.yaml", "n_estimators: 80", "n_estimators: 3")
    project.commit("Save time")
    ended = project.mlci("check", "--json")
    assert ended.exit_code == 1, ended.err
    gates = {gate["metric"]: gate["outcome"] for gate in json.loads(ended.out)["gates"]}
    assert gates["mae"] == "fail"
