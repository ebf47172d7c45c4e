"""The files that a path on this machine stands for: what `data: … path:` means, for who has no mlci.yaml yet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlci.adapters.csv_dialect import dialect_of
from mlci.core.data_files import DEFAULT_FILES, DataFile, DataFiles, one_file
from mlci.core.data_format import CsvFormat, common_format
from mlci.core.data_path import check_pattern, is_pattern, named, partition
from mlci.core.plain_text import one_line
from mlci.errors import RejectedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_SEEN: Final = 100_000
"""Files that a folder is searched for."""


def files_at(path: Path, hint: str) -> DataFiles:
    """Return the file at PATH, or the files of the folder or pattern that it is, in their order, with their partitions.

    How CSV files part their values is found out. Raises `UsageError`: "data-missing", with the HINT, where there is
    none; "data-format-unknown"; `RejectedError("data-too-many")`.
    """
    if is_file(path):
        return one_file(path, form=dialect_of(path))
    text = os.path.normpath(path)
    is_folder = os.path.isdir(path)  # noqa: PTH112 - as `is_file`
    if not is_folder and not is_pattern(text):
        raise no_such_file(path, hint)
    if not is_folder:
        _refuse_bad_pattern(text, hint)
    # A folder is searched by itself, since its own name may hold the signs of a pattern.
    wanted, root = (".", text) if is_folder else (text, _folder_of(text))
    found = named(wanted, (f"./{each}" if is_folder else str(Path(root, each)) for each in _below(root)))
    if not found:
        raise no_such_file(path, hint)
    if len(found) > DEFAULT_FILES:
        problem = f"{one_line(text, 200)} stands for {len(found):,} files, and {DEFAULT_FILES:,} are read here"
        raise RejectedError("data-too-many", problem, where=text, hint="Name some of them: a contract needs no more.")
    form = common_format(found, where=text, hint=f"Narrow it to the files with rows, such as '{root}/*.csv'.")
    places = {each: Path(root, each) if is_folder else Path(each) for each in found}
    if form == CsvFormat():
        form = dialect_of(places[found[0]]) or form
    files = tuple(DataFile(place, str(place), partition=partition(wanted, each)) for each, place in places.items())
    return DataFiles(text, form, files)


def is_file(path: Path) -> bool:
    """Tell whether there is a file at PATH; there is none where no system takes the name."""
    return os.path.isfile(path)  # noqa: PTH113 - pathlib's own raises for a name that is too long


def no_such_file(path: Path, hint: str) -> UsageError:
    """Return the error of a PATH that names no file with rows; raises `PermissionError` where nobody may look."""
    name = one_line(path.name or str(path), 120)
    _refuse_forbidden(path)
    if os.path.isdir(path):  # noqa: PTH112 - as `is_file`
        problem, cause = f"{name} is a folder", "It holds no file with rows, or one file is wanted."
    elif is_pattern(str(path)):
        problem, cause = f"no file is called as {name} says", "The pattern is mistyped, or the shell changed it."
    else:
        problem, cause = f"there is no file {name}", "Its name is mistyped, or it lies in another folder."
    return UsageError("data-missing", problem, where=str(path), cause=cause, hint=hint)


def _refuse_forbidden(path: Path) -> None:
    """Raise `PermissionError` where this user may not see whether there is anything at PATH."""
    try:
        path.stat()
    except PermissionError:
        raise
    except (OSError, ValueError):
        return


def _refuse_unseen(error: OSError) -> None:
    """Raise what says that a folder may not be searched: its files are not to be left out in silence."""
    if isinstance(error, PermissionError):
        raise error


def _refuse_bad_pattern(text: str, hint: str) -> None:
    """Raise where TEXT is a pattern that stands for nothing."""
    try:
        check_pattern(text)
    except ValueError as error:
        raise UsageError("bad-path", f"{one_line(text, 200)}: {error}", hint=hint) from None


def _folder_of(pattern: str) -> str:
    """Return the folder that all files lie below which PATTERN stands for; empty for this one."""
    parts = pattern.split("/")
    first = next(place for place, part in enumerate(parts) if is_pattern(part))
    return "/".join(parts[:first]) or ("/" if pattern.startswith("/") else "")


def _below(folder: str) -> Iterator[str]:
    """Yield the paths of the files below FOLDER, from there; hidden folders are not searched."""
    seen = 0
    for place, folders, names in os.walk(folder or ".", onerror=_refuse_unseen):
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        for name in names:
            seen += 1
            if seen > _MOST_SEEN:
                problem = f"there are more than {_MOST_SEEN:,} files below {one_line(folder, 200)}"
                raise RejectedError("data-too-many", problem, where=folder, hint="Name a folder with rows alone.")
            file = Path(place, name)
            if is_file(file):
                yield str(file.relative_to(folder or "."))
