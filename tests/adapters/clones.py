"""Real repositories for tests: a bare origin and clones of it, in an environment without anybody's configuration."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

from mlci.adapters.git import GitRepository
from mlci.adapters.git_process import Git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENVIRON = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "protocol.file.allow",
    "GIT_CONFIG_VALUE_0": "always",
}


def git(folder: Path, *arguments: str) -> str:
    """Run git as a user would, and return what it prints."""
    command = ["git", "-C", os.fspath(folder), *arguments]
    finished = subprocess.run(command, env=ENVIRON, check=True, capture_output=True)
    return finished.stdout.decode(errors="surrogateescape").strip()


@dataclass(frozen=True, slots=True)
class Clone:
    """A work tree in `folder`, with an origin."""

    folder: Path

    def git(self, *arguments: str) -> str:
        return git(self.folder, *arguments)

    def write(self, path: str, content: str | bytes) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return file

    def commit(self, **files: str) -> str:
        """Write and commit files (`__` in a keyword stands for `/`), and return the commit."""
        for path, content in files.items():
            self.write(path.replace("__", "/"), content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "change")
        return self.git("rev-parse", "HEAD")

    def open(self, folder: str = ".", **environ: str) -> GitRepository:
        return GitRepository.open(self.folder / folder, Git(ENVIRON | environ))


def bare_origin(folder: Path, object_format: str = "sha1") -> Path:
    """Make an empty bare repository whose default branch is main."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", f"--object-format={object_format}")
    return folder


def clone_of(origin: Path, folder: Path, *options: str) -> Clone:
    """Clone `origin`; who commits there is Ana."""
    git(origin, "clone", "--quiet", *options, f"file://{origin}", os.fspath(folder))
    clone = Clone(folder)
    clone.git("config", "user.name", "Ana Müller")
    clone.git("config", "user.email", "ana@example.com")
    return clone


def with_a_commit(clone: Clone) -> Clone:
    """Return CLONE after the first commit, which its origin has as well."""
    clone.commit(data="1")
    clone.git("push", "--quiet", "origin", "main")
    return clone


def two_clones(folder: Path) -> Callable[[], GitRepository]:
    """Return what opens two clones of one origin in turn, each time after a fetch."""
    origin = bare_origin(folder / "origin.git")
    one = with_a_commit(clone_of(origin, folder / "one"))
    turns = cycle((clone_of(origin, folder / "other"), one))

    def opened() -> GitRepository:
        repository = next(turns).open()
        repository.fetch("main")
        return repository

    return opened
