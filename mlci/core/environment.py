"""The environment that a training command runs in: how it is made, and from which files, so that it is made once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from posixpath import normpath
from typing import TYPE_CHECKING, Any, Final

from mlci.core.above import MOST_FOLDERS, is_lock_above
from mlci.core.canonical import canonical_sha256
from mlci.core.command_words import words_for_a_shell
from mlci.core.configuration_file import FILE_NAME
from mlci.core.names import ABOVE
from mlci.core.runs.secrets import secrets_in, without_secrets
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mlci.core.training_sections import EnvironmentSection

VARIABLE: Final = "MLCI_ENVIRONMENT"
"""Names the folder that an install command of one's own must fill."""
UV, PIP = "uv", "pip"
UV_MEND: Final = "uv lock && git add pyproject.toml uv.lock"
UV_PROJECT, UV_LOCK = "pyproject.toml", "uv.lock"
PIP_FILES: Final = ("requirements.lock", "requirements.txt")
MOST_FILES: Final = 50
_INCLUDES: Final = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[ =]*([^\s#]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Plan:
    """How an environment is made."""

    command: str
    files: Mapping[str, str]
    """Git ids of the files that say what is in it, by path."""
    install: str
    python: str | None
    secrets: tuple[str, ...] = field(default=(), repr=False)

    @property
    def sha256(self) -> str:
        """The hash of all that goes into it."""
        return canonical_sha256({"command": without_secrets(self.command), "files": dict(self.files)})

    def to_dict(self) -> dict[str, Any]:
        """Return what a record says of it."""
        return {"install": self.install, "python": self.python, "files": dict(self.files), "sha256": self.sha256}


def plan(section: EnvironmentSection, ids: Mapping[str, str], read: Callable[[str], bytes | None]) -> Plan | None:
    """Return how the environment that SECTION describes is made from files with the Git ids IDS; None: the caller's.

    Raises `UsageError("lock-missing")` where the file is not in Git that would say which versions.
    """
    if section.install is None:
        return None
    shown = without_secrets(section.install)
    if section.install == UV:
        python = f" --python {section.python}" if section.python else ""
        command = f'UV_PROJECT_ENVIRONMENT="${VARIABLE}" uv sync --frozen --no-progress{python}'
        return Plan(command, _of_uv(ids), UV, section.python)
    if section.install == PIP:
        first = next((path for path in PIP_FILES if path in ids), PIP_FILES[-1])
        mend = "pip freeze > requirements.txt && git add requirements.txt"
        _named((first,), ids, mend)
        files = {path: ids[path] for path in _included(first, ids, read)}
        python = f"python{section.python or '3'}"
        install = f'"${VARIABLE}/bin/python" -m pip install --disable-pip-version-check --no-input --requirement'
        return Plan(f'{python} -m venv "${VARIABLE}" && {install} {first}', files, PIP, section.python)
    files = {path: ids[path] for path in words_for_a_shell(section.install) if path in ids}
    return Plan(section.install, files, shown, section.python, secrets_in(section.install))


def _of_uv(ids: Mapping[str, str]) -> dict[str, str]:
    """Return the lock that uv uses, the nearest one in a folder above, with the projects on the way to it."""
    projects: dict[str, str] = {}
    for height in range(MOST_FOLDERS + 1):
        project, lock = (f"{ABOVE * height}{name}" for name in (UV_PROJECT, UV_LOCK))
        if project in ids:
            projects[project] = ids[project]
        if lock in ids:
            return {**(projects or _named((UV_PROJECT,), ids, UV_MEND)), lock: ids[lock]}
    return _named((UV_LOCK,) if projects else (UV_PROJECT, UV_LOCK), ids, UV_MEND)


def _named(paths: tuple[str, ...], ids: Mapping[str, str], mend: str) -> dict[str, str]:
    missing = [path for path in paths if path not in ids]
    if missing:
        raise UsageError(
            "lock-missing",
            f"environment.install needs {missing[0]}, and Git has none beside mlci.yaml"
            + ("" if missing[0] in PIP_FILES else " or in a folder above"),
            where=FILE_NAME,
            cause="Without it nobody knows which versions a model was trained with.",
            hint=mend,
        )
    return {path: ids[path] for path in paths}


def _included(first: str, ids: Mapping[str, str], read: Callable[[str], bytes | None]) -> list[str]:
    """Return a requirements file and those that it includes, as far as they are in Git.

    A tree reads below its own folder only: one in a folder above counts by its id, and all that it may include there
    with it.
    """
    found: list[str] = []
    waiting = [first]
    while waiting and len(found) < MOST_FILES:
        path = waiting.pop()
        if path in found or path not in ids:
            continue
        found.append(path)
        if path.startswith(ABOVE):
            found += [other for other in ids if is_lock_above(other) and other not in found]
            continue
        text = (read(path) or b"").decode(errors="replace")
        folder = PurePosixPath(path).parent
        waiting += [normpath(folder / name) for name in _INCLUDES.findall(text)]
    return sorted(found)
