from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from mlci.adapters.made_once import made_once

if TYPE_CHECKING:
    from pathlib import Path


def make(path: Path) -> None:
    with made_once(path) as is_whole:
        assert not is_whole
        path.mkdir()


def test_made_once__that_is_whole_is_found_where_nothing_can_be_written(tmp_path: Path) -> None:
    make(tmp_path / "made")
    lock = tmp_path / "made.lock"
    lock.unlink()
    lock.mkdir()  # nobody can write it, nor may the superuser
    with made_once(tmp_path / "made") as is_whole:
        assert is_whole


def test_made_once__after_its_folder_was_removed_and_who_made_it_anew_was_killed(tmp_path: Path) -> None:
    path = tmp_path / "made"
    make(path)
    shutil.rmtree(path)
    with made_once(path) as is_whole:
        assert not is_whole
        path.mkdir()
        # As a kill leaves it at this moment.
        left = shutil.copytree(tmp_path, tmp_path.with_name(f"{tmp_path.name}-left"))
    make(left / "made")
