"""A lab for each test; the environments that its jobs use are made once."""

from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING

import pytest

from tests.act.lab import ENVIRONMENT, Lab, prepare_environment, training_python
from tests.fakegithub.server import FakeGitHub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def environment() -> Path:
    """The environment of mlci; tests in parallel wait for the one that makes it."""
    ENVIRONMENT.parent.mkdir(exist_ok=True)
    with ENVIRONMENT.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        prepare_environment()
    return ENVIRONMENT


@pytest.fixture(scope="session")
def training_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return training_python(tmp_path_factory.mktemp("training") / "venv")


@pytest.fixture
def lab(environment: Path, training_path: Path, tmp_path: Path) -> Iterator[Lab]:
    """A lab with an empty GitHub."""
    assert environment.is_dir()
    with FakeGitHub(tmp_path / "git") as fake:
        yield Lab(fake, tmp_path / "lab", training_path)
