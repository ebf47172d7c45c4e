"""Bytes of a version that its store lost or damaged, put back where the very same ones were made again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.errors import MlciError
from mlci.formats.archive import digest

if TYPE_CHECKING:
    from mlci.commands.case import Case, Tools
    from mlci.commands.ports import Store
    from mlci.core.registry import Version


def put_back(version: Version, case: Case, tools: Tools) -> None:
    """Put the package of VERSION back where the store lacks it, and what was submitted here is that package.

    Nothing else changes: the registry knows the package by its hash. A store that cannot be asked is left alone.
    """
    submission = tools.work.submission()
    if submission is None or digest(submission.archive) != version.package_sha256:
        return
    store = tools.open_store(case.rules.config.promote)
    if _lacks(store, version):
        store.put(submission.archive, version.package_sha256)
        tools.tell(f"the package of {version.number} was missing or damaged; the same bytes are in the store again")


def _lacks(store: Store, version: Version) -> bool:
    try:
        if not store.has(version.package_sha256):
            return True
        store.fetch(version.package_sha256)
    except MlciError as error:
        return error.code in {"package-missing", "package-damaged"}
    return False
