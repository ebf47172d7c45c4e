"""The files of a registry as a commit of its branch holds them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mlci.adapters.git import BRANCHES, REGISTRY_BRANCHES, REGISTRY_REFERENCES
from mlci.adapters.git_reader import missing, reading
from mlci.core.git_objects import FILE_MODE, FOLDER_MODE, ObjectFormat, commit_tree, format_of, parse_tree
from mlci.core.plain_text import one_line
from mlci.core.registry import LoadedRegistry, Registry, read
from mlci.core.registry.entries import broken, event_path
from mlci.core.registry.history import EVALUATIONS, PAGE
from mlci.errors import IntegrityError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.adapters.git import GitRepository
    from mlci.adapters.git_reader import GitReader

COMMIT_LIMIT_BYTES: Final = 1 << 20
FILE_LIMIT_BYTES: Final = 1 << 20
_TREE_LIMIT_BYTES: Final = 256 << 20
_EVENT: Final = re.compile(r"[0-9]{6,}\.json")
_EVALUATION: Final = re.compile(r"evaluations/[0-9a-f]{64}\.json")


def registry_at(repository: GitRepository, model: str, revision: str) -> LoadedRegistry:
    """Return the registry that a commit holds, or the one that a reference names; an empty one where there is none.

    One process of Git. Raises `IntegrityError`: "foreign-branch" when the commit holds something else,
    "registry-broken", "newer-schema".
    """
    with reading(repository.git, repository.folder) as reader:
        found = reader.find(revision, "commit", COMMIT_LIMIT_BYTES)
        if found is None:
            return LoadedRegistry(Registry.empty(model), None)
        commit_id, body = found
        try:
            files = file_ids(reader, body, format_of(commit_id))
        except IntegrityError as error:
            raise error if _holds_events(reader, found) else _foreign_branch(model) from None
        if event_path(1) not in files and not _holds_events(reader, found):
            raise _foreign_branch(model)
        _check_evaluations(files)
        paths = [path for path in files if path != PAGE and not path.startswith(EVALUATIONS)]
        content = _contents(reader, {path: files[path] for path in paths})
    return LoadedRegistry(read(model, content), commit_id)


def _contents(reader: GitReader, files: Mapping[str, str]) -> dict[str, bytes]:
    """Return path → content; raises `IntegrityError("registry-broken")` naming the file that nobody would read."""
    contents: list[bytes] = []
    try:
        contents.extend(reader.blobs(list(files.values()), FILE_LIMIT_BYTES))
    except IntegrityError as error:
        raise broken(list(files)[len(contents)], error.problem) from error
    return dict(zip(files, contents, strict=True))


def is_foreign(reader: GitReader, commit_id: str) -> bool:
    """Return whether a commit is here, and no registry: not even one of which somebody removed events."""
    found = reader.find(f"{commit_id}^{{commit}}", "commit", COMMIT_LIMIT_BYTES)
    return found is not None and not _holds_events(reader, found)


def file_ids(reader: GitReader, commit_body: bytes, object_format: ObjectFormat) -> dict[str, str]:
    """Return path → blob id of a registry commit: files, and folders of files, and nothing else."""
    found_files: dict[str, str] = {}
    folders = [("", commit_tree(commit_body))]
    for prefix, tree_id in folders:
        for mode, name, object_id in _entries(reader, tree_id, object_format):
            if mode == FILE_MODE:
                found_files[prefix + name] = object_id
            elif mode == FOLDER_MODE and not prefix:
                folders.append((f"{name}/", object_id))
            else:
                raise broken(prefix + name, "it is no plain file")
    return found_files


def _holds_events(reader: GitReader, found: tuple[str, bytes]) -> bool:
    """Return whether the commit that was FOUND, by its id and content, has an event in its folder of events."""
    object_format = format_of(found[0])
    entries = _entries(reader, commit_tree(found[1]), object_format)
    folder = next((each for mode, name, each in entries if (mode, name) == (FOLDER_MODE, "events")), None)
    events = [] if folder is None else _entries(reader, folder, object_format)
    return any(_EVENT.fullmatch(name) for _, name, _ in events)


def _check_evaluations(files: Mapping[str, str]) -> None:
    for path in files:
        if path.startswith(EVALUATIONS) and _EVALUATION.fullmatch(path) is None:
            raise broken(path, "it is no file of a registry")


def _entries(reader: GitReader, tree_id: str, object_format: ObjectFormat) -> list[tuple[str, str, str]]:
    """Return mode, name and id of each entry of a tree."""
    found = reader.find(tree_id, "tree", _TREE_LIMIT_BYTES)
    if found is None:
        raise missing(tree_id)
    try:
        return list(parse_tree(found[1], object_format))
    except ValueError as error:
        raise broken("its tree", one_line(str(error), 120)) from error


def _foreign_branch(model: str) -> IntegrityError:
    return IntegrityError(
        "foreign-branch",
        f"the branch mlci/registry/{model} exists, but mlci did not make it: it holds no events",
        where=f"mlci/registry/{model}",
        hint=f"Rename it: git push origin {REGISTRY_REFERENCES}{model}:{BRANCHES}OTHER :{REGISTRY_BRANCHES}{model}",
    )
