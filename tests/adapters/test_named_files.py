from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.named_files import files_at
from mlci.core.data_files import DEFAULT_FILES
from mlci.core.data_format import CsvFormat, ParquetFormat
from mlci.errors import RejectedError, UsageError
from tests.adapters.permissions import as_anybody

if TYPE_CHECKING:
    from mlci.core.data_files import DataFiles

HINT = "mlci contract infer data/cells.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with rows of two years, a marker, what is hidden, and files of another format."""
    for name in ("year=2024/b.csv", "year=2024/a.csv", "year=2023/a.csv", ".old/c.csv", "_SUCCESS", ".x.csv"):
        path = tmp_path / "sales" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("id;x\n1;2\n")
    (tmp_path / "mixed").mkdir()
    for name in ("a.csv", "b.parquet"):
        (tmp_path / "mixed" / name).write_text("id\n1\n")
    return tmp_path


def names(files: DataFiles, folder: Path) -> list[str]:
    return [file.path.relative_to(folder).as_posix() for file in files.files]


@pytest.mark.parametrize("path", ["sales", "sales/", "sales/*/*.csv", "sales/**/*.csv", "sales/year=*/?.csv"])
def test_files__of_a_folder_or_a_pattern_come_in_the_order_of_their_names(folder: Path, path: str) -> None:
    found = files_at(folder / path, HINT)
    assert [each for each in names(found, folder) if "=" in each] == [
        "sales/year=2023/a.csv",
        "sales/year=2024/a.csv",
        "sales/year=2024/b.csv",
    ]
    assert found.files[-1].partition == (("year", "2024"),)
    assert found.format == CsvFormat(delimiter=";")


def test_files__of_this_very_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "sales" / "year=2024")
    found = files_at(Path(), HINT)
    assert [file.path for file in found.files] == [Path("a.csv"), Path("b.csv")]


def test_files__of_a_folder_whose_name_looks_like_a_pattern(folder: Path) -> None:
    (folder / "sales").rename(folder / "sales [1-2]*")
    assert len(files_at(folder / "sales [1-2]*", HINT).files) == 3


def test_files__one_is_itself(folder: Path) -> None:
    found = files_at(folder / "mixed" / "b.parquet", HINT)
    assert (found.format, len(found.files), found.files[0].partition) == (ParquetFormat(), 1, ())


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("sale", "there is no file sale"),
        ("n" * 300, f"there is no file {'n' * 119}…"),
        ("sales/*.parquet", "no file is called as *.parquet says"),
        ("sales/.old", ".old is a folder"),
    ],
)
def test_files__that_are_not_there(folder: Path, path: str, problem: str) -> None:
    (folder / "sales" / ".old" / "c.csv").unlink()
    with pytest.raises(UsageError) as caught:
        files_at(folder / path, HINT)
    assert (caught.value.code, caught.value.problem, caught.value.hint) == ("data-missing", problem, HINT)


@pytest.mark.parametrize("path", ["sales", "sales/*.csv", "sales/a.csv"])
def test_files__where_nobody_may_look_are_not_called_missing(path: str) -> None:
    with TemporaryDirectory() as above:
        Path(above).chmod(0o711)
        Path(above, "sales").mkdir(mode=0)
        with as_anybody(), pytest.raises(PermissionError):
            files_at(Path(above, path), HINT)


def test_files__this_folder_without_rows_is_called_by_its_sign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=r"\A\. is a folder\Z"):
        files_at(Path(), HINT)


def test_files__of_two_formats_are_refused(folder: Path) -> None:
    with pytest.raises(UsageError) as caught:
        files_at(folder / "mixed", HINT)
    assert (caught.value.code, caught.value.where) == ("data-format-unknown", str(folder / "mixed"))


@pytest.mark.parametrize("path", ["[z-a].csv", "*********.csv"])
def test_files__by_a_pattern_that_means_nothing(folder: Path, path: str) -> None:
    with pytest.raises(UsageError, match=r"path|stand there"):
        files_at(folder / path, HINT)


def test_files__more_than_are_read_are_refused(tmp_path: Path) -> None:
    for number in range(DEFAULT_FILES + 1):
        (tmp_path / f"{number}.csv").touch()
    with pytest.raises(RejectedError, match="stands for 1,001 files"):
        files_at(tmp_path, HINT)
