from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.commands.sync import refuse_lost, sync
from mlci.errors import IntegrityError
from mlci.testing import MemoryStore
from tests.commands.builders import MODEL, Project, a_released_project

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.stored import Gap


def with_a_mirror(place: Path) -> tuple[Project, MemoryStore]:
    """Return a project with two versions, and an empty place besides."""
    project = a_released_project(place)
    project.release("careful")
    (place / "mirror").mkdir()
    return project, MemoryStore(place / "mirror")


def synced(project: Project, mirror: MemoryStore, *, copies: bool = True) -> tuple[tuple[Gap, ...], list[str]]:
    said: list[str] = []
    stores = [("here", project.store), ("there", mirror)]
    return sync(MODEL, stores, registry=project.registry, copies=copies, tell=said.append), said


def test_sync__brings_what_is_missing_with_its_progress_and_is_done_once(tmp_path: Path) -> None:
    project, mirror = with_a_mirror(tmp_path)
    gaps, said = synced(project, mirror)
    assert [(gap.version, gap.place, gap.source) for gap in gaps] == [
        ("v1.0.0", "there", "here"),
        ("v1.1.0", "there", "here"),
    ]
    size = project.history.version("v1.0.0").package_size
    assert said[0] == f"v1.0.0: {size:,} bytes from here to there"
    assert mirror.archives == project.store.archives
    assert synced(project, mirror) == ((), [])


def test_sync__in_a_dry_run_copies_nothing(tmp_path: Path) -> None:
    project, mirror = with_a_mirror(tmp_path)
    gaps, said = synced(project, mirror, copies=False)
    assert ([gap.source for gap in gaps], said, mirror.archives) == (["here", "here"], [], {})


def test_sync__goes_both_ways(tmp_path: Path) -> None:
    project, mirror = with_a_mirror(tmp_path)
    synced(project, mirror)
    whole = dict(mirror.archives)
    project.store.archives.clear()
    gaps, _ = synced(project, mirror)
    assert {(gap.place, gap.source) for gap in gaps} == {("here", "there")}
    assert project.store.archives == whole


def test_sync__spreads_no_damaged_bytes_and_brings_the_rest(tmp_path: Path) -> None:
    project, mirror = with_a_mirror(tmp_path)
    project.store.archives[project.history.version("v1.0.0").package_sha256] = b"other bytes"
    gaps, said = synced(project, mirror)
    assert [(gap.version, gap.source) for gap in gaps] == [("v1.0.0", None), ("v1.1.0", "here")]
    assert said[0].startswith("here does not help with v1.0.0: the bytes of the package are not those of")
    assert set(mirror.archives) == {project.production.package_sha256}
    with pytest.raises(IntegrityError) as caught:
        refuse_lost(gaps)
    assert (caught.value.code, caught.value.problem) == (
        "package-missing",
        "no configured place has the right bytes of v1.0.0",
    )


def test_sync__what_no_place_has_is_named_for_each(tmp_path: Path) -> None:
    project, mirror = with_a_mirror(tmp_path)
    project.store.archives.clear()
    gaps, _ = synced(project, mirror, copies=False)
    assert [(gap.version, gap.place, gap.source) for gap in gaps[:2]] == [
        ("v1.0.0", "here", None),
        ("v1.0.0", "there", None),
    ]
