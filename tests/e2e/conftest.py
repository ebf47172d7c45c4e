"""Real repositories with a bare origin, and the command line as a user types it."""

from __future__ import annotations

import os
import re
import shlex
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
WAITING = r"(?m)^· train: running for \d+ s, without a word for \d+ s\n"
"""What a slow machine tells of a command beside its output."""


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
        """Return TEXT without what differs from run to run: the place, ids of content, and waiting."""
        text = re.sub(WAITING, "", text)
        text = re.sub(r"/bin/sh: (?:line )?\d+: (\S+): (?:command )?not found", r"/bin/sh: \1: not found", text)
        text = text.replace(str(self.place), "…")
        return re.sub(
            r"(?:(?<=models/)|(?<=directory:))[0-9a-f]{2}(?=/)", "<id>", re.sub(r"\b[0-9a-f]{12,64}\b", "<id>", text)
        )


def normal(text: str, folder: Path) -> str:
    """Return TEXT without what differs from machine to machine: the folder, digests of floats, the kernel's version."""
    text = text.replace(shlex.quote(str(folder)), "DIR").replace(str(folder), "DIR")
    text = re.sub(r"\b[0-9a-f]{12}\b", "0123456789ab", re.sub(WAITING, "", text))
    text = re.sub(r"\[main [0-9a-f]{7,}\]", "[main 0123456]", text)
    return re.sub(r"Landlock \d+", "Landlock 7", text)


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


def _continued(template: Path, place: Path) -> Project:
    return Project(shutil.copytree(template, place, symlinks=True) / "tumour")


def _succeed(project: Project, *verbs: tuple[str, ...]) -> None:
    for verb in verbs:
        ended = project.mlci(*verb)
        assert ended.exit_code == 0, ended.err


@pytest.fixture(scope="session")
def _trained_template(_fresh_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = _continued(_fresh_template, tmp_path_factory.mktemp("trained") / "place")
    _succeed(project, ("train",))
    return project.place


@pytest.fixture(scope="session")
def _released_template(_trained_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = _continued(_trained_template, tmp_path_factory.mktemp("released") / "place")
    _succeed(project, ("promote",), ("deploy", "live"))
    return project.place


@pytest.fixture(scope="session")
def _merged_template(_released_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = _continued(_released_template, tmp_path_factory.mktemp("merged") / "place")
    project.put("all-features")
    project.commit("All features")
    project.git("push", "--quiet")
    _succeed(project, ("train",))
    return project.place


@pytest.fixture(scope="session")
def _promoted_template(_merged_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = _continued(_merged_template, tmp_path_factory.mktemp("promoted") / "place")
    _succeed(project, ("promote",))
    return project.place


@pytest.fixture
def fresh(_fresh_template: Path, tmp_path: Path) -> Project:
    """The example on main, nothing promoted."""
    return _continued(_fresh_template, tmp_path / "place")


@pytest.fixture
def trained(_trained_template: Path, tmp_path: Path) -> Project:
    """The example on main, its model trained, nothing promoted."""
    return _continued(_trained_template, tmp_path / "place")


@pytest.fixture
def released(_released_template: Path, tmp_path: Path) -> Project:
    """The example on main, its model in production as v1.0.0 and deployed."""
    return _continued(_released_template, tmp_path / "place")


@pytest.fixture
def merged(_merged_template: Path, tmp_path: Path) -> Project:
    """As `released`; a better model is on main and trained, and waits for its promotion."""
    return _continued(_merged_template, tmp_path / "place")


@pytest.fixture
def promoted(_promoted_template: Path, tmp_path: Path) -> Project:
    """As `merged`; the better model is in production as v2.0.0, and v1.0.0 still deployed."""
    return _continued(_promoted_template, tmp_path / "place")


class Refuses(Protocol):
    """Runs a verb that must fail and leave everything outside as it was."""

    def __call__(
        self, project: Project, *arguments: str, exit_code: int, told: str, stored: frozenset[str] = frozenset()
    ) -> Ended:
        """Assert the exit code, and that all that is told is the golden file `errors/TOLD.txt`.

        STORED: which kinds of files the store may have got, by their suffix. A package that no version names does no
        harm, and the next promotion takes it.
        """


@pytest.fixture
def refuses(golden: Golden) -> Refuses:
    def run(
        project: Project, *arguments: str, exit_code: int, told: str, stored: frozenset[str] = frozenset()
    ) -> Ended:
        before = project.outside()
        ended = project.mlci(*arguments)
        assert (ended.exit_code, "Traceback" in ended.err) == (exit_code, False), ended.err
        golden(f"errors/{told}.txt", project.told(f"$ mlci {' '.join(arguments)}\n{ended.err}{ended.out}"))
        after = project.outside()
        added = after.keys() - before.keys()
        assert {Path(path).suffix for path in added} == stored
        assert {path: after[path] for path in after.keys() - added} == before
        return ended

    return run
