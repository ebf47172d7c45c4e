"""The files below a folder, as they are in a commit or in the work tree."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from mlci.adapters.files import new_file
from mlci.adapters.git_reader import reading, too_large
from mlci.adapters.tree_refusals import file_missing, forbidden, special, symlink
from mlci.core.git_objects import SYMLINK_MODE, format_of, new_hash
from mlci.core.listed_code import may_be_of_environments
from mlci.core.names import checked_path
from mlci.core.places_above import at_root, is_of_environments, lies_at, seen_from

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from mlci.adapters.git_process import Git

READ_LIMIT_BYTES: Final = 64 << 20
_FOLDER_MODE = "040000"
_FOLDER_MODES = frozenset({_FOLDER_MODE, "160000"})
_OUTPUT = ".mlci/"
_CHUNK_BYTES = 1 << 20
_HASHED_ONLY: Final = ("-c", "pack.compression=0")
"""Git packs a file above `core.bigFileThreshold` to hash it, and throws the pack away: a minute for each gigabyte."""


class CommitTree:
    """The files of a commit below the folder of mlci.yaml; paths are relative to that folder."""

    def __init__(self, git: Git, root: Path, prefix: str, commit: str) -> None:
        """Look at `commit` in the repository at `root`; `prefix` is the folder in it: empty, or ending in `/`."""
        self._git = git
        self._root = root
        self._prefix = prefix
        self._commit = commit
        self._entries: dict[str, tuple[str, str]] | None = None
        self._above: dict[tuple[str, ...], dict[str, str]] = {}

    @property
    def label(self) -> str:
        """How the tree is called in a report."""
        return self._commit[:12]

    def ids(self) -> Mapping[str, str]:
        """Return the Git id of every file; a symlink has the id of its target's name, a submodule its commit."""
        return {path: object_id for path, (_, object_id) in self._listing().items()}

    def ids_above(self, places: Collection[str]) -> Mapping[str, str]:
        """Return the Git ids of the files elsewhere in the repository that lie at one of PLACES."""
        asked = at_root(places, self._prefix)
        if asked not in self._above:
            folders = [place for place in asked if is_of_environments(place)]
            whole = [place for place in asked if not is_of_environments(place)]
            found = {path: known for folder in folders for path, known in self._listed([folder.removesuffix("*")])}
            found |= self._listed(whole, "-r") if whole else ()
            self._above[asked] = {
                seen_from(path, self._prefix): object_id
                for path, (mode, object_id) in sorted(found.items())
                if any(lies_at(path, place) for place in asked) and not path.startswith(self._prefix)
                if mode != _FOLDER_MODE
            }
        return self._above[asked]

    def read(self, path: str, *, limit_bytes: int = READ_LIMIT_BYTES) -> bytes | None:
        """Return the content of a file, or `None` where there is no file of this name.

        Raises `UsageError("bad-path")`, `IntegrityError("symlink")` for a symlink, `IntegrityError("too-large")`.
        """
        object_id = self._blob(path)
        if object_id is None:
            return None
        with reading(self._git, self._root) as reader:
            return next(reader.blobs([object_id], limit_bytes))

    def read_above(self, path: str, *, limit_bytes: int = READ_LIMIT_BYTES) -> bytes | None:
        """Return the content of a file elsewhere in the repository; raises as `read`."""
        top = CommitTree(self._git, self._root, "", self._commit)
        return next((top.read(place, limit_bytes=limit_bytes) for place in at_root([path], self._prefix)), None)

    def materialise(self, path: str, folder: Path) -> Path:
        """Return a file in `folder` that has the content of `path`, named by its id and written at most once.

        What lies there already is hashed before it is used. Raises `UsageError("data-missing")`, and as `read`.
        """
        object_id = self._blob(path)
        if object_id is None:
            raise file_missing(path, self.label)
        file = folder / object_id
        if not _has_content(file, object_id):
            with new_file(file) as copy, reading(self._git, self._root) as reader:
                reader.copy(object_id, copy)
        return file

    def _blob(self, path: str) -> str | None:
        checked_path(path)
        listing = self._listing()
        parents = (str(parent) for parent in Path(path).parents)
        for each in (path, *parents):
            if each in listing and listing[each][0] == SYMLINK_MODE:
                raise symlink(each)
        mode, object_id = listing.get(path, ("", ""))
        return object_id if mode and mode not in _FOLDER_MODES else None

    def _listing(self) -> dict[str, tuple[str, str]]:
        if self._entries is None:
            listed = self._listed([self._prefix], "-r")
            self._entries = {path.removeprefix(self._prefix): known for path, known in listed}
        return self._entries

    def _listed(self, places: list[str], *options: str) -> Iterator[tuple[str, tuple[str, str]]]:
        """Yield path, mode and id of what lies at PLACES, from the top of the repository; an empty one is all of it."""
        pathspec = [] if "" in places else ["--", *places]  # Git takes no empty pathspec
        arguments = ["ls-tree", *options, "-z", "--full-tree", self._commit, *pathspec]
        for record in _records(self._git.run(arguments, folder=self._root)):
            description, _, path = record.partition("\t")
            mode, _, object_id = description.split(" ")
            yield path, (mode, object_id)


class WorkTree:
    """The files of the work tree below the folder of mlci.yaml: tracked ones, and new ones that are not ignored.

    What mlci itself writes (`.mlci/`) is no part of it unless somebody committed it.
    """

    label = "work tree"

    def __init__(self, git: Git, root: Path, prefix: str) -> None:
        """Look at the work tree at `root`; `prefix` is the folder in it: empty, or ending in `/`."""
        self._git = git
        self._root = root
        self._prefix = prefix

    def dirty_paths(self) -> tuple[str, ...]:
        """Return the files that differ from HEAD, also deleted, staged and new ones, in order."""
        return tuple(sorted(path for path, _ in self._status()))

    def untracked_paths(self) -> tuple[str, ...]:
        """Return the files that Git neither tracks nor ignores, in order; a nested repository ends in `/`."""
        return tuple(sorted(path for path, state in self._status() if state == "??"))

    def ids(self) -> Mapping[str, str]:
        """Return the Git id of every file as it is on disk: the index's where nothing changed, else hashed now.

        Files are hashed as `git add` would (line ends, filters). A deleted file is missing. Raises
        `UsageError("not-a-file")` where a pipe or a device stands in the place of a file, `PermissionError` where one
        may not be read.
        """
        ids = self._ids(self._pathspec())
        return {path.removeprefix(self._prefix): object_id for path, object_id in ids.items()}

    def ids_above(self, places: Collection[str]) -> Mapping[str, str]:
        """Return the Git ids of the files elsewhere in the repository that lie at one of PLACES; as `ids`."""
        asked = at_root(places, self._prefix)
        found = [
            each
            for place in asked
            for each in (_of_environments_in(self._root, place) if is_of_environments(place) else [place])
        ]
        if not found:
            return {}
        whole = "" in found  # Git takes no empty pathspec
        ids = self._ids([] if whole else ["--", *found])
        return {seen_from(path, self._prefix): ids[path] for path in ids if not path.startswith(self._prefix)}

    def _ids(self, pathspec: list[str]) -> dict[str, str]:
        """Return the Git id of every file that PATHSPEC selects, by its path from the top of the repository."""
        ids: dict[str, str] = {}
        doubtful: set[str] = set()
        submodules: set[str] = set()
        arguments = ["ls-files", "--stage", "-v", "-z", *pathspec]
        for record in _records(self._git.run(arguments, folder=self._root)):
            description, _, path = record.partition("\t")
            flag, mode, object_id, conflict = description.split(" ")
            ids[path] = object_id
            # A small letter or S: Git was told to believe that the file is unchanged (assume-unchanged, sparse).
            if conflict != "0" or flag != "H":
                doubtful.add(path)
            if mode == "160000":
                doubtful.discard(path)
                submodules.add(path)
        deleted: set[str] = set()
        for path, state in self._changes(pathspec):
            # After a conflict (U, DD) the letter D speaks of one side; what counts is what lies on disk.
            (deleted if state[1] == "D" and state[0] not in "UD" else doubtful).add(path)
        hashed = self._hashed(doubtful, ids)
        ids.update(hashed)
        for path in (doubtful | deleted) - (submodules - deleted):
            # What the index knows of a path that is no file any more (a folder is there) counts for nothing.
            if path in deleted or path not in hashed:
                ids.pop(path, None)
        return {path: ids[path] for path in sorted(ids)}

    def read(self, path: str, *, limit_bytes: int = READ_LIMIT_BYTES) -> bytes | None:
        """Return the content of a file as it is on disk, or `None` where there is no file of this name.

        No symlink is followed, in no part of the path. Raises `UsageError("bad-path")`, `IntegrityError("symlink")`,
        `IntegrityError("too-large")`.
        """
        file = self._open(path)
        if file is None:
            return None
        with file:
            size = os.fstat(file.fileno()).st_size
            if size > limit_bytes:
                raise too_large(path, size, limit_bytes)
            return file.read(limit_bytes)

    def read_above(self, path: str, *, limit_bytes: int = READ_LIMIT_BYTES) -> bytes | None:
        """Return the content of a file elsewhere in the repository as it is on disk; raises as `read`."""
        top = WorkTree(self._git, self._root, "")
        return next((top.read(place, limit_bytes=limit_bytes) for place in at_root([path], self._prefix)), None)

    def materialise(self, path: str, folder: Path) -> Path:  # noqa: ARG002 - a commit's tree needs the folder
        """Return the file itself. Raises `UsageError("data-missing")`, and as `read`."""
        file = self._open(path)
        if file is None:
            raise file_missing(path, self.label)
        file.close()
        return self._root / self._prefix / path

    def _open(self, path: str) -> BinaryIO | None:
        checked_path(path)
        folder, *parts = [self._root / self._prefix, *path.split("/")]
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for part in parts[:-1]:
                inner = _open_below(descriptor, str(part), path, os.O_DIRECTORY)
                if inner is None:
                    return None
                os.close(descriptor)
                descriptor = inner
            found = _open_below(descriptor, str(parts[-1]), path, 0)
        finally:
            os.close(descriptor)
        return None if found is None else os.fdopen(found, "rb")

    def _status(self) -> Iterator[tuple[str, str]]:
        """Yield path and state of what differs from HEAD or the index; a nested repository ends in `/`."""
        return ((path.removeprefix(self._prefix), state) for path, state in self._changes(self._pathspec()))

    def _changes(self, pathspec: list[str]) -> Iterator[tuple[str, str]]:
        """Yield the same of what PATHSPEC selects, with paths from the top of the repository."""
        arguments = [
            *_HASHED_ONLY,
            "status",
            "--porcelain=v1",
            "-z",
            "--no-renames",
            "--untracked-files=all",
            *pathspec,
        ]
        for record in _records(self._git.run(arguments, folder=self._root)):
            state, path = record[:2], record[3:]
            if state != "??" or not path.startswith(self._prefix + _OUTPUT):
                yield path, state

    def _hashed(self, paths: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
        ids: dict[str, str] = {}
        files: list[str] = []
        links: list[str] = []
        for path in sorted(paths):
            mode = _mode(self._root / path, path)
            if mode is None:
                continue
            if stat.S_ISLNK(mode):
                links.append(path)
            elif stat.S_ISREG(mode):
                files.append(path)
            elif not stat.S_ISDIR(mode):
                raise special(path)
        if files:
            requests = "".join(f"{_quoted(path)}\n" for path in files).encode(errors="surrogateescape")
            output = self._git.run([*_HASHED_ONLY, "hash-object", "--stdin-paths"], folder=self._root, stdin=requests)
            ids.update(zip(files, output.decode().split(), strict=True))
        if links:
            some_id = next(iter(known.values()), None) or next(iter(ids.values()), None) or self._empty_id()
            for path in links:
                target = os.fsencode((self._root / path).readlink())
                header = b"blob %d\0" % len(target)
                ids[path] = new_hash(format_of(some_id), header + target).hexdigest()
        return ids

    def _empty_id(self) -> str:
        return self._git.run(["hash-object", "--stdin"], folder=self._root).decode().strip()

    def _pathspec(self) -> list[str]:
        return ["--", self._prefix] if self._prefix else []


def _open_below(descriptor: int, name: str, path: str, flags: int) -> int | None:
    """Open `name` in an open folder; `None` if there is no such file (or folder)."""
    try:
        mode = os.stat(name, dir_fd=descriptor, follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            raise symlink(path)
        if not (stat.S_ISDIR(mode) if flags else stat.S_ISREG(mode)):
            return None
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | flags, dir_fd=descriptor)
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise forbidden(path) from error


def _mode(file: Path, path: str) -> int | None:
    """Return what kind of thing a FILE is, None where there is none; raises `PermissionError` if it may not be read."""
    try:
        mode = file.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise forbidden(path) from error
    as_effective = os.access in os.supports_effective_ids
    if stat.S_ISREG(mode) and not os.access(file, os.R_OK, effective_ids=as_effective):
        raise forbidden(path)
    return mode


def _has_content(file: Path, object_id: str) -> bool:
    """Say whether the file is there with the content that its Git id promises."""
    try:
        with file.open("rb") as content:
            digest = new_hash(format_of(object_id), b"blob %d\0" % os.fstat(content.fileno()).st_size)
            while chunk := content.read(_CHUNK_BYTES):
                digest.update(chunk)
    except FileNotFoundError:
        return False
    return digest.hexdigest() == object_id


def _of_environments_in(root: Path, place: str) -> list[str]:
    """Return what may be locks in the folder that PLACE means, `folder/*`, from the top of the repository at ROOT."""
    folder = place.removesuffix("*")
    try:
        with os.scandir(root / folder) as entries:
            names = [
                each.name
                for each in entries
                if may_be_of_environments(each.name) and not each.is_dir(follow_symlinks=False)
            ]
            return sorted(f"{folder}{name}" for name in names)
    except OSError:
        return []


def _records(output: bytes) -> Iterator[str]:
    """Yield the records of an output that ends each with NUL; bytes that are no UTF-8 survive as surrogates."""
    text = output.decode(errors="surrogateescape")
    return (record for record in text.split("\0") if record)


def _quoted(path: str) -> str:
    """Return a path as `--stdin-paths` reads it: in C quotes where a line end or a quote would end or begin it."""
    if "\n" not in path and "\r" not in path and not path.startswith('"'):
        return path
    inner = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{inner}"'
