"""`mlci registry export`: every model of the repository, with the evaluations of its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.commands.registry import evaluation_of
from mlci.render.registry_html import Exported

if TYPE_CHECKING:
    from mlci.commands.ports import RegistryBranch
    from mlci.core.registry import Registry


def export(registry: RegistryBranch) -> tuple[Exported, ...]:
    """Return all models with every evaluation that their branches hold; raises where a branch does not hold."""
    return tuple(_exported(registry.load(model).registry, registry) for model in registry.models())


def _exported(state: Registry, registry: RegistryBranch) -> Exported:
    known = {number: evaluation_of(version, registry) for number, version in state.versions.items()}
    return Exported(state, {number: each for number, each in known.items() if each is not None})
