from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.commands.references import MOST_FILES, read_path, resolve, resolve_version
from mlci.errors import IntegrityError, MlciError, UsageError
from mlci.formats.archive import ArchiveLimits
from mlci.testing import FakeRegistryBranch
from tests.commands.builders import MODEL, Project, a_project, a_released_project

if TYPE_CHECKING:
    from mlci.commands.installed import Installed


def named(project: Project, text: str) -> Installed:
    return resolve(text, MODEL, registry=project.registry, store=project.store, work=project.work)


def refused(project: Project, text: str) -> MlciError:
    with pytest.raises(MlciError) as caught:
        named(project, text)
    return caught.value


@pytest.mark.parametrize("text", ["v1.0.0", "tumour@v1.0.0"])
def test_resolve__a_version(tmp_path: Path, text: str) -> None:
    project = a_released_project(tmp_path)
    first = project.production.package_sha256
    project.release("careful")
    installed = named(project, text)
    assert (installed.version, installed.sha256) == ("v1.0.0", first)


@pytest.mark.parametrize("text", ["#production", "tumour#production"])
def test_resolve__a_stage(tmp_path: Path, text: str) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    assert named(project, text).version == "v1.1.0"


def test_resolve__the_candidate(tmp_path: Path) -> None:
    project = a_released_project(tmp_path)
    project.trains("careful")
    sha256 = project.train().candidate.sha256
    installed = named(project, "candidate")
    assert (installed.version, installed.sha256) == (None, sha256)


def test_resolve__the_candidate_where_there_is_none(tmp_path: Path) -> None:
    error = refused(a_project(tmp_path), "candidate")
    assert (type(error), error.code, error.hint) == (UsageError, "no-candidate", "mlci train")


@pytest.mark.parametrize(
    "text", ["", "9.0.0", "v1", "v1.0", "other@v1.0.0", "other#production", "tumourv1.0.0", "tumour@"]
)
def test_resolve__what_names_nothing(tmp_path: Path, text: str) -> None:
    error = refused(a_released_project(tmp_path), text)
    assert (type(error), error.code) == (UsageError, "unknown-reference")
    assert error.hint == "tumour@v1.0.0, tumour#production, candidate or a folder"


def test_resolve__a_version_without_its_letter(tmp_path: Path) -> None:
    error = refused(a_released_project(tmp_path), "1.0.0")
    assert (error.code, error.hint) == ("unknown-reference", "A version is written with v: v1.0.0")


def test_resolve__a_stage_without_its_sign(tmp_path: Path) -> None:
    error = refused(a_released_project(tmp_path), "production")
    assert (error.code, error.hint) == ("unknown-reference", 'A stage is written with #, in quotes: "#production"')


@pytest.mark.parametrize("text", ["v9.0.0", "tumour@v01.0.0"])
def test_resolve__what_is_not_in_the_registry(tmp_path: Path, text: str) -> None:
    project = a_released_project(tmp_path)
    project.release("careful")
    error = refused(project, text)
    assert (error.code, error.where) == ("unknown-version", "versions: v1.0.0, v1.1.0")


@pytest.mark.parametrize("text", ["#prodution", "tumour#prodution"])
def test_resolve__a_stage_that_holds_nothing(tmp_path: Path, text: str) -> None:
    error = refused(a_released_project(tmp_path), text)
    assert (error.code, error.where, error.hint) == (
        "unknown-stage",
        "stages: production",
        "Did you mean `#production`?",
    )


def test_resolve__in_an_empty_registry(tmp_path: Path) -> None:
    project = a_project(tmp_path)
    assert refused(project, "#production").where == "stages: none yet"
    assert refused(project, "v1.0.0").where == "versions: none yet"


@given(st.text() | st.from_regex(r"[a-z]{0,8}[@#]?v?[0-9.]{0,8}", fullmatch=True))
def test_resolve__any_text_is_either_found_or_refused(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        resolve_version(text, MODEL, FakeRegistryBranch())
    assert caught.value.code in {"unknown-reference", "unknown-stage", "unknown-version"}


def test_read_path__a_folder_or_an_archive(tmp_path: Path) -> None:
    candidate = a_project(tmp_path).train().candidate
    folder, archive = tmp_path / "package", tmp_path / "package.tar"
    folder.mkdir()
    for name, content in candidate.package.files.items():
        (folder / name).write_bytes(content)
    archive.write_bytes(candidate.archive)
    assert {read_path(folder).sha256, read_path(archive).sha256} == {candidate.sha256}


def test_read_path__a_folder_that_was_changed(tmp_path: Path) -> None:
    candidate = a_project(tmp_path).train().candidate
    for name, content in candidate.package.files.items():
        (tmp_path / "models" / name).write_bytes(content)
    (tmp_path / "models" / "model.skops").write_bytes(b"changed")
    with pytest.raises(IntegrityError) as caught:
        read_path(tmp_path / "models")
    assert (caught.value.code, caught.value.where, caught.value.hint) == (
        "package-malformed",
        str(tmp_path / "models"),
        "Do not use it. Where it was deployed, `mlci deploy` says how to bring it back.",
    )


@pytest.mark.parametrize("name", ["package.json", "manifest.json"])
def test_read_path__a_package_with_a_folder_in_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    (tmp_path / "inner").mkdir()
    with pytest.raises(IntegrityError) as caught:
        read_path(tmp_path)
    assert (caught.value.code, caught.value.where) == ("package-malformed", str(tmp_path))


def test_read_path__a_package_with_too_many_files(tmp_path: Path) -> None:
    for name in ("package.json", *map(str, range(MOST_FILES))):
        (tmp_path / name).touch()
    with pytest.raises(IntegrityError) as caught:
        read_path(tmp_path)
    assert caught.value.problem == "the folder of the package holds more than a package"


def test_read_path__a_folder_that_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").touch()
    with pytest.raises(UsageError) as caught:
        read_path(tmp_path)
    assert (caught.value.code, caught.value.exit_code, caught.value.where) == ("no-package", 2, str(tmp_path))
    assert caught.value.hint == "Name the folder of a package, such as .mlci/candidate"


def test_read_path__the_folder_of_a_target_leads_to_the_package_that_answers(tmp_path: Path) -> None:
    (tmp_path / "current").mkdir()
    (tmp_path / "current" / "package.json").touch()
    with pytest.raises(UsageError) as caught:
        read_path(tmp_path)
    assert (caught.value.code, caught.value.hint) == ("no-package", f"{tmp_path}/current")


@pytest.mark.parametrize("content", [b"", b"nonsense", bytes(2048)])
def test_read_path__a_file_that_is_no_archive(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "package.tar").write_bytes(content)
    with pytest.raises(IntegrityError) as caught:
        read_path(tmp_path / "package.tar")
    assert caught.value.code == "package-malformed"


def test_read_path__what_is_neither_a_file_nor_a_folder() -> None:
    with pytest.raises(IntegrityError) as caught:
        read_path(Path("/dev/null"))  # as /dev/zero, which has no end
    assert (caught.value.code, caught.value.problem) == ("package-malformed", "it is neither a file nor a folder")


@pytest.mark.parametrize("name", ["package.tar", "."])
def test_read_path__what_is_larger_than_any_package_is_not_read(tmp_path: Path, name: str) -> None:
    with (tmp_path / "package.tar").open("wb") as file:
        file.truncate(ArchiveLimits().total_bytes + 1)  # a hole: it takes no room
    (tmp_path / "package.json").touch()
    with pytest.raises(IntegrityError) as caught:
        read_path(tmp_path / name)
    assert "more than the 4,294,967,296 that are allowed" in caught.value.problem
