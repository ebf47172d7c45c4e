"""A folder that is made once, whoever wants it at the same time."""

from __future__ import annotations

import fcntl
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def made_once(path: Path) -> Iterator[bool]:
    """Yield whether PATH is whole already; who wants the same waits until the block is done.

    What the block makes is whole when it ends well, and removed when it does not. The folder above must be there.
    """
    mark = path.with_name(f"{path.name}.whole")
    with path.with_name(f"{path.name}.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        is_whole = mark.is_file() and path.is_dir()
        if not is_whole:
            shutil.rmtree(path, ignore_errors=True)
        try:
            yield is_whole
        except BaseException:
            if not is_whole:
                shutil.rmtree(path, ignore_errors=True)
            raise
        mark.touch()
