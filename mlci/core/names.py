"""Names that become parts of references, tags and paths, checked before they do."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from mlci.core.plain_text import one_line
from mlci.errors import IntegrityError, UsageError

NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
SHA256: Final = re.compile(r"[0-9a-f]{64}")
_FORBIDDEN_IN_BRANCH: Final = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")
_LONGEST_FOLDER: Final = 150
_EXAMPLES: Final = {"stage": "production", "deployment": "live", "data set": "cells"}


def checked_name(text: str, what: str) -> str:
    """Return `text` if it may name a `what` (a model, a stage, a data set, a target).

    Raises `UsageError("bad-name")` otherwise.
    """
    if NAME.fullmatch(text) is None:
        raise UsageError(
            "bad-name",
            f"“{one_line(text, 80)}” cannot be the name of a {what}",
            cause="A name begins with a small letter and has at most 63 small letters, digits, `_` and `-`.",
            hint=f"Rename the {what}, for example to `{_EXAMPLES.get(what, 'tumour')}`.",
        )
    return text


def checked_commit(text: str) -> str:
    """Return `text` if it is a full commit id (40 or 64 hexadecimal digits), else raise `UsageError("bad-commit")`."""
    if _COMMIT.fullmatch(text) is None:
        raise UsageError(
            "bad-commit",
            f"“{one_line(text, 80)}” is not a full commit id",
            hint="Give the commit that `git rev-parse HEAD` prints.",
        )
    return text


def checked_sha256(text: str) -> str:
    """Return `text` if it is a sha256 in hexadecimal digits, else raise `IntegrityError("bad-digest")`."""
    if SHA256.fullmatch(text) is None:
        raise IntegrityError("bad-digest", f"“{one_line(text, 80)}” is not a sha256 in hexadecimal digits")
    return text


def checked_branch(text: str) -> str:
    """Return `text` if it may be the name of a branch, by the rules of `git check-ref-format --branch`.

    Raises `UsageError("bad-branch")` otherwise; a name that looks like an option never reaches Git.
    """
    parts = text.split("/")
    wrong = (
        not text
        or text in {"@", "HEAD"}
        or text.startswith("-")
        or text.endswith(".")
        or _FORBIDDEN_IN_BRANCH.search(text) is not None
        or any(not part or part.startswith(".") or part.endswith(".lock") for part in parts)
        or not _is_encodable(text)
    )
    if wrong:
        raise UsageError(
            "bad-branch",
            f"“{one_line(text, 80)}” cannot be the name of a branch",
            hint="`git branch --list` shows the names of your branches.",
        )
    return text


def branch_folder(branch: str) -> str:
    """Return the one folder name that stands for a branch: different branches have different folders.

    Everything but letters, digits, `.`, `_` and `-` is written as `%XX`, byte by byte; a very long name is cut and
    ends in its sha256. The result holds no `/`, so that `a` and `a/b` do not collide as folders or references.

    >>> branch_folder("feature/größe")
    'feature%2Fgr%C3%B6%C3%9Fe'
    """
    checked_branch(branch)
    folder = "".join(
        chr(byte) if chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in "._-") else f"%{byte:02X}"
        for byte in branch.encode()
    )
    if len(folder) <= _LONGEST_FOLDER:
        return folder
    # `%%` cannot come from a branch: there, a `%` is followed by two digits.
    return f"{folder[:60]}%%{hashlib.sha256(branch.encode()).hexdigest()}"


ABOVE: Final = "../"
"""What the path of a file begins with that lies outside of the folder of `mlci.yaml`, elsewhere in its repository."""


def checked_path(text: str) -> str:
    """Return `text` if it names a file below a folder: relative, with `/`, without `..`, not inside `.git`.

    Raises `UsageError("bad-path")` otherwise.
    """
    parts = text.split("/")
    wrong = "\0" in text or any(part in {"", ".", ".."} or part.lower() == ".git" for part in parts)
    if wrong:
        raise UsageError(
            "bad-path",
            f"“{one_line(text, 120)}” is not a path below the folder of mlci.yaml",
            hint="Write a relative path with `/`, without `.`, `..` and `.git`.",
        )
    return text


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
