"""A work tree of its own for a commit: nothing of the user's changes, neither files, nor index, nor configuration."""

from __future__ import annotations

import configparser
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlci.adapters.git import GitRepository
from mlci.adapters.git_reader import missing
from mlci.adapters.scratch import scratch_folder
from mlci.adapters.work_folder import WorkFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX: Final = "again-"
_DVC: Final = ".dvc"


@contextmanager
def separate_tree(
    repository: GitRepository, work: WorkFolder, commit: str
) -> Iterator[tuple[GitRepository, WorkFolder]]:
    """Lay out COMMIT in a folder of its own in `.mlci/`, and remove it in the end; objects are borrowed, not copied.

    Raises `OutsideError("git-object-missing")` where this clone lacks the commit.
    """
    if not repository.has_commit(commit):
        raise missing(commit)
    with scratch_folder(work.ready(), PREFIX) as root:
        git = repository.git
        git.run(["init", "--quiet", "--template=", f"--object-format={repository.object_format()}"], folder=root)
        objects = _git_path(repository, "objects")
        alternates = root / ".git" / "objects" / "info" / "alternates"
        alternates.parent.mkdir(parents=True, exist_ok=True)
        alternates.write_text(f"{objects}\n", encoding="utf-8")
        shallow = _git_path(repository, "shallow")
        if shallow.is_file():
            shutil.copyfile(shallow, root / ".git" / "shallow")
        git.run(["checkout", "--quiet", "--detach", commit, "--"], folder=root)
        _settle_dvc(repository.root, root)
        folder = root / repository.prefix
        yield GitRepository.open(folder, git), WorkFolder(folder)


def _git_path(repository: GitRepository, name: str) -> Path:
    told = repository.git.run(["rev-parse", "--git-path", name], folder=repository.folder)
    return (repository.folder / told.decode(errors="surrogateescape").removesuffix("\n")).resolve()


def _settle_dvc(here: Path, there: Path) -> None:
    """Let DVC find the same remotes THERE: local settings are copied, and relative addresses made absolute.

    The cache is not shared: what is restored is fetched by its hash, and what is made is made anew.
    """
    if not (there / _DVC).is_dir():
        return
    settings = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        settings.read([there / _DVC / "config", here / _DVC / "config.local"], encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):  # DVC says what is wrong with it
        return
    for section in settings.sections():
        address = settings.get(section, "url", fallback=None)
        if address and "://" not in address and not Path(address).is_absolute():
            settings.set(section, "url", str((here / _DVC / address).resolve()))
    settings.remove_section("cache")
    with (there / _DVC / "config.local").open("w", encoding="utf-8") as file:
        settings.write(file)
