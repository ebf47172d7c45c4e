from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.commands.fetch import Brought, fetch
from mlci.errors import IntegrityError
from tests.commands.builders import Project, a_configuration, a_project, a_released_project

if TYPE_CHECKING:
    from pathlib import Path


def brought(project: Project) -> Brought:
    return fetch(
        project.base, repository=project.repository, registry=project.registry, open_store=project.open_store,
        data=project.data, objects=project.work.objects,
    )  # fmt: skip


def test_fetch__brings_production(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    assert brought(project) == Brought(project.base, "v1.0.0")
    assert (tmp_path / "models" / f"{project.production.package_sha256}.tar").is_file()


def test_fetch__nothing_was_promoted_yet(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    assert brought(project) == Brought(project.base, None)


def test_fetch__reads_model_and_store_from_the_target_branch(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(
        mlci_yaml=a_configuration(model="{name: fresh, task: binary}", promote="{store: {directory: ../elsewhere}}")
    )
    assert (brought(project).production, set(project.stores)) == ("v1.0.0", {"../models"})


def test_fetch__where_only_the_pull_request_has_a_configuration(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    configuration = project.repository.work_tree().files["mlci.yaml"]
    project.repository.remove("mlci.yaml")
    project.land()
    assert brought(project).production is None
    project.write(mlci_yaml=configuration)
    assert brought(project).production == "v1.0.0"


def test_fetch__for_a_pull_request_that_mends_what_the_target_branch_says(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(mlci_yaml="version: 2\n")
    project.land("Break the rules")
    assert brought(project).production is None
    project.write(mlci_yaml=a_configuration())
    assert brought(project).production == "v1.0.0"


def test_fetch__what_is_wrong_with_the_pull_request_is_left_to_the_check(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.write(mlci_yaml="version: 2\n")
    assert brought(project).production == "v1.0.0"


def test_fetch__of_the_model_that_the_check_judges_by(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    unusable = "{data: holdout, id: id, label: malignant, positive: 7}"
    project.write(mlci_yaml=a_configuration(model="{name: fresh, task: binary}", evaluate=unusable))
    project.land("Break the rules")
    project.write(mlci_yaml=a_configuration())
    assert brought(project).production == "v1.0.0"


def test_fetch__a_package_that_was_damaged(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.store.archives[project.production.package_sha256] += b"x"
    with pytest.raises(IntegrityError) as caught:
        brought(project)
    assert caught.value.code == "package-damaged"
