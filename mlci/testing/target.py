"""A target in memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlci.core.names import checked_path
from mlci.core.target import Placed
from mlci.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


class MemoryTarget:
    """Keeps the files of staged versions; the paths that it returns are names only."""

    location = "memory:current"

    def __init__(self) -> None:
        """Begin with nothing deployed."""
        self.staged: dict[Path, dict[str, bytes]] = {}
        self._present: Path | None = None

    def stage(self, version: str, digest: str, files: Mapping[str, bytes]) -> Path:
        """Keep the files of a version."""
        name = Path(Placed.of(version, digest).folder)
        content = {checked_path(path): data for path, data in files.items()}
        if self.staged.setdefault(name, content) != content:
            raise IntegrityError("target-changed", f"a file of the deployed version {name} is not as it was deployed")
        return name

    def switch(self, staged: Path) -> None:
        """Make what was staged the present one."""
        if staged not in self.staged:
            raise UsageError("not-staged", f"{staged.name} was not staged in this target")
        self._present = staged

    def current(self) -> Placed | None:
        """Return what serves."""
        return (
            None if self._present is None or self._present not in self.staged else Placed.in_folder(self._present.name)
        )
