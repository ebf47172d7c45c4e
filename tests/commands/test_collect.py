from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from mlci.commands.collect import collect
from mlci.commands.marking import deprecate
from mlci.errors import IntegrityError, OutsideError
from mlci.testing import MemoryStore
from tests.commands.builders import ANA, MODEL, Project, a_released_project

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.stored import Collection, Stored

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
    (found,) = collect([("here", project.store)], LIMIT, registry=project.registry, deletes=deletes)
    return found


OLD = hashlib.sha256(b"old").hexdigest()
MIRRORED = hashlib.sha256(b"only here").hexdigest()


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


@pytest.mark.parametrize("deletes", [False, True])
def test_collect__a_branch_that_was_deleted_stops_it_while_its_tags_are_left(tmp_path: Path, *, deletes: bool) -> None:
    project = with_leftovers(tmp_path)
    del project.registry.origin.tips[MODEL]
    before = dict(project.store.archives)
    with pytest.raises(IntegrityError) as caught:
        collected(project, deletes=deletes)
    assert (caught.value.code, caught.value.where) == ("registry-incomplete", "mlci/registry/tumour")
    assert caught.value.problem.startswith("the origin has a tag tumour@v1.0.0, and no registry knows that version")
    assert project.store.archives == before


def test_collect__each_place_has_its_own_list(tmp_path: Path) -> None:
    project = with_leftovers(tmp_path)
    mirror = MemoryStore(tmp_path)
    mirror.put(b"only here", MIRRORED)
    mirror.ages[MIRRORED] = timedelta(days=31)
    stores = [("../models", project.store), ("s3://models", mirror)]
    found = collect(stores, LIMIT, registry=project.registry, deletes=True)
    assert [(each.place, each.removed) for each in found] == [("../models", (OLD,)), ("s3://models", (MIRRORED,))]
    assert [len(each.referenced) for each in found] == [2, 0]


class Down(MemoryStore):
    """A store that does not answer."""

    @override
    def stored(self) -> tuple[Stored, ...]:
        raise OutsideError("store-failed", "it does not answer")


def test_collect__a_place_that_is_down_stops_it_before_anything_is_removed(tmp_path: Path) -> None:
    project = with_leftovers(tmp_path)
    with pytest.raises(OutsideError):
        collect([("here", project.store), ("there", Down(tmp_path))], LIMIT, registry=project.registry, deletes=True)
    assert project.store.has(OLD)
