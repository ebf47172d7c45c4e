from __future__ import annotations

from pathlib import Path

import pytest

from mlci.commands.package_path import MOST_FILES, read_path
from mlci.errors import IntegrityError, UsageError
from mlci.formats.archive import ArchiveLimits
from tests.commands.builders import a_project


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
