"""A tree of files in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.git_objects import blob
from mlci.core.names import ABOVE, checked_path
from mlci.core.places_above import at_root, lies_at
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path


class MemoryTree:
    """Files by path, with the ids that Git would give them."""

    def __init__(self, files: Mapping[str, bytes], label: str = "memory") -> None:
        """Keep `files`, elsewhere in the repository where a path begins with `../`; `label` is its name in a report."""
        self.files = {checked_path(path): data for path, data in files.items() if not path.startswith(ABOVE)}
        self.above = {path: data for path, data in files.items() if path.startswith(ABOVE)}
        self.label = label

    def ids(self) -> Mapping[str, str]:
        """Return the Git id of every file."""
        return {path: blob(content).id("sha1") for path, content in sorted(self.files.items())}

    def ids_above(self, places: Collection[str]) -> Mapping[str, str]:
        """Return the Git ids of files elsewhere in the repository that lie at one of PLACES."""
        folder = "folder/" * max((path.count(ABOVE) for path in self.above), default=0)  # as deep as any of them needs
        asked = at_root(places, folder)
        tops = {path: at_root((path,), folder)[0] for path in sorted(self.above)}
        found = (path for path, top in tops.items() if any(lies_at(top, place) for place in asked))
        return {path: blob(self.above[path]).id("sha1") for path in found}

    def read(self, path: str) -> bytes | None:
        """Return the content of a file, `None` where there is none."""
        return self.files.get(checked_path(path))

    def read_above(self, path: str) -> bytes | None:
        """Return the content of a file elsewhere in the repository, `None` where there is none."""
        return self.above.get(path)

    def materialise(self, path: str, folder: Path) -> Path:
        """Write the file to `folder`, named by its id."""
        content = self.read(path)
        if content is None:
            raise UsageError("data-missing", f"there is no file {path} in {self.label}")
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / blob(content).id("sha1")
        file.write_bytes(content)
        return file
