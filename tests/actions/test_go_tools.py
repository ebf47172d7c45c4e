"""The set-up of the tools that are written in Go."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.actions.lint_workflows import ACTIONLINT, ROOT

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = ROOT / "requirements" / "go_tools.py"


def set_up(*arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-I", str(SCRIPT), *arguments]
    done = subprocess.run(command, env={"PATH": ""}, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


def test_go_tools__want_a_folder() -> None:
    assert set_up() == (2, "usage: go_tools.py FOLDER\n")


@pytest.mark.needs("act")
@pytest.mark.needs("actionlint")
def test_go_tools__a_second_time_are_there_and_need_no_go(tmp_path: Path) -> None:
    for tool in ("act", "actionlint"):
        (tmp_path / tool).touch()
        (tmp_path / f"{tool}.version").write_text((ACTIONLINT.parent / f"{tool}.version").read_text())
    assert set_up(str(tmp_path)) == (0, "")
