"""`mlci registry list|show`: what there is, what points to it, and who moved it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.registry.catalogue import Entry, History, entries, history

if TYPE_CHECKING:
    from mlci.commands.ports import RegistryBranch


def list_versions(model: str, *, registry: RegistryBranch) -> tuple[Entry, ...]:
    """Return every version of MODEL, the newest first."""
    return entries(registry.load(model).registry)


def show(model: str, reference: str | None, *, registry: RegistryBranch) -> History:
    """Return the events of what REFERENCE names, or of the whole MODEL."""
    return history(registry.load(model).registry, reference)
