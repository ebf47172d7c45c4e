from __future__ import annotations

import stat
from pathlib import Path

import pytest

from mlci.adapters.files import copy_below, new_file, write_atomically
from mlci.errors import IntegrityError


def test_write__replaces_and_leaves_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "new folder/größe"
    write_atomically(file, b"one")
    write_atomically(file, b"two")
    assert file.read_bytes() == b"two"
    assert [path.name for path in file.parent.iterdir()] == ["größe"]


def test_write__others_may_read_it(tmp_path: Path) -> None:
    file, ordinary = tmp_path / "file", tmp_path / "ordinary"
    write_atomically(file, b"")
    ordinary.write_bytes(b"")
    assert stat.S_IMODE(file.stat().st_mode) == stat.S_IMODE(ordinary.stat().st_mode)


def test_new_file__is_not_there_before_the_end(tmp_path: Path) -> None:
    with new_file(tmp_path / "file") as file:
        file.write(b"half")
        file.flush()
        assert not (tmp_path / "file").exists()
    assert (tmp_path / "file").read_bytes() == b"half"


@pytest.mark.parametrize("path", ["/", ".", ""])
def test_new_file__where_only_a_folder_can_be(path: str) -> None:
    with pytest.raises(IsADirectoryError, match="Is a directory"):
        write_atomically(Path(path), b"")


@pytest.mark.parametrize("link", ["data", "data/inner"])
def test_copy_below__follows_no_link(tmp_path: Path, link: str) -> None:
    folder, elsewhere, source = tmp_path / "work", tmp_path / "elsewhere", tmp_path / "source"
    (folder / link).parent.mkdir(parents=True)
    (elsewhere / "inner").mkdir(parents=True)
    source.write_bytes(b"bytes")
    copy_below(folder, "free/inner/file", source)
    (folder / link).symlink_to(elsewhere)
    with pytest.raises(IntegrityError) as caught:
        copy_below(folder, "data/inner/file", source)
    assert (caught.value.code, list(elsewhere.rglob("file"))) == ("data-link", [])
    assert (folder / "free" / "inner" / "file").read_bytes() == b"bytes"


def write_half(path: Path) -> None:
    with new_file(path) as file:
        file.write(b"half")
        raise KeyboardInterrupt


def test_new_file__after_an_interruption_all_is_as_before(tmp_path: Path) -> None:
    write_atomically(tmp_path / "file", b"before")
    with pytest.raises(KeyboardInterrupt):
        write_half(tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
