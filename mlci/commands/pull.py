"""`mlci pull`: bring a package here, verified; print where it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mlci.commands.archives import archive_of
from mlci.core.package import read_package
from mlci.core.registry.standing import why
from mlci.errors import IntegrityError
from mlci.formats.archive import unpack

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlci.commands.ports import Store
    from mlci.core.registry import Registry, Version


class Shelf(Protocol):
    """Where packages are laid out, each in a folder of its own."""

    def lay_out(self, name: str, files: Mapping[str, bytes]) -> Path:
        """Return a folder with exactly these files."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """A package that is here now."""

    version: str
    sha256: str
    path: Path
    warning: str | None
    """What is to be known of the version, such as that it is deprecated."""


def pull(
    registry: Registry,
    version: Version,
    *,
    store: Store,
    shelf: Shelf,
    takes_quarantined: bool = False,
    is_foreign: bool = False,
) -> Pulled:
    """Bring the package of VERSION: its bytes are those that were registered, and it is what its manifest says.

    IS FOREIGN where the registry is another repository's, in which nobody here can look or mend anything.
    Raises `IntegrityError`: "quarantined" unless it is asked for, "package-damaged", "signature-differs".
    """
    number = version.number
    warning = None
    if registry.is_quarantined(number):
        warning = f"{registry.model}@{number} is quarantined. {why(registry, number, 'quarantine')}"
        if not takes_quarantined:
            raise IntegrityError(
                "quarantined",
                f"{registry.model}@{number} is quarantined: it was found to be bad",
                cause=why(registry, number, "quarantine"),
                hint="Take another version; or, to look into this one: "
                f"mlci pull {number} --quarantined{' --from …' if is_foreign else ''}",
            )
    elif registry.is_deprecated(number):
        warning = f"{registry.model}@{number} is deprecated. {why(registry, number, 'deprecate')}"
    files = unpack(archive_of(version, store))
    if read_package(files).info.signature.digest != version.signature:
        raise IntegrityError(
            "signature-differs",
            f"the signature in the package of {number} is not the one that was registered",
            hint="Take another version, and tell those whose repository it is."
            if is_foreign
            else f"mlci verify {number}",
        )
    folder = shelf.lay_out(f"{registry.model}-{number}", files)
    return Pulled(number, version.package_sha256, folder, warning)
