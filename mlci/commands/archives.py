"""The archive of a version, from the store; what is not there is told with where it was put."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.plain_text import one_line
from mlci.errors import OutsideError

if TYPE_CHECKING:
    from mlci.commands.ports import Store
    from mlci.core.registry import Version

_SHOWN = 300


def archive_of(version: Version, store: Store) -> bytes:
    """Return the bytes of the package of VERSION, verified by the store.

    Raises what the store raises; `OutsideError("package-missing")` names the places that the registry has recorded.
    """
    try:
        return store.fetch(version.package_sha256).read_bytes()
    except OutsideError as error:
        if error.code != "package-missing" or not version.locations:
            raise
        recorded = one_line(" and ".join(version.locations), _SHOWN)
        cause = f"{error.cause or ''} {version.number} was put at {recorded}.".strip()
        raise OutsideError(error.code, error.problem, where=error.where, cause=cause, hint=error.hint) from error
