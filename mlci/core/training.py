"""A training command: what it is told, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mlci.core.data_section import variable_of
from mlci.core.runs.seeds import FIRST
from mlci.core.runs.tracked import Tracked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlci.core.config import Config

EPOCH = datetime.fromtimestamp(0, UTC)
MODULE_VARIABLE = "PYTHONPATH"
RUN_VARIABLE = "MLCI_RUN"
"""Names the folder that a script logs to; where it is not set, `mlci.log_metric` and the others do nothing."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What a command ran on; None and empty where it could not be asked cheaply."""

    platform: str | None = None
    cpu: str | None = None
    python: str | None = None
    """Implementation and version of the interpreter that the command line names."""
    packages: Mapping[str, str] = field(default_factory=dict)
    """Version of every distribution that this interpreter has."""


@dataclass(frozen=True, slots=True)
class Completed:
    """How a command ended."""

    exit_code: int | None
    """None when the time was up, or when somebody interrupted it."""
    seconds: float
    tail: tuple[str, ...]
    """The last lines of its output."""
    started: datetime = EPOCH
    cpu_seconds: float | None = None
    """User and system time of the command and of every process below it."""
    peak_bytes: int | None = None
    """The most resident memory of all of them at one time, as it was sampled."""
    tracked: Tracked = field(default_factory=Tracked)
    variables: Mapping[str, str] = field(default_factory=dict)
    """What it saw of the variables that the configuration names, without secrets."""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    """The values of those variables that are secrets; no record shows them, whatever a script calls them."""
    machine: Machine = field(default_factory=Machine)


class InterruptedTraining(KeyboardInterrupt):
    """A command that somebody interrupted; nothing of it lives any more."""

    def __init__(self, completed: Completed) -> None:
        """Carry what is known of the command."""
        super().__init__()
        self.completed = completed


def variables(config: Config, data: Mapping[str, str], folder: str, seed: int = FIRST) -> dict[str, str]:
    """Return the variables that tell a training command where its inputs and outputs lie."""
    train = config.train
    named = {variable_of(name): path for name, path in sorted(data.items())}
    params = {"MLCI_PARAMS": f"{folder}/{train.params}"} if train.params else {}
    return {**named, **params, "MLCI_OUTPUT": f"{folder}/{train.output}", "MLCI_SEED": str(seed)}
