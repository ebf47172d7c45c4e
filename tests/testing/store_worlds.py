"""The stores, each with what a contract test does around it: damage, count, look, and a store in another process."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from dvc.config import Config

from mlci.adapters.directory_store import DirectoryStore
from mlci.adapters.dvc_store import DvcStore
from mlci.adapters.mirror_store import MirrorStore
from mlci.adapters.s3_store import S3Store
from mlci.adapters.store_cache import StoreCache
from mlci.testing import MemoryStore
from tests.fakegithub.server import FakeGitHub
from tests.testing.release_stores import REPOSITORY, ReleaseWorld

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mlci.commands.ports import Store
    from tests.testing.s3_server import S3Server

PART_BYTES = 5 << 20
"""The least that S3 takes, but for the last one."""


class World(Protocol):
    def store(self) -> Store:
        """Return the store as one more job sees it: it has fetched nothing yet."""

    def replace(self, sha256: str, content: bytes) -> None:
        """Put other bytes where an archive is, as somebody with access to the place could."""

    def written(self, sha256: str) -> object:
        """Return what differs after bytes were written under the name of an archive."""


class RealWorld(World, Protocol):
    @property
    def script(self) -> str:
        """Python that makes a `store` in another process."""


class InMemory:
    def __init__(self, folder: Path) -> None:
        self._store = MemoryStore(folder)

    def store(self) -> Store:
        return self._store

    def replace(self, sha256: str, content: bytes) -> None:
        self._store.archives[sha256] = content

    def written(self, sha256: str) -> object:
        return self._store.uploads, sha256


class InAFolder:
    def __init__(self, folder: Path) -> None:
        self._folder = folder / "models"

    def store(self) -> Store:
        return DirectoryStore(self._folder)

    @property
    def script(self) -> str:
        return f"""
from pathlib import Path
from mlci.adapters.directory_store import DirectoryStore
store = DirectoryStore(Path({str(self._folder)!r}))
"""

    def _file(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / f"{sha256}.tar"

    def replace(self, sha256: str, content: bytes) -> None:
        self._file(sha256).write_bytes(content)

    def written(self, sha256: str) -> object:
        return self._file(sha256).stat().st_ino


class InReleases:
    def __init__(self, github: FakeGitHub, folder: Path) -> None:
        self._world = ReleaseWorld(github, folder / "cache")
        self._folders = (folder / f"job-{number}" for number in itertools.count())

    def store(self) -> Store:
        return self._world.store_with({"contents": "write"}, next(self._folders))

    @property
    def script(self) -> str:
        return f"""
from pathlib import Path
from mlci.adapters.github_session import GithubSession
from mlci.adapters.release_store import ReleaseStore
session = GithubSession({self._world.token!r}, api_url={self._world.github.url!r})
store = ReleaseStore(
    session, {REPOSITORY!r}, cache=Path({str(next(self._folders))!r}), target_commitish={self._world.commit!r}
)
"""

    def replace(self, sha256: str, content: bytes) -> None:
        (asset,) = [
            asset
            for release in self._world.releases
            for asset in release.assets.values()
            if asset.name.startswith(sha256)
        ]
        asset.content = content

    def written(self, sha256: str) -> object:
        return len(self._world.github.requests("repos/upload-release-asset")), sha256


class InS3:
    def __init__(self, server: S3Server, folder: Path) -> None:
        self.server = server
        self.bucket = server.new_bucket()
        self._folders = (folder / f"job-{number}" for number in itertools.count())

    def store(self) -> Store:
        return S3Store(
            self.bucket,
            cache=StoreCache(next(self._folders)),
            endpoint_url=self.server.url,
            part_bytes=PART_BYTES,
            attempts=1,
        )

    @property
    def script(self) -> str:
        return f"""
from pathlib import Path
from mlci.adapters.s3_store import S3Store
from mlci.adapters.store_cache import StoreCache
cache = StoreCache(Path({str(next(self._folders))!r}))
store = S3Store({self.bucket!r}, cache=cache, endpoint_url={self.server.url!r}, part_bytes={PART_BYTES}, attempts=1)
"""

    def replace(self, sha256: str, content: bytes) -> None:
        self.server.admin.put_object(Bucket=self.bucket, Key=f"mlci-store/{sha256}", Body=content)

    def written(self, sha256: str) -> object:
        return self.server.uploads(self.bucket), sha256


class OnADvcRemote:
    def __init__(self, folder: Path) -> None:
        self.repository = folder / "repository"
        self._remote = folder / "remote"
        self._folders = (folder / f"job-{number}" for number in itertools.count())
        configure(self.repository, {"core": {"remote": "store"}, "remote": {"store": {"url": str(self._remote)}}})

    def store(self) -> Store:
        return DvcStore(self.repository, cache=StoreCache(next(self._folders)))

    @property
    def script(self) -> str:
        return f"""
from pathlib import Path
from mlci.adapters.dvc_store import DvcStore
from mlci.adapters.store_cache import StoreCache
store = DvcStore(Path({str(self.repository)!r}), cache=StoreCache(Path({str(next(self._folders))!r})))
"""

    def replace(self, sha256: str, content: bytes) -> None:
        (self._remote / "mlci-store" / sha256).write_bytes(content)

    def written(self, sha256: str) -> object:
        return (self._remote / "mlci-store" / sha256).stat().st_ino


class InAMirror:
    """Two folders; what is damaged is damaged in both."""

    def __init__(self, folder: Path) -> None:
        self._first, self._second = InAFolder(folder / "first"), InAFolder(folder / "second")

    def store(self) -> Store:
        return MirrorStore(self._first.store(), self._second.store(), tell=lambda _: None)

    @property
    def script(self) -> str:
        return f"""
from mlci.adapters.mirror_store import MirrorStore
{self._first.script}
first = store
{self._second.script}
store = MirrorStore(first, store, tell=print)
"""

    def replace(self, sha256: str, content: bytes) -> None:
        self._first.replace(sha256, content)
        self._second.replace(sha256, content)

    def written(self, sha256: str) -> object:
        return self._first.written(sha256), self._second.written(sha256)


def configure(repository: Path, settings: dict[str, dict[str, object]], level: str = "repo") -> None:
    """Write settings into the configuration of a DVC repository, as `dvc remote add` and `dvc config` do."""
    (repository / ".dvc").mkdir(parents=True, exist_ok=True)
    with Config(str(repository / ".dvc"), validate=False).edit(level, validate=False) as written:
        written.update(settings)


@contextmanager
def in_memory(_: S3Server, folder: Path) -> Iterator[World]:
    yield InMemory(folder)


@contextmanager
def in_a_folder(_: S3Server, folder: Path) -> Iterator[RealWorld]:
    yield InAFolder(folder)


@contextmanager
def in_releases(_: S3Server, folder: Path) -> Iterator[RealWorld]:
    with FakeGitHub(folder / "git") as github:
        yield InReleases(github, folder)


@contextmanager
def in_s3(server: S3Server, folder: Path) -> Iterator[RealWorld]:
    yield InS3(server, folder)


@contextmanager
def on_a_dvc_remote(_: S3Server, folder: Path) -> Iterator[RealWorld]:
    yield OnADvcRemote(folder)


@contextmanager
def in_a_mirror(_: S3Server, folder: Path) -> Iterator[RealWorld]:
    yield InAMirror(folder)


REAL = [in_a_folder, in_releases, in_s3, on_a_dvc_remote, in_a_mirror]
ALL = [in_memory, *REAL]
