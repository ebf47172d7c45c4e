"""Writing files so that a reader sees the old one or the whole new one, even after a power cut."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from mlci.core.names import checked_path
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears at `path`, replacing what was there, when the block ends without an error.

    Until then it lies beside it under a hidden temporary name; after an error nothing is left of it. Raises `OSError`,
    also where the path is no file's, such as `/`.
    """
    if not path.name:
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_path(path)
    try:
        # 0o666 and not mkstemp's 0o600: a store may be shared, the user's umask decides.
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path` in one step; folders are made as needed."""
    with new_file(path) as file:
        file.write(data)


def copy_below(folder: Path, path: str, source: Path) -> None:
    """Copy the file SOURCE to PATH below FOLDER in one step; no link on the way there is followed.

    Raises `IntegrityError("data-link")` where PATH leads out of FOLDER.
    """
    target = folder / checked_path(path)
    if target.parent.resolve() != (folder.resolve() / path).parent:
        raise IntegrityError(
            "data-link",
            f"{path} would lie behind a symbolic link",
            where=path,
            cause="A folder above it is a link, which may lead anywhere.",
            hint="Make it a folder, or name the data where they are.",
        )
    with source.open("rb") as content, new_file(target) as into:
        shutil.copyfileobj(content, into)


def write_folder(place: Path, files: Mapping[str, bytes]) -> None:
    """Write a folder with these FILES, by checked relative path, to PLACE, whole or not at all."""
    temporary = temporary_path(place)
    temporary.mkdir(parents=True)
    try:
        for path, content in files.items():
            write_atomically(temporary / checked_path(path), content)
        sync_folder(temporary)
        temporary.rename(place)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    sync_folder(place.parent)


def temporary_path(path: Path) -> Path:
    """Return a hidden name beside `path` that nobody else uses."""
    return path.with_name(f".{path.name}.{secrets.token_hex(8)}.partial")


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, as `fsync` does for the content of a file."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
