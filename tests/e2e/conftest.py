"""Real repositories with a bare origin, and the command line as a user types it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from tests.conftest import Golden

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
EPOCH = "1767225600"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    exit_code: int
    out: str
    err: str


@dataclass(frozen=True)
class Project:
    """A clone of the tumour example with a bare origin, a store and a target beside it."""

    folder: Path

    @property
    def place(self) -> Path:
        return self.folder.parent

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.place),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(ROOT),  # the mlci beside these tests, also in a copy of the tree
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "Ada Example",
            "GIT_AUTHOR_EMAIL": "ada@example.org",
            "GIT_COMMITTER_NAME": "Ada Example",
            "GIT_COMMITTER_EMAIL": "ada@example.org",
            "GIT_AUTHOR_DATE": f"@{EPOCH} +0000",
            "GIT_COMMITTER_DATE": f"@{EPOCH} +0000",
            "SOURCE_DATE_EPOCH": EPOCH,
        }

    def mlci(self, *arguments: str, **variables: str) -> Ended:
        command = [sys.executable, "-P", "-m", "mlci", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment | variables, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return Ended(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a verb without waiting for it."""
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "mlci", *arguments],
            cwd=self.folder, env=self.environment, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def commit(self, message: str = "A change") -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)

    def put(self, act: str) -> None:
        """Bring the files of one act of the demo."""
        for path in (EXAMPLES / "tumour_acts" / act).iterdir():
            shutil.copyfile(path, self.folder / path.name)

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.folder / path).read_text()
        assert old in text
        (self.folder / path).write_text(text.replace(old, new))

    def outside(self) -> dict[str, str]:
        """Return all that a failing command must not touch: refs of the origin, files of the store and the target."""
        # By its path: some tests take the origin out of the repository, or the repository away.
        refs = self.git("ls-remote", str(self.place / "origin.git"), "refs/heads/*", "refs/tags/*")
        files = {
            str(path.relative_to(self.place)): str(path.readlink()) if path.is_symlink() else path.read_bytes().hex()
            for name in ("models", "live")
            for path in sorted((self.place / name).rglob("*"))
            if path.is_file() or path.is_symlink()
        }
        return {"refs": refs, **files}

    def told(self, text: str) -> str:
        """Return TEXT without what differs from run to run: the place, and ids made of content."""
        return re.sub(r"\b[0-9a-f]{12,64}\b", "<id>", text.replace(str(self.place), "…"))


def _new_project(place: Path) -> Project:
    """Return a project whose main has the example, pushed."""
    place.mkdir(parents=True)
    project = Project(place / "tumour")
    shutil.copytree(EXAMPLES / "tumour", project.folder)
    project.git("init", "--quiet", "--bare", "--initial-branch", "main", "../origin.git")
    project.git("init", "--quiet", "--initial-branch", "main")
    project.git("remote", "add", "origin", "../origin.git")
    project.commit("The example")
    project.git("push", "--quiet", "--set-upstream", "origin", "main")
    return project


@pytest.fixture(scope="session")
def _fresh_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _new_project(tmp_path_factory.mktemp("fresh") / "place").place


@pytest.fixture(scope="session")
def _released_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = _new_project(tmp_path_factory.mktemp("released") / "place")
    for verb in (["train"], ["promote"], ["deploy", "live"]):
        ended = project.mlci(*verb)
        assert ended.exit_code == 0, ended.err
    return project.place


@pytest.fixture
def fresh(_fresh_template: Path, tmp_path: Path) -> Project:
    """The example on main, nothing promoted."""
    return Project(shutil.copytree(_fresh_template, tmp_path / "place", symlinks=True) / "tumour")


@pytest.fixture
def released(_released_template: Path, tmp_path: Path) -> Project:
    """The example on main, its model in production as v1.0.0 and deployed."""
    return Project(shutil.copytree(_released_template, tmp_path / "place", symlinks=True) / "tumour")


class Refuses(Protocol):
    """Runs a verb that must fail and leave everything outside as it was."""

    def __call__(self, project: Project, *arguments: str, exit_code: int, told: str) -> Ended:
        """Assert the exit code, and that all that is told is the golden file `errors/TOLD.txt`."""


@pytest.fixture
def refuses(golden: Golden) -> Refuses:
    def run(project: Project, *arguments: str, exit_code: int, told: str) -> Ended:
        before = project.outside()
        ended = project.mlci(*arguments)
        assert (ended.exit_code, "Traceback" in ended.err) == (exit_code, False), ended.err
        golden(f"errors/{told}.txt", project.told(f"$ mlci {' '.join(arguments)}\n{ended.out}{ended.err}"))
        assert project.outside() == before
        return ended

    return run
