"""A model whose registry was deleted never begins anew by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.commands.registry import list_versions, show
from mlci.commands.verify import verify_registry
from mlci.errors import IntegrityError
from mlci.testing import FakeRegistryBranch
from tests.commands.builders import MODEL, Project, a_project, a_released_project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def verified(project: Project) -> object:
    return verify_registry(
        MODEL, None,
        repository=project.repository, registry=project.registry, stores=[(None, project.store)],
        predictor=project.predictor,
    )  # fmt: skip


VERBS: dict[str, Callable[[Project], object]] = {
    "promote": lambda project: project.promote(),
    "rollback": lambda project: project.rollback(),
    "deploy": lambda project: project.deploy(),
    "list": lambda project: list_versions(MODEL, registry=project.registry),
    "show": lambda project: show(MODEL, None, registry=project.registry),
    "verify": verified,
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose registry was deleted at the origin, and its tags were left."""
    made = a_released_project(tmp_path)
    assert made.history.sequence
    del made.registry.origin.tips[MODEL]
    return made


@pytest.mark.parametrize("verb", VERBS)
def test_gone__is_refused_in_a_clone_that_saw_it(project: Project, verb: str) -> None:
    with pytest.raises(IntegrityError, match="and what was seen here before tells of one") as caught:
        VERBS[verb](project)
    assert (caught.value.code, project.registry.origin.tips) == ("registry-gone", {})


@pytest.mark.parametrize("verb", VERBS)
def test_gone__is_refused_in_a_fresh_clone_by_its_tags(project: Project, verb: str) -> None:
    project.registry = FakeRegistryBranch(project.registry.origin)
    with pytest.raises(IntegrityError, match=r"and the tag tumour@v1\.0\.0 tells of one") as caught:
        VERBS[verb](project)
    assert (caught.value.code, "mlci registry repair" in (caught.value.hint or "")) == ("registry-gone", True)


def test_gone__another_models_tags_say_nothing(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.registry.origin.tags["tumours@v1.0.0"] = "1" * 40
    project.train()
    assert project.promote().version == "v1.0.0"
