from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from mlci.commands.collect import Collection, collect
from mlci.commands.marking import deprecate
from mlci.errors import IntegrityError, UsageError
from tests.commands.builders import ANA, MODEL, Project, a_released_project

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.ports import Store

LIMIT = timedelta(days=30)


def with_leftovers(place: Path) -> Project:
    """Return a project whose two versions are old, and whose store has an old and a young package besides."""
    project = a_released_project(place)
    project.release("careful")
    for content in (b"old", b"young"):
        project.store.put(content, hashlib.sha256(content).hexdigest())
    for name, archive in project.store.archives.items():
        project.store.ages[name] = timedelta(days=0 if archive == b"young" else 90)
    return project


def collected(project: Project, *, deletes: bool) -> Collection:
    return collect(project.store, LIMIT, registry=project.registry, deletes=deletes)


OLD = hashlib.sha256(b"old").hexdigest()


def test_collect__by_default_nothing_is_removed(tmp_path: Path) -> None:
    project = with_leftovers(tmp_path)
    before = dict(project.store.archives)
    found = collected(project, deletes=False)
    assert [each.sha256 for each in found.unneeded] == [OLD]
    assert (len(found.referenced), len(found.young), found.removed) == (2, 1, ())
    assert project.store.archives == before


def test_collect__removes_what_is_old_and_referenced_by_nothing(tmp_path: Path) -> None:
    project = with_leftovers(tmp_path)
    assert collected(project, deletes=True).removed == (OLD,)
    assert len(project.store.archives) == 3
    assert collected(project, deletes=True).removed == ()


def test_collect__a_quarantined_or_deprecated_version_keeps_its_package(tmp_path: Path) -> None:
    project = with_leftovers(tmp_path)
    project.rollback()
    project.release("narrow")
    deprecate(MODEL, "v1.0.0", reason="x", actor=ANA, registry=project.registry, clock=project.clock)
    collected(project, deletes=True)
    kept = {version.package_sha256 for version in project.history.versions.values()}
    assert kept <= project.store.archives.keys()


def test_collect__what_was_put_there_again_meanwhile_stays(tmp_path: Path) -> None:
    project = with_leftovers(tmp_path)
    found = collected(project, deletes=False)
    project.store.put(b"old", OLD)
    assert [project.store.remove(each.sha256, LIMIT) for each in found.unneeded] == [False]
    assert project.store.has(OLD)


def test_collect__a_registry_that_cannot_be_read_stops_it(tmp_path: Path) -> None:
    project = with_leftovers(tmp_path)
    origin = project.registry.origin
    origin.tips["other"] = "0" * 40
    origin.commits["0" * 40] = {"events/000001.json": b"{}"}
    before = dict(project.store.archives)
    with pytest.raises(IntegrityError):
        collected(project, deletes=True)
    assert project.store.archives == before


class Plain:
    """A store that can do what every store can, and no more."""

    def __init__(self, store: Store) -> None:
        self.put, self.fetch, self.has = store.put, store.fetch, store.has


def test_collect__a_store_that_cannot_say_what_it_holds(tmp_path: Path) -> None:
    project = with_leftovers(tmp_path)
    with pytest.raises(UsageError) as caught:
        collect(Plain(project.store), LIMIT, registry=project.registry, deletes=True)
    assert caught.value.code == "store-not-collectable"
