"""A folder that is made once, whoever wants it at the same time."""

from __future__ import annotations

import fcntl
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def is_made(path: Path) -> bool:
    """Tell whether PATH is a folder that `made_once` made, so that it may be removed: it is made anew when wanted."""
    return path.is_dir() and _mark(path).is_file()


@contextmanager
def made_once(path: Path, *, holds: str = ".") -> Iterator[bool]:
    """Yield whether PATH is whole already; who wants the same waits until the block is done.

    What the block makes is whole when it ends well, and removed when it does not. The folder above must be there; what
    is whole is found where nothing can be written, too. HOLDS is a path in it, without which it is not whole any more.
    """
    mark = _mark(path)
    if _is_whole(path / holds, mark):
        yield True
        return
    with path.with_name(f"{path.name}.lock").open("wb") as lock:
        # Who makes it may be killed, and its children go on: those that it lets have the lock keep others out.
        fcntl.fcntl(lock, fcntl.F_SETFD, 0)
        fcntl.flock(lock, fcntl.LOCK_EX)
        is_whole = _is_whole(path / holds, mark)
        if not is_whole:
            # Somebody may have removed the folder and left its mark, which must not speak for the next one.
            mark.unlink(missing_ok=True)
            shutil.rmtree(path, ignore_errors=True)
        try:
            yield is_whole
        except BaseException:
            if not is_whole:
                shutil.rmtree(path, ignore_errors=True)
            raise
        if not is_whole:
            mark.touch()


def _mark(path: Path) -> Path:
    return path.with_name(f"{path.name}.whole")


def _is_whole(held: Path, mark: Path) -> bool:
    # In this order: what is there before the mark is asked for was either whole then, or has none.
    return held.exists() and mark.is_file()
