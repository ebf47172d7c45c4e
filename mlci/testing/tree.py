"""A tree of files in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.git_objects import blob
from mlci.core.names import checked_path
from mlci.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class MemoryTree:
    """Files by path, with the ids that Git would give them."""

    def __init__(self, files: Mapping[str, bytes], label: str = "memory") -> None:
        """Keep `files`; `label` is how the tree is called in a report."""
        self.files = {checked_path(path): content for path, content in files.items()}
        self.label = label

    def ids(self) -> Mapping[str, str]:
        """Return the Git id of every file."""
        return {path: blob(content).id("sha1") for path, content in sorted(self.files.items())}

    def read(self, path: str) -> bytes | None:
        """Return the content of a file, `None` where there is none."""
        return self.files.get(checked_path(path))

    def materialise(self, path: str, folder: Path) -> Path:
        """Write the file to `folder`, named by its id."""
        content = self.read(path)
        if content is None:
            raise UsageError("data-missing", f"there is no file {path} in {self.label}")
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / blob(content).id("sha1")
        file.write_bytes(content)
        return file
