"""Data that DVC keeps: in its cache beside the repository, or on its default remote, by the hash in the pointer.

The cache is read without DVC. The remote is reached by DVC's own configuration and file systems (the extra `dvc`), as
`mlci.adapters.dvc_store` does; nothing in the work tree or in DVC's cache changes, and no command of DVC runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mlci.core.data_files import short
from mlci.errors import MlciError, OutsideError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlci.core.data_files import Wanted

_LAYOUTS: Final = (("files", "md5"), ())
"""Where DVC 3 and DVC 2 keep objects by their hash."""


class DvcCache:
    """The cache of the DVC repository that a folder lies in."""

    def __init__(self, folder: Path) -> None:
        """Look above FOLDER, as far as the Git repository goes."""
        self._folder = folder

    def held(self, wanted: Wanted) -> Path | None:
        """Return the file that DVC keeps under the hash, None where it keeps none."""
        if wanted.pin.algorithm != "md5":
            return None
        for folder in (self._folder, *self._folder.parents):
            for layout in _LAYOUTS:
                path = folder.joinpath(".dvc", "cache", *layout, *_parts(wanted))
                if path.is_file():
                    return path
            if (folder / ".git").exists():
                break
        return None


class DvcData:
    """The default remote of the DVC repository that a folder lies in."""

    def __init__(self, folder: Path, cache: Path) -> None:
        """Read DVC's configuration above FOLDER; CACHE is only for what the store needs."""
        self._folder = folder
        self._cache = cache

    def __call__(self, wanted: Wanted) -> Iterator[bytes]:
        """Yield the bytes that DVC's remote keeps under the hash.

        Raises `OutsideError`: "data-not-pushed" where it has none, "data-failed" where it cannot be used. Neither is
        the fault of the commit that names the data: base's rules hold, whatever somebody removed from a remote.
        """
        from mlci.adapters.dvc_store import DvcStore  # noqa: PLC0415 - DVC takes half a second to load
        from mlci.adapters.store_cache import StoreCache  # noqa: PLC0415 - as above

        store = DvcStore(self._folder, cache=StoreCache(self._cache))
        for layout in _LAYOUTS:
            try:
                yield from store.read(*layout, *_parts(wanted))
            except FileNotFoundError:
                continue
            except MlciError as error:
                raise OutsideError(
                    "data-failed",
                    f"{short(wanted.name)} could not be brought: {error.problem}",
                    where=wanted.name,
                    cause=error.cause,
                    hint=error.hint
                    if error.code == "dvc-remote"
                    else f"dvc pull {wanted.name}, on this machine, tells more.",
                ) from error
            return
        raise OutsideError(
            "data-not-pushed",
            f"DVC's remote does not have {wanted.name} as it is recorded",
            where=wanted.name,
            cause="Somebody committed the pointer and did not push the data, or the remote was moved or emptied.",
            hint=f"dvc push {wanted.name}, where the data are",
        )


def _parts(wanted: Wanted) -> tuple[str, str]:
    """Return folder and name of an object; the list of a folder has an ending of its own."""
    digest = wanted.pin.digest
    return digest[:2], digest[2:] + (".dir" if wanted.name.endswith("/") else "")
