"""A store of package archives as assets of GitHub releases, which every hosted runner can reach.

One release a package, tagged `mlci-store/<sha256>`: made as a draft, filled, and only then published, so that a
published one is whole. None of them is ever the "latest" release that a repository shows.
"""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from mlci.adapters.archive_digest import NOT_AS_NAMED, chunks, damaged, digest_of, missing, opened
from mlci.adapters.store_cache import StoreCache
from mlci.core.forge import checked_repository
from mlci.core.names import SHA256, checked_commit, checked_sha256
from mlci.core.registry.writing import write_time
from mlci.core.stored import LEAST_AGE, RENEWED_AFTER, Stored
from mlci.errors import IntegrityError, MlciError, OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from mlci.adapters.github_session import GithubSession

TAG_PREFIX: Final = "mlci-store/"
LARGEST_ARCHIVE_BYTES: Final = (2 << 30) - 1
"""What GitHub takes as one asset: less than 2 GiB."""

_TEXT: Final = "The archive of a model version, kept by mlci. The registry names it: do not remove it."
_UPLOADED: Final = "uploaded"
_PUBLISHED: Final[Mapping[str, object]] = {"draft": False, "prerelease": True, "make_latest": "false"}
_OVERTAKEN: Final = frozenset({"github-refused", "github-not-found"})
"""What GitHub may say when another job has filled, published or removed the same draft meanwhile."""


class _Answer(BaseModel):
    """The part of an answer that we read; what else is in it is left alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Asset(_Answer):
    id: int
    name: str
    # "starter": an upload that was broken off.
    state: str
    size: int
    # None: uploaded before GitHub computed digests, or to an Enterprise Server that does not.
    digest: str | None = None
    updated_at: datetime | None = None


class _Release(_Answer):
    id: int
    tag_name: str
    draft: bool
    upload_url: str
    assets: list[_Asset] = []
    # None: an Enterprise Server that does not say so yet.
    updated_at: datetime | None = None

    @property
    def sha256(self) -> str | None:
        """The archive that it is for; None where it is a release of something else."""
        name = self.tag_name.removeprefix(TAG_PREFIX)
        return name if self.tag_name.startswith(TAG_PREFIX) and SHA256.fullmatch(name) else None

    @property
    def archive(self) -> _Asset | None:
        """The file of the archive, None where it has none that was uploaded to the end."""
        wanted = f"{self.sha256}.tar", _UPLOADED
        return next((each for each in self.assets if (each.name, each.state) == wanted), None)

    def age(self, now: datetime) -> timedelta:
        """Return how long ago anybody changed anything of it; no time where GitHub does not say."""
        if self.updated_at is None:
            return timedelta(0)
        files = (each.updated_at for each in self.assets)
        return now - max(self.updated_at, *(each for each in files if each is not None))


class ReleaseStore:
    """Archives as `<sha256>.tar`, each in a release of its own; a file is read only if its hash is right."""

    def __init__(
        self,
        session: GithubSession,
        repository: str,
        *,
        cache: Path,
        target_commitish: str,
        limit_bytes: int | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Keep archives with the repository `acme/tumour`, and what was fetched in `cache`, as a `DirectoryStore` does.

        A job needs no limit of the cache: one without a token reads there what an earlier step has fetched.

        A new release's tag points to the commit `target_commitish`; `progress` hears how many bytes of an archive have
        been read for sending. Raises `UsageError`: "bad-repository", "bad-commit".
        """
        self._session = session
        self._progress = progress
        self._repository = checked_repository(repository)
        self._path = f"/repos/{repository}/releases"
        self._cache = StoreCache(cache, limit_bytes=limit_bytes)
        self._commit = checked_commit(target_commitish)

    def put(self, archive: bytes | Path, sha256: str) -> str:
        """Keep an archive (its bytes or a file of them) and return its location; one that is there stays, as if new.

        What an interrupted upload left behind is completed. Raises `IntegrityError("package-damaged")` when the
        archive is not what its digest says, `UsageError("package-too-large")` and what a session raises.
        """
        checked_sha256(sha256)
        with opened(archive) as file:
            size = file.seek(0, io.SEEK_END)
            if size > LARGEST_ARCHIVE_BYTES:
                raise _too_large(size)
            file.seek(0)
            if digest_of(chunks(file)) != sha256:
                raise damaged(NOT_AS_NAMED, sha256)
        with opened(archive, self._progress) as file:
            self._keep(file, _Kept(sha256, size))
        return self._location(sha256)

    def fetch(self, sha256: str) -> Path:
        """Return a file with the archive, hashed just now; from the cache, if it is there and right.

        Raises `OutsideError("package-missing")`, `IntegrityError("package-damaged")` and what a session raises.
        """
        where = self._location(checked_sha256(sha256))
        return self._cache.fetch(sha256, lambda into: self._download(sha256, into), where=where)

    def has(self, sha256: str) -> bool:
        """Say whether an archive of this name is there; `fetch` says whether it is right."""
        return self._published_asset(checked_sha256(sha256)) is not None

    def stored(self) -> tuple[Stored, ...]:
        """Return every archive with its size and how long nobody put it there, by GitHub's clock.

        One of which GitHub does not say when it was changed (an old Enterprise Server) is young for ever. Raises what
        a session raises.
        """
        return tuple(
            Stored(release.sha256, release.archive.size, release.age(self._session.time))
            for release in self._releases()
            if release.sha256 and not release.draft and release.archive
        )

    def remove(self, sha256: str, older_than: timedelta) -> bool:
        """Remove an archive if it is still older than that, and than what `put` renews; say whether it is gone.

        Releases know no locks: a promotion of the same archive at this very moment would lose its bytes. Raises what a
        session raises.
        """
        release = self._published(checked_sha256(sha256))
        if release is None:
            return True
        if release.age(self._session.time) <= max(older_than, LEAST_AGE):
            return False
        self._session.delete(f"{self._path}/{release.id}")
        # Only now: a release that loses its tag becomes a draft. Who removes the same at once may be faster.
        with suppress(UsageError, OutsideError):
            self._session.delete(f"/repos/{self._repository}/git/refs/tags/{_tag(sha256)}")
        return True

    def unfinished(self, older_than: timedelta, *, removes: bool) -> int:
        """Return how many drafts of killed uploads are older than that, and remove them if told to.

        Raises what a session raises.
        """
        halves = [
            each
            for each in self._releases()
            if each.sha256 and each.draft and each.age(self._session.time) > older_than
        ]
        for half in halves if removes else ():
            self._session.delete(f"{self._path}/{half.id}")
        return len(halves)

    def _releases(self) -> Iterator[_Release]:
        for page in self._session.pages(self._path, list[_Release]):
            yield from page

    def _keep(self, file: BinaryIO, kept: _Kept) -> None:
        """Bring a file into a published release, from wherever an earlier attempt got to."""
        release = self._published(kept.sha256) or self._draft(kept.sha256) or self._new_draft(kept.sha256)
        if not kept.is_in(release):
            for asset in [asset for asset in release.assets if asset.name == kept.name]:
                self._session.delete(f"{self._path}/assets/{asset.id}")
            release = self._filled(release, file, kept)
        if release.draft:
            self._publish(release, kept)
        elif release.age(self._session.time) > RENEWED_AFTER:
            self._renew(release)

    def _filled(self, release: _Release, file: BinaryIO, kept: _Kept) -> _Release:
        """Upload a file to a release; return the release that has it, which may be another by then."""
        try:
            asset = self._session.upload(release.upload_url, {"name": kept.name}, file, _Asset)
        except MlciError as error:
            overtaken = error.code in _OVERTAKEN
            there = (self._published(kept.sha256) or self._draft(kept.sha256)) if overtaken else None
            if there is None or not kept.is_in(there):
                raise
            # Another job, which has found or published the same draft, was faster.
            return there
        if not kept.is_whole(asset):
            raise damaged("what GitHub has after the upload", kept.sha256)
        return release

    def _published(self, sha256: str) -> _Release | None:
        return self._session.find(f"{self._path}/tags/{quote(_tag(sha256), safe='')}", _Release)

    def _published_asset(self, sha256: str) -> _Asset | None:
        release = self._published(sha256)
        return None if release is None else release.archive

    def _draft(self, sha256: str) -> _Release | None:
        """Return what an interrupted attempt left; a draft is not found by its tag."""
        return next((each for each in self._releases() if each.draft and each.tag_name == _tag(sha256)), None)

    def _new_draft(self, sha256: str) -> _Release:
        body = {
            "tag_name": _tag(sha256),
            "target_commitish": self._commit,
            "name": f"mlci package {sha256[:12]}",
            "body": _TEXT,
            "draft": True,
            "prerelease": True,
            "make_latest": "false",
        }
        return self._session.send("POST", self._path, body, _Release)

    def _publish(self, draft: _Release, kept: _Kept) -> None:
        path = f"{self._path}/{draft.id}"
        try:
            self._session.send("PATCH", path, _PUBLISHED, _Release)
        except MlciError as error:
            published = self._published(kept.sha256) if error.code in _OVERTAKEN else None
            if published is None or not kept.is_in(published):
                raise
            # Another job has published the same bytes meanwhile.
            if published.id != draft.id:
                self._session.delete(path)

    def _renew(self, release: _Release) -> None:
        """Make an old release young again, so that nobody takes it for a leftover before a version references it."""
        body = {"body": f"{_TEXT} It was put here again on {write_time(self._session.time)}."}
        self._session.send("PATCH", f"{self._path}/{release.id}", {**body, **_PUBLISHED}, _Release)

    def _download(self, sha256: str, into: BinaryIO) -> str:
        asset = self._published_asset(sha256)
        if asset is None:
            raise missing(
                self._location(sha256),
                sha256,
                cause="Somebody removed the release or its file, or the token may not read the repository's contents.",
            )
        limit = min(asset.size, LARGEST_ARCHIVE_BYTES)
        try:
            return self._session.download(f"{self._path}/assets/{asset.id}", into, limit)
        except IntegrityError as error:
            if error.code != "download-too-large":
                raise
            raise damaged(self._location(sha256), sha256) from error

    def _location(self, sha256: str) -> str:
        return f"github:{self._repository}/{_tag(sha256)}"


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is to be kept, and how it looks when it is."""

    sha256: str
    size: int

    @property
    def name(self) -> str:
        return f"{self.sha256}.tar"

    def is_whole(self, asset: _Asset) -> bool:
        """Say whether an asset is this archive, as far as GitHub tells without sending it."""
        same = (asset.name, asset.state, asset.size) == (self.name, _UPLOADED, self.size)
        return same and asset.digest in {None, f"sha256:{self.sha256}"}

    def is_in(self, release: _Release) -> bool:
        """Say whether a release has this archive."""
        return any(self.is_whole(asset) for asset in release.assets)


def _tag(sha256: str) -> str:
    return f"{TAG_PREFIX}{sha256}"


def _too_large(size: int) -> UsageError:
    return UsageError(
        "package-too-large",
        f"the package has {size:,} bytes, a release takes {LARGEST_ARCHIVE_BYTES:,} a file",
        hint="Keep packages elsewhere: promote: {store: {directory: PATH}}",
    )
