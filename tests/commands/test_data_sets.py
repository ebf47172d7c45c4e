from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mlci.adapters.duckdb import DuckdbData
from mlci.commands.data_sets import files_of
from mlci.core.contract import ColumnSpec
from mlci.core.data_section import DataSection, identity
from mlci.errors import MlciError
from mlci.testing import MemoryData, MemoryTree

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.core.data_files import DataFiles

A, B, C = b"id,x\n1,u\n", b"id,x\n2,v\n", b"x,id\nw,3\n"
PARTS = {"data/b.csv": B, "data/a.csv": A, "data/_SUCCESS": b"", "data/.a.csv.crc": b"?"}


def section(path: str, **keys: object) -> DataSection:
    return DataSection.model_validate({"path": path, **keys})


def found(tree: dict[str, bytes], place: Path, path: str, **keys: object) -> DataFiles:
    return files_of(section(path, **keys), MemoryTree(tree), MemoryData(), place)


def rows(files: DataFiles, **columns: Any) -> dict[str, list[Any]]:  # noqa: ANN401 - types and values of columns
    table = DuckdbData().read_table(files, [ColumnSpec(name, kind) for name, kind in columns.items()])
    return {name: column.values.tolist() for name, column in table.columns.items()}


@pytest.mark.parametrize("path", ["data", "data/*.csv", "data/[ab].csv", "**/*.csv"])
def test_files_of__several_are_read_in_the_order_of_their_names(tmp_path: Path, path: str) -> None:
    files = found(PARTS, tmp_path, path)
    assert [file.name for file in files.files] == ["data/a.csv", "data/b.csv"]
    assert rows(files, id="integer", x="string") == {"id": [1, 2], "x": ["u", "v"]}


def test_files_of__folders_say_columns(tmp_path: Path) -> None:
    tree = {"data/year=2024/country=de/a.csv": A, "data/year=2023/country=fr/a.csv": B}
    files = found(tree, tmp_path, "data")
    assert rows(files, id="integer", year="integer", country="string") == {
        "id": [2, 1],
        "year": [2023, 2024],
        "country": ["fr", "de"],
    }


def refusal(tree: dict[str, bytes], place: Path, path: str, **keys: object) -> tuple[str, int, str]:
    with pytest.raises(MlciError) as error:
        rows(found(tree, place, path, **keys), id="integer")
    return error.value.code, error.value.exit_code, error.value.problem


def test_files_of__nothing_is_dropped_or_widened(tmp_path: Path) -> None:
    assert refusal({**PARTS, "data/c.csv": C}, tmp_path, "data") == (
        "data-files-differ", 1, "c.csv has other columns than a.csv",
    )  # fmt: skip
    assert refusal({**PARTS, "data/README.md": b"hello"}, tmp_path, "data") == (
        "data-format-unknown", 2, "data/README.md does not tell its format",
    )  # fmt: skip
    assert refusal({**PARTS, "data/c.parquet": b"PAR1"}, tmp_path, "data") == (
        "data-format-unknown", 2, "data/c.parquet is of another format than data/a.csv",
    )  # fmt: skip
    assert refusal({"d/y=1/a.csv": A, "d/m=1/b.csv": B}, tmp_path, "d")[:2] == ("data-files-differ", 1)


def test_files_of__limits_hold(tmp_path: Path) -> None:
    assert refusal(PARTS, tmp_path, "data", limits={"files": 1}) == (
        "data-too-many", 1, "data stands for 2 files, and 1 are allowed",
    )  # fmt: skip
    large = {"data/a.csv": A + b"2,u\n" * 200, "data/b.csv": B + b"3,u\n" * 200}
    assert refusal(large, tmp_path, "data", limits={"size": "1kB"})[0] == "data-too-large"


def test_files_of__what_is_not_there(tmp_path: Path) -> None:
    assert refusal(PARTS, tmp_path, "data/*.parquet")[:2] == ("data-missing", 2)
    assert refusal(PARTS, tmp_path, "data/c.csv")[:2] == ("data-missing", 2)


def test_files_of__a_pin_is_verified(tmp_path: Path) -> None:
    assert refusal(PARTS, tmp_path, "data/a.csv", sha256="0" * 64)[:2] == ("data-differs", 4)


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"path": "data/*.csv", "sha256": "0" * 64}, "sha256: is the hash of one file"),
        ({"path": "data/a.csv", "endpoint_url": "https://x"}, "endpoint_url: says where an s3:// address is answered"),
        ({"path": "data/a.csv", "format": "xls"}, "xls"),
        ({"path": "data/a.csv", "format": {"csv": {}, "parquet": {}}}, "name one format"),
        ({"path": "data/a.csv", "format": {"csv": {"delimiter": ":"}}}, "delimiter"),
        ({"path": "data/a.csv", "limits": {"size": 5}}, "a size with its unit is wanted"),
    ],
)
def test_section__what_does_not_fit_is_refused(keys: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        DataSection.model_validate(keys)


def test_format__is_a_word_or_a_dialect() -> None:
    assert section("a", format="parquet") == section("a", format={"parquet": {}})
    written = section("a", format={"csv": {"delimiter": ";", "encoding": "latin-1"}}).format
    assert written is not None
    assert written.csv is not None
    assert (written.csv.delimiter, written.csv.encoding, written.chosen) == (";", "latin-1", written.csv)


def test_identity__changes_with_bytes_names_and_pins() -> None:
    ids = {"data/a.csv": "1", "data/b.csv": "2", "other.csv": "3"}
    whole = section("data")
    told = {identity(whole, each) for each in (ids, {**ids, "data/a.csv": "9"}, {**ids, "data/c.csv": "2"})}
    assert len(told) == 3
    assert identity(whole, {**ids, "other.csv": "9"}) == identity(whole, ids)
    assert identity(section("data/a.csv"), ids) == "1"
    assert identity(section("data/z.csv"), ids) is None


def test_identity__of_what_dvc_tracks_is_its_pointer() -> None:
    ids = {"data/a.csv.dvc": "1", "raw.dvc": "2", "data/b.csv": "3"}
    assert identity(section("data/a.csv"), ids) != identity(section("data/a.csv"), {**ids, "data/a.csv.dvc": "9"})
    assert identity(section("raw/x/a.csv"), ids) != identity(section("raw/x/a.csv"), {**ids, "raw.dvc": "9"})
    assert identity(section("data/*.csv"), ids) != identity(section("data/*.csv"), {**ids, "data/a.csv.dvc": "9"})
