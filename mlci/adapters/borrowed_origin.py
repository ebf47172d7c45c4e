"""The registries of another repository, for somebody who has no clone of it."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mlci.adapters.git import BASE_REFERENCES, REGISTRY_BRANCHES, REGISTRY_REFERENCES, GitRepository
from mlci.core.plain_text import one_line
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlci.adapters.git_process import Git

_TIP = f"{BASE_REFERENCES}borrowed"


@contextmanager
def borrowed_origin(url: str, git: Git) -> Iterator[tuple[GitRepository, str]]:
    """Yield a repository that has the registries of the one at `url`, and the tip of its default branch.

    No more than these commits are fetched; it is removed with the block. Raises `UsageError`: "bad-url";
    `OutsideError("origin-failed")`.
    """
    with tempfile.TemporaryDirectory(prefix="mlci-pull-") as name:
        folder = Path(name)
        git.run(["init", "--quiet", "--template=", "--initial-branch=unborn"], folder=folder)
        git.run(["config", "--local", "remote.origin.url", _checked(url)], folder=folder)
        repository = GitRepository(git, folder, "")
        repository.fetch_references("--depth=1", f"+{REGISTRY_BRANCHES}*:{REGISTRY_REFERENCES}*", f"+HEAD:{_TIP}")
        yield repository, repository.resolve(_TIP)


def _checked(url: str) -> str:
    """Return an address that Git takes as one: a path is made absolute, since the clone lies elsewhere."""
    if not url.strip() or url.startswith("-") or not url.isprintable() or "::" in url.partition("/")[0]:
        raise UsageError(
            "bad-url",
            f"“{one_line(url, 120)}” is not the address of a repository",
            hint="Give what git clone takes: https://host/owner/name.git, or a path",
        )
    path = Path(url)
    return str(path.resolve()) if path.is_dir() else url
