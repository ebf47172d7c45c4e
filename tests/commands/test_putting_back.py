"""A package that its store lost comes back by making the same bytes again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from mlci.errors import OutsideError
from mlci.testing import MemoryStore
from tests.commands.builders import Project, a_released_project

if TYPE_CHECKING:
    from pathlib import Path

DAMAGES = {
    "missing": lambda archives, digest: archives.pop(digest),
    "damaged": lambda archives, digest: archives.update({digest: archives[digest] + b"x"}),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_promote__the_same_bytes_are_put_back(tmp_path: Path, damage: str) -> None:
    project = a_released_project(tmp_path)
    digest = project.production.package_sha256
    right, before = project.store.archives[digest], project.history
    DAMAGES[damage](project.store.archives, digest)
    project.train(force=True)
    promotion = project.promote()
    assert (promotion.version, promotion.verdict) == ("v1.0.0", None)
    assert (project.store.archives, project.history) == ({digest: right}, before)
    assert project.deploy().version == "v1.0.0"


def test_promote__of_another_package_puts_nothing_back(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.store.archives.clear()
    project.makes("careful")
    project.train(force=True)
    project.promote()
    assert project.store.archives == {}


def test_promote__what_is_whole_is_not_written_again(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    uploads = project.store.uploads
    project.promote()
    assert project.store.uploads == uploads


class Down(MemoryStore):
    """A store that does not answer."""

    @override
    def has(self, sha256: str) -> bool:
        raise OutsideError("store-failed", "the store does not answer")


def test_promote__where_nothing_is_to_do_a_store_that_is_down_does_not_matter(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.stores["../models"] = Down(tmp_path)
    assert promoted(project) == "v1.0.0"


def promoted(project: Project) -> str | None:
    return project.promote().version
