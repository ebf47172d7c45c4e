"""`mlci fetch`: bring what judging needs, so that the step that runs head's code needs no token and no network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.commands.sides import read_side

if TYPE_CHECKING:
    from mlci.commands.case import OpenStore
    from mlci.commands.ports import RegistryBranch, Repository


@dataclass(frozen=True, slots=True)
class Brought:
    """What is here now."""

    base: str
    production: str | None


def fetch(base: str, *, repository: Repository, registry: RegistryBranch, open_store: OpenStore) -> Brought:
    """Bring production's package for the commit BASE, which was fetched together with the registries."""
    side = read_side(repository.tree(base)) or read_side(repository.work_tree())
    if side is None:
        return Brought(base, None)
    promote = side.config.promote
    version = registry.load(side.config.model.name).registry.version_at(promote.stage)
    if version is None:
        return Brought(base, None)
    open_store(promote.store).fetch(version.package_sha256)
    return Brought(base, version.number)
