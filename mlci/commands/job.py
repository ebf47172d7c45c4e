"""A training that is to be done: what, and with what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlci.commands.ports import Data, Predictor, Repository, Runner, Workbench
    from mlci.core.fingerprint import Fingerprint
    from mlci.core.side import Side


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be trained, and with what."""

    side: Side
    inputs: Fingerprint
    ids: Mapping[str, str]
    repository: Repository
    runner: Runner
    predictor: Predictor
    data: Data
    work: Workbench
    is_anew: bool = False
    """Whether all is to be made once more: nothing is taken from a cache, and nothing is pushed."""
    allows_pickle: bool = False
    """Whether the rules that count let a pickle be shipped that cannot be converted."""

    @property
    def output(self) -> Path:
        """Where the command leaves the model, or what stands in its place."""
        return self.repository.folder / self.side.config.train.output
