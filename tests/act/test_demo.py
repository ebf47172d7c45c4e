"""The demo on a GitHub, read whole; and what it says of a rollback, done."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.act.demo import Scene, Stage, play
from tests.act.lab import NAME, Lab
from tests.e2e.conftest import Project
from tests.e2e.jobs import Workflows

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Golden

pytestmark = [pytest.mark.slow, pytest.mark.needs("act"), pytest.mark.needs("landlock")]


def normal(text: str) -> str:
    """Return TEXT without what differs from machine to machine: digests of floats, the kernel's version."""
    return re.sub(r"Landlock \d+", "Landlock 7", re.sub(r"\b[0-9a-f]{12}\b", "0123456789ab", text))


def roll_back(lab: Lab, place: Path) -> str:
    """Roll back in a clone of somebody who may push, and return what is said."""
    project = Project(place / "tumour")
    project.folder.mkdir(parents=True)
    token = lab.fake.issue_user_token("ana")
    project.git("clone", "--quiet", lab.fake.clone_url(NAME).replace("://", f"://ana:{token}@"), ".")
    return project.mlci("rollback", "--reason", "the clinic reports missed cells").out


def deploy_again(lab: Lab, place: Path) -> str:
    """Run the job `deploy` of the last merge again, and return what is said."""
    place.mkdir()
    token = lab.fake.issue_token(NAME, {"contents": "read", "deployments": "write"})
    return Workflows(lab.fake, place).decide_job().step("deploy", "live", token=token).out


def test_demo__tells_what_each_act_came_to(lab: Lab, tmp_path: Path, golden: Golden) -> None:
    said: list[str] = []
    stage = Stage(lab, said.append)

    scenes = play(stage)

    assert scenes == (
        Scene("1 a first model", "first", "none yet", "v1.0.0"),
        Scene("2 a better model", "pass", "success", "v2.0.0"),
        Scene("3 a careless change", "fail", "failure", "v2.0.0"),
        Scene("4 broken data", "data rejected", "failure", "v2.0.0"),
        Scene("5 a cheat", "fail · loosens 1 rule, which counts after the merge", "failure", "v2.0.0"),
        Scene("6 a tie", "inconclusive", "success", "v2.0.0"),
    )
    golden("demo-github.txt", normal("\n".join(said) + "\n"))

    assert roll_back(lab, tmp_path / "clone") == (
        "v1.0.0 is in production again; v2.0.0 is quarantined\nlive still answers with v2.0.0: mlci deploy live\n"
    )
    assert deploy_again(lab, tmp_path / "again").startswith("live answers with v1.0.0, before v2.0.0\n")
    assert stage.production() == "v1.0.0"
