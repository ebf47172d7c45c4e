"""A package that lies at a path; nothing of the registry, the data or the gates is loaded for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.commands.installed import Installed
from mlci.core.package import MANIFEST_FILE, PACKAGE_FILE, read_package
from mlci.errors import IntegrityError, UsageError
from mlci.formats.archive import ArchiveLimits, digest, pack, unpack

if TYPE_CHECKING:
    from pathlib import Path

MOST_FILES = 100
UNMENDED = "Do not use it. Where it was deployed, `mlci deploy` says how to bring it back."
CURRENT = "current"
"""Where a target that is a directory has the package that answers."""


def read_path(path: Path) -> Installed:
    """Return the package at PATH, a folder or an archive.

    Raises `UsageError("no-package")` for a folder that is none, `IntegrityError("package-malformed")` for one that was.
    """
    if path.is_dir():
        if not any((path / name).is_file() for name in (PACKAGE_FILE, MANIFEST_FILE)):
            raise _no_package(path)
        names = sorted(path.iterdir())
        if len(names) > MOST_FILES or not all(item.is_file() for item in names):
            raise IntegrityError(
                "package-malformed",
                "the folder of the package holds more than a package",
                where=str(path),
                cause="Something was put beside its files, such as a folder.",
                hint="Take away what does not belong there.",
            )
        _refuse_large(path, *names)
        files = {item.name: item.read_bytes() for item in names}
    else:
        if not path.is_file():  # a device has no end, and a pipe may never begin
            raise IntegrityError("package-malformed", "it is neither a file nor a folder", where=str(path))
        _refuse_large(path, path)
        files = unpack(path.read_bytes())
    try:
        package = read_package(files)
    except IntegrityError as error:
        if error.code != "package-malformed":
            raise
        # Training again makes another package; it does not mend this one.
        raise IntegrityError(error.code, error.problem, where=str(path), cause=error.cause, hint=UNMENDED) from error
    return Installed(package, digest(pack(files)))


def _refuse_large(package: Path, *files: Path) -> None:
    """Raise where the FILES of a PACKAGE are together larger than any package is."""
    limit = ArchiveLimits().total_bytes
    size = sum(file.stat().st_size for file in files)
    if size > limit:
        problem = f"it has {size:,} bytes, more than the {limit:,} that are allowed"
        raise IntegrityError("package-malformed", problem, where=str(package))


def _no_package(path: Path) -> UsageError:
    current = path / CURRENT
    is_target = (current / PACKAGE_FILE).is_file()
    return UsageError(
        "no-package",
        "the folder is no package",
        where=str(path),
        cause=f"A target keeps the package that answers in {CURRENT}." if is_target else f"It has no {PACKAGE_FILE}.",
        hint=str(current) if is_target else "Name the folder of a package, such as .mlci/candidate",
    )
