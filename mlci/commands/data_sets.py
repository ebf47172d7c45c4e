"""The data sets that a configuration names, as files that a reader can open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.config import FILE_NAME
from mlci.core.data_files import DataFile, DataFiles, short
from mlci.core.data_format import SUFFIXES, CsvFormat, format_of
from mlci.core.data_path import is_pattern, named, partition
from mlci.core.plain_text import one_line
from mlci.errors import RejectedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from mlci.commands.ports import Tree
    from mlci.core.data_format import Format
    from mlci.core.data_section import DataSection


def files_of(section: DataSection, tree: Tree, objects: Path) -> DataFiles:
    """Return the files of SECTION as TREE has them; those of a commit are laid out in the folder OBJECTS.

    Raises `UsageError`: "data-missing" where there are none, "data-format-unknown" where nothing tells their format;
    `RejectedError("data-too-many")` where there are more than the section allows.
    """
    names = named(section.path, tree.ids()) or ((section.path,) if not is_pattern(section.path) else ())
    if not names:
        raise _nothing_matches(section.path)
    _refuse_too_many(section, names)
    files = [
        DataFile(tree.materialise(name, objects), name, section.pin, partition(section.path, name)) for name in names
    ]
    return DataFiles(section.path, form_of(section, names), tuple(files), section.limits.size)


def form_of(section: DataSection, names: Iterable[str]) -> Format:
    """Return the form of a data set whose files have these NAMES: as declared, else as all the names tell.

    One file whose name tells nothing is CSV.
    """
    if section.format is not None:
        return section.format.chosen
    listed = tuple(names)
    told = {name: format_of(name) for name in listed}
    if len(listed) == 1:
        return told[listed[0]] or CsvFormat()
    unknown = next((name for name, form in told.items() if form is None), None)
    first = told[listed[0]]
    other = unknown or next((name for name, form in told.items() if form != first), None)
    if other is not None or first is None:
        raise UsageError(
            "data-format-unknown",
            f"{one_line(other or listed[0], 120)} does not tell its format"
            if unknown
            else f"{one_line(other or '', 120)} is of another format than {one_line(listed[0], 120)}",
            where=f"{FILE_NAME}, data: … path: {section.path}",
            cause=f"Every file of a data set has the same format. Names tell it by {', '.join(SUFFIXES)}.",
            hint="Narrow the path to the files with rows, such as data/*.csv, or say format: csv.",
        )
    return first


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
