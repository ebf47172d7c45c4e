"""A store in the releases of a repository on the fake, and what a test does to it from outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.adapters.github_session import GithubSession
from mlci.adapters.release_store import ReleaseStore
from tests.fakegithub.state import Release

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakegithub.server import FakeGitHub
    from tests.fakegithub.state import Asset, Repository

REPOSITORY = "acme/tumour"


class ReleaseWorld:
    """The repository `acme/tumour`, private, with one commit, and a store for a token that may write its contents."""

    def __init__(self, github: FakeGitHub, cache: Path) -> None:
        self.github = github
        self.cache = cache
        self.repository: Repository = github.add_repository(REPOSITORY, public=False)
        self.commit = github.commit(REPOSITORY, "main", {"mlci.yaml": b"version: 1\n"})
        self.token = github.issue_token(REPOSITORY, {"contents": "write"})
        self.store = self.store_with({"contents": "write"}, cache)

    def store_with(self, permissions: dict[str, str], cache: Path) -> ReleaseStore:
        """Return the store as another job sees it, with its own token and cache."""
        token = self.github.issue_token(REPOSITORY, permissions)
        session = GithubSession(token, api_url=self.github.url, sleep=lambda _: None)
        return ReleaseStore(session, REPOSITORY, cache=cache, target_commitish=self.commit)

    def add_releases(self, count: int) -> None:
        """Add releases of other things, newer than those that are there."""
        for number in range(count):
            added = Release(
                id=self.github.state.new_id(),
                tag=f"v{number}",
                target=self.commit,
                name=None,
                body=None,
                is_draft=False,
                is_prerelease=False,
                author="ana",
                created_at=self.github.state.clock.now(),
            )
            self.repository.releases[added.id] = added
        self.github.add_user("ana")

    @property
    def releases(self) -> list[Release]:
        return list(self.repository.releases.values())

    def only_asset(self) -> Asset:
        (release,) = self.releases
        (asset,) = release.assets.values()
        return asset
