"""A deployment target in a folder: versions side by side, and a link `current` that moves from one to the next."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mlci.adapters.files import sync_folder, temporary_path, write_folder
from mlci.core.registry.numbers import sort_key
from mlci.core.target import Placed
from mlci.errors import IntegrityError, OutsideError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT: Final = 3
_REMOVED: Final = ".removed-"


class DirectoryTarget:
    """`<folder>/versions/<version>-<digest>/` and `<folder>/current`, which always points to one whole version."""

    def __init__(self, folder: Path, kept: int = KEPT, *, apart_from: Path | None = None) -> None:
        """Deploy into `folder`, which is made with the first deployment; `kept` versions stay.

        Raises `UsageError("target-in-repository")` where it lies in the work tree `apart_from`, or in any `.git`.
        """
        if apart_from is not None:
            _refuse_repository(folder.resolve(), apart_from.resolve())
        self._folder = folder
        self._kept = kept

    @property
    def location(self) -> str:
        """Where the deployed model is to be found."""
        return str(self.current_folder)

    @property
    def current_folder(self) -> Path:
        """Where the version that serves lies: the link, for those who read from it."""
        return self._folder / "current"

    def stage(self, version: str, digest: str, files: Mapping[str, bytes]) -> Path:
        """Put the files of a version (path → content) beside the others and return their folder; nothing switches.

        A folder that is there already is compared byte by byte. Raises `IntegrityError("target-changed")` when it
        differs, `UsageError("bad-path")`, `OutsideError("target-failed")`.
        """
        staged = self._versions / Placed.of(version, digest).folder
        try:
            self._refuse_foreign_folder()
            if not staged.exists():
                write_folder(staged, files)
            _check(staged, files)
        except OSError as error:
            raise _failed(self._folder, error) from error
        return staged

    def switch(self, staged: Path) -> None:
        """Make `current` point to what `stage` returned, in one step, then remove the oldest versions.

        Raises `UsageError("foreign-target")` when `current` is no link of ours, `OutsideError("target-failed")`.
        """
        self._refuse_foreign_folder()
        if not staged.is_dir() or staged.parent != self._versions:
            raise UsageError("not-staged", f"{staged.name} was not staged in this target", where=str(self._folder))
        current = self.current_folder
        if current.exists() and not current.is_symlink():
            raise UsageError(
                "foreign-target",
                "`current` is no link, so it was not made by mlci; nothing was switched",
                where=str(current),
                hint="Move it away, or choose another `path` for the target in mlci.yaml.",
            )
        link = temporary_path(current)
        try:
            link.symlink_to(Path("versions") / staged.name, target_is_directory=True)
            try:
                link.replace(current)
            finally:
                link.unlink(missing_ok=True)
            sync_folder(self._folder)
            self._remove_oldest(staged.name)
        except OSError as error:
            raise _failed(self._folder, error) from error

    def current(self) -> Placed | None:
        """Return what `current` points to; `None` where nothing was deployed, it is gone, or the link is not ours."""
        try:
            link = self.current_folder.readlink()
        except OSError:
            return None
        is_ours = link.parent == Path("versions") and self.current_folder.is_dir()
        return Placed.in_folder(link.name) if is_ours else None

    @property
    def _versions(self) -> Path:
        return self._folder / "versions"

    def _refuse_foreign_folder(self) -> None:
        if self._versions.is_symlink():
            raise UsageError(
                "foreign-target",
                "`versions` is a link, so it was not made by mlci; nothing was written",
                where=str(self._versions),
                cause="What it points to may be somebody else's.",
                hint="Remove the link, or choose another `path` for the target in mlci.yaml.",
            )

    def _remove_oldest(self, present: str) -> None:
        found = (Placed.in_folder(path.name) for path in self._versions.iterdir())
        others = [placed for placed in found if placed and placed.folder != present]
        others.sort(key=lambda placed: (sort_key(placed.version), placed.digest), reverse=True)
        for placed in others[self._kept - 1 :]:
            # Renamed first: a removal that is interrupted leaves no half version that looks whole.
            (self._versions / placed.folder).rename(self._versions / f"{_REMOVED}{secrets.token_hex(8)}")
        for path in self._versions.glob(f"{_REMOVED}*"):
            shutil.rmtree(path)


def _refuse_repository(folder: Path, root: Path) -> None:
    # Without regard to case: on macOS `.GIT` is `.git`.
    if folder.is_relative_to(root) or ".git" in (part.lower() for part in folder.parts):
        raise UsageError(
            "target-in-repository",
            "the target lies inside the repository; nothing was written",
            where=str(folder),
            cause="What is deployed there would count as files of the work tree, or damage what Git keeps.",
            hint="Let its `path` in mlci.yaml lie outside: deploy: {live: {target: directory, path: ../live}}",
        )


def _check(staged: Path, files: Mapping[str, bytes]) -> None:
    if staged.is_symlink():
        raise _changed(staged, ".")
    found = {
        path.relative_to(staged).as_posix() for path in staged.rglob("*") if not path.is_dir() or path.is_symlink()
    }
    changed = sorted(found ^ files.keys()) or [
        path
        for path, content in files.items()
        if (staged / path).is_symlink() or (staged / path).read_bytes() != content
    ]
    if changed:
        raise _changed(staged, changed[0])


def _changed(staged: Path, path: str) -> IntegrityError:
    return IntegrityError(
        "target-changed",
        f"a file of the deployed version {staged.name} is not as it was deployed: {path}",
        where=str(staged),
        cause="Somebody changed the deployed folder by hand.",
        hint=f"Remove it and deploy at once, since nothing answers in between: rm -r {staged} && mlci deploy",
    )


def _failed(folder: Path, error: OSError) -> OutsideError:
    return OutsideError(
        "target-failed",
        f"the target could not be written: {error.strerror}",
        where=str(folder),
        hint="Look at the disk's free space and the folder's permissions.",
    )
