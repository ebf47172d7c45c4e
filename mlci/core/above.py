"""Inputs outside of the folder of `mlci.yaml`: what `train.code` names in its repository, and locks in folders above.

Their paths begin with `../`. A model in a folder of a large repository shares code and locks with others; what lies
there is an input as anything else is, once it is named.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from posixpath import normpath
from typing import TYPE_CHECKING, Final, TypeVar

from mlci.core.command_words import words_for_a_shell
from mlci.core.data_path import is_pattern
from mlci.core.listed_code import OF_ENVIRONMENTS
from mlci.core.names import ABOVE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.config import Config

MOST_FOLDERS: Final = 20
"""Folders above that are looked into; a repository is hardly deeper."""
Known = TypeVar("Known")
_DIRECTLY: Final = re.compile(r"(?:\.\./)+([^/]+)")


def places_above(config: Config) -> tuple[str, ...]:
    """Return where inputs of CONFIG may lie outside of its folder: files and folders with all that is in them.

    What its commands name is among them, where a word can be a path of a file as Git knows it.

    `../*` stands for the locks of that folder itself, and what else may say what an environment holds, where
    `environment:` makes one from them.
    """
    words = (*words_for_a_shell(config.train.run or ""), *words_for_a_shell(config.environment.install or ""))
    entries = (*map(_fixed, config.train.code or ()), *(word for word in words if _is_path(word)))
    named = (entry for entry in entries if entry.startswith(ABOVE))
    folders = range(1, MOST_FOLDERS + 1) if config.environment.install else ()
    return tuple(dict.fromkeys((*named, *(f"{ABOVE * height}*" for height in folders))))


def below(files: Mapping[str, Known]) -> dict[str, Known]:
    """Return what is known of FILES, by path, without those outside of the folder."""
    return {path: known for path, known in files.items() if not path.startswith(ABOVE)}


def is_lock_above(path: str) -> bool:
    """Tell whether PATH is a file that says what an environment holds, in a folder above.

    >>> is_lock_above("../../uv.lock"), is_lock_above("../other/uv.lock"), is_lock_above("uv.lock")
    (True, False, False)
    """
    found = _DIRECTLY.fullmatch(path)
    return found is not None and any(fnmatchcase(found[1], pattern) for pattern in OF_ENVIRONMENTS)


def _is_path(word: str) -> bool:
    """Tell whether a WORD of a command may be the path of a file; another way of writing it is an argument.

    >>> _is_path("../shared/train.py"), _is_path("../.."), _is_path("../x/../../../etc"), _is_path("../*.csv")
    (True, False, False, False)
    """
    return normpath(word) == word and word.rpartition("/")[2] != ".." and not is_pattern(word)


def _fixed(entry: str) -> str:
    """Return the folder that everything lies in which ENTRY stands for, or the entry itself.

    >>> _fixed("../shared"), _fixed("../shared/**/*.py"), _fixed("../*.py")
    ('../shared', '../shared', '../')
    """
    if not is_pattern(entry):
        return entry
    parts = entry.split("/")
    place = next(place for place, part in enumerate(parts) if is_pattern(part))
    return "/".join(parts[:place]) if set(parts[:place]) != {".."} else "/".join((*parts[:place], ""))
