"""What lies in the folder of a run may be anything: the script wrote it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from mlci.adapters.tracking_folder import MODULE, tracking
from mlci.core.runs.tracked import Tracked

if TYPE_CHECKING:
    from pathlib import Path

LINE = b'[1,"metric","loss",0.5,0]\n'


def test_folder__is_one_of_its_own_and_goes(tmp_path: Path) -> None:
    with tracking(tmp_path) as first, tracking(tmp_path) as second:
        assert first.lines != second.lines
        assert first.read() == Tracked()
    assert list(tmp_path.iterdir()) == []


def test_variables__name_the_module_behind_what_the_user_names(tmp_path: Path) -> None:
    with tracking(tmp_path) as folder:
        assert folder.variables({}) == {"MLCI_RUN": str(folder.lines), "PYTHONPATH": str(folder.modules)}
        assert folder.variables({"PYTHONPATH": "/own"})["PYTHONPATH"] == f"/own{os.pathsep}{folder.modules}"
        assert (folder.modules / "mlci.py").read_bytes() == MODULE.read_bytes()


def test_read__plain_files_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(LINE.replace(b"loss", b"other"))
    with tracking(tmp_path) as folder:
        (folder.lines / "1.jsonl").write_bytes(LINE)
        (folder.lines / "link").symlink_to(tmp_path / "elsewhere")
        (folder.lines / "folder").mkdir()
        os.mkfifo(folder.lines / "pipe")
        assert folder.read().last == {"loss": 0.5}


def test_read__no_link_in_the_place_of_the_folder(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "1.jsonl").write_bytes(LINE)
    with tracking(tmp_path) as folder:
        folder.lines.rmdir()
        folder.lines.symlink_to(other)
        assert folder.read() == Tracked()
    assert (other / "1.jsonl").exists()


@pytest.mark.parametrize("content", [b"", b"text"])
def test_read__a_file_in_the_place_of_the_folder(tmp_path: Path, content: bytes) -> None:
    with tracking(tmp_path) as folder:
        folder.lines.rmdir()
        folder.lines.write_bytes(content)
        assert folder.read() == Tracked()


def test_module__needs_nothing_but_the_standard_library(tmp_path: Path) -> None:
    with tracking(tmp_path) as folder:
        program = "import mlci, sys; mlci.log_metric('loss', 1); assert not {'pydantic', 'numpy'} & set(sys.modules)"
        environment = folder.variables({})
        subprocess.run([sys.executable, "-S", "-c", program], env=environment, cwd=tmp_path, check=True)
        assert folder.read().last == {"loss": 1.0}
