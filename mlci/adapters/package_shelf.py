"""Packages laid out as folders, each whole or not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.adapters.files import write_folder
from mlci.core.names import checked_path
from mlci.errors import IntegrityError, OutsideError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class PackageShelf:
    """A folder of folders, one a package."""

    def __init__(self, folder: Path) -> None:
        """Lay out packages in `folder`, which is made with the first."""
        self._folder = folder

    def lay_out(self, name: str, files: Mapping[str, bytes]) -> Path:
        """Return a folder with exactly these files (path → content), made unless it is there.

        Raises `IntegrityError("folder-differs")` where something else lies there, `UsageError("bad-path")`,
        `OutsideError("folder-failed")`.
        """
        place = self._folder / checked_path(name)
        try:
            if not place.exists():
                write_folder(place, files)
            if not _is_same(place, files):
                raise IntegrityError(
                    "folder-differs",
                    f"{name} is there already, and is something else; nothing was written",
                    where=str(place),
                    cause="Somebody changed a file there, or it is another model's.",
                    hint=f"Move it away, or name another folder: --to FOLDER (rm -r {place})",
                )
        except OSError as error:
            raise OutsideError(
                "folder-failed",
                f"the package could not be written: {error.strerror}",
                where=str(self._folder),
                hint="Look at the disk's free space and the folder's permissions, or name another: --to FOLDER",
            ) from error
        return place


def _is_same(place: Path, files: Mapping[str, bytes]) -> bool:
    found = {path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_symlink() or not path.is_dir()}
    if found != files.keys():
        return False
    return all(not (place / path).is_symlink() and (place / path).read_bytes() == files[path] for path in files)
