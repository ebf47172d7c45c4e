from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.commands.profile import Profiled, profile
from mlci.errors import UsageError
from tests.commands.builders import CONTRACT, Project, a_project, some_rows

if TYPE_CHECKING:
    from pathlib import Path


def profiled(project: Project, *names: str, revision: str | None = None) -> tuple[Profiled, ...]:
    return profile(
        names, repository=project.repository, data=project.data, objects=project.work.objects, revision=revision
    )


def test_profile__of_all_data_sets_by_the_types_of_their_contracts(tmp_path: Path) -> None:
    cells, holdout = profiled(a_project(tmp_path))
    assert [(each.profile.dataset, each.profile.rows, each.differences) for each in (cells, holdout)] == [
        ("cells", 100, None),
        ("holdout", 200, None),
    ]
    assert [(column.name, column.type) for column in cells.profile.columns][:2] == [
        ("id", "integer"),
        ("radius", "number"),
    ]


def test_profile__beside_a_revision(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.write(data__cells_csv=some_rows(100, {row: f"{row},900,{row // 2 % 10},{row % 2}" for row in range(60)}))
    (cells,) = profiled(project, "cells", revision=project.base)
    assert cells.differences is not None
    assert [(each.column, each.is_certain) for each in cells.differences[:2]] == [("radius", True), ("id", False)]
    assert cells.differences[0].detail == "median 10 → 900"
    assert [each.detail for each in cells.bare().differences or ()] == [None] * 4


def test_profile__a_column_about_people_has_no_values(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    project.write(cells_yaml=CONTRACT.replace("max: 30", "max: 30, pii: true"))
    (cells,) = profiled(project, "cells")
    radius = next(column for column in cells.profile.columns if column.name == "radius")
    assert (radius.is_private, radius.quantiles, radius.smallest) == (True, (), None)


def test_profile__a_name_that_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        profiled(a_project(tmp_path), "cels")
    assert caught.value.hint == "Did you mean `cells`?"


def test_profile__a_revision_without_the_data(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    configuration = project.repository.work_tree().files["mlci.yaml"]
    project.repository.remove("mlci.yaml")
    base = project.land()
    project.write(mlci_yaml=configuration)
    with pytest.raises(UsageError) as caught:
        profiled(project, revision=base)
    assert caught.value.code == "nothing-to-compare"
