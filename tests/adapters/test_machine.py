from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mlci.adapters.machine import interpreter_of, machine

PLACES = os.defpath


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder with programs called like interpreters."""
    for name in ("python", "python3.12", "own/python"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.symlink_to(sys.executable)
    return tmp_path


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("python train.py", "python"),
        ("python3.12 -m train && echo done", "python3.12"),
        ("A=1 B='x y' python train.py", "python"),
        ("exec env A=1 python train.py", "python"),
        ("own/python train.py", "own/python"),
    ],
)
def test_interpreter__is_what_the_command_begins_with(programs: Path, command: str, name: str) -> None:
    assert interpreter_of(command, str(programs), programs) == str(programs / name)


@pytest.mark.parametrize(
    "command",
    ["", "make train", "uv run train.py", "Rscript train.R", "pythonic x", "echo 'open", "python2.6 x", "A=1"],
)
def test_interpreter__is_not_known(programs: Path, command: str) -> None:
    assert interpreter_of(command, str(programs), programs) is None


def answered_by(script: str, place: Path) -> tuple[str | None, object]:
    """Return what is believed of an interpreter that is this script."""
    program = place / "python"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    found = machine("python x", {"PATH": f"{place}:/usr/bin:/bin"}, place, place)
    return found.python, found.packages


@pytest.mark.parametrize(
    "script",
    ["exit 1", "echo hello", "echo '{}'", "echo '[1, {}]'", "head -c 2000000 /dev/zero", "printf '\\377'", "kill -9 $$",
     "echo '[\"x\", [\"numpy\"]]'"],
)  # fmt: skip
def test_machine__an_interpreter_that_gives_no_answer_is_not_known(tmp_path: Path, script: str) -> None:
    assert answered_by(script, tmp_path) == (None, {})


def test_machine__an_answer_is_made_safe_to_show(tmp_path: Path) -> None:
    assert answered_by(r"""printf '["C\\u001b[31m", {"a\\nb": 1}]'""", tmp_path) == (
        "C\N{REPLACEMENT CHARACTER}[31m",
        {"a b": "1"},
    )


def test_machine__a_program_that_cannot_be_started_is_not_known(tmp_path: Path) -> None:
    found = machine(f"{tmp_path}/python x", {}, tmp_path, tmp_path)
    assert (found.python, found.packages, bool(found.platform), bool(found.cpu)) == (None, {}, True, True)


def test_machine__nothing_of_the_folder_is_imported(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit(1)\n")
    empty = tmp_path / "empty"
    empty.mkdir()
    environment = {"PATH": str(Path(sys.executable).parent), "PYTHONPATH": str(tmp_path)}
    assert machine("python train.py", environment, tmp_path, empty).python is not None
