"""Which files are code where `train.code` lists them, in place of all that are not data, prose or tests."""

from __future__ import annotations

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


def _code_path(text: object) -> object:
    if isinstance(text, str):
        check_pattern(text)
    return relative_path(text)


CodePath = Annotated[
    str, BeforeValidator(_code_path), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST_PATH})
]
"""A file, a folder or a pattern below the folder of `mlci.yaml`."""


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
