"""The data that a training command reads: where it finds them, and that they are what the fingerprint says."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from mlci.core.configuration_file import FILE_NAME
from mlci.core.data_path import is_pattern, named
from mlci.core.data_section import is_of_dvc, kept_by, stand_ins
from mlci.core.pipeline import POINTER
from mlci.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlci.commands.ports import Tree
    from mlci.core.data_section import DataSection

CACHE = ".mlci/cache/data"
CHUNK_BYTES = 1 << 20


def training_place(section: DataSection, folder: Path) -> Path:
    """Return the path that a training command learns for a data set: a file, a folder, or a pattern.

    Raises `UsageError("data-missing")` where nothing is there.
    """
    place = folder / CACHE / f"sha256-{section.sha256}" if section.is_remote else folder / section.path
    if place.exists() or is_pattern(section.path):
        return place
    raise UsageError(
        "data-missing",
        f"there is no file {section.path}",
        where=FILE_NAME,
        cause="It lies outside of Git and was not brought, or it was removed or renamed, or its path is mistyped.",
        hint=f"mlci data pull, git checkout HEAD -- {section.path}, or mend the path in {FILE_NAME}",
    )


def training_files(section: DataSection, tree: Tree, ids: Mapping[str, str], folder: Path) -> dict[str, Path]:
    """Return the files of a data set that a training command reads, by what people call them.

    Raises `IntegrityError("data-differs")` where one is not what its pointer or its pin names, and
    `UsageError("input-unknown")` where DVC keeps them as a folder, of which a change would go unnoticed.
    """
    kept: dict[str, tuple[str, str]] = {}
    if section.is_remote:
        found = {section.path: training_place(section, folder)}
    else:
        stand_ins_of = [each for each in stand_ins(section.path, ids) if is_of_dvc(each)]
        kept = {name: (md5, each) for each in stand_ins_of for name, md5 in _files(each, section.path, tree).items()}
        names = named(section.path, {*(name for name in ids if not is_of_dvc(name)), *kept}) or (section.path,)
        found = {name: folder / name for name in names}
    for name, path in found.items():
        if name in kept and name not in ids:
            _check(path, "md5", *kept[name])
        elif not path.is_file():
            raise _kept_as_folder(name)
        if section.sha256 is not None:
            _check(path, "sha256", section.sha256, FILE_NAME)
    return found


def _files(stand_in: str, path: str, tree: Tree) -> dict[str, str]:
    """Return the single files that a file of DVC's keeps of a data set, with their MD5."""
    kept = kept_by(stand_in, tree.read(stand_in), path)
    folder = next((name for name, digest in kept.items() if digest.endswith(".dir")), None)
    if folder is not None or (not kept and stand_in.endswith(POINTER)):
        raise _kept_as_folder(folder or stand_in.removesuffix(POINTER))
    return kept


def _kept_as_folder(name: str) -> UsageError:
    return UsageError(
        "input-unknown",
        f"{name} is no file that Git or a pointer of DVC's knows",
        where=FILE_NAME,
        cause="DVC keeps it as a part of a folder, so that a change of it would go unnoticed in training.",
        hint="Track the files of training data one by one: dvc add FOLDER/*",
    )


def _check(path: Path, algorithm: str, digest: str, where: str) -> None:
    state = hashlib.new(algorithm, usedforsecurity=False)
    try:
        with path.open("rb") as content:
            while chunk := content.read(CHUNK_BYTES):
                state.update(chunk)
    except OSError:
        raise UsageError("data-missing", f"{path.name} is not here", where=where, hint="mlci data pull") from None
    if state.hexdigest() != digest:
        raise IntegrityError(
            "data-differs",
            f"{path.name} is not the file that {where} names",
            where=where,
            cause="It was written anew, and what records its hash was not.",
            hint=f"dvc add {path.name}" if algorithm == "md5" else "Correct sha256:, or bring the file that it names.",
        )
