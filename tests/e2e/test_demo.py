"""The demo, read whole."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import EPOCH, Project, normal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Golden


def play(folder: Path) -> str:
    """Play the demo in FOLDER and return what it says."""
    environment = Project(folder).environment
    done = subprocess.run(
        [sys.executable, "-P", "-m", "mlci", "demo", "--keep", str(folder)],
        cwd=folder.parent, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


def reports(folder: Path) -> dict[str, str]:
    comments = {str(path.relative_to(folder)): path.read_text() for path in folder.glob("tumour/.mlci/forge/*/*.md")}
    return comments | {"last": (folder / "tumour" / ".mlci" / "report.json").read_text()}


def packages(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "models").rglob("*.tar"))


@pytest.mark.slow
@pytest.mark.needs("landlock")
def test_demo__is_a_story_that_can_be_read_and_the_same_elsewhere(tmp_path: Path, golden: Golden) -> None:
    one, other = tmp_path / "one", tmp_path / "another place" / "two"
    other.parent.mkdir()
    said = normal(play(one), one), normal(play(other), other)
    golden("demo.txt", said[0])
    careless = one / "tumour" / ".mlci" / "forge" / "weigh-malignant"
    golden("comment-careless.md", normal((careless / "comment.md").read_text(), one))
    status = json.loads((careless / "status.json").read_text())["statuses"]
    assert [(each["context"], each["state"]) for each in status] == [("mlci/gate", "failure")]
    assert Project(one).environment["SOURCE_DATE_EPOCH"] == EPOCH
    assert said[0] == said[1]
    assert packages(one) == packages(other)
    assert reports(one) == reports(other)
    a_second_clone_knows_everything(one)


def a_second_clone_knows_everything(folder: Path) -> None:
    first, second = Project(folder / "tumour"), Project(folder / "second")
    first.git("clone", "--quiet", "../origin.git", "../second")
    asked = [("registry", "show", "#production"), ("registry", "history", "--json"), ("verify",)]
    assert [second.mlci(*verb) for verb in asked] == [first.mlci(*verb) for verb in asked]
    assert [second.mlci(*verb).exit_code for verb in asked] == [0, 0, 0]
    pulled = second.mlci("pull", "#production")
    live = {path.name: path.read_bytes() for path in (folder / "live" / "current").iterdir()}
    assert {path.name: path.read_bytes() for path in (second.folder / pulled.out.strip()).iterdir()} == live


def test_demo__into_a_folder_that_is_not_empty_is_refused(fresh: Project) -> None:
    ended = fresh.mlci("demo", "--keep", str(fresh.folder))
    assert (ended.exit_code, ended.out) == (2, "")
    assert ended.err.startswith("error[folder-exists]: ")
