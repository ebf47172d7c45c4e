"""The demo, read whole."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.e2e.conftest import EPOCH, Project

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


def normal(text: str, folder: Path) -> str:
    """Return TEXT without what differs from machine to machine: the folder, digests of floats, the kernel's version."""
    text = text.replace(shlex.quote(str(folder)), "DIR").replace(str(folder), "DIR")
    text = re.sub(r"\b[0-9a-f]{12}\b", "0123456789ab", text)
    text = re.sub(r"\[main [0-9a-f]{7,}\]", "[main 0123456]", text)
    return re.sub(r"Landlock \d+", "Landlock 7", text)


def reports(folder: Path) -> dict[str, str]:
    comments = {str(path.relative_to(folder)): path.read_text() for path in folder.glob("tumour/.mlci/forge/*/*.md")}
    return comments | {"last": (folder / "tumour" / ".mlci" / "report.json").read_text()}


def packages(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "models").rglob("*.tar"))


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder that the demo left, and what it said."""
    folder = tmp_path_factory.mktemp("played") / "demo"
    return folder, play(folder)


@pytest.mark.needs("landlock")
def test_demo__is_a_story_that_can_be_read(played: tuple[Path, str], golden: Golden) -> None:
    folder, said = played
    golden("demo.txt", normal(said, folder))
    careless = folder / "tumour" / ".mlci" / "forge" / "weigh-malignant"
    golden("comment-careless.md", normal((careless / "comment.md").read_text(), folder))
    status = json.loads((careless / "status.json").read_text())["statuses"]
    assert [(each["context"], each["state"]) for each in status] == [("mlci/gate", "failure")]


@pytest.mark.needs("landlock")
def test_demo__a_second_clone_made_afterwards_knows_everything(played: tuple[Path, str]) -> None:
    folder, _ = played
    first, second = Project(folder / "tumour"), Project(folder / "second")
    first.git("clone", "--quiet", "../origin.git", "../second")
    asked = [("registry", "show", "#production"), ("registry", "history", "--json"), ("verify",)]
    assert [second.mlci(*verb) for verb in asked] == [first.mlci(*verb) for verb in asked]
    assert [second.mlci(*verb).exit_code for verb in asked] == [0, 0, 0]
    pulled = second.mlci("pull", "#production")
    live = {path.name: path.read_bytes() for path in (folder / "live" / "current").iterdir()}
    assert {path.name: path.read_bytes() for path in (second.folder / pulled.out.strip()).iterdir()} == live


@pytest.mark.slow
def test_demo__twice_gives_the_same_packages_and_reports(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "another place" / "two"
    other.parent.mkdir()
    said = normal(play(one), one), normal(play(other), other)
    assert Project(one).environment["SOURCE_DATE_EPOCH"] == EPOCH
    assert said[0] == said[1]
    assert packages(one) == packages(other)
    assert reports(one) == reports(other)


def test_demo__into_a_folder_that_is_not_empty_is_refused(fresh: Project) -> None:
    ended = fresh.mlci("demo", "--keep", str(fresh.folder))
    assert (ended.exit_code, ended.out) == (2, "")
    assert ended.err.startswith("error[folder-exists]: ")
