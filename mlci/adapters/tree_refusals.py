"""Why a file of a commit or of the work tree is not read."""

from __future__ import annotations

import errno
import os

from mlci.core.plain_text import one_line
from mlci.errors import IntegrityError, UsageError


def file_missing(path: str, label: str) -> UsageError:
    """Return the error of a file that is needed and not there."""
    shown = one_line(path, 120)
    return UsageError(
        "data-missing",
        f"there is no file {shown} in {'the ' if label == 'work tree' else ''}{label}",
        where=shown,
        cause="It was removed or renamed, or its path in mlci.yaml is mistyped.",
        hint=f"git checkout HEAD -- {shown}, or mend the path in mlci.yaml"
        if label == "work tree"
        else f"git add {shown}, commit it and bring it to that branch, or mend the path in mlci.yaml there",
    )


def special(path: str) -> UsageError:
    """Return the error of a pipe, a socket or a device where Git has a file: reading it could take for ever."""
    shown = one_line(path, 120)
    return UsageError(
        "not-a-file",
        f"{shown} is a pipe, a socket or a device, and Git has a file there",
        where=shown,
        cause="Something replaced the file in the work tree.",
        hint=f"rm {shown} && git checkout HEAD -- {shown}",
    )


def symlink(path: str) -> IntegrityError:
    """Return the error of a symlink where a file was expected."""
    shown = one_line(path, 120)
    return IntegrityError(
        "symlink",
        f"{shown} is a symbolic link",
        where=shown,
        cause="Links are not followed: one in a pull request could point anywhere on the machine that reads it.",
        hint="Commit the file itself.",
    )


def forbidden(path: str) -> PermissionError:
    """Return what the system says of a file that may not be read, with its PATH as people know it."""
    return PermissionError(errno.EACCES, os.strerror(errno.EACCES), one_line(path, 120))
