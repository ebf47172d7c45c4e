"""A model that has no version yet, told from one whose registry was deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.registry.loss import registry_gone
from mlci.core.registry.numbers import sort_key

if TYPE_CHECKING:
    from mlci.commands.ports import RegistryBranch
    from mlci.core.registry import LoadedRegistry


def refuse_gone(loaded: LoadedRegistry, registry: RegistryBranch) -> None:
    """Raise where a model has no branch, and tags at the origin tell that it had one: "registry-gone".

    The origin is asked only where there is no branch. Nothing is read from a tag but that there was something.
    """
    if loaded.commit is not None:
        return
    model = loaded.registry.model
    numbers = [number for tagged, number in registry.version_tags() if tagged == model]
    if numbers:
        raise registry_gone(model, f"the tag {model}@{max(numbers, key=sort_key)}")
