"""`mlci registry repair`: say what could be done about a damaged registry; nothing is done, and nothing guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.registry.audit import audit
from mlci.core.registry.repair import propose_for, propose_recreating, propose_restoring
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from mlci.commands.ports import RegistryBranch
    from mlci.core.registry import Registry, Trail
    from mlci.core.registry.repair import Proposal


def repair(model: str, *, registry: RegistryBranch) -> tuple[Proposal, ...]:
    """Return what could be done about each thing that is wrong with the branch and the tags of MODEL."""
    trail = registry.trail(model)
    gone = propose_recreating(model, trail)
    if gone is not None:
        return (gone,)
    try:
        found = registry.load_at(model, trail.commit).registry if trail.commit else registry.load(model).registry
    except IntegrityError as error:
        whole = _newest_whole(model, trail, registry)
        # What was never a registry, as far as anybody knows here, is another tool's branch.
        if error.code != "registry-broken" and (error.code != "foreign-branch" or not (whole or trail.lost)):
            raise
        return (propose_restoring(model, error, trail, whole),)
    findings = [each for each in audit(found, trail) if not each.is_warning]
    return propose_for(model, findings, trail)


def _newest_whole(model: str, trail: Trail, registry: RegistryBranch) -> tuple[str, Registry] | None:
    """Return the newest commit of the branch that can be read, with what it holds."""
    for step in reversed(trail.steps):
        try:
            return step.commit, registry.load_at(model, step.commit).registry
        except IntegrityError:
            continue
    return None
