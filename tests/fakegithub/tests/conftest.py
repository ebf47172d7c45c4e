"""A fake that ends with each test, and raises then if somebody sent what GitHub does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakegithub.server import FakeGitHub
from tests.fakegithub.tests.client import Client, Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def github(tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path / "git") as fake:
        yield fake


@pytest.fixture
def place(github: FakeGitHub) -> Place:
    """A private repository with one commit, and a pull request (#1) from a branch of its own."""
    github.add_repository("acme/tumour", public=False)
    base = github.commit("acme/tumour", "main", {"README.md": b"one\n", "data.csv": b"1\n2\n"})
    head = github.commit("acme/tumour", "better", {"data.csv": b"1\n2\n3\n"}, start="main")
    github.open_pull_request("acme/tumour", "better", title="A better model")
    return Place(github, base, head)


@pytest.fixture
def client(place: Place) -> Client:
    """A client that may write everything in the repository of `place`."""
    everything = ("actions", "checks", "contents", "deployments", "issues", "pull-requests", "statuses")
    return place.client(dict.fromkeys(everything, "write"))
