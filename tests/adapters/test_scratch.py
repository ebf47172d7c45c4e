from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from mlci.adapters.scratch import scratch_folder

if TYPE_CHECKING:
    from pathlib import Path


def made_long_ago(folder: Path) -> Path:
    folder.mkdir()
    (folder / "inner").write_text("x")
    os.utime(folder, (1, 1))
    return folder


def test_scratch_folder__is_gone_in_the_end(tmp_path: Path) -> None:
    with scratch_folder(tmp_path / "new", ".s-") as path:
        (path / "file").write_text("x")
    assert list((tmp_path / "new").iterdir()) == []


def test_scratch_folder__removes_what_a_killed_call_left(tmp_path: Path) -> None:
    made_long_ago(tmp_path / ".s-abandoned")
    other = made_long_ago(tmp_path / "other")
    with scratch_folder(tmp_path, ".s-") as path:
        assert sorted(tmp_path.iterdir()) == sorted([path, other])


def test_scratch_folder__leaves_what_somebody_holds(tmp_path: Path) -> None:
    held = made_long_ago(tmp_path / ".s-held")
    descriptor = os.open(held, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with scratch_folder(tmp_path, ".s-"):
        assert (held / "inner").exists()
    os.close(descriptor)


def test_scratch_folder__leaves_what_was_made_just_now_and_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / ".s-new").mkdir()
    elsewhere = made_long_ago(tmp_path / "elsewhere")
    (tmp_path / ".s-link").symlink_to(elsewhere)
    with scratch_folder(tmp_path, ".s-"):
        assert (tmp_path / ".s-new").exists()
        assert (elsewhere / "inner").exists()
