"""The store that a configuration names, with its mirror; only the adapter that is needed is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mlci.cli.output import tell
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlci.adapters.git import GitRepository
    from mlci.adapters.store_cache import StoreCache
    from mlci.commands.ports import Store
    from mlci.core.config import PromoteSection
    from mlci.core.github_event import GithubEnvironment
    from mlci.core.storage import S3Section, StoreSection

CACHE_BYTES: Final = 10 << 30
"""What packages of remote stores may take of the disk; those that were not asked for the longest go first."""
PROGRESS_BYTES: Final = 64 << 20
"""How much is sent between two lines that say how far an upload is."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a store is opened from."""

    repository: GitRepository
    packages: Path
    """Where what was fetched from a remote store is kept."""
    github: GithubEnvironment | None


def open_store(section: PromoteSection, around: Surroundings) -> Store:
    """Return what `promote.store` and `promote.mirror` name."""
    first = _one(section.store, around)
    if section.mirror is None:
        return first
    from mlci.adapters.mirror_store import MirrorStore

    return MirrorStore(first, _one(section.mirror, around), tell=tell)


def s3_store(section: S3Section, cache: StoreCache) -> Store:
    """Return the store in a bucket."""
    from mlci.adapters.s3_store import S3Store

    return S3Store(
        section.bucket,
        cache=cache,
        prefix=section.prefix,
        endpoint_url=section.endpoint_url,
        region=section.region,
        progress=progress(tell),
    )


def progress(say: Callable[[str], None]) -> Callable[[int], None]:
    """Return what hears how many bytes were sent, and says so each time that much more is."""
    said = 0

    def heard(sent: int) -> None:
        nonlocal said
        if sent // PROGRESS_BYTES < said // PROGRESS_BYTES:
            said = 0  # another archive
        if sent // PROGRESS_BYTES > said // PROGRESS_BYTES:
            said = sent
            say(f"sent {sent >> 20:,} MiB of the package")

    return heard


def _one(section: StoreSection, around: Surroundings) -> Store:
    from mlci.adapters.directory_store import DirectoryStore
    from mlci.adapters.store_cache import StoreCache

    folder = around.repository.folder
    if section.directory is not None:
        return DirectoryStore((folder / section.directory).resolve())
    if section.releases:
        return _releases(around)
    cache = StoreCache(around.packages, limit_bytes=CACHE_BYTES)
    if section.s3 is not None:
        return s3_store(section.s3, cache)
    from mlci.adapters.dvc_store import DvcStore

    return DvcStore(folder, cache=cache, remote=section.dvc.remote if section.dvc else None, progress=progress(tell))


def _releases(around: Surroundings) -> Store:
    github = around.github
    if github is None:
        raise UsageError(
            "no-host",
            "packages lie in the releases of the host, and this is not a job there",
            cause="promote.store is {releases: true}.",
            hint="Run it in the workflows that `mlci init --github` writes.",
        )
    if github.token is None:
        from mlci.adapters.directory_store import DirectoryStore

        return DirectoryStore(around.packages)  # what `mlci fetch` brought
    from mlci.adapters.github_session import GithubSession
    from mlci.adapters.release_store import ReleaseStore

    session = GithubSession(github.token, api_url=github.api_url)
    commit = around.repository.head()
    return ReleaseStore(session, github.repository, cache=around.packages, target_commitish=commit)
