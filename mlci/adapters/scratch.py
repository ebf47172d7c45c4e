"""Folders that live as long as a call: removed when it ends, and by the next one where it was killed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

YOUNGEST_SECONDS: Final = 60.0
"""A folder that was made just now may not be locked yet."""


@contextlib.contextmanager
def scratch_folder(beside: Path, prefix: str) -> Iterator[Path]:
    """Make a folder of our own in the folder BESIDE, and remove it in the end; first those that nobody holds any more.

    Who makes one holds a lock on it, which the system takes back when the process ends, however it ends.
    """
    beside.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(beside, prefix)
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=beside))
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(descriptor)


def _remove_abandoned(beside: Path, prefix: str) -> None:
    for path in beside.glob(f"{prefix}*"):
        with contextlib.suppress(OSError):
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                if time.time() - os.fstat(descriptor).st_mtime < YOUNGEST_SECONDS:
                    continue
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises where somebody holds it
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(descriptor)
