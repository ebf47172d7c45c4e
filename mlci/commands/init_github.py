"""`mlci init --github`: the workflows that check, report and merge, in the user's own repository."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlci.core.config import read_config
from mlci.core.configuration_file import FILE_NAME
from mlci.errors import UsageError
from mlci.render.workflow_callers import callers

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Hosting:
    """What the user said on the command line, and where mlci's reusable workflows are.

    `repository`: of mlci, such as `mlci/mlci`; `ref`: its full commit, or a tag; `version` stands beside a commit.
    """

    repository: str
    ref: str
    version: str = ""
    install: str = ""
    deploy: str = ""
    default_branch: str = "main"


def init_github(hosting: Hosting, *, folder: Path) -> tuple[str, ...]:
    """Write the workflows below FOLDER, the top of the repository; return the paths of those that were not there yet.

    Raises `UsageError` before it touches a file: "not-the-top", "no-configuration", "store-not-shared",
    "unknown-target", "workflow-exists", and what `callers` raises.
    """
    _check_is_top(folder)
    _check_configuration(hosting, folder / FILE_NAME)
    workflows = callers(
        hosting.repository,
        hosting.ref,
        version=hosting.version,
        install=hosting.install,
        deploy=hosting.deploy,
        default_branch=hosting.default_branch,
    )
    missing = {path: text for path, text in workflows.items() if not _is_there(folder, path, text)}
    for path, text in missing.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return tuple(missing)


def _check_is_top(folder: Path) -> None:
    """Raise in a folder inside a repository: GitHub reads workflows at its top only."""
    top = next((each for each in (folder, *folder.parents) if os.path.lexists(each / ".git")), folder)
    if top != folder:
        raise UsageError(
            "not-the-top",
            f"this is the folder {folder.relative_to(top).as_posix()} of a repository, not its top",
            cause=f"GitHub reads workflows from the top only, and they look for {FILE_NAME} there.",
            hint="cd $(git rev-parse --show-toplevel), and run it there.",
        )


def _check_configuration(hosting: Hosting, path: Path) -> None:
    """Raise unless `mlci.yaml` says what works on runners that share no disk."""
    if not path.is_file():
        raise UsageError("no-configuration", f"there is no {FILE_NAME} here", hint="mlci init DATA.csv --label COLUMN")
    config = read_config(path.read_bytes())
    if not config.promote.store.releases:
        raise UsageError(
            "store-not-shared",
            "packages lie in a directory, which the runners of GitHub do not share",
            where=f"{FILE_NAME}, promote.store",
            hint=f"promote: {{stage: {config.promote.stage}, store: {{releases: true}}}}",
        )
    if hosting.deploy and hosting.deploy not in config.deploy:
        raise UsageError(
            "unknown-target",
            f"no deployment is called {hosting.deploy!r}",
            where=FILE_NAME,
            hint=f"Listed under deploy: {', '.join(config.deploy) or 'none'}",
        )


def _is_there(folder: Path, path: str, text: str) -> bool:
    """Say whether the workflow is there as we would write it; raises where it is there in other words."""
    file = folder / path
    if not os.path.lexists(file):
        return False
    if not file.is_file() or file.read_bytes() != text.encode():
        raise UsageError(
            "workflow-exists",
            f"there is another {path} already",
            cause="It was edited, or written for another version of mlci.",
            hint=f"Remove it first: git rm {path}",
        )
    return True
