"""A store of package archives on a remote of DVC, beside the data that DVC keeps there.

Needs the extra `dvc`, and for a remote in a cloud the plug-in that DVC needs for it (`dvc-s3`, `dvc-gs`, …). DVC's own
configuration says where the remote is and how to get in, and DVC's own file systems move the bytes; neither its
repository nor its cache is touched, and nothing of it is sent anywhere (its command line, which reports usage, is not
called).
"""

from __future__ import annotations

import io
import secrets
from contextlib import contextmanager, suppress
from datetime import UTC
from functools import cached_property
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol, cast
from urllib.parse import quote, urlsplit

from dvc.config import Config
from dvc.exceptions import DvcException
from dvc.fs import RemoteMissingDepsError, get_cloud_fs

from mlci.adapters.archive_digest import (
    HashingReader,
    chunks,
    copied,
    digest_of,
    missing,
    opened,
)
from mlci.core.names import SHA256, checked_sha256
from mlci.core.plain_text import one_line, without_credentials
from mlci.core.stored import LEAST_AGE, RENEWED_AFTER, Stored
from mlci.errors import MlciError, OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime, timedelta
    from pathlib import Path

    from mlci.adapters.store_cache import StoreCache

FOLDER: Final = "mlci-store"

_PARTIAL: Final = ".partial"
_RUNS_SOMETHING: Final = ("bearer_token_command", "configpath", "credentialpath")
"""Settings of a remote that name a command, or a file that may name one (`credential_process`)."""


class _FileSystem(Protocol):
    """The part of DVC's file systems that we use; DVC carries no types."""

    protocol: str

    def join(self, *parts: str) -> str: ...
    def exists(self, path: str) -> bool: ...
    def open(self, path: str, mode: str) -> BinaryIO: ...
    def find(self, path: str) -> Iterator[str]: ...
    def info(self, path: str) -> Mapping[str, object]: ...
    def modified(self, path: str) -> datetime: ...
    def upload_fobj(self, fobj: HashingReader | io.BytesIO, to_info: str) -> None: ...
    def move(self, from_info: str, to_info: str) -> None: ...
    def remove(self, path: str) -> None: ...


class DvcStore:
    """Archives as `<remote>/mlci-store/<sha256>`; one is read only if its hash is right."""

    def __init__(
        self,
        folder: Path,
        *,
        cache: StoreCache,
        remote: str | None = None,
        progress: Callable[[int], None] | None = None,
    ) -> None:
        """Keep archives on a remote of the DVC repository that `folder` lies in: a named one, or DVC's default.

        `progress` hears how many bytes of an archive have been read for sending. Nothing is asked before it is needed.
        """
        self._folder = folder
        self._cache = cache
        self._remote = remote
        self._progress = progress

    def put(self, archive: bytes | Path, sha256: str) -> str:
        """Keep an archive (its bytes or a file of them) and return its location; one that is there stays.

        One that is there is read for that: remotes have no hash that all of them know. An old one is written again,
        so that nobody takes it for a leftover before a version references it. Raises
        `IntegrityError("package-damaged")` when the bytes are not those that the digest names; `UsageError`:
        "dvc-remote", "dvc-remote-unsafe", "store-read-only", "extra-missing"; `OutsideError("store-failed")`.
        """
        path = self._path(sha256)
        if self._is_whole(sha256) and not self._is_old(path):
            return self._place(sha256)
        if self._system.protocol in {"http", "https"}:
            raise UsageError(
                "store-read-only",
                "packages cannot be kept on a DVC remote that is reached by HTTP",
                where=self._where,
                cause="A file there has its name before it is whole.",
                hint="Keep them on another remote: promote: {store: {dvc: {remote: NAME}}}",
            )
        temporary = self._temporary(sha256)
        with self._asking(), opened(archive, self._progress) as file, self._cleared_after_failure(temporary):
            reader = HashingReader(file)
            self._system.upload_fobj(reader, temporary)
            reader.check(sha256)
            self._system.move(temporary, path)
        return self._place(sha256)

    def fetch(self, sha256: str) -> Path:
        """Return a file with the archive, hashed just now; from the cache, if it is there and right.

        Raises `OutsideError`: "package-missing", "store-failed"; `IntegrityError("package-damaged")`; `UsageError` as
        `put` does.
        """
        where = f"{self._where}, {FOLDER}/{checked_sha256(sha256)}"
        return self._cache.fetch(sha256, lambda into: copied(self._content(sha256), into), where=where)

    def has(self, sha256: str) -> bool:
        """Say whether an archive of this name is there; `fetch` says whether it is right."""
        path = self._path(sha256)
        with self._asking():
            return self._system.exists(path)

    def stored(self) -> tuple[Stored, ...]:
        """Return every archive with its size and how long nobody put it there, by the clock of the remote.

        Raises `UsageError("store-not-collectable")` for a remote that does not say when a file was written, and what
        `fetch` raises.
        """
        with self._asking():
            found = [each for each in self._files() if SHA256.fullmatch(_name(each))]
            now = self._now() if found else None
            return tuple(
                Stored(_name(path), cast("int", self._system.info(path)["size"]), now - self._written(path))
                for path in sorted(found)
                if now is not None
            )

    def remove(self, sha256: str, older_than: timedelta) -> bool:
        """Remove an archive if it is still older than that, and than what `put` writes again; say whether it is gone.

        A remote knows no locks: a promotion of the same archive at this very moment would lose its bytes. Raises as
        `stored` does.
        """
        path = self._path(sha256)
        with self._asking():
            if self._system.exists(path) and self._now() - self._written(path) > max(older_than, LEAST_AGE):
                self._system.remove(path)
            return not self._system.exists(path)

    def unfinished(self, older_than: timedelta, *, removes: bool) -> int:
        """Return how many halves of killed uploads are older than that, and remove them if told to.

        Raises as `stored` does.
        """
        with self._asking():
            halves = [each for each in self._files() if _name(each).endswith(_PARTIAL)]
            now = self._now() if halves else None
            old = [each for each in halves if now is not None and now - self._written(each) > older_than]
            for path in old if removes else ():
                self._system.remove(path)
        return len(old)

    def read(self, *parts: str) -> Iterator[bytes]:
        """Yield a file of the remote by the PARTS of its path, such as data that DVC itself keeps there.

        Raises `FileNotFoundError` where there is none, else what `fetch` does but for archives.
        """
        path = self._system.join(self._root, *parts)
        with self._asking():
            is_there = self._system.exists(path)
        if not is_there:
            raise FileNotFoundError
        with self._asking(), self._system.open(path, "rb") as content:
            yield from chunks(content)

    def _content(self, sha256: str) -> Iterator[bytes]:
        """Return an archive piece by piece; what goes wrong with the pieces elsewhere is not told as ours."""
        path = self._path(sha256)
        with self._asking():
            try:
                with self._system.open(path, "rb") as content:
                    yield from chunks(content)
            except FileNotFoundError as error:
                raise missing(
                    self._place(sha256),
                    sha256,
                    cause="The remote is another one than at the time of the promotion, or somebody removed it.",
                ) from error

    def _files(self) -> Iterator[str]:
        folder = self._system.join(self._root, FOLDER)
        if self._system.exists(folder):
            yield from self._system.find(folder)

    def _is_old(self, path: str) -> bool:
        """Return whether a file was written so long ago that it is to be written again; not where nobody can know."""
        try:
            with self._asking():
                return self._now() - self._written(path) > RENEWED_AFTER
        except UsageError as error:
            if error.code != "store-not-collectable":
                raise
            return False

    def _now(self) -> datetime:
        """Return what time it is on the remote: our own clock may be wrong by a day."""
        temporary = self._temporary("clock")
        with self._cleared_after_failure(temporary):
            self._system.upload_fobj(io.BytesIO(b"now"), temporary)
            now = self._written(temporary)
            self._system.remove(temporary)
        return now

    def _written(self, path: str) -> datetime:
        try:
            written = self._system.modified(path)
        # fsspec raises the first where a kind of storage tells no time, and some of its kinds one of the others.
        except (NotImplementedError, AttributeError, KeyError) as error:
            raise UsageError(
                "store-not-collectable",
                "this DVC remote does not say when a file was written; nothing was looked at or removed",
                where=self._where,
                hint="Look at the sha256 of each version (mlci registry list --json), and remove others by hand.",
            ) from error
        return written if written.tzinfo else written.replace(tzinfo=UTC)

    def _temporary(self, name: str) -> str:
        return self._system.join(self._root, FOLDER, f".{name}.{secrets.token_hex(8)}{_PARTIAL}")

    @contextmanager
    def _cleared_after_failure(self, path: str) -> Iterator[None]:
        """Remove what was half written if the block fails."""
        try:
            yield
        except BaseException:
            with suppress(Exception):
                self._system.remove(path)
            raise

    def _is_whole(self, sha256: str) -> bool:
        try:
            return digest_of(self._content(sha256)) == sha256
        except OutsideError as error:
            if error.code != "package-missing":
                raise
            return False

    @cached_property
    def _opened(self) -> tuple[str, _FileSystem, str]:
        """The remote's name, its file system, and the path of the remote in it."""
        with self._asking():
            try:
                config = Config(str(self._dvc_folder()))
                name = self._remote or config["core"].get("remote")
                if not name:
                    raise self._misconfigured("the DVC repository has no default remote")
                _check(config["remote"], config.load_one("repo")["remote"], name)
                kind, settings, path = get_cloud_fs(config, name=name)
                return name, cast("_FileSystem", kind(**settings)), str(path)
            except (ImportError, RemoteMissingDepsError) as error:
                raise UsageError(
                    "extra-missing",
                    f"DVC lacks what this remote needs: {_told(error)}",
                    where=self._where,
                    hint='Install DVC\'s plug-in beside mlci, for example: pip install "dvc-s3"',
                ) from error
            except DvcException as error:
                raise self._misconfigured(_told(error)) from error

    def _dvc_folder(self) -> Path:
        for folder in (self._folder, *self._folder.parents):
            if (folder / ".dvc").is_dir():
                return folder / ".dvc"
            if (folder / ".git").exists():
                break  # what lies above the repository is somebody else's
        raise self._misconfigured("there is no DVC repository here")

    def _misconfigured(self, problem: str) -> UsageError:
        return UsageError(
            "dvc-remote",
            f"the DVC remote cannot be used: {problem}",
            where=self._where,
            hint="Name one that `dvc remote list` shows, or add a default one: dvc remote add --default NAME URL",
        )

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Tell what a file system raises in our words, without the settings that may be part of it."""
        try:
            yield
        except MlciError:
            raise
        except Exception as error:
            # DVC's plug-ins raise whatever the library below them does.
            told = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
            raise OutsideError(
                "store-failed",
                f"the DVC remote could not be used: {told}",
                where=self._where,
                cause="The remote is down or full, or these credentials may not do this.",
                hint="`dvc push` to this remote, on this machine, tells more.",
            ) from error

    @property
    def _system(self) -> _FileSystem:
        return self._opened[1]

    @property
    def _root(self) -> str:
        return self._opened[2]

    @property
    def _where(self) -> str:
        return f"DVC remote {one_line(self._remote, 80)}" if self._remote else "DVC's default remote"

    def _path(self, sha256: str) -> str:
        return self._system.join(self._root, FOLDER, checked_sha256(sha256))

    def _place(self, sha256: str) -> str:
        return f"dvc:{quote(self._opened[0], safe='')}/{FOLDER}/{sha256}"


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _check(remotes: Mapping[str, Mapping[str, object]], tracked: Mapping[str, Mapping[str, object]], name: str) -> None:
    """Refuse settings that make DVC run something, if they come from the configuration that Git tracks."""
    for _ in remotes:  # one remote may build on another, and that on another
        name = name.lower()
        settings = remotes.get(name, {})
        for key in _RUNS_SOMETHING:
            if key in settings and settings[key] == tracked.get(name, {}).get(key):
                raise UsageError(
                    "dvc-remote-unsafe",
                    f"the DVC remote sets {key} in .dvc/config, which may run a program with this job's credentials",
                    where=f".dvc/config, remote {one_line(name, 80)}",
                    cause="Whoever can change that file could.",
                    hint=f"Set it outside Git: dvc remote modify --local {one_line(name, 80)} {key} …",
                )
        url = urlsplit(str(settings.get("url", "")))
        if url.scheme != "remote":
            return
        name = url.netloc


def _told(error: Exception) -> str:
    return without_credentials(one_line(str(error), 300))
