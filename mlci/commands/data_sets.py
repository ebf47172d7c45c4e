"""The data sets that a configuration names, as files that a reader can open."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final, Protocol

from mlci.core.configuration_file import FILE_NAME
from mlci.core.data_files import DataFile, DataFiles, Pin, Wanted, short
from mlci.core.data_format import common_format
from mlci.core.data_path import is_pattern, named, partition
from mlci.core.data_section import is_of_dvc, kept_by, stand_ins
from mlci.core.paths import relative_path
from mlci.core.pipeline import POINTER
from mlci.errors import IntegrityError, RejectedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from mlci.commands.ports import Data, Tree
    from mlci.core.data_format import Format
    from mlci.core.data_section import DataSection

_MD5: Final = re.compile("[0-9a-f]{32}")
LARGEST_LIST: Final = 64 << 20
"""Bytes of the list of a folder of DVC's."""


class Brings(Protocol):
    """What brings bytes by their hash."""

    def fetch(self, wanted: Wanted) -> Path:
        """Return a file with these bytes."""


def files_of(section: DataSection, tree: Tree, data: Data, objects: Path) -> DataFiles:
    """Return the files of SECTION as TREE has them, after bringing what lies outside of Git.

    Those of a commit are laid out in the folder OBJECTS. Raises `UsageError`: "data-missing" where there are none,
    "data-format-unknown" where nothing tells their format; `RejectedError("data-too-many")` where there are more than
    the section allows; and what `Data.fetch` raises.
    """
    if section.is_remote:
        file = DataFile(data.fetch(wanted_at(section)), section.path, section.pin)
        return DataFiles(section.path, form_of(section, [section.path]), (file,), section.limits.size)
    found = parts_of(section, tree, data)
    files = []
    for name, pin in found.items():
        path = _path_of(name, pin, section.limits.size, tree=tree, data=data, objects=objects)
        files.append(DataFile(path, name, pin or section.pin, partition(section.path, name)))
    return DataFiles(section.path, form_of(section, found), tuple(files), section.limits.size)


def wanted_at(section: DataSection) -> Wanted:
    """Return what lies at the address of SECTION."""
    pin = section.pin or Pin("sha256", "")  # the section demands one
    return Wanted(section.path, pin, section.limits.size, section.path, section.endpoint_url, section.region)


def parts_of(section: DataSection, tree: Tree, data: Brings) -> dict[str, Pin | None]:
    """Return the names of the files of SECTION in TREE, in their order; with its hash what DVC keeps in Git's place.

    The list of a folder of DVC's is brought for that. Raises as `files_of` does.
    """
    ids = tree.ids()
    kept: dict[str, Pin | None] = {}
    for stand_in in stand_ins(section.path, ids):
        if is_of_dvc(stand_in):
            kept.update(_kept(stand_in, section.path, tree, data))
    kept.update((name, None) for name in ids if not is_of_dvc(name))
    names = named(section.path, kept) or ((section.path,) if not is_pattern(section.path) else ())
    if not names:
        raise _nothing_matches(section.path)
    _refuse_too_many(section, names)
    return {name: kept.get(name) for name in names}


def _path_of(name: str, pin: Pin | None, limit: int, *, tree: Tree, data: Data, objects: Path) -> Path:
    """Return where the bytes of one file are: in Git, in the work tree, or in a cache after they were brought."""
    try:
        return tree.materialise(name, objects)
    except UsageError as error:
        if pin is None or error.code != "data-missing":
            raise
        return data.fetch(Wanted(name, pin, limit))


def _kept(stand_in: str, path: str, tree: Tree, data: Brings) -> Iterator[tuple[str, Pin]]:
    """Yield the files that a pointer or a lock of DVC's stands for, as far as a data set at PATH is of them."""
    found = kept_by(stand_in, tree.read(stand_in), path)
    if stand_in.endswith(POINTER) and not found:
        target = stand_in.removesuffix(POINTER)
        raise UsageError(
            "not-a-pointer",
            f"{stand_in} does not stand for `{short(target)}` with its hash",
            where=stand_in,
            cause="It was not written by `dvc add`, or was edited.",
            hint=f"dvc add {target}",
        )
    for name, digest in found.items():
        if digest.endswith(".dir"):
            wanted = Wanted(f"{name}/", Pin("md5", digest.removesuffix(".dir")), LARGEST_LIST)
            yield from _listed(data.fetch(wanted).read_bytes(), name, stand_in)
        else:
            yield name, Pin("md5", digest)


def _listed(content: bytes, target: str, pointer: str) -> Iterator[tuple[str, Pin]]:
    """Yield the files of a folder of DVC's, from its list; no name leads out of the folder."""
    try:
        for entry in json.loads(content):
            name, digest = str(relative_path(entry["relpath"])), _MD5.fullmatch(entry["md5"])
            yield f"{target}/{name}", Pin("md5", digest[0] if digest else "")
    except (ValueError, TypeError, KeyError) as error:
        raise IntegrityError(
            "not-a-pointer",
            f"the list of the folder {target} is not in the form that DVC writes",
            where=pointer,
            cause="The file in DVC's cache or remote was not written by DVC.",
            hint=f"dvc add {target}",
        ) from error


def form_of(section: DataSection, names: Iterable[str]) -> Format:
    """Return the form of a data set whose files have these NAMES: as declared, else as all the names tell.

    One file whose name tells nothing is CSV.
    """
    if section.format is not None:
        return section.format.chosen
    return common_format(
        tuple(names),
        where=f"{FILE_NAME}, data: … path: {section.path}",
        hint="Narrow the path to the files with rows, such as data/*.csv, or say format: csv.",
    )


def _refuse_too_many(section: DataSection, names: tuple[str, ...]) -> None:
    if len(names) > section.limits.files:
        raise RejectedError(
            "data-too-many",
            f"{short(section.path)} stands for {len(names):,} files, and {section.limits.files:,} are allowed",
            where=section.path,
            hint=f"data: {{NAME: {{…, limits: {{files: {len(names)}}}}}}}",
        )


def _nothing_matches(path: str) -> UsageError:
    return UsageError(
        "data-missing",
        f"no file is called as {path} says",
        where=FILE_NAME,
        cause="The files were removed or renamed, the pattern is mistyped, or .gitignore leaves them out.",
        hint=f"git add the files, or mend the path in {FILE_NAME}",
    )
