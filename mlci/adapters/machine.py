"""What a training command runs on: system, processor, and the interpreter that its command line names."""

from __future__ import annotations

import json
import os
import platform
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlci.core.plain_text import one_line
from mlci.core.training import Machine

if TYPE_CHECKING:
    from collections.abc import Mapping

ASK_SECONDS: Final = 10.0
LARGEST_ANSWER: Final = 1 << 20
MOST_PACKAGES: Final = 5_000

_PYTHON: Final = re.compile(r"python[0-9.]*")
_ASSIGNMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=.*", re.DOTALL)
_BEFORE: Final = frozenset({"exec", "env", "time", "nice"})
"""Programs that start another one."""

# Names of folders say name and version, so that no metadata file is opened: a tenth of what importlib.metadata takes.
_QUESTION: Final = """
import json, os, platform, sys
found = {}
for folder in sys.path:
    try:
        names = os.listdir(folder or ".")
    except OSError:
        continue
    for name in names:
        stem, ending = os.path.splitext(name)
        parts = stem.split("-")
        if ending == ".dist-info" and len(parts) == 2:
            found.setdefault(parts[0].replace("_", "-").lower(), parts[1])
print(json.dumps([platform.python_implementation() + " " + platform.python_version(), found]))
"""


def machine(command: str, environment: Mapping[str, str], folder: Path, empty_folder: Path) -> Machine:
    """Return what COMMAND runs on in FOLDER; its interpreter is asked in an empty folder, where it imports nothing."""
    system = platform.uname()
    interpreter = interpreter_of(command, environment.get("PATH", os.defpath), folder)
    python, packages = (None, {}) if interpreter is None else _asked(interpreter, environment, empty_folder)
    return Machine(one_line(f"{system.system} {system.release} {system.machine}", 200), _cpu(), python, packages)


def interpreter_of(command: str, path: str, folder: Path) -> str | None:
    """Return the Python that a command line begins with; None where it begins with something else, such as a tool."""
    try:
        words = shlex.split(command, comments=True)
    except ValueError:
        return None
    word = next((word for word in words if word not in _BEFORE and not _ASSIGNMENT.fullmatch(word)), "")
    if not _PYTHON.fullmatch(word.rpartition("/")[2]):
        return None
    return str(folder / word) if "/" in word else shutil.which(word, path=path)


def _asked(interpreter: str, environment: Mapping[str, str], folder: Path) -> tuple[str | None, dict[str, str]]:
    """Return version and packages of an interpreter as it says; None and nothing where it gives no such answer."""
    question = [interpreter, "-E", "-c", _QUESTION]
    try:
        asked = subprocess.Popen(
            question, cwd=folder, env=dict(environment),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    except OSError:
        return None, {}
    with asked:
        try:
            output, _ = asked.communicate(timeout=ASK_SECONDS)
        except subprocess.TimeoutExpired:
            asked.kill()
            return None, {}
    return _answer(output)


def _answer(output: bytes) -> tuple[str | None, dict[str, str]]:
    try:
        answer = json.loads(output) if len(output) <= LARGEST_ANSWER else None
    except (ValueError, RecursionError):
        return None, {}
    match answer:
        case [str(python), dict(found)]:
            named = {one_line(str(name), 200): one_line(str(version), 100) for name, version in found.items()}
            return one_line(python, 100), dict(sorted(named.items())[:MOST_PACKAGES])
        case _:
            return None, {}


def _cpu() -> str | None:
    """Return the model of the processor."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as lines:
            found = next((line.partition(":")[2] for line in lines if line.startswith("model name")), "")
    except OSError:
        found = ""
    return one_line(found or platform.machine(), 200) or None
