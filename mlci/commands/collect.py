"""`mlci registry gc`: remove packages that no version references and that nobody has put there for long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.stored import Collection
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet
    from datetime import timedelta

    from mlci.commands.ports import Collectable, RegistryBranch
    from mlci.core.stored import Stored


def collect(
    stores: Sequence[tuple[str, Collectable]], older_than: timedelta, *, registry: RegistryBranch, deletes: bool
) -> tuple[Collection, ...]:
    """Find the packages in STORES (by place) that no version of any model of this repository references, each its own.

    Those that are old are removed if it DELETES. A version keeps its package, also when it is quarantined or
    deprecated. A package that was put there lately may be on its way into a version. A store or a registry that
    cannot be read stops it, before anything is removed anywhere; so does a tag of a version that no registry knows
    (`IntegrityError("registry-incomplete")`): the branch can come back, its packages could not.
    """
    # What lies there is listed first: what is registered after that was put there again, and so is young.
    stored = [store.stored() for _, store in stores]
    versions = {
        (model, number): version
        for model in registry.models()
        for number, version in registry.load(model).registry.versions.items()
    }
    _refuse_lost(registry.version_tags() - versions.keys())
    needed = {version.package_sha256 for version in versions.values()}
    return tuple(
        _collected(place, store, found, needed, older_than, deletes=deletes)
        for (place, store), found in zip(stores, stored, strict=True)
    )


def _refuse_lost(lost: AbstractSet[tuple[str, str]]) -> None:
    if not lost:
        return
    model, number = min(lost)
    raise IntegrityError(
        "registry-incomplete",
        f"the origin has a tag {model}@{number}, and no registry knows that version; nothing was removed",
        where=f"mlci/registry/{model}",
        cause="The branch was deleted or set back, and its packages would look as if nobody needed them; or somebody "
        "promoted just now.",
        hint=f"mlci registry repair (in the folder of the mlci.yaml of {model}), and again",
    )


def _collected(
    place: str,
    store: Collectable,
    stored: Sequence[Stored],
    needed: set[str],
    older_than: timedelta,
    *,
    deletes: bool,
) -> Collection:
    others = [each for each in stored if each.sha256 not in needed]
    unneeded = tuple(each for each in others if each.age > older_than)
    return Collection(
        place=place,
        referenced=tuple(each for each in stored if each.sha256 in needed),
        young=tuple(each for each in others if each.age <= older_than),
        unneeded=unneeded,
        removed=tuple(each.sha256 for each in unneeded if deletes and store.remove(each.sha256, older_than)),
        unfinished=store.unfinished(older_than, removes=deletes),
    )
