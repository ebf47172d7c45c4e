"""`mlci registry sync`: bring each version's package to each configured place that lacks it, such as a new mirror."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.stored import Gap
from mlci.errors import IntegrityError, MlciError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from mlci.commands.ports import Collectable, RegistryBranch, Store
    from mlci.core.registry import Version


def sync(
    model: str,
    stores: Sequence[tuple[str, Collectable]],
    *,
    registry: RegistryBranch,
    copies: bool,
    tell: Callable[[str], None],
) -> tuple[Gap, ...]:
    """Find which of STORES (by place) lack the package of a version of MODEL, and copy it there if it COPIES.

    What is copied is verified when it is read, and again by the place that it goes to. A source that does not have the
    right bytes does not keep the next one from being asked; a place that cannot be listed or written to stops it, and
    what was copied by then stays.
    """
    held = {place: {each.sha256 for each in store.stored()} for place, store in stores}
    gaps = []
    for version in registry.load(model).registry.versions.values():
        sources = [(place, store) for place, store in stores if version.package_sha256 in held[place]]
        for place, store in stores:
            if version.package_sha256 not in held[place]:
                gap = Gap(place, version.number, version.package_sha256, version.package_size)
                gaps.append(_filled(gap, version, store, dict(sources), copies=copies, tell=tell))
    return tuple(gaps)


def refuse_lost(gaps: Sequence[Gap]) -> None:
    """Raise `IntegrityError("package-missing")` where a package was in no place that could be read."""
    lost = sorted({gap.version for gap in gaps if gap.source is None})
    if lost:
        raise IntegrityError(
            "package-missing",
            f"no configured place has the right bytes of {', '.join(lost)}",
            cause="The place that had them is not configured any more, or its bytes were removed or damaged.",
            hint="Name that place as store or mirror and run it again; `mlci verify` looks at each byte.",
        )


def _filled(
    gap: Gap,
    version: Version,
    store: Store,
    sources: Mapping[str, Store],
    *,
    copies: bool,
    tell: Callable[[str], None],
) -> Gap:
    for source, held_by in sources.items():
        if not copies:
            return gap.from_place(source)
        try:
            archive = held_by.fetch(version.package_sha256)
        except MlciError as error:
            tell(f"{source} does not help with {version.number}: {error.problem}")
            continue
        tell(f"{version.number}: {version.package_size:,} bytes from {source} to {gap.place}")
        store.put(archive, version.package_sha256)
        return gap.from_place(source)
    return gap
