"""GTO, which knows nothing of mlci, reads our tags as they are meant."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mlci.adapters.registry_branch import GitRegistry
from mlci.core.registry.audit import audit
from tests.adapters.clones import ENVIRON, Clone, bare_origin, clone_of, with_a_commit
from tests.core.plans import a_promotion, a_rollback

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlci.core.registry import Change, Registry


@pytest.fixture
def first(tmp_path: Path) -> Clone:
    """A clone of an origin where v1.0.0 was promoted."""
    made = with_a_commit(clone_of(bare_origin(tmp_path / "origin.git"), tmp_path / "clone"))
    push(made, lambda found: a_promotion(found, "a"))
    return made


@pytest.fixture
def clone(first: Clone) -> Clone:
    """A clone of an origin where v1.0.0 and v1.1.0 were promoted, and production was rolled back."""
    push(first, lambda found: a_promotion(found, "b"))
    push(first, a_rollback)
    return first


def push(clone: Clone, plan: Callable[[Registry], Change]) -> None:
    repository = clone.open()
    repository.fetch("main")
    registry = GitRegistry(repository)
    loaded = registry.load("tumour")
    registry.push("tumour", plan(loaded.registry), loaded.commit)
    clone.git("fetch", "--quiet", "--tags", "origin")


def gto(clone: Clone, *arguments: str) -> Any:  # noqa: ANN401 - JSON of another program
    command = [str(Path(sys.executable).parent / "gto"), *arguments, "--repo", str(clone.folder), "--json"]
    done = subprocess.run(command, env=ENVIRON, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_gto__shows_the_latest_version_and_what_is_in_production(clone: Clone) -> None:
    shown = gto(clone, "show")
    assert shown["tumour"]["version"] == "v1.1.0"
    assert shown["tumour"]["stage"]["production"] == "v1.0.0"


def test_gto__tells_every_move_by_its_version(clone: Clone) -> None:
    history = [(each["ref"], each["version"]) for each in gto(clone, "history") if each["event"] == "assignment"]
    assert sorted(history) == [
        ("tumour#production#2", "v1.0.0"),
        ("tumour#production#4", "v1.1.0"),
        ("tumour#production#5", "v1.0.0"),
    ]


def test_gto__tells_that_a_stage_was_emptied(first: Clone) -> None:
    push(first, lambda found: a_rollback(found, "none"))
    assert gto(first, "show")["tumour"]["stage"] == {}
    (emptied,) = [each for each in gto(first, "history") if each["event"] == "unassignment"]
    assert (emptied["ref"], emptied["version"]) == ("tumour#production!#3", "v1.0.0")


def test_trail__of_a_stage_that_was_emptied_holds(first: Clone) -> None:
    push(first, lambda found: a_rollback(found, "none"))
    registry = GitRegistry(first.open())
    trail = registry.trail("tumour")
    assert set(trail.tags) == {"tumour@v1.0.0", "tumour#production#2", "tumour#production!#3"}
    assert audit(registry.load("tumour").registry, trail) == ()


def test_gto__shows_every_version(clone: Clone) -> None:
    shown = [each["version"] for each in gto(clone, "show", "tumour", "--registered-only")]
    assert shown == ["v1.1.0", "v1.0.0"]
