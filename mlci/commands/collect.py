"""`mlci registry gc`: remove packages that no version references and that nobody has put there for long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlci.commands.ports import Collectable
from mlci.errors import UsageError

if TYPE_CHECKING:
    from datetime import timedelta

    from mlci.commands.ports import RegistryBranch, Store
    from mlci.core.stored import Stored


@dataclass(frozen=True, slots=True)
class Collection:
    """What a store holds, by what becomes of it."""

    referenced: tuple[Stored, ...]
    young: tuple[Stored, ...]
    unneeded: tuple[Stored, ...]
    removed: tuple[str, ...]
    """The digests of what was removed; none in a dry run."""
    unfinished: int = 0
    """Halves of uploads that were killed, which no name leads to."""

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        unneeded = [{"package": each.sha256, "size": each.size} for each in self.unneeded]
        kept = {"referenced": len(self.referenced), "young": len(self.young)}
        return {"kept": kept, "unneeded": unneeded, "removed": list(self.removed), "unfinished": self.unfinished}


def collect(store: Store, older_than: timedelta, *, registry: RegistryBranch, deletes: bool) -> Collection:
    """Find the packages in STORE that no version of any model of this repository references; remove those that are old.

    A version keeps its package, also when it is quarantined or deprecated. A package that was put there lately may be
    on its way into a version. Raises `UsageError("store-not-collectable")`; a registry that cannot be read stops it.
    """
    if not isinstance(store, Collectable):
        raise UsageError(
            "store-not-collectable",
            "this kind of store cannot say what lies in it; nothing was looked at or removed",
            where="promote.store",
            cause="Only packages in a directory or a bucket can be collected in this version.",
            hint="Look at the sha256 of each version (mlci registry list --json), and remove others by hand.",
        )
    # What lies there is listed first: what is registered after that was put there again, and so is young.
    stored = store.stored()
    versions = [version for model in registry.models() for version in registry.load(model).registry.versions.values()]
    needed = {version.package_sha256 for version in versions}
    others = [each for each in stored if each.sha256 not in needed]
    unneeded = tuple(each for each in others if each.age > older_than)
    return Collection(
        referenced=tuple(each for each in stored if each.sha256 in needed),
        young=tuple(each for each in others if each.age <= older_than),
        unneeded=unneeded,
        removed=tuple(each.sha256 for each in unneeded if deletes and store.remove(each.sha256, older_than)),
        unfinished=store.unfinished(older_than, removes=deletes),
    )
