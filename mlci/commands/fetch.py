"""`mlci fetch`: bring what judging needs, so that the step that runs head's code needs no token and no network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.commands.sides import AT_FAULT, read_side
from mlci.commands.target_branch import side_of_base
from mlci.core.side import Side

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.commands.case import OpenStore
    from mlci.commands.ports import Data, RegistryBranch, Repository, Tree


@dataclass(frozen=True, slots=True)
class Brought:
    """What is here now."""

    base: str
    production: str | None


def fetch(
    base: str, *, repository: Repository, registry: RegistryBranch, open_store: OpenStore, data: Data, objects: Path
) -> Brought:
    """Bring production's package for the commit BASE, which was fetched together with the registries."""
    head = repository.work_tree()
    theirs = _readable(head)
    ours, _ = side_of_base(repository.tree(base), theirs, head.ids(), data=data, objects=objects)
    side = ours if isinstance(ours, Side) else theirs
    if side is None:
        return Brought(base, None)
    promote = side.config.promote
    version = registry.load(side.config.model.name).registry.version_at(promote.stage)
    if version is None:
        return Brought(base, None)
    open_store(promote).fetch(version.package_sha256)
    return Brought(base, version.number)


def _readable(head: Tree) -> Side | None:
    """Return what HEAD says; what is wrong with it the check tells, which has a report to tell it in."""
    try:
        return read_side(head)
    except AT_FAULT:
        return None
