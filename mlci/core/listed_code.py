"""Which files are code where `train.code` lists them, in place of all that are not data, prose or tests."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BeforeValidator, WithJsonSchema

from mlci.core.data_path import check_pattern, is_pattern, named
from mlci.core.paths import LONGEST_PATH, relative_path

if TYPE_CHECKING:
    from collections.abc import Iterable

OF_ENVIRONMENTS: Final = ("pyproject.toml", "uv.lock", "*requirements*", "*constraints*", "*.lock")
"""Names of files that say what an environment holds: they count where mlci makes one, listed or not."""
OF_PIPELINES: Final = ("dvc.yaml", "dvc.lock", "*.dvc")
"""The same of a pipeline of DVC."""
_OUTWARDS: Final = re.compile(r"(?:\.\./(?:\./|/)*)+")


def _code_path(text: object) -> object:
    """Return a path below the folder of `mlci.yaml`, or one that begins with `../` and stays in its repository."""
    if not isinstance(text, str):
        return text
    check_pattern(text)
    above = _OUTWARDS.match(text)
    height = above[0].count("..") if above else 0
    path = relative_path(text[above.end() if above else 0 :])
    return f"{'../' * height}{path}"


CodePath = Annotated[
    str, BeforeValidator(_code_path), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_PATH})
]
"""A file, a folder or a pattern below the folder of `mlci.yaml`, or elsewhere in its repository: `../shared`."""


def may_be_of_environments(name: str) -> bool:
    """Tell whether a file with this NAME may say what an environment holds; requirements may be any text.

    >>> may_be_of_environments("uv.lock"), may_be_of_environments("base.txt"), may_be_of_environments("train.py")
    (True, True, False)
    """
    return any(fnmatchcase(name, pattern) for pattern in (*OF_ENVIRONMENTS, "*.txt"))


def listed(entry: str, paths: Iterable[str]) -> frozenset[str]:
    """Return which of PATHS an ENTRY of `train.code` stands for: a file, all files below a folder, or a pattern's.

    >>> sorted(listed("src", ["src/__init__.py", "src/a/b.py", "src.py"]))
    ['src/__init__.py', 'src/a/b.py']
    >>> sorted(listed("**/*.py", ["train.py", "src/a/b.py", "notes.txt"]))
    ['src/a/b.py', 'train.py']
    """
    known = list(paths)
    if is_pattern(entry):
        return frozenset(named(entry, known))
    return frozenset(path for path in known if path == entry or path.startswith(f"{entry}/"))


def all_listed(entries: Iterable[str], paths: Iterable[str]) -> frozenset[str]:
    """Return which of PATHS any of ENTRIES stands for."""
    known = list(paths)
    return frozenset[str]().union(*(listed(entry, known) for entry in entries))


def unmatched(entries: Iterable[str], paths: Iterable[str]) -> tuple[str, ...]:
    """Return which of ENTRIES stand for none of PATHS, as after a renaming."""
    known = list(paths)
    return tuple(entry for entry in entries if not listed(entry, known))
