"""What a reference names: `NAME@v1.2.3`, `NAME#production`, `candidate`, or a path to a package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlci.commands.candidate import read_candidate
from mlci.commands.evaluation import fetch
from mlci.commands.installed import Installed
from mlci.commands.resolving import path_hint
from mlci.core.registry.catalogue import stage_hint, unknown_stage
from mlci.errors import UsageError

if TYPE_CHECKING:
    from mlci.commands.ports import RegistryBranch, Store, Workbench
    from mlci.core.registry import Version

_REFERENCE = re.compile(
    r"(?:(?P<name>[a-z][a-z0-9_-]{0,62})(?=[@#]))?"
    r"(?:@?(?P<version>v[0-9]+\.[0-9]+\.[0-9]+)|#(?P<stage>[a-z][a-z0-9_-]{0,62}))"
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
