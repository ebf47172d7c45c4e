"""A repository that has data and contracts, and no model."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import EXAMPLES, Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Golden


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path / "trips")
    shutil.copytree(EXAMPLES / "rows-only", made.folder)
    made.git("init", "--quiet", "--bare", "--initial-branch", "main", "../origin.git")
    made.git("init", "--quiet", "--initial-branch", "main")
    made.git("remote", "add", "origin", "../origin.git")
    made.commit("Trips and stations")
    made.git("push", "--quiet", "--set-upstream", "origin", "main")
    return made


def test_validate__a_pull_request_that_breaks_rules_and_loosens_one(project: Project, golden: Golden) -> None:
    lines = (project.folder / "data" / "trips.csv").read_text().splitlines()
    cells = [line.split(",") for line in lines]
    cells[5][5] = "Yes"
    cells[6][4] = "99"
    cells[8][2] = "2025-04-30T09:00:00Z"
    (project.folder / "data" / "trips.csv").write_text("\n".join(map(",".join, cells)) + "\n")
    project.replace("contracts/trips.yaml", 'enum: ["yes", "no"]', 'enum: ["yes", "no", "Yes"]')
    project.commit("New trips")
    ended = project.mlci("validate")
    assert ended.exit_code == 1
    golden("journeys/rows-only.txt", project.told(ended.out))
    assert ended.err.splitlines() == [
        "· contract of trips: loosens member enum: with Yes; takes effect after merge",
        "· the contract of trips breaks readers of the data (1 change)",
    ]


def test_validate__in_a_public_job_shows_no_row(project: Project) -> None:
    project.replace("data/trips.csv", ",yes,", ",SECRET,")
    ended = project.mlci("validate", CI="true", GITHUB_ACTIONS="true", GITHUB_REPOSITORY="acme/trips")
    assert "SECRET" not in ended.out + ended.err
    assert ended.exit_code != 0


@pytest.mark.parametrize("verb", [["check"], ["train"], ["promote"]])
def test_verb__that_needs_a_model_says_so(verb: list[str], project: Project) -> None:
    ended = project.mlci(*verb)
    assert ended.exit_code == 2
    assert "error[no-model]: mlci.yaml speaks of data alone, and this needs a model" in ended.err


@pytest.mark.parametrize(
    "verb", [["profile", "trips"], ["data", "status"], ["contract", "export", "contracts/trips.yaml"]]
)
def test_verb__of_data_needs_no_model(verb: list[str], project: Project) -> None:
    ended = project.mlci(*verb)
    assert (ended.exit_code, ended.err) == (0, "")
