"""Where `mlci pull` finds registry and store: in this repository, or in one that is elsewhere."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlci.cli.releases import TOKEN
from mlci.cli.wiring import Workplace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlci.commands.ports import Store
    from mlci.core.registry import Registry, Version

    Found = tuple[Registry, Version, Store]


def _elsewhere(reference: str, registry: Registry) -> str:
    """Return what mends a REFERENCE to a REGISTRY that is not this repository's, where no other verb can look."""
    from mlci.core.registry.catalogue import stage_hint

    stages = ", ".join(f'"#{name}"' for name, stage in sorted(registry.stages.items()) if stage.version is not None)
    return (
        stage_hint(reference, registry)
        or f"Name one of its versions{f', or of its stages: {stages}' if stages else ''}"
    )


@contextmanager
def opened(reference: str, origin: str | None, directory: Path | None) -> Iterator[Found]:
    """Yield the registry that REFERENCE is looked up in, its version, and the store that has its bytes."""
    from mlci.adapters.directory_store import DirectoryStore
    from mlci.commands.beginning import refuse_gone
    from mlci.commands.resolving import resolve_in

    if origin is None:
        place = Workplace.here()
        config = place.config()
        base = place.base_commit(None)
        registries = place.registry()
        loaded = registries.load(config.model.name)
        refuse_gone(loaded, registries)
        registry = loaded.registry
        version = resolve_in(registry, reference)
        place.vouching(base)(registry, [version.number], _stage_in(reference))
        store = DirectoryStore(directory) if directory else place.open_store(config.promote)
        yield registry, version, store
        return

    from mlci.adapters.borrowed_origin import borrowed_origin
    from mlci.adapters.git_process import Git
    from mlci.adapters.registry_branch import GitRegistry
    from mlci.adapters.ssh_signing import SshSigning
    from mlci.cli.foreign_store import foreign_demand, foreign_store, login
    from mlci.commands.resolving import model_in
    from mlci.commands.signatures import refuse_unvouched

    environ = {name: value for name, value in os.environ.items() if name != TOKEN}
    with borrowed_origin(origin, Git(environ, login=login(os.environ))) as (repository, tip):
        registries = GitRegistry(repository)
        model = model_in(reference, registries.models())
        registry = registries.load(model).registry
        version = resolve_in(registry, reference, hint=_elsewhere(reference, registry))
        demand = foreign_demand(repository.tree(tip), model)
        refuse_unvouched(registry, [version.number], _stage_in(reference), demand, SshSigning(None, environ))
        if directory:
            yield registry, version, DirectoryStore(directory)
        else:
            yield registry, version, foreign_store(origin, repository.tree(tip), tip, model)


def _stage_in(reference: str) -> str | None:
    """Return the stage that a REFERENCE which led to a version names."""
    return reference.partition("#")[2] or None
