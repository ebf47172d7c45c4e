"""The stage of the demo: a real repository with a bare origin, and a terminal that shows each command first."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import mlci
from mlci.errors import OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST_SCENE = "tumour"
START = ("README.md", ".gitignore", "data")
"""What main has before the first act; the rest of the example is the first model."""


class DemoStage:
    """A folder with a repository, its origin, a store and a target."""

    def __init__(self, keep: Path | None, environ: Mapping[str, str], out: TextIO) -> None:
        """Make the repository below KEEP (default: a new temporary folder) with the data on main."""
        self._out = out
        self._scenes = _scenes()
        self.place = _new_folder(keep)
        self.folder = self.place / FIRST_SCENE
        self._environ = _environment(environ)
        self._missing_path = None if shutil.which("mlci", path=environ.get("PATH")) else _bin()
        self.say(f"mlci demo plays in {self.place}, which stays until you remove it")
        self._quietly("git", "init", "--quiet", "--bare", "--initial-branch", "main", "origin.git")
        self._quietly("git", "init", "--quiet", "--initial-branch", "main", FIRST_SCENE)
        self._quietly("git", "-C", FIRST_SCENE, "remote", "add", "origin", "../origin.git")
        for name in START:
            _copy(self._scenes / FIRST_SCENE / name, self.folder / name)
        rows = (self.folder / "data" / "holdout.csv").read_text().splitlines()[:2]
        (self.folder / "row.csv").write_text("\n".join(rows) + "\n")
        self._quietly("git", "-C", FIRST_SCENE, "add", "--all")
        self._quietly("git", "-C", FIRST_SCENE, "commit", "--quiet", "--message", "The data")
        self._quietly("git", "-C", FIRST_SCENE, "push", "--quiet", "--set-upstream", "origin", "main")
        self.say("a Git repository with a bare origin beside it; on main lie 284 cells to learn from, 285 to judge on")

    def say(self, text: str) -> None:
        """Tell what happens."""
        self._out.write(text + "\n")
        self._out.flush()

    def type(self, command: str, *, exit_code: int = 0) -> None:
        """Show a command and run it; raises `OutsideError` when it ends otherwise than with EXIT_CODE."""
        self.say(f"\n$ {command}" if command.startswith("mlci") else f"$ {command}")
        done = self._run(shlex.split(command), cwd=self.folder)
        text = done.stdout.decode(errors="replace")
        if done.returncode != exit_code:
            self._out.write(text)
            raise OutsideError(
                "demo-derailed",
                f"`{command}` ended with exit code {done.returncode}, the story wants {exit_code}",
                where=str(self.folder),
                hint="Report it with the output above: https://github.com/mlci/mlci/issues",
            )
        self._out.write("".join(f"  {line}".rstrip() + "\n" for line in text.splitlines()))
        if exit_code:
            self.say(f"  (exit code {exit_code})")
        self._out.flush()

    def put(self, scene: str) -> None:
        """Bring the files of a scene into the repository."""
        source = self._scenes / scene if scene == FIRST_SCENE else self._scenes / "tumour_acts" / scene
        for path in sorted(source.iterdir()):
            if not (self.folder / path.name).exists() or path.is_file():
                _copy(path, self.folder / path.name)

    def edit(self, path: str, text: str) -> None:
        """Write a file of the repository."""
        (self.folder / path).write_text(text)

    def show_changes(self) -> None:
        """Show the lines that were changed since the last commit."""
        done = self._run(["git", "diff", "--unified=0", "--no-color"], cwd=self.folder)
        for line in done.stdout.decode().splitlines():
            if line.startswith("+++ "):
                self.say(f"  {line.removeprefix('+++ b/')}")
            elif line.startswith(("+", "-")) and not line.startswith("---"):
                self.say(f"    {line[0]} {line[1:]}")

    def report(self) -> Mapping[str, object]:
        """Return the last report."""
        found: dict[str, object] = json.loads((self.folder / ".mlci" / "report.json").read_text())
        return found

    def production(self) -> str:
        """Return the version that is in production."""
        done = self._run(["mlci", "registry", "show", "--json"], cwd=self.folder)
        return str(json.loads(done.stdout)["stages"]["production"])

    def missing_path(self) -> str | None:
        """Return the folder that the reader must add to PATH to type `mlci`, None where nothing is missing."""
        return self._missing_path

    def _quietly(self, *command: str) -> None:
        done = self._run(list(command), cwd=self.place)
        if done.returncode != 0:
            raise OutsideError("demo-derailed", f"{shlex.join(command)}: {done.stdout.decode(errors='replace')}")

    def _run(self, command: list[str], *, cwd: Path) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            command,
            cwd=cwd,
            env=self._environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )


def _scenes() -> Path:
    """Return where the example lies: in the wheel, or beside the package in a checkout."""
    package = Path(mlci.__file__).parent
    for folder in (package / "examples", package.parent / "examples"):
        if (folder / FIRST_SCENE / "train.py").is_file():
            return folder
    raise OutsideError("example-missing", "the example is not part of this installation", hint="pip install mlci[demo]")


def _new_folder(keep: Path | None) -> Path:
    if keep is None:
        return Path(tempfile.mkdtemp(prefix="mlci-demo-"))
    if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise UsageError("folder-exists", f"{keep} is there and not empty", hint="Name a new folder: --keep demo2")
    keep.mkdir(parents=True, exist_ok=True)
    return keep.resolve()


def _bin() -> str:
    """Return where this interpreter's commands lie, `mlci` among them."""
    return str(Path(sys.executable).parent)


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of the demo's commands: this interpreter first, nobody's Git configuration."""
    environment = {name: value for name, value in environ.items() if not name.startswith(("GIT_", "GITHUB_"))}
    environment |= {
        "PATH": f"{_bin()}{os.pathsep}{environ.get('PATH', os.defpath)}",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ada Example",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada Example",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
    }
    epoch = environ.get("SOURCE_DATE_EPOCH")
    if epoch:
        environment |= {"GIT_AUTHOR_DATE": f"@{epoch} +0000", "GIT_COMMITTER_DATE": f"@{epoch} +0000"}
    return environment


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target)
    else:
        shutil.copyfile(source, target)
