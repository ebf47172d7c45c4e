"""The folder that a training script logs to while it runs, and the module that it finds there."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import mlci
from mlci.adapters.scratch import scratch_folder
from mlci.core.runs.tracked import LARGEST_BYTES, Tracked, read_lines
from mlci.core.training import MODULE_VARIABLE, RUN_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MODULE: Final = Path(mlci.__file__).with_name("api.py")
MOST_FILES: Final = 10_000


class TrackingFolder:
    """Lines of all processes of one run."""

    def __init__(self, path: Path) -> None:
        """Take a folder of its own; use `tracking`."""
        self.lines = path / "lines"
        self.modules = path / "modules"

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Return what a command must know of the folder, besides what is in its ENVIRONMENT.

        The module is named behind every folder that the user names, so that it hides no module of theirs.
        """
        named = environment.get(MODULE_VARIABLE)
        modules = f"{named}{os.pathsep}{self.modules}" if named else str(self.modules)
        return {RUN_VARIABLE: str(self.lines), MODULE_VARIABLE: modules}

    def read(self) -> Tracked:
        """Return what was logged; it was written by code that nobody vouches for."""
        return read_lines(self._contents())

    def _contents(self) -> Iterator[bytes]:
        left = LARGEST_BYTES
        if self.lines.is_symlink():
            return
        try:
            names = sorted(os.listdir(self.lines))[:MOST_FILES]  # noqa: PTH208 - names are all that is needed
        except OSError:  # the script took it away
            return
        for name in names:
            content = _read(self.lines / name, left)
            left -= len(content)
            yield content


@contextmanager
def tracking(beside: Path) -> Iterator[TrackingFolder]:
    """Make a folder to log to in the folder BESIDE, and remove it in the end."""
    with scratch_folder(beside, ".tracking-") as path:
        folder = TrackingFolder(path)
        folder.lines.mkdir()
        folder.modules.mkdir()
        shutil.copyfile(MODULE, folder.modules / "mlci.py")
        yield folder


def _read(path: Path, limit_bytes: int) -> bytes:
    """Return at most the limit of a plain file; nothing of anything else, such as a link or a pipe."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return b""
        # Nothing of the run lives any more that could put another file into its place.
        with path.open("rb") as file:
            return file.read(limit_bytes)
    except OSError:
        return b""
