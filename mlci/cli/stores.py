"""The store that a configuration names, with its mirror; only the adapter that is needed is loaded."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mlci.cli.output import CACHE_BYTES, progress, tell
from mlci.core.plain_text import one_line, without_credentials
from mlci.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from mlci.adapters.git import GitRepository
    from mlci.adapters.store_cache import StoreCache
    from mlci.commands.ports import Collectable, Store
    from mlci.core.github_event import GithubEnvironment
    from mlci.core.release_sections import PromoteSection
    from mlci.core.storage import S3Section, StoreSection


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


def open_collectable(section: PromoteSection, around: Surroundings) -> list[tuple[str, Collectable]]:
    """Return what `promote.store` and `promote.mirror` name, each by itself, with its place.

    Raises `UsageError("no-token")` where one lies in releases, and this is a job without a token.
    """
    places = [each for each in (section.store, section.mirror) if each is not None]
    if around.github and around.github.token is None and any(each.releases for each in places):
        raise UsageError(
            "no-token",
            "packages lie in the releases of the host, and this step has no token to look there",
            hint="Let the step have one that may write contents: env: {MLCI_TOKEN: ${{ github.token }}}",
        )
    return [(each.text, _one(each, around)) for each in places]


def open_each(section: PromoteSection, around: Surroundings, empty: Path) -> list[tuple[str | None, Store]]:
    """Return what `promote.store` and `promote.mirror` name, each by itself, with its place where there are both.

    What is read comes from there, by way of the folder EMPTY, and not from what was fetched before. Only a job without
    a token cannot look into releases: it reads what `mlci fetch` brought, and the place says so.
    """
    places = [each for each in (section.store, section.mirror) if each is not None]
    is_blind = around.github is not None and around.github.token is None
    fresh = replace(around, packages=empty)
    return [
        ("what mlci fetch brought", _one(each, around))
        if each.releases and is_blind
        else (each.text if len(places) > 1 else None, _one(each, fresh))
        for each in places
    ]


def s3_store(section: S3Section, cache: StoreCache) -> Collectable:
    """Return the store in a bucket."""
    from mlci.adapters.s3_store import S3Store

    return S3Store(
        section.bucket,
        cache=cache,
        prefix=section.prefix,
        endpoint_url=section.endpoint_url,
        region=section.region,
        progress=progress(),
    )


def _one(section: StoreSection, around: Surroundings) -> Collectable:
    from mlci.adapters.directory_store import DirectoryStore
    from mlci.adapters.store_cache import StoreCache

    folder = around.repository.folder
    if section.directory is not None:
        return DirectoryStore((folder / section.directory).resolve(), progress=progress())
    if section.releases:
        return _releases(around)
    cache = StoreCache(around.packages, limit_bytes=CACHE_BYTES)
    if section.s3 is not None:
        return s3_store(section.s3, cache)
    from mlci.adapters.dvc_store import DvcStore

    return DvcStore(folder, cache=cache, remote=section.dvc.remote if section.dvc else None, progress=progress())


def _releases(around: Surroundings) -> Collectable:
    github, commit = around.github, around.repository.head()
    if github is None:
        return _releases_from_afar(around.repository.origin_address(), commit, around.packages)
    if github.token is None:
        from mlci.adapters.directory_store import DirectoryStore

        return DirectoryStore(around.packages)  # what `mlci fetch` brought
    from mlci.adapters.github_session import GithubSession
    from mlci.adapters.release_store import ReleaseStore

    session = GithubSession(github.token, api_url=github.api_url)
    return ReleaseStore(session, github.repository, cache=around.packages, target_commitish=commit, progress=progress())


def _releases_from_afar(origin: str, commit: str, packages: Path) -> Collectable:
    """Return the releases of the repository that a clone comes from."""
    from mlci.cli.releases import releases_of

    found = releases_of(origin, commit, packages, os.environ)
    if found is None:
        raise UsageError(
            "no-host",
            "packages lie in the releases of the host, and the origin of this clone is no repository on a GitHub",
            where=without_credentials(one_line(origin, 200)) or None,
            cause="promote.store is {releases: true}.",
            hint="Name the host's address: git remote set-url origin https://github.com/OWNER/NAME.git",
        )
    return found
