from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlci.adapters.package_shelf import PackageShelf
from mlci.commands.package import package
from mlci.commands.package_path import read_path
from mlci.commands.verify import verify_package
from mlci.errors import MlciError, UsageError
from mlci.testing.predictor import PICKLED, model_file
from tests.commands.builders import a_project
from tests.commands.test_raw_pickles import ALLOWED, a_pickling_project
from tests.commands.test_raw_pickles import TRAIN as REFUSED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlci.commands.package import Packed
    from tests.commands.builders import Project


def packed(file: Path, project: Project, shelf: PackageShelf) -> Packed:
    return package(
        file,
        repository=project.repository,
        predictor=project.predictor,
        data=project.data,
        objects=project.work.objects,
        shelf=shelf,
    )


def test_package__is_the_one_that_training_makes(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    file = tmp_path / "elsewhere.skops"
    file.write_bytes(model_file("present"))
    shelf = PackageShelf(tmp_path / "packages")
    made = packed(file, project, shelf)
    trained = project.train().candidate
    assert (made.sha256, made.format, made.assumption) == (trained.sha256, "skops", None)
    assert made.path == tmp_path / "packages" / f"tumour-{made.sha256[:12]}"
    installed = read_path(made.path)
    assert installed.package.files == trained.package.files
    assert [each.error for each in verify_package(installed, "here", project.predictor)] == [None, None]


def test_package__again_changes_nothing(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    file = tmp_path / "model.skops"
    file.write_bytes(model_file("present"))
    shelf = PackageShelf(tmp_path / "packages")
    first = packed(file, project, shelf)
    before = {path: path.stat().st_mtime_ns for path in first.path.iterdir()}
    assert packed(file, project, shelf) == first
    assert {path: path.stat().st_mtime_ns for path in first.path.iterdir()} == before


@pytest.mark.parametrize("train", [ALLOWED, REFUSED], ids=["allowed", "refused"])
def test_package__of_a_pickle_is_that_of_training_or_refused_like_there(train: str, tmp_path: Path) -> None:
    project = a_pickling_project(tmp_path, train)
    file, shelf = tmp_path / "elsewhere.pkl", PackageShelf(tmp_path / "packages")
    file.write_bytes(PICKLED + b"present")

    def outcomes(by: Callable[[], str]) -> str:
        try:
            return by()
        except MlciError as error:
            return error.code

    found = outcomes(lambda: packed(file, project, shelf).sha256)
    assert found == outcomes(lambda: project.train().candidate.sha256)
    assert (found == "model-forbidden-type") == (train is REFUSED)


@pytest.mark.parametrize(("name", "problem"), [("missing", "there is no file"), ("", "is a folder")])
def test_package__of_no_file(name: str, problem: str, tmp_path: Path) -> None:
    project = a_project(tmp_path)
    shelf = PackageShelf(tmp_path / "packages")
    with pytest.raises(UsageError) as caught:
        packed(tmp_path / name, project, shelf)
    assert (caught.value.code, problem in caught.value.problem) == ("no-model-file", True)
    assert not (tmp_path / "packages").exists()
