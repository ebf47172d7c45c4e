"""The branch of runs in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlci.core.runs.shared import read_shared

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from datetime import datetime

    from mlci.core.runs import KeptRun


class FakeRunsBranch:
    """A client of an origin in memory; it sees what others added at once, as after a fetch."""

    def __init__(self, files: MutableMapping[str, bytes] | None = None) -> None:
        """Use the records of an origin that others use, too, by name; or of one of its own."""
        self.files: MutableMapping[str, bytes] = {} if files is None else files

    def runs(self) -> tuple[KeptRun, ...]:
        """Return every run on the branch, by name."""
        return tuple(read_shared(content, name) for name, content in sorted(self.files.items()))

    def add(self, run: KeptRun, who: str, when: datetime) -> bool:  # noqa: ARG002 - memory keeps no commits
        """Add the record of a run, and say whether it was not there yet."""
        if run.id in self.files:
            return False
        self.files[run.id] = run.record.to_bytes()
        return True
