"""What a reference names: `NAME@v1.2.3`, `NAME#production`, `candidate`, or a path to a package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlci.commands.candidate import read_candidate
from mlci.commands.evaluation import fetch
from mlci.commands.installed import Installed
from mlci.commands.resolving import path_hint
from mlci.core.package import MANIFEST_FILE, PACKAGE_FILE, read_package
from mlci.core.registry.catalogue import stage_hint, unknown_stage
from mlci.errors import IntegrityError, UsageError
from mlci.formats.archive import ArchiveLimits, digest, pack, unpack

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.ports import RegistryBranch, Store, Workbench
    from mlci.core.registry import Version

_REFERENCE = re.compile(
    r"(?:(?P<name>[a-z][a-z0-9_-]{0,62})(?=[@#]))?"
    r"(?:@?(?P<version>v[0-9]+\.[0-9]+\.[0-9]+)|#(?P<stage>[a-z][a-z0-9_-]{0,62}))"
)
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


def resolve_version(text: str, model: str, registry: RegistryBranch) -> Version:
    """Return the version that TEXT names in the registry of MODEL; raises `UsageError` with what there is."""
    match = _REFERENCE.fullmatch(text)
    state = registry.load(model).registry
    if match is None or (match["name"] and match["name"] != model):
        raise UsageError(
            "unknown-reference",
            f"{text!r} names nothing here",
            cause="A reference is a version, a stage, `candidate` or a path to a package.",
            hint=path_hint(text)
            or stage_hint(text, state)
            or f"{model}@v1.0.0, {model}#production, candidate or a folder",
        )
    version = state.version_at(match["stage"]) if match["stage"] else state.versions.get(match["version"])
    if version is None:
        there = ", ".join(state.versions) or "none yet"
        if match["stage"]:
            raise unknown_stage(match["stage"], state)
        raise UsageError(
            "unknown-version",
            f"{text} is not in the registry of {model}",
            where=f"versions: {there}",
            hint=path_hint(text) or "mlci registry list",
        )
    return version


def resolve(text: str, model: str, *, registry: RegistryBranch, store: Store, work: Workbench) -> Installed:
    """Return the package that TEXT names in the repository of MODEL."""
    if text == "candidate":
        candidate = read_candidate(work.submission())
        return Installed(candidate.package, candidate.sha256)
    return fetch(resolve_version(text, model, registry), store)
