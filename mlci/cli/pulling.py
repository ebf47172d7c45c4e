"""Where `mlci pull` finds registry and store: in this repository, or in one that is elsewhere."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mlci.cli.wiring import TOKEN, Workplace
from mlci.core.plain_text import one_line
from mlci.errors import MlciError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlci.commands.ports import Store, Tree
    from mlci.core.config import StoreSection
    from mlci.core.registry import Registry, Version

    Found = tuple[Registry, Version, Store]

_MOST_CONFIGURATIONS = 200


@contextmanager
def opened(reference: str, origin: str | None, directory: Path | None) -> Iterator[Found]:
    """Yield the registry that REFERENCE is looked up in, its version, and the store that has its bytes."""
    from mlci.adapters.directory_store import DirectoryStore
    from mlci.commands.resolving import resolve_in

    if origin is None:
        place = Workplace.here()
        config = place.config()
        place.base_commit(None)
        registry = place.registry().load(config.model.name).registry
        store = DirectoryStore(directory) if directory else place.open_store(config.promote.store)
        yield registry, resolve_in(registry, reference), store
        return

    from mlci.adapters.borrowed_origin import borrowed_origin
    from mlci.adapters.git_process import Git
    from mlci.adapters.registry_branch import GitRegistry
    from mlci.commands.resolving import model_in

    environ = {name: value for name, value in os.environ.items() if name != TOKEN}
    with borrowed_origin(origin, Git(environ)) as (repository, tip):
        registries = GitRegistry(repository)
        model = model_in(reference, registries.models())
        registry = registries.load(model).registry
        version = resolve_in(registry, reference)
        store = DirectoryStore(directory or _directory(_section(repository.tree(tip), model), model))
        yield registry, version, store


def _section(tree: Tree, model: str) -> StoreSection | None:
    """Return where the configuration of MODEL says that its packages lie, None where there is no such one."""
    from mlci.core.config import FILE_NAME, read_config

    paths = [path for path in sorted(tree.ids()) if path.rpartition("/")[2] == FILE_NAME]
    for path in paths[:_MOST_CONFIGURATIONS]:
        try:
            config = read_config(tree.read(path) or b"", path)
        except MlciError:
            continue  # another model's, or one that a newer mlci reads
        if config.model.name == model:
            return config.promote.store
    return None


def _directory(section: StoreSection | None, model: str) -> Path:
    from pathlib import Path

    if section is not None and section.directory is not None and Path(section.directory).is_absolute():
        return Path(section.directory)
    if section is None:
        why = f"no mlci.yaml of its default branch is about {model}"
    elif section.directory is not None:
        why = f"promote.store is the directory {one_line(section.directory, 120)!r}, as seen from a clone of it"
    else:
        why = "promote.store is {releases: true}, which only jobs of that repository read in this version"
    raise UsageError(
        "store-unknown",
        f"where the packages of {model} lie cannot be told from here",
        cause=f"In that repository, {why}.",
        hint="Name the folder that has them: --store FOLDER",
    )
