"""What a model is asked with on this machine, as one hash: interpreter, libraries, and mlci itself."""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import mlci

if TYPE_CHECKING:
    from collections.abc import Iterator

OWN: Final = Path(mlci.__file__).parent
DISTRIBUTIONS: Final = (".dist-info", ".egg-info", ".pth", ".egg-link")
"""How what an installer leaves for each distribution ends."""


@cache
def state_of(python: Path) -> str:
    """Return the sha256 over PYTHON, what is installed beside it (names, versions, times), and mlci's own code."""
    state = hashlib.sha256(f"{python.absolute()}\n{sys.version}\n".encode(errors="surrogateescape"))
    for folder in _libraries(python):
        for name, changed in sorted(_installed(folder)):
            state.update(f"{folder}/{name} {changed}\n".encode(errors="surrogateescape"))
    for path, content in _sources(OWN):
        state.update(f"{path} {len(content)}\n".encode(errors="surrogateescape") + content)
    return state.hexdigest()


def state_here() -> str:
    """Return the state of this interpreter, which models are asked with unless a package names other versions."""
    return state_of(Path(sys.executable))


def _libraries(python: Path) -> list[str]:
    """Return the folders that PYTHON has its libraries in."""
    if python.absolute() == Path(sys.executable).absolute():
        return [path for path in sys.path if path]
    return sorted(map(str, python.absolute().parents[1].glob("lib*/python*/site-packages")))


def _installed(folder: str) -> Iterator[tuple[str, int]]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(DISTRIBUTIONS):
                    yield entry.name, entry.stat(follow_symlinks=False).st_mtime_ns
    except OSError:  # an archive, or a folder that is not there
        return


def _sources(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the name and content of each module below FOLDER, in their order."""
    for place, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            if name.endswith(".py"):
                yield f"{place}/{name}", Path(place, name).read_bytes()
