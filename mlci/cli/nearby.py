"""Where the models of a repository are, for somebody who stands in another of its folders."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

from mlci.adapters.git import GitRepository
from mlci.adapters.git_process import Git
from mlci.core.configuration_file import FILE_NAME
from mlci.errors import MlciError, UsageError

MOST_NAMED = 5


def with_nearby(error: MlciError, folder: Path) -> MlciError:
    """Return ERROR, which says that FOLDER has no configuration, with the way to those that the repository has."""
    found = model_folders(folder)
    if not found:
        return error
    above = [path for path in found if set(path.parts) == {os.pardir}]
    if above:
        nearest = min(above, key=lambda path: len(path.parts))
        cause, hint = "It lies in a folder above this one.", f"cd {nearest}"
    elif len(found) == 1:
        only = shlex.quote(str(found[0]))
        cause, hint = f"The one of this repository lies in {only}.", f"cd {only}"
    else:
        named = ", ".join(shlex.quote(str(path)) for path in found[:MOST_NAMED])
        more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
        cause = f"This repository holds {len(found)} models, each in a folder of its own."
        hint = f"cd to one of them: {named}{more}"
    return UsageError(error.code, error.problem, where=error.where, cause=cause, hint=hint)


def model_folders(folder: Path) -> list[Path]:
    """Return the folders of FOLDER's repository that have a configuration, relative to FOLDER, the nearest first.

    Empty where Git cannot be asked.
    """
    try:
        repository = GitRepository.open(folder, Git(os.environ))
        arguments = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = repository.git.run(arguments, folder=repository.root)
    except MlciError:
        return []
    names = listed.decode(errors="surrogateescape").split("\0")
    files = {repository.root / name for name in names if name.rpartition("/")[2] == FILE_NAME}
    relative = [Path(os.path.relpath(file.parent, repository.folder)) for file in files if file.is_file()]
    return sorted(relative, key=lambda path: (len(path.parts), path))
