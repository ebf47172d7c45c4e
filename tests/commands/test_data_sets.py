from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest

from mlci.adapters.duckdb import DuckdbData
from mlci.commands.data_sets import files_of, wanted_at
from mlci.core.contract.model import ColumnSpec
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
        ({"path": "data/a.csv", "region": "eu-central-1"}, "region: says where an s3:// address is answered"),
        ({"path": "s3://bucket/a.csv", "sha256": "0" * 64, "region": "eu central"}, "region"),
        ({"path": "data/a.csv", "format": "xls"}, "xls"),
        ({"path": "data/a.csv", "format": {"csv": {}, "parquet": {}}}, "name one format"),
        ({"path": "data/a.csv", "format": {"csv": {"delimiter": ":"}}}, "delimiter"),
        ({"path": "data/a.csv", "limits": {"size": 5}}, "a size with its unit is wanted"),
    ],
)
def test_section__what_does_not_fit_is_refused(keys: dict[str, object], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        DataSection.model_validate(keys)


def test_section__says_where_a_bucket_is_answered() -> None:
    wanted = wanted_at(
        section("s3://bucket/a.csv", sha256="0" * 64, endpoint_url="https://s3.acme.example", region="eu-central-1")
    )
    assert (wanted.address, wanted.endpoint_url, wanted.region) == (
        "s3://bucket/a.csv", "https://s3.acme.example", "eu-central-1",
    )  # fmt: skip


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


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


LOCK = f"""\
schema: '2.0'
stages:
  prepare:
    cmd: python prepare.py
    outs:
    - path: data/a.csv
      hash: md5
      md5: {md5(A)}
    - path: data/parts
      hash: md5
      md5: {"f" * 32}.dir
    - path: data/z.csv
      md5: no hash
""".encode()


def locked(place: Path) -> MemoryData:
    """Return data that DVC keeps: a file that a stage made, and the list of a folder that it made."""
    data = MemoryData()
    listed = [{"md5": hashlib.md5(B, usedforsecurity=False).hexdigest(), "relpath": "b.csv"}]
    kept = {
        "f" * 32: json.dumps(listed).encode(),
        listed[0]["md5"]: B,
        hashlib.md5(A, usedforsecurity=False).hexdigest(): A,
    }
    for digest, content in kept.items():
        (place / digest).write_bytes(content)
        data.outside[digest] = place / digest
    return data


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("data/a.csv", ["data/a.csv"]),
        ("data/parts", ["data/parts/b.csv"]),
        ("data/parts/b.csv", ["data/parts/b.csv"]),
        ("data/parts/*.csv", ["data/parts/b.csv"]),
        ("data", ["data/a.csv", "data/parts/b.csv"]),
        ("data/*.csv", ["data/a.csv"]),
    ],
)
def test_files_of__what_a_stage_of_dvc_made_has_its_hash_from_the_lock(
    tmp_path: Path, path: str, names: list[str]
) -> None:
    data = locked(tmp_path)
    tree = MemoryTree({"dvc.lock": LOCK})
    files = files_of(section(path), tree, data, tmp_path)
    assert [file.name for file in files.files] == names
    assert all(file.pin is not None and file.pin.algorithm == "md5" for file in files.files)
    assert rows(files, id="integer")["id"] == [{"a": 1, "b": 2}[name[-5]] for name in names]


def test_files_of__a_lock_in_a_folder_names_paths_from_there(tmp_path: Path) -> None:
    data, tree = locked(tmp_path), MemoryTree({"shop/dvc.lock": LOCK})
    assert [file.name for file in files_of(section("shop/data/a.csv"), tree, data, tmp_path).files] == [
        "shop/data/a.csv"
    ]
    assert refusal({"shop/dvc.lock": LOCK}, tmp_path, "data/a.csv")[0] == "data-missing"


def test_files_of__what_git_has_and_what_no_lock_pins_is_not_taken_from_the_lock(tmp_path: Path) -> None:
    assert found({"dvc.lock": LOCK, "data/a.csv": B}, tmp_path, "data/a.csv").files[0].pin is None
    assert refusal({"dvc.lock": LOCK}, tmp_path, "data/z.csv")[0] == "data-missing"


def test_identity__of_what_a_stage_made_is_the_lock() -> None:
    assert identity(section("data/a.csv"), {"dvc.lock": "1"}) != identity(section("data/a.csv"), {"dvc.lock": "2"})
    assert identity(section("data/a.csv"), {"dvc.lock": "1", "data/a.csv": "3"}) == "3"
