"""What a reference names: `NAME@v1.2.3`, `NAME#production`, `candidate`, or a path to a package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlci.commands.candidate import read_candidate
from mlci.commands.evaluation import Installed, fetch
from mlci.core.package import MANIFEST_FILE, PACKAGE_FILE, read_package
from mlci.errors import IntegrityError, UsageError
from mlci.formats.archive import digest, pack, unpack

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.ports import RegistryBranch, Store, Workbench
    from mlci.core.registry import Version

_REFERENCE = re.compile(
    r"(?:(?P<name>[a-z][a-z0-9_-]{0,62})(?=[@#]))?"
    r"(?:@?(?P<version>v[0-9]+\.[0-9]+\.[0-9]+)|#(?P<stage>[a-z][a-z0-9_-]{0,62}))"
)
MOST_FILES = 100
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
        files = {item.name: item.read_bytes() for item in names}
    else:
        files = unpack(path.read_bytes())
    return Installed(read_package(files), digest(pack(files)))


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


def resolve_version(text: str, model: str, registry: RegistryBranch) -> Version:
    """Return the version that TEXT names in the registry of MODEL; raises `UsageError` with what there is."""
    match = _REFERENCE.fullmatch(text)
    if match is None or (match["name"] and match["name"] != model):
        raise UsageError(
            "unknown-reference",
            f"{text!r} names nothing here",
            cause="A reference is a version, a stage, `candidate` or a path to a package.",
            hint=f"{model}@v1.0.0, {model}#production, candidate or a folder",
        )
    state = registry.load(model).registry
    version = state.version_at(match["stage"]) if match["stage"] else state.versions.get(match["version"])
    if version is None:
        there = ", ".join(state.versions) or "none yet"
        raise UsageError(
            "unknown-version",
            f"{text} is not in the registry of {model}",
            where=f"versions: {there}",
            hint="mlci registry list",
        )
    return version


def resolve(text: str, model: str, *, registry: RegistryBranch, store: Store, work: Workbench) -> Installed:
    """Return the package that TEXT names in the repository of MODEL."""
    if text == "candidate":
        candidate = read_candidate(work.submission())
        return Installed(candidate.package, candidate.sha256)
    return fetch(resolve_version(text, model, registry), store)
