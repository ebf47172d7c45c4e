"""`mlci registry list|show|history`: what there is, what points to it, and who moved it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.commands.beginning import refuse_gone
from mlci.core.evaluation import read_evaluation
from mlci.core.registry.catalogue import Entry, History, entries, history
from mlci.errors import MlciError

if TYPE_CHECKING:
    from mlci.commands.ports import RegistryBranch, Repository
    from mlci.core.evaluation import Evaluation
    from mlci.core.registry import Registry, Version


def list_versions(model: str, *, registry: RegistryBranch, asks: bool = True) -> tuple[Entry, ...]:
    """Return every version of MODEL, the newest first; where there is no branch, it ASKS the origin whether one was."""
    return entries(_found(model, registry, asks=asks))


def evaluation_of(version: Version, registry: RegistryBranch) -> Evaluation | None:
    """Return what VERSION was promoted on, None where its branch does not hold it."""
    content = None if version.evaluation is None else registry.evaluation(version.model, version.evaluation)
    return None if content is None or version.evaluation is None else read_evaluation(content, version.evaluation)


def inputs_of(version: Version, repository: Repository) -> dict[str, str]:
    """Return what went into VERSION by name (command, code, each data set, parameters), each by its hash in Git.

    Nothing where its commit is not here, or cannot be read by this mlci.
    """
    if not repository.has_commit(version.commit):
        return {}
    from mlci.commands.inputs import fingerprint_of  # noqa: PLC0415 - as above
    from mlci.commands.sides import head_side  # noqa: PLC0415 - where no commit is read, nothing of this is loaded

    tree = repository.tree(version.commit)
    try:
        found = fingerprint_of(head_side(tree), tree)
    except MlciError:
        return {}
    data = {f"data {name}": digest for name, digest in sorted(found.data.items())}
    return {"command": found.command, "code": found.code, **data, **({"params": found.params} if found.params else {})}


def show(model: str, reference: str | None, *, registry: RegistryBranch, asks: bool = True) -> History:
    """Return the events of what REFERENCE names, or of the whole MODEL; ASKS as above."""
    return history(_found(model, registry, asks=asks), reference)


def _found(model: str, registry: RegistryBranch, *, asks: bool) -> Registry:
    loaded = registry.load(model)
    if asks:
        refuse_gone(loaded, registry)
    return loaded.registry
